"""Draw inputs, reconstructions and traversals of latents (Figures 2, 3, 5, 6 and 9 to 12)."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.viz.axes import LABEL_SIZE, TITLE_SIZE
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.legend import Entry
from sbvae_cli.viz.page import NOTE_SIZE, page
from sbvae_cli.viz.text import shorten, text_width
from sbvae_cli.viz.theme import INK, MARK, QUIET, UNUSED, WARN, Colour
from sbvae_cli.viz.tiles import draw_tile
from sbvae_cli.viz.traversal_layout import (
    FRAME,
    LABEL_GAP,
    LINE,
    PANEL_GAP,
    Block,
    Examples,
    ModelPanel,
    Pictures,
    SweepLayout,
    nearest_column,
    row_end,
    row_name,
    row_note,
    start_name,
)

FOLLOWS = "right: the factor with most information in a latent, as a share of its entropy"
MAX_IN_ROW = 3  # models; more are drawn in two rows


def draw_sweeps(
    panels: Sequence[ModelPanel],
    columns: Sequence[str],
    caption: str = "",
    heading: str = "latent at",
) -> Canvas:
    """Draw inputs, reconstructions and a row of images for each latent, with models side by side.

    Small images are enlarged by a whole factor with sharp pixels. If a model decodes larger images
    than it takes, these are shown at their size, and inputs equally large. Held-out inputs have an
    orange frame. In each sweep, the image nearest to the start has a blue frame; if the start is
    beyond all images, its value is written instead. Rows of several models are aligned.

    Args:
        panels: Images of each of one or more models, for the same start images.
        columns: Names of the S values that latents take.
        caption: Text at the top of the picture, in as many lines as needed.
        heading: Heading of the names of columns.

    Returns:
        A canvas about 1,300 units wide for one model and 11 columns, or wider for larger decoded
        images.

    Raises:
        ValueError: If the shapes do not fit, or there is no sweep.
    """
    for panel in panels:
        _check(panel, len(columns))
    layout = SweepLayout.of(panels, len(columns))
    apart = layout.units(PANEL_GAP)
    in_row = len(panels) if len(panels) <= MAX_IN_ROW else math.ceil(len(panels) / 2)
    down = layout.height + apart
    rows = math.ceil(len(panels) / in_row)
    canvas = Canvas(in_row * (layout.width + apart) - apart, rows * down - apart)
    for number, panel in enumerate(panels):
        row, column = divmod(number, in_row)
        left = column * (layout.width + apart)
        canvas.place(_draw_panel(layout, panel, columns, heading), left, row * down)
    return page(canvas, caption, _legend(panels), zoom=layout.scale)


def _check(panel: ModelPanel, columns: int) -> None:
    examples = panel.examples
    shape, decoded = examples.inputs.shape, examples.reconstructions.shape
    if len(shape) != 4 or shape[3] not in (1, 3) or 0 in shape:
        raise ValueError(f"inputs must have shape (N, H, W, 1 or 3), got {shape}")
    if len(decoded) != 4 or decoded[:1] != shape[:1] or examples.held_out.shape != shape[:1]:
        found = f"{decoded}, {examples.held_out.shape}"
        raise ValueError(f"reconstructions and marks {found} do not fit inputs {shape}")
    if not panel.blocks or not all(block.sweeps for block in panel.blocks):
        raise ValueError("a traversal needs one sweep or more")
    for sweep in (sweep for block in panel.blocks for sweep in block.sweeps):
        if sweep.images.shape != (columns, *decoded[1:]) or sweep.values.shape != (columns,):
            raise ValueError(
                f"latent {sweep.latent}: images {sweep.images.shape} do not fit {columns} "
                f"values and reconstructions {decoded}"
            )


def _draw_panel(
    layout: SweepLayout, panel: ModelPanel, columns: Sequence[str], heading: str
) -> Canvas:
    canvas = Canvas(layout.width, layout.height)
    for number, line in enumerate(panel.title):
        size, colour = (NOTE_SIZE, QUIET) if number else (TITLE_SIZE, INK)
        shown = shorten(line, layout.units(size), layout.width)
        y = layout.units(LINE * TITLE_SIZE * number)
        canvas.text(0, y, shown, layout.units(size), colour, "lt")
    _draw_examples(canvas, layout, panel.examples, [block.start for block in panel.blocks])
    for number, block in enumerate(panel.blocks):
        several = len(panel.blocks) > 1
        _draw_columns(canvas, layout, number, columns, start_name(block.start) if several else "")
        if not several:
            y = layout.sweep_top(0, 0) - layout.slack - layout.units(8)
            canvas.text(0, y, heading, layout.units(NOTE_SIZE), QUIET, "lb")
        _draw_block(canvas, layout, number, block)
    return canvas


def _draw_examples(
    canvas: Canvas, layout: SweepLayout, examples: Examples, starts: Sequence[str]
) -> None:
    rows = (("input", examples.inputs), ("reconstruction", examples.reconstructions))
    for row, (name, images) in enumerate(rows):
        top = layout.example_top(row)
        middle = top + layout.tile[0] / 2
        canvas.text(0, middle, name, layout.units(LABEL_SIZE), INK, "lm")
        for column, image in enumerate(images):
            frame = WARN if examples.held_out[column] else None
            _draw_tile(canvas, layout, (layout.column(column), top), image, frame)
    _draw_brackets(canvas, layout, examples, starts)


def _draw_brackets(
    canvas: Canvas, layout: SweepLayout, examples: Examples, starts: Sequence[str]
) -> None:
    """Draw labelled lines over the columns of start images and of held-out images."""
    several, size = len(starts) > 1, layout.units(NOTE_SIZE)
    brackets: list[tuple[int, int, str, Colour]] = []
    for column, name in enumerate(starts):
        colour: Colour = WARN if examples.held_out[column] else QUIET
        # The name of a file needs no addition.
        text = f"start {name}" if name[:1].isdigit() else name
        text = shorten(text, size, layout.pitch[1] - 4) if several else "start image"
        brackets.append((column, column, text, colour))
    runs = _runs_of(examples.held_out, len(starts))
    widest = max(runs, key=lambda run: run[1] - run[0], default=None)
    for run in runs:
        brackets.append((*run, "held out of training" if run == widest else "", WARN))
    taken = 0.0  # right end of the texts so far
    for first, last, text, colour in brackets:
        left, right = layout.column(first), layout.column(last) + layout.tile[1]
        y, wide = layout.example_top(0) - layout.units(8), text_width(text, size)
        canvas.rectangle(left, y, right - left, layout.units(2), colour)
        x = max((left + right - wide) / 2, taken)
        text = shorten(text, size, layout.width - x)
        canvas.text(x, y - layout.units(3), text, size, colour, "lb")
        taken = x + wide + layout.units(4)


def _runs_of(marked: NDArray[np.bool_], start: int) -> list[tuple[int, int]]:
    """Return the first and last index of each run of marked neighbours, from `start` on."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked[start:], [False]]))) + start
    return [(first, after - 1) for first, after in edges.reshape(-1, 2).tolist()]


