"""Build chairs from boxes, by the factors of the stand-in for the rendered 3D chairs."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Extent = tuple[NDArray[np.float64] | float, NDArray[np.float64] | float]

LEAN = 0.16  # backward shift of back and arms per unit of height above the seat
SEAT_THICKNESS = 0.05
_BAR = 0.045  # thickness of legs, posts and arms: about 3 of 64 pixels
_THIN = 0.034  # thickness of slats and rungs: leaves gaps between them in the smallest back
_ARM_HEIGHT = 0.13  # above the seat, for any height of the back

# Indices of the parts. The groups occupy disjoint ranges of heights.
LEGS, SEAT, ABOVE = slice(0, 4), slice(4, 5), slice(5, 15)
PARTS = ABOVE.stop
_BACK, _ARMS = 5, 11
_REFLECTANCE = np.array([0.72] * 4 + [1.0] + [0.88] * 6 + [0.78] * 4)

# The light is fixed relative to the chair, in front of it, above and a little to the left, so that
# the grey of a side does not depend on the view, and the sides of a box have different greys.
_LIGHT = np.array([-0.2, -0.5, 0.843])
_AMBIENT = 0.2
_BRIGHTEST = 0.88  # share of white for a side that faces the light


def build_parts(chairs: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Build the boxes of each chair, upright; the view adds the lean (see `LEAN`).

    The seat's centre is at x = y = 0 and the floor at z = 0. For someone who faces the chair, x
    points right, y towards its back and z up. The boxes of a chair do not overlap.

    Args:
        chairs: Factors by name, except those of the view, shape (N,) each.

    Returns:
        Lowest and highest corner of each box, shape (PARTS, N, 2, 3); NaN if a chair lacks the box.
    """
    parts = np.full((PARTS, len(chairs["arms"]), 2, 3), np.nan)
    everyone = np.arange(parts.shape[1])
    legs, top = chairs["leg_height"], seat_top(chairs)
    x, y = chairs["seat_width"] / 2, chairs["seat_depth"] / 2
    _put(parts, everyone, SEAT.start, [((-x, x), (-y, y), (legs, top))])
    for style, build_legs in enumerate((_straight_legs, _pedestal, _side_panels)):
        rows = np.flatnonzero(chairs["leg_style"] == style)
        _put(parts, rows, LEGS.start, build_legs(x[rows], y[rows], legs[rows]))
    for style, build_back in enumerate((_solid_back, _slats, _ladder)):
        rows = np.flatnonzero(chairs["back_style"] == style)
        height = chairs["back_height"][rows]
        _put(parts, rows, _BACK, build_back(x[rows], y[rows], top[rows], height))
    rows = np.flatnonzero(chairs["arms"] == 1)
    _put(parts, rows, _ARMS, _arms(x[rows], y[rows], top[rows]))
    return parts


