"""Draw small panels of curves over training steps, with linear or logarithmic axes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.viz.axes import (
    GAP,
    LABEL_SIZE,
    LINE,
    TICK,
    TICK_SIZE,
    TITLE_SIZE,
    Panel,
    Range,
    columns_of,
    fitting_ticks,
    padded_range,
    short_number,
    tick_names,
)
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.legend import Entry
from sbvae_cli.viz.page import page
from sbvae_cli.viz.primitives import Dash
from sbvae_cli.viz.text import text_width
from sbvae_cli.viz.theme import BAD, INK, Role

Floats = NDArray[np.float64]

WIDTH, HEIGHT = 430.0, 250.0  # of a panel's box
BETWEEN = 34.0  # gap between panels
THICK, THIN = 2.2, 1.0
RAW_OPACITY, MIN_OPACITY = 110, 50  # of a single run's raw line, and at least of each of many
CROSS = 6.0  # half the size of the cross that marks divergence
MAX_POINTS = 2 * int(WIDTH)  # largest number of points of a raw line
# A linear axis is replaced by a logarithmic one if more than `SQUEEZED_SHARE` of the values lie
# within the lowest `SQUEEZED_RANGE` of its range.
SQUEEZED_SHARE, SQUEEZED_RANGE = 0.7, 0.2
DASHES: tuple[Dash | None, ...] = (None, (9.0, 5.0), (2.5, 4.0))  # for groups of equal colour


class LineStyle(NamedTuple):
    """Style of the lines of a group."""

    colour: Role
    dash: Dash | None = None


@dataclass(frozen=True)
class Lines:
    """Curves of one term of a run.

    Attributes:
        raw: Steps and logged values, shape (N, 2), N at least 1.
        smoothed: Steps and smoothed values, shape (N, 2).
        style: Colour and dash of the run's group.
        dots: Steps and values of the term on validation images, shape (M, 2); None for none.
        diverged: Whether the end is marked by a cross.
    """

    raw: Floats
    smoothed: Floats
    style: LineStyle
    dots: Floats | None = None
    diverged: bool = False


@dataclass(frozen=True)
class TermPanel:
    """One term of all runs that have it.

    Attributes:
        title: Name of the term.
        unit: Unit of the term.
        lines: Curves of the runs.
    """

    title: str
    unit: str
    lines: tuple[Lines, ...]


def draw_terms(
    panels: Sequence[TermPanel],
    legend: Sequence[tuple[str, LineStyle]] = (),
    caption: str = "",
    note: str = "",
) -> Canvas:
    """Draw panels in rows of at most three, over the same range of steps.

    Args:
        panels: One or more panels.
        legend: Names and line styles of the groups.
        caption: Text at the top.
        note: Text at the bottom.
    """
    columns = columns_of(len(panels))
    rows = -(-len(panels) // columns)
    axes = [ValueAxis.of(panel.lines) for panel in panels]
    beside = max(text_width(name, TICK_SIZE) for axis in axes for name in axis.names)
    beside += TICK + 3.0 + GAP + LINE * LABEL_SIZE
    above = GAP + LINE * TITLE_SIZE
    pitch = beside + WIDTH + BETWEEN, above + HEIGHT + _below() + BETWEEN
    last = max(1.0, *(float(line.raw[-1, 0]) for panel in panels for line in panel.lines))
    overhang = text_width(f"{last:,.0f}", TICK_SIZE) / 2  # of the last tick's label
    canvas = Canvas(columns * pitch[0] - BETWEEN + overhang, rows * pitch[1] - BETWEEN)
    for number, (panel, axis) in enumerate(zip(panels, axes, strict=True)):
        row, column = divmod(number, columns)
        left, top = column * pitch[0] + beside, row * pitch[1] + above
        box = Panel(left, top, WIDTH, HEIGHT, (0.0, last), axis.range)
        box.draw_frame(canvas)
        _draw_curves(canvas, box, panel.lines, axis)
        _draw_labels(canvas, box, panel, axis, left - beside)
    entries = [Entry(name, style.colour, "line", style.dash) for name, style in legend]
    return page(canvas, caption, entries, note)


@dataclass(frozen=True)
class ValueAxis:
    """Value axis of a term.

    Attributes:
        logarithmic: Whether the axis is logarithmic, with base ten.
        range: Values at the lower and upper edge, or their logarithms.
        ticks: Values of the ticks.
        names: Labels of the ticks.
    """

    logarithmic: bool
    range: Range
    ticks: tuple[float, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, lines: Sequence[Lines]) -> "ValueAxis":
        """Choose an axis for the curves; the last values of a diverged run may be outside."""
        shown = [np.concatenate([_kept(line), line.smoothed[:1, 1]]) for line in lines]
        shown += [line.dots[:, 1] for line in lines if line.dots is not None]
        values = np.concatenate(shown)
        low, high = float(values.min()), float(values.max())
        squeezed = float(np.mean(values < low + SQUEEZED_RANGE * (high - low))) > SQUEEZED_SHARE
        if low > 0 and squeezed and high > 2 * low:
            limits = padded_range(math.log10(low), math.log10(high))
            ticks = log_ticks(*limits)
            names = (f"{tick:,g}" if tick < 1e5 else short_number(tick) for tick in ticks)
            return cls(True, limits, tuple(ticks), tuple(names))
        limits = padded_range(low, high)
        ticks = fitting_ticks(*limits, HEIGHT, upright=True)
        return cls(False, limits, tuple(ticks), tuple(tick_names(ticks)))

    def place(self, values: Floats) -> Floats:
        """Map values to the panel's data, limited to its range."""
        data = np.log10(np.maximum(values, 1e-300)) if self.logarithmic else values
        return np.clip(data, *self.range)


