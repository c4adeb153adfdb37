"""Map values of any type to 8 bits linearly, in the same way for all images of a dataset."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.errors import SbvaeError

Levels = tuple[float, float]  # the values that become 0 and 255
MASK: Levels = (0.0, 1.0)


def to_uint8(values: NDArray[Any], levels: Levels) -> NDArray[np.uint8]:
    """Map LOW to 0 and HIGH to 255 linearly, rounding, and clip values outside of this range.

    Args:
        values: Numbers or booleans, of any shape; NaN becomes 0.
        levels: LOW and HIGH, with LOW < HIGH.

    Returns:
        Array of the same shape.
    """
    kind = values.dtype
    if kind.kind in "bu" and kind.itemsize <= 2:  # a table of all values is faster
        table = _mapped(np.arange(256**kind.itemsize), levels)
        looked_up: NDArray[np.uint8] = table[values.view(np.uint8) if kind.kind == "b" else values]
        return looked_up
    return _mapped(values, levels)


def _mapped(values: NDArray[Any], levels: Levels) -> NDArray[np.uint8]:
    low, high = levels
    shares = (values.astype(np.float64) - low) / (high - low)
    mapped: NDArray[np.uint8] = np.rint(255 * np.nan_to_num(shares.clip(0, 1))).astype(np.uint8)
    return mapped


def count_outside(values: NDArray[Any], levels: Levels) -> int:
    """Return the number of values that `to_uint8` clips, including NaN."""
    low, high = levels
    return values.size - int(np.count_nonzero((values >= low) & (values <= high)))


def value_range(values: NDArray[Any]) -> Levels | None:
    """Return the smallest and largest finite value; None if no value is finite."""
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        values = values[np.isfinite(values)]
    return (values.min().item(), values.max().item()) if values.size else None


def is_wide(kind: "np.dtype[Any]") -> bool:
    """Return whether values of a type need levels: all types except booleans and bytes."""
    return kind not in (np.uint8, np.bool_)


def levels_needed(where: str, found: Levels | None, seen: str = "") -> SbvaeError:
    """Return the error for values that need levels if the user gave none.

    Args:
        where: Start of the message: the file and the type, such as `a.npz: images is uint16`.
        found: Smallest and largest value found; None if no value is finite.
        seen: Images inspected, if not all, such as `in 100 of 2,000 that were looked at`.
    """
    if found is None:
        return SbvaeError(f"{where}, with values that are not finite; save finite numbers")
    low, high = found
    shown = f"{shown_number(low)}..{shown_number(high)} {seen}".rstrip()
    if high <= low:
        high = low + 1
    elif low >= 0 and high <= 1 and not float(high).is_integer():
        low, high = 0, 1
    return SbvaeError(
        f"{where}, with values {shown}; say which range becomes black to white, one for all "
        f"images, as `levels={shown_number(low)}..{shown_number(high)}`"
    )


def shown_number(value: float) -> str:
    """Format a value with the fewest digits that identify it in single precision."""
    if float(value).is_integer() and abs(value) < 1e15:
        return str(int(value))
    short = float(str(np.float32(value)))
    return repr(short if math.isfinite(short) else value)
