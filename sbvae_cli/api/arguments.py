"""Arguments as anybody gives them to what the library takes; a fault is one line with its field."""

import inspect
import math
import operator
import os
from collections.abc import Callable, Iterable, Mapping
from functools import partial, wraps
from numbers import Real
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, get_args

from sbvae_cli.api.words import in_python_words
from sbvae_cli.config.names import (
    ChartKind,
    ColorBasis,
    FactorKind,
    Profile,
    ProtocolName,
    Select,
    ThemeName,
    choice,
)
from sbvae_cli.errors import SbvaeError, nearest

MOST = 2**63 - 1  # that arrays and files can hold
_MOST_PIXELS = 2**16  # of a side
_MOST_SHOWN = 80  # letters of a value

P = ParamSpec("P")
R = TypeVar("R")


def shown(value: Any) -> str:
    """A value as an error shows it: on one line, and not for pages."""
    text = " ".join(repr(value).split())
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]} ..."


def whole(value: Any, field: str, low: int = 0, high: int = MOST) -> int:
    """A whole number, of Python, NumPy or a tensor; True and False are none.

    Raises:
        SbvaeError: If it is none, or outside the range.
    """
    try:
        found = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        found = None
    if found is None or not low <= found <= high:
        ends = f"from {low} on" if high == MOST else f"from {low} to {high:,}"
        raise SbvaeError(f"is {shown(value)}; give a whole number {ends}", field=field)
    return found


def wholes(value: Any, field: str, count: int | None = None) -> tuple[int, ...]:
    """Whole numbers from 0 on, as many as are wanted.

    Raises:
        SbvaeError: If they are none.
    """
    found = items(value)
    if found is None or (count is not None and len(found) != count):
        way = "whole numbers from 0 on, as [9, 3]" if count is None else f"{count}, as (9, 3)"
        raise SbvaeError(f"is {shown(value)}; give {way}", field=field)
    return tuple(whole(each, field) for each in found)


def is_number(value: Any) -> bool:
    """Whether a value is a finite real number, of Python or NumPy; True and False are none."""
    try:
        return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # a whole number of hundreds of digits
        return False


def number(
    value: Any, field: str, low: float = -math.inf, high: float = math.inf, above: bool = False
) -> float:
    """A finite real number in [low, high], or above `low`.

    Raises:
        SbvaeError: If it is none.
    """
    if not is_number(value) or not low <= value <= high or (above and value == low):
        ends = f" from {low:g} to {high:g}" if high < math.inf else f" from {low:g} on"
        ends = f" above {low:g}" if above else ends
        raise SbvaeError(f"is {shown(value)}; give a number{ends}", field=field)
    return float(value)


def text(value: Any, field: str) -> str:
    """Text.

    Raises:
        SbvaeError: If it is something else.
    """
    if not isinstance(value, str):
        raise SbvaeError(f"is {shown(value)}; give text", field=field)
    return value


def names(value: Any, field: str, count: int | None = None) -> tuple[str, ...]:
    """Names, or one.

    Raises:
        SbvaeError: If they are none, or of another number than is wanted.
    """
    found = (value,) if isinstance(value, str) else items(value)
    many = count is not None and len(found or ()) != count
    if found is None or many or not all(isinstance(each, str) for each in found):
        way = f"{count} names, as ('x', 'y')" if count else "a name or a list of names"
        raise SbvaeError(f"is {shown(value)}; give {way}", field=field)
    return found


def mapping(value: Any, field: str, way: str) -> Mapping[Any, Any]:
    """Values by name or by whatever else.

    Raises:
        SbvaeError: If it is no mapping.
    """
    if not isinstance(value, Mapping):
        raise SbvaeError(f"is {shown(value)}; give {way}", field=field)
    return value


def one_of(value: Any, names: tuple[str, ...], field: str) -> str:
    """One of some names.

    Raises:
        SbvaeError: If it is none; suggests the nearest.
    """
    if not isinstance(value, str) or value not in names:
        near = nearest(value, names) if isinstance(value, str) else None
        hint = f"did you mean {near!r}?" if near else f"give {choice(map(repr, names))}"
        raise SbvaeError(f"is {shown(value)}; {hint}", field=field)
    return value


def path_of(value: Any, field: str) -> Path:
    """A path that was given as text or as a path.

    Raises:
        SbvaeError: If it is something else, or empty.
    """
    path = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(path, str) or not path:
        raise SbvaeError(f"is {shown(value)}; give a path", field=field)
    return Path(path).expanduser()


def two_sizes(size: Any, field: str = "size") -> tuple[int, int]:
    """(H, W) of a size, or of one number for both.

    Raises:
        SbvaeError: If it is none.
    """
    pair = items(size) or (size, size)
    try:
        height, width = (whole(side, field, 1, _MOST_PIXELS) for side in pair)
    except (SbvaeError, ValueError):
        way = "give pixels, as 64 or (48, 64)"
        raise SbvaeError(f"is {shown(size)}; {way}", field=field) from None
    return height, width


def items(value: Any) -> tuple[Any, ...] | None:
    """What a list, a tuple or an array holds; None of text, and of what is no such thing."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        return None
    try:
        return tuple(value)
    except TypeError:  # an array without an axis
        return None


def _numbers_by_name(value: Any, field: str) -> dict[str, float]:
    found = mapping(value, field, "values by name, as {'hue': 0.5}")
    for name, each in found.items():
        if not is_number(each):
            raise SbvaeError(f"has {name} = {shown(each)}; give a number", field=field)
    return {str(name): float(each) for name, each in found.items()}


def _kinds(value: Any, field: str) -> Mapping[str, str]:
    found = mapping(value, field, "kinds by name, as {'x': 'range'}")
    for kind in found.values():
        one_of(kind, get_args(FactorKind), field)
    return found


def _choice(kind: Any) -> Callable[[Any, str], str]:
    return partial(_one_of_type, kind)


def _one_of_type(kind: Any, value: Any, field: str) -> str:
    return one_of(value, get_args(kind), field)


# What an argument of a name is, in every public function that has one; its default goes as well.
RULES: dict[str, Callable[[Any, str], Any]] = {
    "at": _numbers_by_name,
    "blank": partial(number, low=0.0),
    "caption": text,
    "circular": names,
    "color_basis": _choice(ColorBasis),
    "columns": partial(whole, low=2, high=51),
    "count": partial(whole, low=1),
    "device": text,
    "grid": partial(whole, low=2, high=512),
    "kind": _choice(ChartKind),
    "kinds": _kinds,
    "metrics": names,
    "names": names,
    "pair": partial(names, count=2),
    "profile": _choice(Profile),
    "protocol": _choice(ProtocolName),
    "scale": partial(number, low=0.1, high=10.0),
    "scores": names,
    "seed": whole,
    "select": _choice(Select),
    "span": partial(number, low=0.0, above=True),
    "terms": names,
    "theme": _choice(ThemeName),
}


def by_rule(name: str, value: Any) -> Any:
    """An argument as the rule of its name has it.

    Raises:
        SbvaeError: If it is against the rule.
    """
    return RULES[name](value, name) if name in RULES else value


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Check arguments by the rules of their names, and word errors for Python.

    What is not the default is brought to its rule's type: NumPy's whole numbers are Python's
    in the function, and one name is a tuple of names.
    """
    signature = inspect.signature(function)

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:
            return function(*args, **kwargs)  # which says it with the function's name
        with in_python_words():
            for name, value in bound.arguments.items():
                if value is not signature.parameters[name].default:
                    bound.arguments[name] = by_rule(name, value)
            return function(*bound.args, **bound.kwargs)

    return call
