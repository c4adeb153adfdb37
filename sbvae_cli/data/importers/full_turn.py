"""Circular factors: which turn the values of a column go around."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.errors import SbvaeError

_TURNS = {"degree": 360.0, "radian": 2 * math.pi, "turn": 1.0}  # by their unit
_ROUNDED = 0.01  # of a turn that evenly spaced levels may miss it by
_LEAST_SEEN = 6  # values that are taken for a turn without being told
_SAMPLED = 0.9  # of a turn that samples of a range reach over at least


class FullTurn(NamedTuple):
    """A turn.

    Attributes:
        low: Where it begins, at or below every value.
        period: Its length.
        unit: "degree", "radian" or "turn"; empty for another one.
        repeats: Whether the last level is the first again, as 360 is 0.
    """

    low: float
    period: float
    unit: str = ""
    repeats: bool = False


def full_turn(
    where: str, values: NDArray[np.float64], levels: bool, period: float | None = None
) -> FullTurn:
    """The turn that values go around.

    Degrees, radians and turns are known by their length; others are a turn of their own, a range
    from end to end. Levels end one step before they begin again: 0, 10, ..., 350 are 360 degrees.

    Args:
        where: What an error begins with, after the argument `circular`.
        values: Different values, ascending.
        levels: Whether they are levels, not samples of a range.
        period: Length of the turn, where it is known.

    Raises:
        SbvaeError: If the values do not go around a turn, or not in even steps.
    """
    if len(values) < 3:
        raise SbvaeError(
            f"{where} has {len(values)} values; a circular factor has three or more",
            field="circular",
        )
    width = float(values[-1] - values[0])
    steps = np.diff(values)
    if levels and steps.max() - steps.min() > _ROUNDED * max(width, period or 0):
        found = f"steps of {steps.min():.4g} to {steps.max():.4g}"
        todo = "levels of a circular factor are evenly spaced"
        raise SbvaeError(f"{where} has {found}; {todo}", field="circular")
    whole = width + float(steps.mean()) if levels else width
    for unit, length in {"": period}.items() if period else _TURNS.items():
        if _is_turn(width, whole, length, levels):
            repeats = levels and abs(width - length) < abs(whole - length)
            return FullTurn(_begin(float(values[0]), width, length, levels), length, unit, repeats)
    if period:
        found = f"goes from {values[0]:g} to {values[-1]:g}"
        raise SbvaeError(f"{where} {found}, no full turn of {period:g}", field="circular")
    return FullTurn(float(values[0]), whole)


def looks_circular(values: NDArray[np.float64], levels: bool) -> bool:
    """Whether different values, ascending, go around a turn of degrees or radians."""
    if len(values) < _LEAST_SEEN:
        return False
    try:
        return full_turn("", values, levels).unit in ("degree", "radian")
    except SbvaeError:
        return False


def _is_turn(width: float, whole: float, length: float, levels: bool) -> bool:
    """Whether values reach around a turn; of levels, the first may stand at its end again."""
    if levels:
        return min(abs(whole - length), abs(width - length)) <= _ROUNDED * length
    return _SAMPLED * length <= width <= (1 + 1e-4) * length


def _begin(low: float, width: float, length: float, levels: bool) -> float:
    """Where a range begins: at 0 or half a turn before, if the values lie in that turn."""
    starts = () if levels else (0.0, -length / 2)
    return next((s for s in starts if s <= low and low + width <= s + (1 + 1e-4) * length), low)
