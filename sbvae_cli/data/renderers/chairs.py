"""Shaded chairs on white, a stand-in for the rendered 3D chairs (Aubry et al. 2014)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.catalogue import RENDERERS
from sbvae_cli.data.columns import columns, present
from sbvae_cli.data.renderers.chair_parts import (
    ABOVE,
    GREYS,
    LEAN,
    LEGS,
    PARTS,
    SEAT,
    build_parts,
    seat_top,
)

__all__ = ["DISTANCE", "FACTORS", "View", "draw_parts", "render_chairs", "view_from"]

FACTORS = RENDERERS["chairs"].limits
_SAMPLES = 4  # rows and columns of samples in a pixel
_CANVAS_VALUES = 1 << 21  # of one batch: 32 images of 64 x 64 pixels
DISTANCE = 4.0  # of the camera from the chair's middle, in shorter sides of the frame
_LOWER = 0.02  # than the chair's middle is what the camera looks at: near feet seem to hang lower
_WHITE = 255
_TOUCHING = 1e-9  # boxes that share a face, but for rounding, do not overlap

# Corner i of a box is high in x, y, z where bits 4, 2, 1 of i are set. A side's corners, for (axis,
# low or high): counter-clockwise to whoever sees it.
_CORNERS = np.array([[i >> 2 & 1, i >> 1 & 1, i & 1] for i in range(8)])
_SIDES = np.array(
    [
        [[0, 1, 3, 2], [4, 6, 7, 5]],
        [[0, 4, 5, 1], [2, 3, 7, 6]],
        [[0, 2, 6, 4], [1, 5, 7, 3]],
    ]
)


@dataclass(frozen=True)
class View:
    """A perspective camera for each of N chairs.

    Attributes:
        eye: Its position, shape (N, 3).
        axes: Unit vectors to the picture's right, to its top, and away from the camera, shape
            (3, N, 3).
        pivot: Height from which upwards a chair leans back, shape (N,).
    """

    eye: NDArray[np.float64]
    axes: NDArray[np.float64]
    pivot: NDArray[np.float64]


def render_chairs(
    factors: NDArray[np.floating], names: Sequence[str], height: int, width: int
) -> NDArray[np.uint8]:
    """Draw one chair an image: boxes, shaded by the side, on white.

    The camera looks at the middle of the chair from one distance, so that sizes can be told, and
    every chair that `FACTORS` allows lies inside the frame.

    Args:
        factors: Shape (N, F). Where `present` is 0, or a value is NaN, the image is white.
        names: Names of the F columns: all of `FACTORS`, perhaps `present`. Sizes are in shorter
            sides of the frame, at the chair's middle; `azimuth` (degrees) may be any angle, 0 being
            the chair's front and 90 its right side as one sees it from there; `elevation`
            (degrees) any in [20, 30].
        height: Rows of an image.
        width: Columns of an image.

    Returns:
        Shape (N, height, width, 1); a pixel is the mean of 4 x 4 samples.

    Raises:
        ValueError: If a column is missing, or a value is not one that `FACTORS` allows.
    """
    images = np.full((len(factors), height, width, 1), _WHITE, np.uint8)
    values = columns(factors, names, tuple(FACTORS))
    drawn = present(factors, names) & ~np.isnan(values).any(1)
    rows = np.flatnonzero(drawn)
    chairs = dict(zip(FACTORS, values[rows].T, strict=True))
    _check(chairs)
    step = max(1, _CANVAS_VALUES // (height * width * _SAMPLES**2))
    for start in range(0, len(rows), step):
        some = {name: column[start : start + step] for name, column in chairs.items()}
        canvas = draw_parts(
            build_parts(some), view_from(some), GREYS, height * _SAMPLES, width * _SAMPLES
        )
        images[rows[start : start + step], :, :, 0] = _mean_of_samples(canvas)
    return images


def view_from(chairs: Mapping[str, NDArray[np.float64]]) -> View:
    """The camera that looks at the middle of the box around each chair.

    Args:
        chairs: Each factor, shape (N,).
    """
    # The remainder makes a whole turn the same number as none.
    azimuth, elevation = np.radians(chairs["azimuth"] % 360), np.radians(chairs["elevation"])
    sine, cosine, zero = np.sin(azimuth), np.cos(azimuth), np.zeros(len(azimuth))
    level, rise = np.cos(elevation), np.sin(elevation)
    right = np.stack([cosine, sine, zero], 1)
    up = np.stack([-sine * rise, cosine * rise, level], 1)
    away = np.stack([-sine * level, cosine * level, -rise], 1)
    pivot = seat_top(chairs)
    middle = [zero, LEAN * chairs["back_height"] / 2, (pivot + chairs["back_height"]) / 2 - _LOWER]
    return View(np.stack(middle, 1) - DISTANCE * away, np.stack([right, up, away]), pivot)


def draw_parts(
    parts: NDArray[np.float64], view: View, values: NDArray[np.uint8], height: int, width: int
) -> NDArray[np.uint8]:
    """Value of the side that is seen at each pixel's centre.

    Boxes are painted one over the other, the farthest first. What stands on the seat leans: as a
    shear keeps lines straight and points on them in order, which boxes hide which is found for
    upright boxes and a camera that is sheared back.

    Args:
        parts: Corners of upright boxes that do not overlap, shape (PARTS, N, 2, 3).
        view: N cameras.
        values: Grey of each part's sides by axis, low then high, shape (PARTS, 3, 2).
        height: Rows.
        width: Columns.

    Returns:
        Shape (N, height, width); 255 where no box is seen.
    """
    leaning = view.eye - LEAN * np.outer(view.eye[:, 2] - view.pivot, [0, 1, 0])
    order = _order_of_parts(parts, view.eye, leaning)
    parts = np.take_along_axis(parts, order[:, :, None, None], 0)
    stands_on_seat = np.arange(PARTS)[:, None, None] >= ABOVE.start
    eyes = np.where(stands_on_seat, leaning, view.eye)
    beyond = eyes > parts[:, :, 1]
    part, chair, axis = np.nonzero(beyond | (eyes < parts[:, :, 0]))  # of each side that is seen
    high = beyond[part, chair, axis].astype(np.intp)
    corners = _project(parts, view, height, width)
    quads = corners[:, part[:, None], chair[:, None], _SIDES[axis, high]]
    painted = values[order[part, chair], axis, high]
    canvas = np.full((parts.shape[1], height, width), _WHITE, np.uint8)
    bounds = np.searchsorted(part, np.arange(PARTS + 1))
    for first, last in pairwise(bounds):
        _fill(canvas, quads[:, first:last], chair[first:last], painted[first:last])
    return canvas


def _order_of_parts(
    parts: NDArray[np.float64], eye: NDArray[np.float64], leaning: NDArray[np.float64]
) -> NDArray[np.intp]:
    """Legs, seat, and what stands on it: the camera is higher than all, so none hides the next."""
    seat = np.full((1, parts.shape[1]), SEAT.start)
    legs = _paint_order(parts[LEGS], eye) + LEGS.start
    return np.concatenate([legs, seat, _paint_order(parts[ABOVE], leaning) + ABOVE.start])


def _paint_order(parts: NDArray[np.float64], eye: NDArray[np.float64]) -> NDArray[np.intp]:
    """Order in which to paint boxes, each after all that it may hide, shape (boxes, N).

    Two boxes that do not overlap are apart along some axis. Where a plane between them has one box
    on the camera's side, the other hides nothing of it. No boxes of a chair hide one another in a
    circle, so that there is such an order.
    """
    low, high = parts[:, :, 0], parts[:, :, 1]  # (boxes, N, 3)
    apart = high[:, None] <= low + _TOUCHING  # (lower, higher, N, 3)
    low_hides_none = (apart & (eye >= high - _TOUCHING)[:, None]).any(-1)
    high_hides_none = (apart & (eye <= low + _TOUCHING)).any(-1)
    hides = ~low_hides_none & ~np.swapaxes(high_hides_none, 0, 1)  # (nearer, farther, N)
    there = ~np.isnan(low[..., 0])
    hides &= there[:, None] & there & ~np.eye(len(parts), dtype=bool)[:, :, None]
    layer = np.zeros(low.shape[:2], np.int8)
    for _ in range(len(parts)):
        layer = np.where(hides, layer + np.int8(1), np.int8(0)).max(1)
    return np.argsort(layer, axis=0, kind="stable")


def _project(
    parts: NDArray[np.float64], view: View, height: int, width: int
) -> NDArray[np.float64]:
    """Columns and rows of the boxes' corners in the picture, shape (2, PARTS, N, 8)."""
    x, y, z = (parts[:, :, _CORNERS[:, axis], axis] for axis in range(3))
    # Of boxes above the pivot all corners are, of the others none.
    y = y + LEAN * np.maximum(z - view.pivot[:, None], 0)
    eye, unit = view.eye[:, :, None], min(height, width)
    x, y, z = x - eye[:, 0], y - eye[:, 1], z - eye[:, 2]
    right, up, away = (
        axis[:, 0, None] * x + axis[:, 1, None] * y + axis[:, 2, None] * z for axis in view.axes
    )
    scale = DISTANCE * unit / away
    return np.stack([width / 2 + scale * right, height / 2 - scale * up])


