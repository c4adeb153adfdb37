"""Draw values of groups in rows over one axis: dots with median and interval, or histograms."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sbvae_cli.viz.axes import (
    GAP,
    LABEL_SIZE,
    LINE,
    TICK,
    TICK_SIZE,
    Panel,
    Range,
    columns_of,
    whole_ticks,
)
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.marks import STAR, count_in_bins, draw_histogram
from sbvae_cli.viz.text import shorten, text_width, wrap
from sbvae_cli.viz.theme import FAINT, INK, PAPER, QUIET, Role

Floats = NDArray[np.float64]

NAME_WIDTH, NAME_LINES = 250.0, 3  # largest width and number of lines of a row's name
STRIP, HISTOGRAM = 82.0, 128.0  # height of a row
WIDTHS = (560.0, 360.0, 280.0)  # of a panel, for one, two, and three or more side by side
BETWEEN = 34.0  # gap between panels
DOT = 5.0
ROOM = 20.0  # largest offset of dots above and below their line
UPPER, LOWER = 30.0, 67.0  # from a row's upper edge to its dots, and to its median
MEDIAN, INTERVAL = (3.0, 18.0), 7.0  # width and height of a median's bar; height of an interval
DOT_OPACITY, INTERVAL_OPACITY, BAR_OPACITY = 190, 90, 150
COUNTS, COUNT_APART = 48.0, 24.0  # width for counts at the left, and their smallest distance
HEAD = 34.0  # height above the bars for the star


@dataclass(frozen=True)
class Values:
    """Values of the runs of a group.

    Attributes:
        values: Value of each run, shape (R,), finite; R may be 0.
        colour: Colour of the group.
        interval: Interval of the median; None for none.
        star: Value with a star; None for none.
        star_label: Label of the star.
    """

    values: Floats
    colour: Role
    interval: tuple[float, float] | None = None
    star: float | None = None
    star_label: str = ""


@dataclass(frozen=True)
class RowPanel:
    """One score of all groups.

    Attributes:
        label: Name of the score, below the axis.
        rows: Values of each group, from top to bottom.
        x_range: Ends of the axis.
    """

    label: str
    rows: Sequence[Values]
    x_range: Range


def draw_strips(names: Sequence[str], panels: Sequence[RowPanel]) -> Canvas:
    """Draw each value as a dot, and below the interval of the median and a bar or star at it.

    Args:
        names: Name of each group; long ones are broken into lines, then shortened.
        panels: Scores, three in a row (for four, two), each with values of each group.
    """
    return _draw_rows(names, panels, STRIP, _draw_strip, counted=False)


def draw_histograms(names: Sequence[str], panel: RowPanel, edges: Floats) -> Canvas:
    """Draw a histogram of each group in the same bins, with a star above one value.

    Args:
        names: Name of each group.
        panel: A score, with values of each group.
        edges: Ascending edges of the bins.
    """
    most = max(1, *(int(count_in_bins(row.values, edges).max()) for row in panel.rows))
    high = most / (1.0 - HEAD / HISTOGRAM)

    def draw(canvas: Canvas, box: Panel, row: Values) -> None:
        counted = Panel(box.left, box.top, box.width, box.height, box.x_range, (0.0, high))
        _draw_histogram(canvas, counted, row, edges, most)
        if row is panel.rows[0]:
            canvas.text(box.left - TICK - 3, box.top + 12.0, "runs", TICK_SIZE, QUIET, "rm")

    return _draw_rows(names, [panel], HISTOGRAM, draw, counted=True)


def spread(places: ArrayLike, diameter: float, room: float) -> Floats:
    """Compute offsets across a row so that dots along it do not overlap.

    Args:
        places: Positions of the dots' centres along the row, shape (N,).
        diameter: Diameter of a dot.
        room: Largest offset; larger ones are scaled down together.

    Returns:
        Offsets, shape (N,), 0 for dots without neighbours.
    """
    along = np.asarray(places, dtype=np.float64)
    offsets = np.zeros(len(along))
    placed: list[int] = []
    for index in np.argsort(along, kind="stable").tolist():
        near = [other for other in placed if along[index] - along[other] < diameter]
        steps = [0.0]
        for other in near:
            apart = float(np.sqrt(diameter**2 - (along[index] - along[other]) ** 2)) + 1e-6
            steps += [float(offsets[other]) + apart, float(offsets[other]) - apart]
        free = [
            step
            for step in steps
            if all(
                (along[index] - along[other]) ** 2 + (step - offsets[other]) ** 2
                >= diameter**2 - 1e-6
                for other in near
            )
        ]
        offsets[index] = min(free, key=lambda step: (abs(step), step))
        placed.append(index)
    widest = float(np.abs(offsets).max(initial=0.0))
    spread_out: Floats = offsets * (room / widest) if widest > room else offsets
    return spread_out


def _draw_rows(
    names: Sequence[str],
    panels: Sequence[RowPanel],
    height: float,
    draw: Callable[[Canvas, Panel, Values], None],
    counted: bool,
) -> Canvas:
    """Draw panels in lines of at most three, with the groups' names at the left of each line."""
    lines = [_name_lines(name) for name in names]
    columns = columns_of(len(panels))
    width, total = WIDTHS[columns - 1], len(names) * height
    boxes = [Panel(0.0, 0.0, width, total, panel.x_range, (0.0, 1.0)) for panel in panels]
    out = [max(sides) for sides in zip(*(box.overhang for box in boxes), strict=True)]
    counts = COUNTS if counted else 0.0
    widths = [text_width(part, LABEL_SIZE) for line in lines for part in line]
    beside = max(widths, default=0.0)  # a name of spaces alone has no lines
    beside = max(beside + GAP + counts, out[0])
    across = width + max(BETWEEN, sum(out) + GAP)
    down = total + TICK + LINE * TICK_SIZE + LINE * LABEL_SIZE + 4 * GAP
    canvas = Canvas(
        beside + columns * across - (across - width) + out[1],
        -(-len(panels) // columns) * down - 3 * GAP,
    )
    for number, (panel, box) in enumerate(zip(panels, boxes, strict=True)):
        line, column = divmod(number, columns)
        box = replace(box, left=beside + column * across, top=line * down)
        _draw_box(canvas, box, panel, height, draw)
        if column == 0:
            for index, parts in enumerate(lines):
                middle = box.top + (index + 0.5) * height
                _write_name(canvas, parts, box.left - GAP - counts, middle)
    return canvas


def _draw_box(
    canvas: Canvas,
    box: Panel,
    panel: RowPanel,
    height: float,
    draw: Callable[[Canvas, Panel, Values], None],
) -> None:
    """Draw a panel: its frame, rows and axis."""
    box.draw_x_lines(canvas)
    box.draw_frame(canvas)
    for index, row in enumerate(panel.rows):
        own = replace(box, top=box.top + index * height, height=height)
        if index:
            canvas.line([(box.left, own.top), (box.left + box.width, own.top)], FAINT, 1.0)
        draw(canvas, own, row)
    box.draw_x_ticks(canvas)
    bottom = box.top + box.height + TICK + LINE * TICK_SIZE + 4
    label = shorten(panel.label, LABEL_SIZE, box.width)
    canvas.text(box.left + box.width / 2, bottom, label, LABEL_SIZE, INK, "mt")


def _name_lines(name: str) -> list[str]:
    """Break a name into lines, and keep a second line after a line break whole."""
    name, _, rest = name.partition("\n")
    most = NAME_LINES - (1 if rest else 0)
    lines = _wrap_parts(name)
    if len(lines) > most:
        last = " ".join(lines[most - 1 :])
        lines = [*lines[: most - 1], shorten(last, LABEL_SIZE, NAME_WIDTH)]
    return [*lines, rest] if rest else lines


def _wrap_parts(name: str) -> list[str]:
    """Break a name after commas, unless breaks between its words make fewer lines."""
    parts = re.split(r"(?<=,) ", name)
    fit = all(text_width(part, LABEL_SIZE) <= NAME_WIDTH for part in parts)
    lines = wrap(name, LABEL_SIZE, NAME_WIDTH)
    of_parts = wrap(name, LABEL_SIZE, NAME_WIDTH, parts)
    return of_parts if fit and len(of_parts) <= len(lines) else lines


def _write_name(canvas: Canvas, lines: Sequence[str], right: float, middle: float) -> None:
    for number, line in enumerate(lines):
        y = middle + LINE * LABEL_SIZE * (number - (len(lines) - 1) / 2)
        canvas.text(right, y, line, LABEL_SIZE, INK, "rm")


def _draw_strip(canvas: Canvas, panel: Panel, row: Values) -> None:
    if not len(row.values):
        _write_nothing(canvas, panel)
        return
    places = _along(panel, row.values)
    offsets = spread(places, 2.2 * DOT, ROOM)
    for x, offset in zip(places.tolist(), offsets.tolist(), strict=True):
        canvas.disc(x, panel.top + UPPER + offset, DOT, row.colour.faded(DOT_OPACITY))
    y = panel.top + LOWER
    if row.interval is not None:
        left, right = _along(panel, row.interval).tolist()
        colour = row.colour.faded(INTERVAL_OPACITY)
        canvas.rectangle(left, y - INTERVAL / 2, right - left, INTERVAL, colour)
    if row.star is not None:
        _draw_star(canvas, panel, row, y)
    elif len(row.values) > 1:
        (x,), (wide, high) = _along(panel, [float(np.median(row.values))]).tolist(), MEDIAN
        canvas.rectangle(x - wide / 2 - 1.5, y - high / 2, wide + 3, high, PAPER)
        canvas.rectangle(x - wide / 2, y - high / 2, wide, high, INK)


def _along(panel: Panel, values: ArrayLike) -> Floats:
    """Return the x positions of values."""
    data = np.asarray(values, dtype=np.float64)
    places: Floats = panel.place(np.stack([data, np.zeros(len(data))], axis=-1))[:, 0]
    return places


def _draw_star(canvas: Canvas, panel: Panel, row: Values, y: float) -> None:
    """Draw the star of a row, with its label at the right, or at the left if there is no room."""
    x = float(_along(panel, [row.star or 0.0])[0])
    canvas.star(x, y, STAR, row.colour, PAPER)
    wide, apart = text_width(row.star_label, TICK_SIZE), 1.3 * STAR + 4.0
    if x + apart + wide < panel.left + panel.width - 4.0:
        canvas.text(x + apart, y, row.star_label, TICK_SIZE, QUIET, "lm")
    else:
        canvas.text(x - apart, y, row.star_label, TICK_SIZE, QUIET, "rm")


def _draw_histogram(canvas: Canvas, panel: Panel, row: Values, edges: Floats, most: int) -> None:
    _draw_counts(canvas, panel, most)
    if not len(row.values):
        _write_nothing(canvas, panel)
        return
    draw_histogram(canvas, panel, row.values, edges, row.colour.faded(BAR_OPACITY))
    if row.star is None:
        return
    (x, bottom), y = panel.place([row.star, 0.0]).tolist(), panel.top + HEAD / 2
    canvas.line([(x, y), (x, bottom)], INK, 1.5, (4.0, 4.0))
    _draw_star(canvas, panel, row, y)


def _draw_counts(canvas: Canvas, panel: Panel, most: int) -> None:
    """Draw ticks at whole numbers of runs, as many as there is room for."""
    panel.draw_y_ticks(canvas, whole_ticks(most, panel.height / panel.y_range[1], COUNT_APART)[1:])


def _write_nothing(canvas: Canvas, panel: Panel) -> None:
    x, y = panel.left + panel.width / 2, panel.top + panel.height / 2
    canvas.text(x, y, "no run has it", TICK_SIZE, QUIET, "mm")