def seat_top(chairs: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the height of the seat's upper side above the floor, shape (N,)."""
    return chairs["leg_height"] + SEAT_THICKNESS


def _put(
    parts: NDArray[np.float64],
    rows: NDArray[np.intp],
    first: int,
    boxes: Sequence[tuple[Extent, Extent, Extent]],
) -> None:
    for part, box in enumerate(boxes, first):
        for axis, (low, high) in enumerate(box):
            parts[part, rows, 0, axis] = low
            parts[part, rows, 1, axis] = high


def _both_sides(outer: NDArray[np.float64], thickness: float) -> tuple[Extent, Extent]:
    return (-outer, -outer + thickness), (outer - thickness, outer)


def _straight_legs(
    x: NDArray[np.float64], y: NDArray[np.float64], height: NDArray[np.float64]
) -> list[tuple[Extent, Extent, Extent]]:
    columns, rows = _both_sides(x, _BAR), _both_sides(y, _BAR)
    return [(column, row, (0.0, height)) for column in columns for row in rows]


def _pedestal(
    x: NDArray[np.float64], y: NDArray[np.float64], height: NDArray[np.float64]
) -> list[tuple[Extent, Extent, Extent]]:
    """Return a column on a cross of one whole beam and two half beams."""
    half, reach, base = _BAR / 2, 0.85, (0.0, _BAR)
    beam: Extent = (-half, half)
    return [
        ((-reach * x, reach * x), beam, base),
        (beam, (-reach * y, -half), base),
        (beam, (half, reach * y), base),
        ((-0.03, 0.03), (-0.03, 0.03), (_BAR, height)),
    ]


def _side_panels(
    x: NDArray[np.float64], y: NDArray[np.float64], height: NDArray[np.float64]
) -> list[tuple[Extent, Extent, Extent]]:
    """Return two side boards and a narrow board between them."""
    left, right = _both_sides(x, _BAR)
    return [
        (left, (-y, y), (0.0, height)),
        (right, (-y, y), (0.0, height)),
        ((-x + _BAR, x - _BAR), (-_BAR / 2, _BAR / 2), (0.3 * height, 0.6 * height)),
    ]


def _solid_back(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    foot: NDArray[np.float64],
    height: NDArray[np.float64],
) -> list[tuple[Extent, Extent, Extent]]:
    return [((-x, x), (y - _BAR, y), (foot, foot + height))]


def _slats(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    foot: NDArray[np.float64],
    height: NDArray[np.float64],
) -> list[tuple[Extent, Extent, Extent]]:
    """Return two posts, a rail between their upper ends, and three vertical bars below it."""
    deep, top = (y - _BAR, y), foot + height
    inner = x - _BAR
    apart = (2 * inner + _THIN) / 4  # distance between the centres of bars, for four equal gaps
    bars = [(i * apart - _THIN / 2, i * apart + _THIN / 2) for i in (-1, 0, 1)]
    return [
        *((post, deep, (foot, top)) for post in _both_sides(x, _BAR)),
        ((-inner, inner), deep, (top - _THIN, top)),
        *((bar, deep, (foot, top - _THIN)) for bar in bars),
    ]


def _ladder(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    foot: NDArray[np.float64],
    height: NDArray[np.float64],
) -> list[tuple[Extent, Extent, Extent]]:
    """Return two posts and three horizontal bars, the highest at the posts' upper ends."""
    deep = (y - _BAR, y)
    tops = [foot + share * height for share in (1 / 3, 2 / 3, 1.0)]
    return [
        *((post, deep, (foot, foot + height)) for post in _both_sides(x, _BAR)),
        *(((-x + _BAR, x - _BAR), deep, (top - _THIN, top)) for top in tops),
    ]


def _arms(
    x: NDArray[np.float64], y: NDArray[np.float64], foot: NDArray[np.float64]
) -> list[tuple[Extent, Extent, Extent]]:
    """Return a post and an armrest on each side; the armrests end at the back."""
    rest = foot + _ARM_HEIGHT - _BAR
    sides = _both_sides(x, _BAR)
    return [
        *((side, (-y, -y + _BAR), (foot, rest)) for side in sides),
        *((side, (-y, y - _BAR), (rest, foot + _ARM_HEIGHT)) for side in sides),
    ]


def _shades() -> NDArray[np.uint8]:
    """Return the grey of each part's sides under ambient and Lambertian light, (PARTS, 3, 2).

    The cosine is mapped from [-1, 1] to [0, 1], so that sides facing away from the light differ.
    """
    normals = np.zeros((PARTS, 3, 2, 3))
    for axis in range(3):
        normals[:, axis, :, axis] = (-1, 1)
    normals[ABOVE, 1, :, 2] = (LEAN, -LEAN)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    lit = _AMBIENT + (1 - _AMBIENT) * (1 + normals @ _LIGHT) / 2
    shades: NDArray[np.float64] = 255 * _BRIGHTEST * _REFLECTANCE[:, None, None] * lit
    return np.rint(shades).astype(np.uint8)


GREYS = _shades()