def log_ticks(low: float, high: float) -> list[float]:
    """Choose two to seven tick values for a logarithmic axis, such as 1, 2 and 5 of each power.

    Args:
        low: Logarithm, to base ten, of the smallest value.
        high: Logarithm of the largest value, at least 0.33 above `low`.
    """
    powers = range(math.floor(low), math.ceil(high) + 1)
    found: list[float] = []
    for digits in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9)):
        found = [d * 10.0**p for p in powers for d in digits if low <= math.log10(d) + p <= high]
        if len(found) >= 3:
            break
    every = -(-len(found) // 7)
    return found[::every]


def step_names(steps: Sequence[float]) -> list[str]:
    """Format ticks at whole steps, in thousands if all are large round numbers."""
    if steps and max(steps) >= 1e5 and all(step % 1e3 == 0 for step in steps):
        return [f"{step / 1e3:,.0f}k" if step else "0" for step in steps]
    return [f"{step:,.0f}" for step in steps]


def _kept(line: Lines) -> Floats:
    """Return the values that must fit on the axis."""
    values: Floats = line.raw[:-2, 1] if line.diverged and len(line.raw) > 2 else line.raw[:, 1]
    return values


def _below() -> float:
    return TICK + LINE * TICK_SIZE + LINE * LABEL_SIZE + GAP


def _draw_curves(canvas: Canvas, box: Panel, lines: Sequence[Lines], axis: ValueAxis) -> None:
    """Draw the raw lines behind all others, then smoothed lines, dots and crosses."""
    opacity = max(MIN_OPACITY, RAW_OPACITY // len(lines))
    for line in lines:
        raw = _thinned(line.raw)
        placed = box.place(np.column_stack([raw[:, 0], axis.place(raw[:, 1])]))
        canvas.line(placed, line.style.colour.faded(opacity), THIN)
    for line in lines:
        values = np.column_stack([line.smoothed[:, 0], axis.place(line.smoothed[:, 1])])
        placed = box.place(_thinned(values))
        if len(placed) > 1:
            canvas.line(placed, line.style.colour, THICK, line.style.dash)
        else:
            canvas.disc(placed[0, 0], placed[0, 1], THICK, line.style.colour)
        dots = np.empty((0, 2)) if line.dots is None else line.dots
        for x, y in box.place(np.column_stack([dots[:, 0], axis.place(dots[:, 1])])).tolist():
            canvas.disc(x, y, 4.0, line.style.colour)
    for line in lines:
        if line.diverged:
            x, y = box.place([line.raw[-1, 0], axis.place(line.raw[-1:, 1])[0]]).tolist()
            _draw_cross(canvas, x, y)


def _thinned(points: Floats) -> Floats:
    """Reduce points to what can be distinguished, keeping the extremes of each group."""
    if len(points) <= MAX_POINTS:
        return points
    chosen = []
    for part in np.array_split(np.arange(len(points)), MAX_POINTS // 2):
        ends = part[[points[part, 1].argmin(), points[part, 1].argmax()]]
        chosen += sorted(set(ends.tolist()))
    return points[sorted({0, *chosen, len(points) - 1})]


def _draw_cross(canvas: Canvas, x: float, y: float) -> None:
    for sign in (-1, 1):
        ends = [(x - CROSS, y - sign * CROSS), (x + CROSS, y + sign * CROSS)]
        canvas.line(ends, BAD, 2.4)


def _draw_labels(
    canvas: Canvas, box: Panel, panel: TermPanel, axis: ValueAxis, left: float
) -> None:
    bottom = box.top + box.height
    middle = box.left + box.width / 2, box.top + box.height / 2
    canvas.text(middle[0], box.top - GAP, panel.title, TITLE_SIZE, INK, "mb")
    box.draw_y_ticks(canvas, axis.place(np.array(axis.ticks)).tolist(), axis.names)
    steps = [tick for tick in box.x_ticks if tick == round(tick)]
    box.draw_x_ticks(canvas, steps, step_names(steps))
    canvas.text(middle[0], bottom + TICK + LINE * TICK_SIZE, "step", LABEL_SIZE, INK, "mt")
    canvas.text(left, middle[1], panel.unit, LABEL_SIZE, INK, "mt", upright=True)
