"""Inputs, reconstructions and sweeps of single latents (Figure 2)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sbvae_cli.viz.canvas import FAINT, INK, QUIET, Canvas, Colour, shorten, text_width
from sbvae_cli.viz.image_grid import fit_tiles

Pictures = NDArray[np.uint8]

MARGIN, GAP, HEADER, FOOTER = 24, 10, 60, 48
BRACKETS = 34  # room above the inputs
VALUES = 64  # room above the sweeps: a space, then their values
LABEL_GAP = 16  # from the rows' labels to the images
TITLE_SIZE, LABEL_SIZE, NOTE_SIZE = 26.0, 21.0, 18.0
LEAST_PITCH = 60  # of rows: two lines of text
COLUMNS_WIDTH, LEAST_SIDE, MOST_SIDE = 1520, 64, 128  # pixels of all columns, and of a tile

HELD_OUT: Colour = (230, 110, 0)
NEAREST: Colour = (40, 110, 220)
NON_CODING: Colour = (152, 154, 162)
PAPER: Colour = (255, 255, 255)
FRAME = 3  # pixels


@dataclass(frozen=True)
class Examples:
    """Inputs and what the model makes of them.

    Attributes:
        inputs: Images, shape (N, H, W, 1 or 3); the first is where the sweeps start.
        reconstructions: Decoded images, shape (N, h, w, 1 or 3), the size of the sweeps' images.
        held_out: Whether each shows what training left out, shape (N,).
    """

    inputs: Pictures
    reconstructions: Pictures
    held_out: NDArray[np.bool_]


@dataclass(frozen=True)
class Sweep:
    """A latent that takes one value after another.

    Attributes:
        latent: Index of the latent.
        std: Mean std of the latent's posterior.
        codes: Whether the latent carries anything; if not, its label is grey.
        start: Value of the latent in the code that the sweep starts from.
        images: Decoded images, shape (S, h, w, 1 or 3).
    """

    latent: int
    std: float
    codes: bool
    start: float
    images: Pictures


def draw_sweeps(
    examples: Examples, sweeps: Sequence[Sweep], values: NDArray[np.floating], caption: str = ""
) -> Image.Image:
    """Draw inputs above reconstructions above one row of images a latent.

    Small images are enlarged by a whole factor, in sharp pixels. Where the model decodes to larger
    images than it takes, they are shown as they are, and the inputs as large. Held-out inputs are
    framed in orange; in each sweep the image nearest the start has a blue frame, if the start is in
    range.

    Args:
        examples: Images of the two rows at the top.
        sweeps: Latents and their images, from top to bottom.
        values: Values that each latent takes, increasing, shape (S,).
        caption: Line at the top of the picture.

    Returns:
        RGB, about 1,600 pixels wide, or as wide as images that are decoded larger need.

    Raises:
        ValueError: If shapes do not agree, or there is no sweep.
    """
    _check(examples, sweeps, values)
    layout = _Layout.of(examples, sweeps, len(values))
    canvas = Canvas(layout.width, layout.height, oversample=1)
    fitting = shorten(caption, TITLE_SIZE, layout.width - 2 * MARGIN)
    canvas.text(MARGIN, 34, fitting, TITLE_SIZE, INK, "lm")
    _draw_examples(canvas, layout, examples)
    _draw_values(canvas, layout, values)
    for row, swept in enumerate(sweeps):
        _draw_sweep(canvas, layout, layout.sweep_top(row), swept, values)
    framed = any(nearest_column(swept.start, values) is not None for swept in sweeps)
    greyed = not all(swept.codes for swept in sweeps)
    _draw_legend(canvas, layout.height - FOOTER // 2 - 3, framed, greyed)
    return canvas.finish()


@dataclass(frozen=True)
class _Layout:
    """Where tiles lie, in whole pixels."""

    left: int  # of the first column
    tile: tuple[int, int]  # height, width
    side: int  # as `fit_tiles` takes it
    columns: int
    rows: int

    @classmethod
    def of(cls, examples: Examples, sweeps: Sequence[Sweep], values: int) -> "_Layout":
        columns = max(len(examples.inputs), values)
        side = min(MOST_SIDE, max(LEAST_SIDE, COLUMNS_WIDTH // columns - GAP))
        decoded = max(sweeps[0].images.shape[1:3])
        if decoded > max(examples.inputs.shape[1:3]):
            side = max(side, decoded)
        tile = fit_tiles(sweeps[0].images[:1], side).shape[1:3]
        labels = ["reconstruction", *(_name(swept) for swept in sweeps)]
        gutter = round(max(text_width(label, LABEL_SIZE) for label in labels)) + LABEL_GAP
        return cls(MARGIN + gutter, (tile[0], tile[1]), side, columns, len(sweeps))

    @property
    def pitch(self) -> tuple[int, int]:
        """From one tile to the next, down and to the right."""
        return max(self.tile[0] + GAP, LEAST_PITCH), self.tile[1] + GAP

    def example_top(self, row: int) -> int:
        """The tiles' upper edge; they stand in the middle of what the labels need."""
        return HEADER + BRACKETS + row * self.pitch[0] + self._slack

    def sweep_top(self, row: int) -> int:
        return self.example_top(2 + row) + VALUES

    def column(self, index: int) -> int:
        return self.left + index * self.pitch[1]

    @property
    def _slack(self) -> int:
        return (self.pitch[0] - GAP - self.tile[0]) // 2

    @property
    def width(self) -> int:
        legend = 620
        return max(self.left + self.columns * self.pitch[1] - GAP, legend) + MARGIN

    @property
    def height(self) -> int:
        return self.sweep_top(self.rows) + FOOTER


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


