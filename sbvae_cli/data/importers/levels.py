"""Values of any type to 8 bits by one linear range, the same for all images of a dataset."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.errors import SbvaeError

Levels = tuple[float, float]  # the values that become 0 and 255
MASK: Levels = (0.0, 1.0)


def to_uint8(values: NDArray[Any], levels: Levels) -> NDArray[np.uint8]:
    """Map LOW to 0 and HIGH to 255, linearly, to the nearest integer; what is outside is clipped.

    Args:
        values: Numbers or booleans, of any shape; NaN becomes 0.
        levels: LOW and HIGH, the first below the second.

    Returns:
        The same shape.
    """
    kind = values.dtype
    if kind.kind in "bu" and kind.itemsize <= 2:  # few values: look each up
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
    """Number of values that `to_uint8` clips, with those that are NaN."""
    low, high = levels
    return values.size - int(np.count_nonzero((values >= low) & (values <= high)))


def value_range(values: NDArray[Any]) -> Levels | None:
    """Least and largest of the finite values; None where there are none."""
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        values = values[np.isfinite(values)]
    return (values.min().item(), values.max().item()) if values.size else None


def is_wide(kind: "np.dtype[Any]") -> bool:
    """Whether values of a type are no pixels by themselves: all but booleans and bytes."""
    return kind not in (np.uint8, np.bool_)


def levels_needed(where: str, found: Levels | None, seen: str = "") -> SbvaeError:
    """The error for wide values without levels; it names the range that was found.

    Args:
        where: What holds them, and what they are, as `a.npz: images is uint16`.
        found: Least and largest value that was seen, if any is finite.
        seen: Where, if not in all images, as `in 100 of 2,000 that were looked at`.
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
    """As few digits as tell the value from its neighbours in 32 bits."""
    if float(value).is_integer() and abs(value) < 1e15:
        return str(int(value))
    short = float(str(np.float32(value)))
    return repr(short if math.isfinite(short) else value)