def _fill(
    canvas: NDArray[np.uint8],
    quads: NDArray[np.float64],
    chair: NDArray[np.intp],
    value: NDArray[np.uint8],
) -> None:
    """Paint quadrilaterals that do not overlap, where they hold a pixel's centre.

    Args:
        canvas: Shape (N, height, width).
        quads: Columns and rows of their corners, counter-clockwise, shape (2, Q, 4).
        chair: Which picture each is in, shape (Q,).
        value: Shape (Q,).
    """
    height, width = canvas.shape[1:]
    x, y = quads
    edge_start = np.ceil(y - 0.5).astype(np.intp)
    edge_end = np.roll(edge_start, -1, 1)
    first, rows = edge_start.min(1), np.ptp(edge_start, 1)
    line_of_quad = np.cumsum(rows) - rows  # all quads' lines, one after the other
    fall = np.roll(y, -1, 1) - y
    slope = (np.roll(x, -1, 1) - x) / np.where(fall == 0, 1, fall)
    at_zero = x + (0.5 - y) * slope - 0.5  # less half a pixel: rounded up it is the first column
    # Edges that go down bound a quad on the left, those that go up on the right.
    ends = []
    for start, end in ((edge_start, edge_end), (edge_end, edge_start)):
        edge = np.flatnonzero(end > start)
        quad, row, many = edge // 4, start.ravel()[edge], (end - start).ravel()[edge]
        rows_of_edges = _runs(row, many)
        columns = np.repeat(at_zero.ravel()[edge], many)
        columns += np.repeat(slope.ravel()[edge], many) * rows_of_edges
        column = np.empty(rows.sum(), np.intp)
        column[rows_of_edges + np.repeat((line_of_quad - first)[quad], many)] = np.ceil(columns)
        ends.append(column)
    left, right = ends
    length = np.maximum(right - left, 0)
    left += _runs(chair * height + first, rows) * width
    canvas.reshape(-1)[_runs(left, length)] = np.repeat(np.repeat(value, rows), length)


