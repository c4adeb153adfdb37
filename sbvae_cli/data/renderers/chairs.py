"""Render shaded chairs on white, a stand-in for the rendered 3D chairs (Aubry et al. 2014)."""

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
_SAMPLES = 4  # rows and columns of samples per pixel
_CANVAS_VALUES = 1 << 21  # samples of one batch: 32 images of 64x64 pixels
DISTANCE = 4.0  # from the camera to the chair's centre, in shorter sides of the frame
_LOWER = 0.02  # the camera aims below the chair's centre: perspective shifts near feet down
_WHITE = 255
_TOUCHING = 1e-9  # tolerance below which boxes that share a face do not overlap

# Corner i of a box is at the high end of x, y, z if bits 4, 2, 1 of i are set. _SIDES has the
# corners of the side at the (low, high) end of each axis, counter-clockwise for the viewer.
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
    """Perspective cameras of N chairs.

    Attributes:
        eye: Position of the camera, shape (N, 3).
        axes: Unit vectors towards the right and the top of the image and away from the camera,
            shape (3, N, 3).
        pivot: Height above which the chair leans back, shape (N,).
    """

    eye: NDArray[np.float64]
    axes: NDArray[np.float64]
    pivot: NDArray[np.float64]


def render_chairs(
    factors: NDArray[np.floating], names: Sequence[str], height: int, width: int
) -> NDArray[np.uint8]:
    """Render one chair per image, as boxes with shaded sides on white.

    The camera looks at the chair's centre from a fixed distance, so that sizes are visible. Every
    chair that `FACTORS` allows is inside the frame.

    Args:
        factors: Shape (N, F). If `present` is 0 or a value is NaN, the image is white.
        names: Names of the F columns: all of `FACTORS`, optionally `present`. Sizes are in shorter
            sides of the frame, at the chair's centre. `azimuth` is any angle in degrees: 0 shows
            the chair's front, 90 the side that is on the right in that view. `elevation` is in
            [20, 30] degrees.
        height: Height of an image, in pixels.
        width: Width of an image, in pixels.

    Returns:
        Shape (N, height, width, 1); each pixel is the mean of 4 x 4 samples.

    Raises:
        ValueError: If a column is missing, or `FACTORS` does not allow a value.
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
    """Return the camera that looks at the centre of the bounding box of each chair.

    Args:
        chairs: Factors by name, shape (N,) each.
    """
    # The remainder makes 360 degrees exactly equal to 0.
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
    """Draw the boxes of chairs, with the value of the visible side at each pixel's centre.

    Boxes are painted from the farthest to the nearest. The parts above the seat lean, which is a
    shear. Since a shear keeps straight lines and the order of points on them, the painting order
    is found for upright boxes and an inversely sheared camera.

    Args:
        parts: Corners of upright boxes that do not overlap, shape (PARTS, N, 2, 3).
        view: Cameras of the N chairs.
        values: Grey of each part's sides, by axis and low or high end, shape (PARTS, 3, 2).
        height: Height of an image, in pixels.
        width: Width of an image, in pixels.

    Returns:
        Shape (N, height, width); 255 where no box is visible.
    """
    leaning = view.eye - LEAN * np.outer(view.eye[:, 2] - view.pivot, [0, 1, 0])
    order = _order_of_parts(parts, view.eye, leaning)
    parts = np.take_along_axis(parts, order[:, :, None, None], 0)
    stands_on_seat = np.arange(PARTS)[:, None, None] >= ABOVE.start
    eyes = np.where(stands_on_seat, leaning, view.eye)
    beyond = eyes > parts[:, :, 1]
    part, chair, axis = np.nonzero(beyond | (eyes < parts[:, :, 0]))  # of each visible side
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
    """Order legs, then seat, then the parts above: the camera is above them all."""
    seat = np.full((1, parts.shape[1]), SEAT.start)
    legs = _paint_order(parts[LEGS], eye) + LEGS.start
    return np.concatenate([legs, seat, _paint_order(parts[ABOVE], leaning) + ABOVE.start])


def _paint_order(parts: NDArray[np.float64], eye: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return an order, shape (boxes, N), in which each box follows all boxes that it may hide.

    Two boxes that do not overlap are separated by a plane normal to some axis. The box on the
    camera's side of this plane is not hidden by the other. Such an order exists, since no boxes of
    a chair hide one another in a cycle.
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
    """Return columns and rows of the boxes' corners in the image, shape (2, PARTS, N, 8)."""
    x, y, z = (parts[:, :, _CORNERS[:, axis], axis] for axis in range(3))
    # A box is entirely above or entirely below the pivot.
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
    """Fill all pixels whose centre is inside of a quadrilateral; these must not overlap.

    Args:
        canvas: Images, changed in place, shape (N, height, width).
        quads: Columns and rows of the corners, counter-clockwise, shape (2, Q, 4).
        chair: Number of the image of each quadrilateral, shape (Q,).
        value: Grey of each quadrilateral, shape (Q,).
    """
    height, width = canvas.shape[1:]
    x, y = quads
    edge_start = np.ceil(y - 0.5).astype(np.intp)
    edge_end = np.roll(edge_start, -1, 1)
    first, rows = edge_start.min(1), np.ptp(edge_start, 1)
    line_of_quad = np.cumsum(rows) - rows  # position in the concatenated rows of all quads
    fall = np.roll(y, -1, 1) - y
    slope = (np.roll(x, -1, 1) - x) / np.where(fall == 0, 1, fall)
    at_zero = x + (0.5 - y) * slope - 0.5  # rounded up, minus half a pixel is the first column
    # Downward edges bound a quad on the left, upward edges on the right.
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
    """Concatenate the ranges of `length[i]` integers from `start[i]` on."""
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
    """Check that all factors have values that `FACTORS` allows."""
    for name, column in chairs.items():
        limit = FACTORS[name]
        if limit.levels is not None:
            wrong = ~np.isin(column, limit.levels)
            allowed = f"one of {', '.join(f'{level:g}' for level in limit.levels)}"
        else:
            # The tolerance is for factors stored in single precision.
            wrong = (column < limit.low - 1e-6) | (column > limit.high + 1e-6)
            wrong |= ~np.isfinite(column)
            ends = f"a value in [{limit.low:g}, {limit.high:g}]"
            allowed = ends if np.isfinite(limit.high) else "a finite number"
        if wrong.any():
            raise ValueError(f"a chair's {name} is {column[wrong][0]:g}; give {allowed}")
