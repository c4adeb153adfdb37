"""Marks in panels with axes: bars of a histogram, and stars above them."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sbvae_cli.viz.axes import Panel
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.theme import PAPER, Colour

Floats = NDArray[np.float64]

STAR, STEP = 9.0, 22.0  # radius of a star, and distance of stacked stars
MAX_BINS = 14


def bin_edges(values: ArrayLike, least: float = 0.0, most: int = MAX_BINS) -> Floats:
    """Choose edges of bins whose width is 1, 2 or 5 times a power of ten, for all groups alike.

    Args:
        values: All values to be counted, finite, at least one.
        least: Smallest width of a bin.
        most: Largest number of bins, at least 4.

    Returns:
        Ascending multiples of the width; every value is in a bin, and none on its upper edge.
    """
    data = np.asarray(values, dtype=np.float64)
    low, high = float(data.min()), float(data.max())
    width = max((high - low) / most, least, 1e-5 * max(abs(low), abs(high)))
    if width < 1e-300:  # 0, or too small for its power of ten to be finite
        width = 0.1
    width = 10.0 ** math.floor(math.log10(width) + 1e-9)
    for factor in (1, 2, 5, 10, 20):
        first, last = (math.floor(end / (factor * width) + 1e-9) for end in (low, high))
        if last - first < most and factor * width >= least:
            break
    digits = 2 - math.floor(math.log10(width))
    edges: Floats = np.round(np.arange(first, last + 2) * (factor * width), digits)
    return edges


def count_in_bins(values: ArrayLike, edges: Floats) -> NDArray[np.int64]:
    """Count the values in each bin, including its lower edge."""
    bins = np.searchsorted(edges, np.asarray(values, dtype=np.float64), side="right") - 1
    return np.bincount(np.clip(bins, 0, len(edges) - 2), minlength=len(edges) - 1)


def draw_histogram(
    canvas: Canvas, panel: Panel, values: ArrayLike, edges: Floats, colour: Colour
) -> None:
    """Draw a bar for each bin that has values, with a thin gap between neighbours.

    Args:
        canvas: Canvas to draw on.
        panel: Box on the canvas, whose y range begins at 0.
        values: Values to be counted.
        edges: Edges of the bins.
        colour: Colour of the bars.
    """
    counts = count_in_bins(values, edges).tolist()
    for count, left, right in zip(counts, edges[:-1], edges[1:], strict=True):
        if count:
            (x0, y0), (x1, y1) = panel.place([(left, count), (right, 0)]).tolist()
            canvas.rectangle(x0 + 0.75, y0, x1 - x0 - 1.5, y1 - y0, colour)


def draw_stars(
    canvas: Canvas,
    panel: Panel,
    values: ArrayLike,
    edges: Floats,
    marked: Sequence[tuple[float, Colour]],
) -> None:
    """Draw a star at each marked value above its bar, stacked where stars would overlap.

    Args:
        canvas: Canvas to draw on.
        panel: Box on the canvas, with room above the bars.
        values: Values to be counted.
        edges: Edges of the bins.
        marked: Some of the values, with the colours of their stars.
    """
    counts = count_in_bins(values, edges)
    drawn: list[tuple[float, float]] = []
    for value, colour in marked:
        number = int(count_in_bins([value], edges).argmax())
        x, y = panel.place([value, counts[number]]).tolist()
        y -= 1.6 * STAR
        while any(abs(x - a) < 2.2 * STAR and abs(y - b) < STEP for a, b in drawn):
            y -= STEP
        drawn.append((x, y))
        canvas.star(x, y, STAR, colour, PAPER)


def count_range(most: int, height: float, stars: int) -> tuple[float, float]:
    """Return the range of counts with room for stacked stars above the highest bar.

    Args:
        most: Count of the highest bar.
        height: Height of the panel's box.
        stars: Largest number of stacked stars.
    """
    room = (STEP * stars + 0.8 * STAR) / height
    return 0.0, max(most / (1.0 - min(room, 0.7)), 2.6)
