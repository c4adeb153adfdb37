"""Draw curves through means in a plane, with hulls of one standard deviation (Figure 4)."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sbvae_cli.viz.axes import GAP, TICK_SIZE, Labels, Panel, padded_range
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.legend import draw_ring
from sbvae_cli.viz.primitives import Box
from sbvae_cli.viz.text import LINE_HEIGHT, text_width
from sbvae_cli.viz.theme import QUIET, Role

Floats = NDArray[np.float64]

WIDTH, HEIGHT, BETWEEN = 430.0, 400.0, 46.0  # of a panel's box, and between panels
DOT, THICK = 6.0, 2.2
CLEAR = 16.0  # smallest distance between labels, so that each clearly belongs to its dot
HULL = 56  # opacity
CORNERS = 48  # number of corners of an ellipse


@dataclass(frozen=True)
class Curve:
    """A curve through means.

    Attributes:
        means: Mean of each point, in the order of the curve, shape (N, 2), finite.
        stds: Standard deviation along each axis, shape (N, 2); 0 if unknown.
        colour: Colour of the series.
        labels: Label of each point; "" for none.
        ring: Whether each point is drawn as a white ring, shape (N,).
    """

    means: Floats
    stds: Floats
    colour: Role
    labels: Sequence[str]
    ring: NDArray[np.bool_]


@dataclass(frozen=True)
class CurvePanel:
    """Curves in one pair of axes.

    Attributes:
        title: Title above the panel.
        x: Label of the x axis.
        y: Label of the y axis.
        curves: One or more curves.
        least_x: Smallest possible x, at which hulls end.
    """

    title: str
    x: str
    y: str
    curves: Sequence[Curve]
    least_x: float = -math.inf


def draw_curves(panels: Sequence[CurvePanel]) -> Canvas:
    """Draw panels side by side, each with all of its curves and hulls."""
    labels = [Labels.of(panel.title, panel.x, panel.y, WIDTH, HEIGHT) for panel in panels]
    above, below = max(each.above for each in labels), max(each.below for each in labels)
    boxes: list[Panel] = []
    right = 0.0
    for panel, own in zip(panels, labels, strict=True):
        x_range, y_range = _ranges(panel)
        left = right + own.beside(y_range)
        boxes.append(Panel(left, above, WIDTH, HEIGHT, x_range, y_range))
        right = left + WIDTH + max(BETWEEN, boxes[-1].overhang[1] + GAP)
    width = boxes[-1].left + WIDTH + boxes[-1].overhang[1]
    canvas = Canvas(width, above + HEIGHT + below)
    for panel, own, box in zip(panels, labels, boxes, strict=True):
        box.draw_frame(canvas)
        _draw_panel(canvas, box, panel)
        box.draw_labels(canvas, own)
    return canvas


def hull_of_stds(means: Floats, stds: Floats, least_x: float = -math.inf) -> list[Floats]:
    """Return convex parts of the region that a curve's ellipses of one standard deviation cover.

    Args:
        means: Centres of the ellipses, shape (N, 2).
        stds: Semi-axes of the ellipses, shape (N, 2).
        least_x: Left limit of the region, at most the smallest mean.

    Returns:
        For each two neighbouring points, the convex hull of their ellipses; for a single point its
        ellipse. Empty if all standard deviations are 0.
    """
    if not stds.any():
        return []
    angles = 2.0 * np.pi * np.arange(CORNERS) / CORNERS
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    ellipses = [mean + std * circle for mean, std in zip(means, stds, strict=True)]
    if len(ellipses) == 1:
        parts = [convex_hull(ellipses[0])]
    else:
        parts = [convex_hull(np.concatenate(pair)) for pair in itertools.pairwise(ellipses)]
    return [_right_of(part, least_x) for part in parts]


def convex_hull(points: ArrayLike) -> Floats:
    """Return the corners of the convex hull of points (N, 2), by Andrew's monotone chain."""
    rows = sorted({(float(x), float(y)) for x, y in np.asarray(points, dtype=np.float64)})

    def chain(ordered: list[tuple[float, float]]) -> list[tuple[float, float]]:
        corners: list[tuple[float, float]] = []
        for x, y in ordered:
            while len(corners) > 1:
                (x0, y0), (x1, y1) = corners[-2:]
                if (x1 - x0) * (y - y0) > (y1 - y0) * (x - x0):
                    break
                corners.pop()
            corners.append((x, y))
        return corners

    if len(rows) < 3:
        return np.array(rows)
    return np.array([*chain(rows)[:-1], *chain(rows[::-1])[:-1]])


