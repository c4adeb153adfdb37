"""Draw coloured points: a grid as a mesh, which shows folds and holes, or scattered points."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.viz.axes import Panel
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.colormap import square_colours
from sbvae_cli.viz.theme import HELD_OUT, HELD_OUT_FILL, HELD_OUT_LINE, INK, PAPER, QUIET, Colour

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FILL_OPACITY = 62
BLANK_RADIUS = 9.0
POINT = QUIET.faded(170)
# Colour and dash of circles, which are drawn over cells of any colour.
PRIOR, DASH = INK.faded(170), 6.0
_FAR = 4.0  # smallest gap between the ends of an open turn, in median distances of neighbours
MIN_RADIUS, MAX_RADIUS = 1.6, 8.0  # radii of points that may coincide


def draw_mesh(
    canvas: Canvas,
    panel: Panel,
    points: Floats,
    positions: Floats,
    held_out: Bools,
    wraps: tuple[bool, bool] = (False, False),
    prior: bool = False,
    closed: bool = True,
) -> None:
    """Draw cells in faint colours, lines between neighbours, and points, black if held out.

    Args:
        canvas: Canvas to draw on.
        panel: Box on the canvas and its data ranges.
        points: Points in the data of the panel, NaN where there is none, shape (n0, n1, 2); or
            scattered points without neighbours, shape (N, 2).
        positions: Positions in the unit square that determine the colours, in the same shape.
        held_out: Whether training left out each point, shape (n0, n1) or (N,).
        wraps: Whether the last value of each factor is a neighbour of the first.
        prior: Whether to draw the circles of the prior, below the points.
        closed: Whether lines and cells join the last value of a turn to the first.
    """
    placed, colours = panel.place(points), square_colours(positions, wraps)
    there = np.isfinite(placed).all(axis=-1)
    side = max(points.shape[:2]) if points.ndim == 3 else max(8.0, len(points) ** 0.5)
    if points.ndim == 3:
        wraps = wraps if closed else (False, False)
        _draw_cells(canvas, placed, colours, held_out, wraps)
        line_width = float(np.clip(0.05 * panel.width / side, 0.9, 1.8))
        for axis in (0, 1):
            _draw_lines(canvas, placed, colours, held_out, axis, wraps[axis], line_width)
    if prior:
        draw_prior(canvas, panel)
    radius = float(np.clip(0.21 * panel.width / side, 1.6, 5.0))
    shades = [_rgb(colour) for colour in colours[there]]
    for (x, y), shade, out in zip(placed[there].tolist(), shades, held_out[there], strict=True):
        canvas.disc(x, y, 0.85 * radius if out else radius, HELD_OUT if out else shade)


def draw_prior(canvas: Canvas, panel: Panel) -> None:
    """Draw dashed circles at one and two stds of the standard normal prior, within the panel."""
    unit = panel.width / (panel.x_range[1] - panel.x_range[0])
    for radius in (1.0, 2.0):
        dashes = max(12, round(2.0 * np.pi * radius * unit / (2.0 * DASH)))  # of equal length
        angles = np.linspace(0.0, 2.0 * np.pi, 2 * dashes + 1)
        ring = panel.place(radius * np.stack([np.cos(angles), np.sin(angles)], axis=-1))
        low = np.array([panel.left, panel.top])
        high = low + np.array([panel.width, panel.height])
        inside = np.all((ring > low) & (ring < high), axis=-1)
        for start in range(0, len(ring) - 1, 2):
            if inside[start] and inside[start + 1]:
                canvas.line(ring[start : start + 2], PRIOR, 1.4)


def draw_blank(canvas: Canvas, panel: Panel, code: Floats) -> None:
    """Draw a star at the code (2,) of a blank image (Figure 22)."""
    x, y = panel.place(code).tolist()
    canvas.star(x, y, BLANK_RADIUS, HELD_OUT, PAPER)


def draw_points(canvas: Canvas, panel: Panel, points: Floats) -> None:
    """Draw points (N, 2), of which many may coincide, with areas proportional to their number."""
    places, counts = np.unique(points, axis=0, return_counts=True)
    levels = max(len(np.unique(column)) for column in places.T)
    # Discs of levels do not touch their neighbours; continuous values have no levels.
    most = np.clip(0.4 * panel.width / levels, MIN_RADIUS, MAX_RADIUS)
    radii = np.maximum(0.5 * MIN_RADIUS, most * np.sqrt(counts / counts.max()))
    for (x, y), radius in zip(panel.place(places).tolist(), radii.tolist(), strict=True):
        canvas.disc(x, y, radius, POINT)


def _draw_cells(
    canvas: Canvas,
    placed: Floats,
    colours: NDArray[np.uint8],
    held_out: Bools,
    wraps: tuple[bool, bool],
) -> None:
    """Draw two triangles for each cell, in the mean colour of its corners.

    Cells that close a turn are left out if they are far longer than the others: if a model has cut
    the turn open, they would cover everything between its ends.
    """
    for axis in (0, 1):
        if wraps[axis] and _closes(placed, axis):
            placed, colours, held_out = (_closed(a, axis) for a in (placed, colours, held_out))
    first, last = placed[:-1, :-1], placed[1:, 1:]
    corners = colours[:-1, :-1], colours[1:, :-1], colours[:-1, 1:], colours[1:, 1:]
    means = np.mean(corners, axis=0)
    inside = held_out[:-1, :-1] & held_out[1:, :-1] & held_out[:-1, 1:] & held_out[1:, 1:]
    # (n0 - 1, n1 - 1, 2 triangles, 3 corners, 2)
    outlines = np.stack(
        [np.stack([first, third, last], axis=-2) for third in (placed[1:, :-1], placed[:-1, 1:])],
        axis=-3,
    )
    there = np.asarray(np.isfinite(outlines).all(axis=(-2, -1)))
    for index in np.ndindex(*inside.shape):
        shade: Colour = (*_rgb(means[index]), FILL_OPACITY)
        if inside[index]:
            shade = HELD_OUT_FILL.faded(FILL_OPACITY)
        triangles = list(outlines[index][there[index]])
        if triangles:  # drawn as one, so that the common edge does not show
            canvas.region(triangles, shade)


def _closes(placed: Floats, axis: int) -> bool:
    """Return whether the last points along an axis are about as near to the first as neighbours."""
    steps = np.linalg.norm(np.diff(_closed(placed, axis), axis=axis), axis=-1)
    last, others = np.take(steps, -1, axis), np.delete(steps, -1, axis)
    if np.isnan(last).all() or np.isnan(others).all():
        return False
    return bool(np.nanmedian(last) <= _FAR * np.nanmedian(others))


def _closed(array: NDArray[Any], axis: int) -> NDArray[Any]:
    """Append the first entry of an array along an axis behind the last."""
    return np.concatenate([array, np.take(array, [0], axis)], axis)


def _draw_lines(
    canvas: Canvas,
    placed: Floats,
    colours: NDArray[np.uint8],
    held_out: Bools,
    axis: int,
    wraps: bool,
    width: float,
) -> None:
    """Draw a line from each point to the next along an axis, in the mean colour of the two."""
    ends = np.stack([placed, np.roll(placed, -1, axis)], axis=-2)
    there = np.asarray(np.isfinite(ends).all(axis=(-2, -1)))
    if not wraps:
        there[(slice(None),) * axis + (-1,)] = False
    means = (colours + np.roll(colours.astype(np.int64), -1, axis)) / 2
    touches = (held_out | np.roll(held_out, -1, axis))[there]
    shades = [_rgb(mean) for mean in means[there]]
    for pair, shade, out in zip(ends[there], shades, touches, strict=True):
        canvas.line(pair, HELD_OUT_LINE if out else shade, width)


def _rgb(colour: NDArray[np.generic]) -> tuple[int, int, int]:
    red, green, blue = colour.tolist()
    return int(red), int(green), int(blue)