def _draw_columns(
    canvas: Canvas, layout: SweepLayout, block: int, names: Sequence[str], start: str
) -> None:
    """Write names of values above a block, as many as there is room for, and of its start image."""
    y, size = layout.sweep_top(block, 0) - layout.slack - layout.units(8), layout.units(NOTE_SIZE)
    if start:  # a value may be wider than its narrow tile, and begin left of it
        first = layout.column(0) + (layout.tile[1] - text_width(names[0], size)) / 2
        large = layout.units(LABEL_SIZE)
        canvas.text(0, y, shorten(start, large, first - layout.units(4)), large, INK, "lb")
    widest = max(text_width(name, size) for name in names)
    stride = int((widest + layout.units(8)) // layout.pitch[1]) + 1
    for column in range(0, len(names), stride):
        x = layout.column(column) + layout.tile[1] / 2
        canvas.text(x, y, names[column], size, QUIET, "mb")


def _draw_block(canvas: Canvas, layout: SweepLayout, number: int, block: Block) -> None:
    for row, sweep in enumerate(block.sweeps):
        top = layout.sweep_top(number, row)
        middle = top + layout.tile[0] / 2
        colours = (INK, QUIET) if sweep.codes else (UNUSED, UNUSED)
        _draw_lines(canvas, layout, (0, middle), (row_name(sweep), row_note(sweep)), colours)
        end = layout.sweep_right + layout.units(LABEL_GAP)
        _draw_lines(canvas, layout, (end, middle), row_end(sweep), colours)
        nearest = nearest_column(sweep.start, sweep.values)
        for column, image in enumerate(sweep.images):
            frame = MARK if column == nearest else None
            _draw_tile(canvas, layout, (layout.column(column), top), image, frame)


def _draw_lines(
    canvas: Canvas,
    layout: SweepLayout,
    place: tuple[float, float],
    lines: Sequence[str],
    colours: tuple[Colour, Colour],
) -> None:
    """Write one vertically centred line, or two around the middle, the second one smaller."""
    apart = layout.units(11) if len(lines) > 1 else 0.0
    for number, line in enumerate(lines):
        size = layout.units(NOTE_SIZE if number else LABEL_SIZE)
        y = place[1] + (apart if number else -apart)
        canvas.text(place[0], y, line, size, colours[number], "lm")


def _draw_tile(
    canvas: Canvas,
    layout: SweepLayout,
    place: tuple[float, float],
    image: Pictures,
    frame: Colour | None = None,
) -> None:
    draw_tile(canvas, image, place, layout.tile, frame, layout.units(FRAME))


def _legend(panels: Sequence[ModelPanel]) -> list[Entry]:
    sweeps = [sweep for panel in panels for block in panel.blocks for sweep in block.sweeps]
    within = [nearest_column(sweep.start, sweep.values) is not None for sweep in sweeps]
    entries = []
    if any(within):
        entries.append(Entry("nearest the start image's own value", MARK, "frame"))
    if not all(within):
        entries.append(Entry("start: the start image's own value, beyond the columns", mark="none"))
    if any(len(sweep.follows) > 1 for sweep in sweeps):
        entries.append(Entry(FOLLOWS, mark="none"))
    return entries