def _right_of(polygon: Floats, least_x: float) -> Floats:
    """Return the part of a convex polygon with x of at least `least_x`."""
    following = np.roll(polygon, -1, axis=0)
    crossing = (polygon[:, 0] < least_x) != (following[:, 0] < least_x)
    if not crossing.any():
        return polygon
    start, end = polygon[crossing], following[crossing]
    share = (least_x - start[:, 0]) / (end[:, 0] - start[:, 0])
    y = start[:, 1] + share * (end[:, 1] - start[:, 1])
    border = np.column_stack([np.full_like(y, least_x), y])
    return convex_hull(np.concatenate([polygon[polygon[:, 0] >= least_x], border]))


def _ranges(panel: CurvePanel) -> tuple[tuple[float, float], tuple[float, float]]:
    curves = panel.curves
    low = np.concatenate([curve.means - curve.stds for curve in curves]).min(axis=0)
    low[0] = max(low[0], panel.least_x)
    high = np.concatenate([curve.means + curve.stds for curve in curves]).max(axis=0)
    x, y = zip(low.tolist(), high.tolist(), strict=True)
    return padded_range(*x, share=0.1), padded_range(*y, share=0.1)


def _draw_panel(canvas: Canvas, box: Panel, panel: CurvePanel) -> None:
    curves = panel.curves
    hulls = [hull_of_stds(curve.means, curve.stds, panel.least_x) for curve in curves]
    # Hulls of very small stds have no area.
    parts = [[box.place(part) for part in hull if len(part) > 2] for hull in hulls]
    for curve, own in zip(curves, parts, strict=True):
        if own:
            canvas.region(own, curve.colour.faded(HULL))
    placed = [box.place(curve.means) for curve in curves]
    for curve, points in zip(curves, placed, strict=True):
        if len(points) > 1:
            canvas.line(points, curve.colour, THICK)
    for curve, points in zip(curves, placed, strict=True):
        for (x, y), ring in zip(points.tolist(), curve.ring, strict=True):
            if ring:
                draw_ring(canvas, x, y, curve.colour, DOT + 0.5)
            else:
                canvas.disc(x, y, DOT, curve.colour)
    edges = [part for own in parts for part in own]
    _write_labels(canvas, box, curves, placed, edges)


def _write_labels(
    canvas: Canvas,
    box: Panel,
    curves: Sequence[Curve],
    placed: Sequence[Floats],
    edges: Sequence[Floats],
) -> None:
    """Write each label next to its dot, where it covers no line, dot or other label."""
    lines = np.concatenate([_along(points) for points in placed])
    taken: list[Box] = []
    for curve, points in zip(curves, placed, strict=True):
        for at, label in zip(points.tolist(), curve.labels, strict=True):
            if not label:
                continue
            wide, high = text_width(label, TICK_SIZE), LINE_HEIGHT * TICK_SIZE
            for avoided in (np.concatenate([lines, *edges]), lines, points):
                place = _free_place((wide, high), at, box, avoided, taken)
                if place is not None:
                    taken.append(place)
                    x, y = (place.left + place.right) / 2, (place.top + place.bottom) / 2
                    canvas.text(x, y, label, TICK_SIZE, QUIET, "mm")
                    break


def _along(points: Floats) -> Floats:
    """Return points along a polyline a few units apart, including its corners."""
    pieces = [points[:1]]
    for start, end in itertools.pairwise(points):
        count = 1 + int(np.hypot(*(end - start)) // 4.0)
        pieces.append(start + (end - start) * (np.arange(1, count + 1) / count)[:, None])
    return np.concatenate(pieces)


def _free_place(
    size: tuple[float, float],
    at: tuple[float, float],
    panel: Panel,
    avoided: Floats,
    taken: Sequence[Box],
) -> Box | None:
    """Return a free place for a text near a dot within the panel, or None."""
    wide, high = size
    for far in (6.0, 18.0):
        for angle in (-45, 45, 135, -135, 0, 180, 90, -90):
            x = at[0] + math.cos(math.radians(angle)) * (DOT + far + wide / 2)
            y = at[1] + math.sin(math.radians(angle)) * (DOT + far - 4.0 + high / 2)
            place = Box(x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
            if _is_free(place, panel, avoided, taken):
                return place
    return None


def _is_free(place: Box, panel: Panel, avoided: Floats, taken: Sequence[Box]) -> bool:
    within = (
        panel.left + 2 <= place.left
        and place.right <= panel.left + panel.width - 2
        and panel.top + 2 <= place.top
        and place.bottom <= panel.top + panel.height - 2
    )
    near = (
        (avoided[:, 0] > place.left - DOT)
        & (avoided[:, 0] < place.right + DOT)
        & (avoided[:, 1] > place.top - DOT / 2)
        & (avoided[:, 1] < place.bottom + DOT / 2)
    )
    apart = all(
        place.right + CLEAR <= other.left
        or other.right + CLEAR <= place.left
        or place.bottom + CLEAR <= other.top
        or other.bottom + CLEAR <= place.top
        for other in taken
    )
    return within and apart and not near.any()
