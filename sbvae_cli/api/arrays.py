"""Checks and converts arrays of the public API; an error names the invalid argument."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.api.arguments import one_of
from sbvae_cli.config.names import FactorKind
from sbvae_cli.errors import SbvaeError, unknown_name
from sbvae_cli.evaluation.codes_file import MAX_VALUE
from sbvae_cli.evaluation.representation import Representation

Floats = NDArray[np.float64]


def representation_of(
    codes: Any,
    factors: Any = None,
    *,
    names: Sequence[str] | None = None,
    circular: Sequence[str] = (),
    kinds: Mapping[str, FactorKind] | None = None,
    stds: Any = None,
    held_out: Any = None,
) -> Representation:
    """Check codes and factors, and combine them into a `Representation`.

    Args:
        codes: Posterior means, shape (N, K), N at least 2; an array, a tensor or nested lists.
        factors: Values of the factors, shape (N, F); None if unknown.
        names: Name of each factor; None names them factor0, factor1 and so on.
        circular: Names of factors whose range is a full turn.
        kinds: `levels` or `range` by name of a factor; for other factors the values decide.
        stds: Posterior stds, shape (N, K); None if unknown.
        held_out: Whether each row is in a held-out region, booleans of shape (N,); None if unknown.

    Raises:
        SbvaeError: If an argument is invalid; its name is the error's `field`.
    """
    z = matrix(codes, "codes")
    if len(z) < 2:
        raise SbvaeError(f"have {len(z)} row; give at least two", field="codes")
    v = np.empty((len(z), 0)) if factors is None else matrix(factors, "factors", "F")
    if len(v) != len(z):
        turned = "; is one of them transposed?" if len(z) in v.shape else ""
        found = f"have {len(v):,} rows and `codes` {len(z):,}; each image has a row in both"
        raise SbvaeError(found + turned, field="factors")
    known = names_of(names, v.shape[1])
    named = {"circular": [circular] if isinstance(circular, str) else circular, "kinds": kinds}
    for field, those in named.items():
        for name in those or ():
            if name not in known:
                raise SbvaeError(f"has {name}: {unknown_name(name, known)}", field=field)
    for kind in (kinds or {}).values():
        one_of(kind, get_args(FactorKind), "kinds")
    deviations = None if stds is None else matrix(stds, "stds")
    if deviations is not None and deviations.shape != z.shape:
        found = f"have shape {deviations.shape} and `codes` {z.shape}; give one for each code"
        raise SbvaeError(found, field="stds")
    if deviations is not None and deviations.min() < 0:
        why = f"reach {deviations.min():g}; for log-variances, give numpy.exp(logvar / 2)"
        raise SbvaeError(why, field="stds")
    left_out = None if held_out is None else _flags(held_out, len(z))
    return Representation(
        z,
        v,
        known,
        frozenset(named["circular"] or ()),
        deviations,
        left_out,
        kinds=dict(kinds or {}),
    )


def to_numpy(value: Any) -> NDArray[Any]:
    """Convert a value to a NumPy array; a tensor may be on any device."""
    torch = sys.modules.get("torch")  # if PyTorch is not loaded, the value is not a tensor
    if torch is not None and isinstance(value, torch.Tensor):
        tensor = value.detach().cpu()
        value = (tensor.float() if tensor.dtype is torch.bfloat16 else tensor).numpy()
    return np.asarray(value)


def matrix(value: Any, name: str, columns: str = "K") -> Floats:
    """Convert an argument to a matrix of finite float64 numbers.

    Args:
        value: Array, tensor or nested lists.
        name: Name of the argument.
        columns: Letter of the number of columns in error messages.

    Raises:
        SbvaeError: If `value` is not a non-empty matrix of real numbers from -1e70 to 1e70.
    """
    try:
        found = to_numpy(value)
    except ValueError as error:  # rows of several lengths
        raise SbvaeError("have rows of several lengths", field=name) from error
    if found.dtype.kind not in "biuf":
        raise SbvaeError(f"have dtype {found.dtype}; give real numbers", field=name)
    if found.ndim == 1 and found.size:
        shape = f"({len(found)},), not (N, {columns}); give {name}[:, None] if it is one column"
        raise SbvaeError(f"have shape {shape}", field=name)
    if found.ndim != 2 or 0 in found.shape:
        raise SbvaeError(f"have shape {found.shape}, not (N, {columns})", field=name)
    numbers = found.astype(np.float64)
    bad = int((~np.isfinite(numbers)).sum())
    if bad:
        hint = f"{bad:,} of {numbers.size:,} values are not finite; leave these rows out"
        raise SbvaeError(f"hold NaN or infinity: {hint}", field=name)
    if np.abs(numbers).max() > MAX_VALUE:
        most = f"{np.abs(numbers).max():g}; scale them to below {MAX_VALUE:g}"
        raise SbvaeError(f"reach {most}", field=name)
    return numbers


def names_of(names: Sequence[str] | None, count: int) -> tuple[str, ...]:
    """Check the names of `count` factors; None names them factor0, factor1 and so on.

    Raises:
        SbvaeError: If there are more or fewer names, or a name is repeated.
    """
    if names is None:
        return tuple(f"factor{i}" for i in range(count))
    known = (names,) if isinstance(names, str) else tuple(map(str, names))
    if len(known) != count or len(set(known)) < count:
        each = "each once" if len(known) == count else f"one for each of {count} factors"
        raise SbvaeError(f"are {', '.join(known) or 'none'}; give {each}", field="names")
    return known


def _flags(held_out: Any, rows: int) -> NDArray[np.bool_]:
    try:
        found = to_numpy(held_out)
    except ValueError as error:
        raise SbvaeError("has rows of several lengths", field="held_out") from error
    if found.shape != (rows,) or found.dtype.kind != "b":
        what = f"is {found.dtype} of shape {found.shape}"
        raise SbvaeError(f"{what}; give True or False for each of {rows:,} rows", field="held_out")
    return found.astype(np.bool_)
