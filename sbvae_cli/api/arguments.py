"""Checks and converts arguments of the public API; an error names the invalid argument."""

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
from sbvae_cli.errors import SbvaeError, closest_name, format_value

MAX_INTEGER = 2**63 - 1  # largest integer of arrays and files
_MAX_PIXELS = 2**16  # height and width of images

P = ParamSpec("P")
R = TypeVar("R")


def integer(value: Any, field: str, low: int = 0, high: int = MAX_INTEGER) -> int:
    """Convert an integer of Python, NumPy or a tensor to an int; booleans are refused.

    Raises:
        SbvaeError: If `value` is not an integer in [low, high].
    """
    try:
        found = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        found = None
    if found is None or not low <= found <= high:
        ends = f"of at least {low}" if high == MAX_INTEGER else f"from {low} to {high:,}"
        raise SbvaeError(f"is {format_value(value)}; give a whole number {ends}", field=field)
    return found


def integers(value: Any, field: str, count: int | None = None) -> tuple[int, ...]:
    """Convert a sequence of integers of at least 0 to a tuple.

    Args:
        value: The sequence.
        field: Name of the argument.
        count: Required number of integers; None allows any.

    Raises:
        SbvaeError: If `value` is not a sequence of `count` such integers.
    """
    found = items(value)
    if found is None or (count is not None and len(found) != count):
        way = "whole numbers of at least 0, as [9, 3]" if count is None else f"{count}, as (9, 3)"
        raise SbvaeError(f"is {format_value(value)}; give {way}", field=field)
    return tuple(integer(each, field) for each in found)


def is_number(value: Any) -> bool:
    """Return whether a value is a finite real number of Python or NumPy, and not a boolean."""
    try:
        return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # an integer too large for a float
        return False


def number(
    value: Any, field: str, low: float = -math.inf, high: float = math.inf, above: bool = False
) -> float:
    """Convert a finite real number in [low, high] to a float.

    Args:
        value: The number.
        field: Name of the argument.
        low: Least value.
        high: Greatest value.
        above: Whether `low` itself is refused.

    Raises:
        SbvaeError: If `value` is not a finite number in this range.
    """
    if not is_number(value) or not low <= value <= high or (above and value == low):
        ends = f" from {low:g} to {high:g}" if high < math.inf else f" of at least {low:g}"
        ends = f" above {low:g}" if above else ends
        raise SbvaeError(f"is {format_value(value)}; give a number{ends}", field=field)
    return float(value)


def text(value: Any, field: str) -> str:
    """Return a string unchanged.

    Raises:
        SbvaeError: If `value` is not a string.
    """
    if not isinstance(value, str):
        raise SbvaeError(f"is {format_value(value)}; give text", field=field)
    return value


def names(value: Any, field: str, count: int | None = None) -> tuple[str, ...]:
    """Convert a name or a sequence of names to a tuple.

    Args:
        value: The name or names.
        field: Name of the argument.
        count: Required number of names; None allows any.

    Raises:
        SbvaeError: If `value` has something other than strings, or not `count` of them.
    """
    found = (value,) if isinstance(value, str) else items(value)
    many = count is not None and len(found or ()) != count
    if found is None or many or not all(isinstance(each, str) for each in found):
        way = f"{count} names, as ('x', 'y')" if count else "a name or a list of names"
        raise SbvaeError(f"is {format_value(value)}; give {way}", field=field)
    return found


def mapping(value: Any, field: str, advice: str) -> Mapping[Any, Any]:
    """Return a mapping unchanged.

    Args:
        value: The mapping.
        field: Name of the argument.
        advice: What to give instead, for the error message.

    Raises:
        SbvaeError: If `value` is not a mapping.
    """
    if not isinstance(value, Mapping):
        raise SbvaeError(f"is {format_value(value)}; give {advice}", field=field)
    return value


def one_of(value: Any, names: tuple[str, ...], field: str) -> str:
    """Return one of the given names unchanged.

    Raises:
        SbvaeError: If `value` is not one of `names`; the message suggests the most similar one.
    """
    if not isinstance(value, str) or value not in names:
        near = closest_name(value, names) if isinstance(value, str) else None
        hint = f"did you mean {near!r}?" if near else f"give {choice(map(repr, names))}"
        raise SbvaeError(f"is {format_value(value)}; {hint}", field=field)
    return value


def path_of(value: Any, field: str) -> Path:
    """Convert a string or path-like object to a path, expanding a leading `~`.

    Raises:
        SbvaeError: If `value` is neither, or is empty.
    """
    path = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(path, str) or not path:
        raise SbvaeError(f"is {format_value(value)}; give a path", field=field)
    return Path(path).expanduser()


def two_sizes(size: Any, field: str = "size") -> tuple[int, int]:
    """Convert a size, (H, W) or one integer for both, to (H, W) in pixels.

    Raises:
        SbvaeError: If `size` is neither, or a side is not from 1 to 65,536 pixels.
    """
    pair = items(size) or (size, size)
    try:
        height, width = (integer(side, field, 1, _MAX_PIXELS) for side in pair)
    except (SbvaeError, ValueError):
        way = "give pixels, as 64 or (48, 64)"
        raise SbvaeError(f"is {format_value(size)}; {way}", field=field) from None
    return height, width


def items(value: Any) -> tuple[Any, ...] | None:
    """Return the items of a list, tuple or array; None for text and for a value without items."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        return None
    try:
        return tuple(value)
    except TypeError:  # a zero-dimensional array
        return None


def _numbers_by_name(value: Any, field: str) -> dict[str, float]:
    found = mapping(value, field, "values by name, as {'hue': 0.5}")
    for name, each in found.items():
        if not is_number(each):
            raise SbvaeError(f"has {name} = {format_value(each)}; give a number", field=field)
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


# Conversion of an argument by its name, the same in every public function. A function's default
# value is always valid and is not converted.
RULES: dict[str, Callable[[Any, str], Any]] = {
    "at": _numbers_by_name,
    "blank": partial(number, low=0.0),
    "caption": text,
    "circular": names,
    "color_basis": _choice(ColorBasis),
    "columns": partial(integer, low=2, high=51),
    "count": partial(integer, low=1),
    "device": text,
    "grid": partial(integer, low=2, high=512),
    "kind": _choice(ChartKind),
    "kinds": _kinds,
    "metrics": names,
    "names": names,
    "pair": partial(names, count=2),
    "profile": _choice(Profile),
    "protocol": _choice(ProtocolName),
    "scale": partial(number, low=0.1, high=10.0),
    "scores": names,
    "seed": integer,
    "select": _choice(Select),
    "span": partial(number, low=0.0, above=True),
    "terms": names,
    "theme": _choice(ThemeName),
}


def convert(name: str, value: Any) -> Any:
    """Convert an argument by the rule of its name; return it unchanged if there is no rule.

    Raises:
        SbvaeError: If the value violates the rule.
    """
    return RULES[name](value, name) if name in RULES else value


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a public function: convert its arguments by `RULES`, and word errors for Python.

    Arguments other than the default are converted to the type of their rule, such as a NumPy
    integer to an int, and one name to a tuple of names.
    """
    signature = inspect.signature(function)

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:
            return function(*args, **kwargs)  # raises Python's own TypeError
        with in_python_words():
            for name, value in bound.arguments.items():
                if value is not signature.parameters[name].default:
                    bound.arguments[name] = convert(name, value)
            return function(*bound.args, **bound.kwargs)

    return call