def _runs(start: NDArray[np.intp], length: NDArray[np.intp]) -> NDArray[np.intp]:
    """`length[i]` integers from `start[i]` on, for one i after the other."""
    end = np.cumsum(length)
    runs = np.repeat(start - end + length, length)
    runs += np.arange(len(runs))
    return runs


def _mean_of_samples(canvas: NDArray[np.uint8]) -> NDArray[np.uint8]:
    n, height, width = canvas.shape
    lines = canvas.reshape(n, height // _SAMPLES, _SAMPLES, width)
    total = lines[:, :, 0].astype(np.uint16)
    for i in range(1, _SAMPLES):
        total += lines[:, :, i]
    pixels = total.reshape(n, height // _SAMPLES, width // _SAMPLES, _SAMPLES)
    mean = pixels[..., 0] + np.uint16(_SAMPLES**2 // 2)
    for i in range(1, _SAMPLES):
        mean += pixels[..., i]
    return (mean // _SAMPLES**2).astype(np.uint8)


def _check(chairs: Mapping[str, NDArray[np.float64]]) -> None:
    """Refuse what no chair is built for, or might leave the frame."""
    for name, column in chairs.items():
        limit = FACTORS[name]
        if limit.levels is not None:
            wrong = ~np.isin(column, limit.levels)
            allowed = f"one of {', '.join(f'{level:g}' for level in limit.levels)}"
        else:
            # Stored factors are of single precision.
            wrong = (column < limit.low - 1e-6) | (column > limit.high + 1e-6)
            wrong |= ~np.isfinite(column)
            ends = f"a value in [{limit.low:g}, {limit.high:g}]"
            allowed = ends if np.isfinite(limit.high) else "a finite number"
        if wrong.any():
            raise ValueError(f"a chair's {name} is {column[wrong][0]:g}; give {allowed}")