def _draw_examples(canvas: Canvas, layout: _Layout, examples: Examples) -> None:
    rows = (("input", examples.inputs), ("reconstruction", examples.reconstructions))
    for row, (name, images) in enumerate(rows):
        top = layout.example_top(row)
        canvas.text(MARGIN, top + layout.tile[0] / 2, name, LABEL_SIZE, INK, "lm")
        for column, image in enumerate(_tiles(images, layout)):
            held_out = bool(examples.held_out[column])
            _draw_tile(canvas, layout.column(column), top, image, HELD_OUT if held_out else None)
    _draw_bracket(canvas, layout, (0, 0), "seed", HELD_OUT if examples.held_out[0] else QUIET)
    columns = (np.flatnonzero(examples.held_out[1:]) + 1).tolist()
    if columns:
        _draw_bracket(canvas, layout, (columns[0], columns[-1]), "held out of training", HELD_OUT)


def _draw_bracket(
    canvas: Canvas, layout: _Layout, columns: tuple[int, int], text: str, colour: Colour
) -> None:
    """A line over the columns from the first to the last one, and what they are."""
    y = layout.example_top(0) - 9
    left, right = layout.column(columns[0]), layout.column(columns[1]) + layout.tile[1]
    canvas.rectangle(left, y, right - left, 2, colour)
    if text_width(text, NOTE_SIZE) > right - left and columns[0] > 0:
        canvas.text(right, y - 3, text, NOTE_SIZE, colour, "rb")
    else:
        canvas.text((left + right) / 2, y - 3, text, NOTE_SIZE, colour, "mb")


def _draw_values(canvas: Canvas, layout: _Layout, values: NDArray[np.floating]) -> None:
    y = layout.sweep_top(0) - 8
    canvas.text(MARGIN, y, "latent at", NOTE_SIZE, QUIET, "lb")
    names = value_names(values)
    widest = max(text_width(name, NOTE_SIZE) for name in names)
    stride = int((widest + 8) // layout.pitch[1]) + 1
    for column in range(0, len(names), stride):
        x = layout.column(column) + layout.tile[1] / 2
        canvas.text(x, y, names[column], NOTE_SIZE, QUIET, "mb")


def _draw_sweep(
    canvas: Canvas, layout: _Layout, top: int, swept: Sweep, values: NDArray[np.floating]
) -> None:
    middle = top + layout.tile[0] / 2
    name, note = (INK, QUIET) if swept.codes else (NON_CODING, NON_CODING)
    canvas.text(MARGIN, middle - 12, _name(swept), LABEL_SIZE, name, "lm")
    canvas.text(MARGIN, middle + 12, f"std {swept.std:.2f}", NOTE_SIZE, note, "lm")
    nearest = nearest_column(swept.start, values)
    for column, image in enumerate(_tiles(swept.images, layout)):
        frame = NEAREST if column == nearest else None
        _draw_tile(canvas, layout.column(column), top, image, frame)


def _tiles(images: Pictures, layout: _Layout) -> Pictures:
    """Images that fill the layout's tiles, whatever size they have."""
    tiles = fit_tiles(images, layout.side)
    if tiles.shape[1:3] == layout.tile:
        return tiles
    size = layout.tile[1], layout.tile[0]
    filling = [Image.fromarray(np.ascontiguousarray(tile)).resize(size, 0) for tile in tiles]
    return np.stack([np.asarray(tile) for tile in filling])


def _draw_tile(
    canvas: Canvas, left: int, top: int, image: Pictures, frame: Colour | None = None
) -> None:
    """An image on a hairline, so that white ones have an edge, or in a coloured frame."""
    width, colour = (1, FAINT) if frame is None else (FRAME, frame)
    height = image.shape[0] + 2 * width
    canvas.rectangle(left - width, top - width, image.shape[1] + 2 * width, height, colour)
    canvas.image(Image.fromarray(np.ascontiguousarray(image)), left, top, image.shape[1])


def _draw_legend(canvas: Canvas, y: int, framed: bool, greyed: bool) -> None:
    x = float(MARGIN)
    if framed:
        canvas.rectangle(x, y - 8, 16, 16, NEAREST)
        canvas.rectangle(x + FRAME, y - 8 + FRAME, 16 - 2 * FRAME, 16 - 2 * FRAME, PAPER)
        text = "nearest the seed's own value"
        canvas.text(x + 24, y, text, NOTE_SIZE, QUIET, "lm")
        x += 24 + text_width(text, NOTE_SIZE) + 34
    if greyed:
        canvas.text(x, y, "grey: non-coding latents", NOTE_SIZE, NON_CODING, "lm")


def _name(swept: Sweep) -> str:
    return f"latent {swept.latent}"


def nearest_column(start: float, values: NDArray[np.floating]) -> int | None:
    """The column whose value is nearest, or None where the start is more than half a step away.

    Args:
        start: Value of the latent that the sweep starts from.
        values: Values of the columns, increasing, evenly spaced, shape (S,), S at least 2.
    """
    distances = np.abs(np.asarray(values, dtype=np.float64) - start)
    column = int(distances.argmin())
    return column if distances[column] <= 0.5 * (values[1] - values[0]) else None


def value_names(values: NDArray[np.floating]) -> list[str]:
    """Each value to a tenth of a step or better, without a sign where that is zero.

    Args:
        values: Values of the columns, increasing, shape (S,), S at least 2.
    """
    digits = max(0, 1 - math.floor(math.log10(values[1] - values[0])))
    return [f"{round(float(value), digits) + 0.0:.10g}" for value in values]
