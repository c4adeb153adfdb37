"""Inputs, reconstructions and sweeps of single latents (Figure 2)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.image_grid import fit_tiles
from sbvae_cli.viz.text import text_width
from sbvae_cli.viz.theme import FAINT, INK, MARK, PAPER, QUIET, UNUSED, WARN, Colour
from sbvae_cli.viz.traversal_layout import (
    FOOTER,
    LABEL_SIZE,
    LINE,
    NOTE_SIZE,
    TITLE_SIZE,
    Examples,
    Pictures,
    Sweep,
    SweepLayout,
    nearest_column,
    row_name,
    row_note,
    value_names,
)

FRAME = 3  # pixels at a scale of 1


def draw_sweeps(
    examples: Examples, sweeps: Sequence[Sweep], values: NDArray[np.floating], caption: str = ""
) -> Canvas:
    """Draw inputs above reconstructions above one row of images a latent.

    Small images are enlarged by a whole factor, in sharp pixels. Where the model decodes to larger
    images than it takes, they are shown as they are, and the inputs as large. Held-out inputs are
    framed in orange; in each sweep the image nearest the start has a blue frame, or the start's
    value is written beside it where that lies outside. Type, lines and margins grow with the width.

    Args:
        examples: Images of the two rows at the top.
        sweeps: Latents and their images, from top to bottom.
        values: Values that each latent takes, increasing, shape (S,).
        caption: At the top of the picture, in as many lines as it needs.

    Returns:
        About 1,600 units wide, or as wide as images that are decoded larger need.

    Raises:
        ValueError: If shapes do not agree, or there is no sweep.
    """
    _check(examples, sweeps, values)
    layout = SweepLayout.of(examples, sweeps, values, caption)
    canvas = Canvas(layout.width, layout.height)
    for number, line in enumerate(layout.caption):
        y = layout.px(20 + LINE * TITLE_SIZE * number)
        canvas.text(layout.margin, y, line, layout.px(TITLE_SIZE), INK, "lt")
    _draw_examples(canvas, layout, examples)
    _draw_values(canvas, layout, values)
    for row, swept in enumerate(sweeps):
        _draw_sweep(canvas, layout, layout.sweep_top(row), swept, values)
    _draw_legend(canvas, layout, sweeps, values)
    return canvas


def _check(examples: Examples, sweeps: Sequence[Sweep], values: NDArray[np.floating]) -> None:
    shape, decoded = examples.inputs.shape, examples.reconstructions.shape
    if len(shape) != 4 or shape[3] not in (1, 3) or 0 in shape:
        raise ValueError(f"inputs must have shape (N, H, W, 1 or 3), got {shape}")
    if len(decoded) != 4 or decoded[:1] != shape[:1] or examples.held_out.shape != shape[:1]:
        found = f"{decoded}, {examples.held_out.shape}"
        raise ValueError(f"reconstructions and marks {found} do not fit inputs {shape}")
    if not sweeps:
        raise ValueError("a traversal needs one sweep or more")
    for swept in sweeps:
        if swept.images.shape != (len(values), *decoded[1:]):
            raise ValueError(
                f"latent {swept.latent}: images {swept.images.shape} do not fit {len(values)} "
                f"values and reconstructions {decoded}"
            )


def _draw_examples(canvas: Canvas, layout: SweepLayout, examples: Examples) -> None:
    rows = (("input", examples.inputs), ("reconstruction", examples.reconstructions))
    for row, (name, images) in enumerate(rows):
        top = layout.example_top(row)
        middle = top + layout.tile[0] / 2
        canvas.text(layout.margin, middle, name, layout.px(LABEL_SIZE), INK, "lm")
        for column, image in enumerate(_tiles(images, layout)):
            frame = WARN if examples.held_out[column] else None
            _draw_tile(canvas, layout, (layout.column(column), top), image, frame)
    colour = WARN if examples.held_out[0] else QUIET
    _draw_bracket(canvas, layout, (0, 0), "start image", colour)
    columns = (np.flatnonzero(examples.held_out[1:]) + 1).tolist()
    if columns:
        _draw_bracket(canvas, layout, (columns[0], columns[-1]), "held out of training", WARN)


def _draw_bracket(
    canvas: Canvas, layout: SweepLayout, columns: tuple[int, int], text: str, colour: Colour
) -> None:
    """A line over the columns from the first to the last one, and what they are."""
    y, size = layout.example_top(0) - layout.px(9), layout.px(NOTE_SIZE)
    left, right = layout.column(columns[0]), layout.column(columns[1]) + layout.tile[1]
    canvas.rectangle(left, y, right - left, layout.px(2), colour)
    wide, above = text_width(text, size), y - layout.px(3)
    if wide <= right - left:
        canvas.text((left + right) / 2, above, text, size, colour, "mb")
    elif columns[0] > 0 and left + wide <= layout.width - layout.margin:
        canvas.text(left, above, text, size, colour, "lb")  # away from what stands at its left
    else:
        canvas.text(right, above, text, size, colour, "rb")


def _draw_values(canvas: Canvas, layout: SweepLayout, values: NDArray[np.floating]) -> None:
    y, size = layout.sweep_top(0) - layout.px(8), layout.px(NOTE_SIZE)
    canvas.text(layout.margin, y, "latent at", size, QUIET, "lb")
    names = value_names(values)
    widest = max(text_width(name, size) for name in names)
    stride = int((widest + layout.px(8)) // layout.pitch[1]) + 1
    for column in range(0, len(names), stride):
        x = layout.column(column) + layout.tile[1] / 2
        canvas.text(x, y, names[column], size, QUIET, "mb")


def _draw_sweep(
    canvas: Canvas, layout: SweepLayout, top: int, swept: Sweep, values: NDArray[np.floating]
) -> None:
    middle, apart = top + layout.tile[0] / 2, layout.px(12)
    name, note = (INK, QUIET) if swept.codes else (UNUSED, UNUSED)
    size, small = layout.px(LABEL_SIZE), layout.px(NOTE_SIZE)
    canvas.text(layout.margin, middle - apart, row_name(swept), size, name, "lm")
    canvas.text(layout.margin, middle + apart, row_note(swept, values), small, note, "lm")
    nearest = nearest_column(swept.start, values)
    for column, image in enumerate(_tiles(swept.images, layout)):
        frame = MARK if column == nearest else None
        _draw_tile(canvas, layout, (layout.column(column), top), image, frame)


def _tiles(images: Pictures, layout: SweepLayout) -> Pictures:
    """Images that fill the layout's tiles, whatever size they have."""
    tiles = fit_tiles(images, layout.side)
    if tiles.shape[1:3] == layout.tile:
        return tiles
    size = layout.tile[1], layout.tile[0]
    filling = [Image.fromarray(np.ascontiguousarray(tile)).resize(size, 0) for tile in tiles]
    return np.stack([np.asarray(tile) for tile in filling])


