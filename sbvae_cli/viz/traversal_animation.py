"""Animate traversals: each latent moves to one end and back, in a wave through all latents."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sbvae_cli.viz.animation import Animation
from sbvae_cli.viz.axes import LABEL_SIZE, TITLE_SIZE
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.legend import Entry
from sbvae_cli.viz.page import NOTE_SIZE, empty_page
from sbvae_cli.viz.text import shorten, text_width
from sbvae_cli.viz.theme import FAINT, INK, MARK, QUIET, UNUSED, Colour
from sbvae_cli.viz.tiles import Size, draw_edge, draw_tile, fitted, tile_size
from sbvae_cli.viz.traversal_layout import (
    LINE,
    ModelPanel,
    Pictures,
    Sweep,
    nearest_column,
    row_name,
    start_name,
)

SIDE = 128  # of an image's longer side
MIN_TILE = 96.0  # smallest width of a tile with its name
# Gap between tiles, and additional one between the start and the latents.
GAP, START_GAP = 18.0, 16.0
NAME, TRACK = 27.0, 32.0  # height above a tile, and below it
MAX_IN_ROW = 8  # number of latents
FRAME_MS = 60
DOT = 6.5  # radius
ARROW = 9.0  # from the end of a track to the arrow's tip


@dataclass(frozen=True)
class Cells:
    """Columns and rows of the tiles of a model and a start image.

    Attributes:
        start: Cells of the input and of its reconstruction.
        latents: Cell of each latent.
    """

    start: tuple[tuple[int, int], tuple[int, int]]
    latents: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, latents: int, stacked: bool) -> "Cells":
        """Place the start at the left, with its two images one above the other if `stacked`."""
        in_row = min(latents, MAX_IN_ROW)
        if stacked and latents <= 2 * MAX_IN_ROW:
            in_row = math.ceil(latents / 2)
        first = 1 if stacked else 2
        return cls(
            ((0, 0), (0, 1) if stacked else (1, 0)),
            tuple((first + i % in_row, i // in_row) for i in range(latents)),
        )

    @property
    def columns(self) -> int:
        """Number of columns."""
        return 1 + max(column for column, _ in (*self.start, *self.latents))

    @property
    def rows(self) -> int:
        """Number of rows."""
        return 1 + max(row for _, row in (*self.start, *self.latents))


@dataclass(frozen=True)
class _Strip:
    """Images of a model for one start image, with their layout."""

    title: tuple[str, ...]
    start: str
    images: tuple[Pictures, Pictures]
    sweeps: Sequence[Sweep]
    cells: Cells
    size: Size
    colour: Colour

    @property
    def pitch(self) -> float:
        return max(self.size[1], MIN_TILE) + GAP

    @property
    def lines(self) -> int:
        return len(self.title) + bool(self.start)

    @property
    def above(self) -> float:
        return LINE * TITLE_SIZE * self.lines + 5.0 * bool(self.lines)

    @property
    def width(self) -> float:
        return self.cells.columns * self.pitch - GAP + START_GAP

    @property
    def height(self) -> float:
        return self.above + self.cells.rows * (NAME + self.size[0] + TRACK)

    def place(self, cell: tuple[int, int]) -> tuple[float, float]:
        """Return the left and upper edges of a tile, relative to the strip."""
        first = 1 + max(column for column, _ in self.cells.start)
        left = cell[0] * self.pitch + (START_GAP if cell[0] >= first else 0.0)
        return round(left), round(self.above + NAME + cell[1] * (NAME + self.size[0] + TRACK))


def animate_sweeps(panels: Sequence[ModelPanel], caption: str = "", ends: str = "") -> Animation:
    """Animate traversals of latents around the codes of images.

    Each latent moves along its values and back; each is ahead of the previous one, so that a wave
    runs through them. A dot below shows the value, and a tick that of the start image, or an arrow
    if that is beyond the values.

    Args:
        panels: Images of each model for the same start images; values that are denser towards their
            ends (`swing`) move smoothly.
        caption: Text at the top of the picture, in as many lines as needed.
        ends: Range of the dots' tracks, such as "-2 to 2".

    Returns:
        An animation of 2 S - 2 frames for S values, which repeats without a jump.
    """
    strips = _strips(panels)
    legend = [
        Entry(f"dot: the latent's value{f', {ends}' if ends else ''}", mark="none"),
        Entry("tick: the start image's own", mark="none"),
    ]
    if any(_beyond(sweep) for strip in strips for sweep in strip.sweeps):
        legend.append(Entry("arrow: it is beyond the axis", mark="none"))
    heights = [strip.height + 6.0 for strip in strips]
    size = max(strip.width for strip in strips), sum(heights)
    base, (left, top) = empty_page(size, caption, legend)
    tops = [round(top + sum(heights[:number])) for number in range(len(strips))]
    for strip, top in zip(strips, tops, strict=True):
        base.place(_still(strip), left, top)
    count = max(1, 2 * (len(strips[0].sweeps[0].values) - 1))
    frames = []
    for number in range(count):
        frame = Canvas(base.width, base.height, list(base.shapes), list(base.lines))
        for strip, top in zip(strips, tops, strict=True):
            frame.place(_moving(strip, number, count), left, top)
        frames.append(frame)
    return Animation(frames, [FRAME_MS] * count)


def position(frame: int, frames: int, number: int, latents: int) -> int:
    """Return the index of a latent's value in a frame: up and down, ahead of the previous latent.

    Args:
        frame: Index of the frame.
        frames: Number of frames, even or 1.
        number: Index of the latent.
        latents: Number of latents.
    """
    place = (frame + round(number * frames / latents)) % frames
    return min(place, frames - place)


def _strips(panels: Sequence[ModelPanel]) -> list[_Strip]:
    blocks = [(panel, number, b) for panel in panels for number, b in enumerate(panel.blocks)]
    several = len(panels[0].blocks) > 1
    images = panels[0].blocks[0].sweeps[0].images
    size = tile_size(images.shape[1:], max(SIDE, *images.shape[1:3]))
    strips = []
    for panel, number, block in blocks:
        stacked = len(blocks) == 1 and len(block.sweeps) >= 3
        title = panel.title if number == 0 else ()
        start = start_name(block.start) if several else ""
        shown = panel.examples.inputs[number], panel.examples.reconstructions[number]
        cells = Cells.of(len(block.sweeps), stacked)
        strips.append(_Strip(title, start, shown, block.sweeps, cells, size, panel.colour))
    return strips


def _still(strip: _Strip) -> Canvas:
    """Draw titles, names, the start and the tracks."""
    canvas = Canvas(strip.width, strip.height)
    for number, line in enumerate((*strip.title, strip.start)[: strip.lines]):
        first = number == 0 and bool(strip.title)
        size, colour = (TITLE_SIZE, INK) if first else (NOTE_SIZE, QUIET)
        shown = shorten(line, size, strip.width)
        canvas.text(0, LINE * TITLE_SIZE * number, shown, size, colour, "lt")
    for name, image, cell in zip(("input", "output"), strip.images, strip.cells.start, strict=True):
        left, top = strip.place(cell)
        canvas.text(left, top - 6, name, LABEL_SIZE, QUIET, "lb")
        draw_tile(canvas, image, (left, top), strip.size)
    for sweep, cell in zip(strip.sweeps, strip.cells.latents, strict=True):
        left, top = strip.place(cell)
        _draw_name(canvas, sweep, left, top - 6, max(strip.size[1], MIN_TILE))
        draw_edge(canvas, (left, top), strip.size)
        y = top + strip.size[0] + TRACK / 2 - 1
        canvas.rectangle(left, y - 1, strip.size[1], 2, FAINT)
        x = left + _share(sweep, sweep.start) * strip.size[1]
        colour = MARK if sweep.codes else UNUSED
        side = _beyond(sweep)
        if side:
            tip, base = x + ARROW * side, x + 1.0 * side
            canvas.polygon([(tip, y), (base, y - 7), (base, y + 7)], colour)
        else:
            canvas.rectangle(round(x) - 1, y - 7, 2, 14, colour)
    return canvas


def _draw_name(canvas: Canvas, sweep: Sweep, left: float, y: float, width: float) -> None:
    """Write the factor with the latent's name at the right, or only the latent's name."""
    colour = INK if sweep.codes else UNUSED
    if len(sweep.follows) < 2:
        canvas.text(left, y, row_name(sweep), LABEL_SIZE, colour, "lb")
        return
    name, number = sweep.follows[0], row_name(sweep)
    if text_width(name, LABEL_SIZE) + text_width(number, NOTE_SIZE) + 8 > width:
        number = str(sweep.latent)
    room = width - text_width(number, NOTE_SIZE) - 8
    canvas.text(left, y, shorten(name, LABEL_SIZE, room), LABEL_SIZE, colour, "lb")
    canvas.text(left + width, y, number, NOTE_SIZE, QUIET, "rb")


def _moving(strip: _Strip, frame: int, frames: int) -> Canvas:
    """Draw the images and dots of the latents in a frame."""
    canvas = Canvas(strip.width, strip.height)
    for number, (sweep, cell) in enumerate(zip(strip.sweeps, strip.cells.latents, strict=True)):
        left, top = strip.place(cell)
        at = position(frame, frames, number, len(strip.sweeps))
        canvas.image(fitted(sweep.images[at], strip.size), left, top, strip.size[1])
        x = left + _share(sweep, float(sweep.values[at])) * strip.size[1]
        y = top + strip.size[0] + TRACK / 2 - 1
        canvas.disc(x, y, DOT, strip.colour if sweep.codes else UNUSED)
    return canvas


def _beyond(sweep: Sweep) -> int:
    """Return -1 or 1 if the start is below or above all values, else 0."""
    if nearest_column(sweep.start, sweep.values) is not None:
        return 0
    return -1 if sweep.start < sweep.values[0] else 1


def _share(sweep: Sweep, value: float) -> float:
    """Return the position of a value along its track, from 0 to 1."""
    low, high = float(sweep.values[0]), float(sweep.values[-1])
    return min(max((value - low) / (high - low), 0.0), 1.0) if high > low else 0.5
