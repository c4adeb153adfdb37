"""Points in colours: a grid as a mesh, so that its folds and holes show, or scattered ones."""

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.viz.axes import Panel
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.colormap import square_colours
from sbvae_cli.viz.theme import FAINT, HELD_OUT, HELD_OUT_FILL, HELD_OUT_LINE, Colour

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FILL_OPACITY = 62


def draw_mesh(
    canvas: Canvas,
    panel: Panel,
    points: Floats,
    positions: Floats,
    held_out: Bools,
    wraps: tuple[bool, bool] = (False, False),
) -> None:
    """Draw the cells faintly, the lines between neighbours, and the points, black if held out.

    Args:
        canvas: Canvas to draw on.
        panel: Box on the canvas and its data ranges.
        points: Points in the data of the panel, NaN where there is none, shape (n0, n1, 2); or
            scattered ones, without neighbours, shape (N, 2).
        positions: Points in the unit square, which give their colours, in the same shape.
        held_out: Points that training left out, shape (n0, n1) or (N,).
        wraps: Whether the last value of a factor is a neighbour of the first.
    """
    placed, colours = panel.place(points), square_colours(positions)
    there = np.isfinite(placed).all(axis=-1)
    side = max(points.shape[:2]) if points.ndim == 3 else max(8.0, len(points) ** 0.5)
    if points.ndim == 3:
        _draw_cells(canvas, placed, colours, held_out)
        line_width = float(np.clip(0.05 * panel.width / side, 0.9, 1.8))
        for axis in (0, 1):
            _draw_lines(canvas, placed, colours, held_out, axis, wraps[axis], line_width)
    radius = float(np.clip(0.21 * panel.width / side, 1.6, 5.0))
    for index in zip(*np.nonzero(there), strict=True):
        x, y = placed[index].tolist()
        if held_out[index]:
            canvas.disc(x, y, 0.85 * radius, HELD_OUT)
        else:
            canvas.disc(x, y, radius, _rgb(colours[index]))


def draw_prior(canvas: Canvas, panel: Panel) -> None:
    """Dashed circles at one and two stds of the standard normal prior, within the panel."""
    for radius in (1.0, 2.0):
        angles = np.linspace(0.0, 2.0 * np.pi, 144 * int(radius) + 1)
        ring = panel.place(radius * np.stack([np.cos(angles), np.sin(angles)], axis=-1))
        low = np.array([panel.left, panel.top])
        high = low + np.array([panel.width, panel.height])
        inside = np.all((ring > low) & (ring < high), axis=-1)
        for start in range(0, len(ring) - 1, 2):
            if inside[start] and inside[start + 1]:
                canvas.line(ring[start : start + 2], FAINT, 1.2)


def _draw_cells(
    canvas: Canvas, placed: Floats, colours: NDArray[np.uint8], held_out: Bools
) -> None:
    for i, j in np.ndindex(placed.shape[0] - 1, placed.shape[1] - 1):
        shade: Colour = (*_rgb(colours[i : i + 2, j : j + 2].mean(axis=(0, 1))), FILL_OPACITY)
        if held_out[i : i + 2, j : j + 2].all():
            shade = HELD_OUT_FILL.faded(FILL_OPACITY)
        for third in ((i + 1, j), (i, j + 1)):
            outline = np.array([placed[corner] for corner in ((i, j), third, (i + 1, j + 1))])
            if np.isfinite(outline).all():
                canvas.polygon(outline, shade)


def _draw_lines(
    canvas: Canvas,
    placed: Floats,
    colours: NDArray[np.uint8],
    held_out: Bools,
    axis: int,
    wraps: bool,
    width: float,
) -> None:
    following = np.roll(placed, -1, axis), np.roll(colours, -1, axis), np.roll(held_out, -1, axis)
    last = placed.shape[axis] - (0 if wraps else 1)
    for index in np.ndindex(*held_out.shape):
        ends = np.array([placed[index], following[0][index]])
        if index[axis] >= last or not np.isfinite(ends).all():
            continue
        colour: Colour = HELD_OUT_LINE
        if not (held_out[index] or following[2][index]):
            colour = _rgb(np.mean([colours[index], following[1][index]], axis=0))
        canvas.line(ends, colour, width)


def _rgb(colour: NDArray[np.generic]) -> tuple[int, int, int]:
    red, green, blue = (int(channel) for channel in colour)
    return red, green, blue