def _draw_tile(
    canvas: Canvas,
    layout: SweepLayout,
    place: tuple[int, int],
    image: Pictures,
    frame: Colour | None = None,
) -> None:
    """An image on a hairline, so that white ones have an edge, or in a coloured frame."""
    left, top = place
    width, colour = (layout.px(1), FAINT) if frame is None else (layout.px(FRAME), frame)
    height = image.shape[0] + 2 * width
    canvas.rectangle(left - width, top - width, image.shape[1] + 2 * width, height, colour)
    canvas.image(Image.fromarray(np.ascontiguousarray(image)), left, top, image.shape[1])


def _draw_legend(
    canvas: Canvas, layout: SweepLayout, sweeps: Sequence[Sweep], values: NDArray[np.floating]
) -> None:
    x, y = float(layout.margin), layout.height - layout.px(FOOTER / 2 + 3)
    size, box, frame = layout.px(NOTE_SIZE), layout.px(16), layout.px(FRAME)
    within = [nearest_column(swept.start, values) is not None for swept in sweeps]
    if any(within):
        canvas.rectangle(x, y - box // 2, box, box, MARK)
        inner = box - 2 * frame
        canvas.rectangle(x + frame, y - box // 2 + frame, inner, inner, PAPER)
        x += layout.px(24)
    texts = ["nearest the start image's own value"] if any(within) else []
    texts += [] if all(within) else ["start: that value, where it lies outside"]
    texts += [] if all(swept.codes for swept in sweeps) else ["grey: non-coding latents"]
    for text in texts:
        colour = UNUSED if text.startswith("grey") else QUIET
        canvas.text(x, y, text, size, colour, "lm")
        x += text_width(text, size) + layout.px(34)
