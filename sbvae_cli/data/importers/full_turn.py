"""Infer the period of circular factors from the values of a column."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.errors import SbvaeError

_TURNS = {"degree": 360.0, "radian": 2 * math.pi, "turn": 1.0}  # length of a full turn by unit
_ROUNDED = 0.01  # share of the period by which evenly spaced levels may deviate
_MIN_SEEN = 6  # smallest number of values for which a full turn is suggested
_SAMPLED = 0.9  # smallest share of the period that samples of a range must span


class FullTurn(NamedTuple):
    """Full turn of a circular factor.

    Attributes:
        low: Start of the turn, at or below every value.
        period: Length of the turn.
        unit: "degree", "radian" or "turn"; empty for any other unit.
        repeats: Whether the last level is the same setting as the first, like 360 and 0 degrees.
    """

    low: float
    period: float
    unit: str = ""
    repeats: bool = False


def full_turn(
    where: str, values: NDArray[np.float64], levels: bool, period: float | None = None
) -> FullTurn:
    """Infer the full turn that values cover.

    Degrees, radians and turns are recognised by their period. Any other values are taken to cover
    one period exactly. The last level is one step before the end: 0, 10, ..., 350 is 360 degrees.

    Args:
        where: Start of error messages about the argument `circular`.
        values: Distinct values, ascending.
        levels: Whether the values are levels rather than samples of a range.
        period: Period that the user declared; None infers it.

    Raises:
        SbvaeError: If there are fewer than three values, if levels are not evenly spaced, or if the
            values do not cover the declared period.
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
        raise SbvaeError(
            f"{where} {found}, which is not a full turn of {period:g}", field="circular"
        )
    return FullTurn(float(values[0]), whole)


def looks_circular(values: NDArray[np.float64], levels: bool) -> bool:
    """Return whether distinct ascending values cover a full turn in degrees or radians."""
    if len(values) < _MIN_SEEN:
        return False
    try:
        return full_turn("", values, levels).unit in ("degree", "radian")
    except SbvaeError:
        return False


def _is_turn(width: float, whole: float, length: float, levels: bool) -> bool:
    """Return whether values cover a turn; the last level may be the first one again."""
    if levels:
        return min(abs(whole - length), abs(width - length)) <= _ROUNDED * length
    return _SAMPLED * length <= width <= (1 + 1e-4) * length


def _begin(low: float, width: float, length: float, levels: bool) -> float:
    """Return the start of a range: 0 or minus half a turn if the values fit, else the lowest."""
    starts = () if levels else (0.0, -length / 2)
    return next((s for s in starts if s <= low and low + width <= s + (1 + 1e-4) * length), low)
