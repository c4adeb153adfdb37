"""What marks mean: a legend that breaks into lines, and a page with a caption above and notes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.text import shorten, text_width, wrap
from sbvae_cli.viz.theme import INK, PAPER, QUIET, Colour

Mark = Literal["disc", "ring", "star", "area", "bar", "interval"]

MARGIN, GAP = 24.0, 18.0
CAPTION_SIZE, ENTRY_SIZE, NOTE_SIZE = 24.0, 18.0, 16.0
LINE = 1.3  # from a line of text to the next, over its size
ROW = 28.0  # from a line of the legend to the next
MARK, APART = 30.0, 26.0  # room of a mark, and between entries


@dataclass(frozen=True)
class Entry:
    """A mark and what it means.

    Attributes:
        text: What it means.
        colour: Colour of the mark.
        mark: What the mark is.
    """

    text: str
    colour: Colour
    mark: Mark = "disc"

    @property
    def width(self) -> float:
        """Room that it takes in a line."""
        return MARK + text_width(self.text, ENTRY_SIZE)


def legend_rows(entries: Sequence[Entry], width: float) -> list[list[Entry]]:
    """Entries in lines of at most `width`; the text of one that is longer is shortened."""
    rows: list[list[Entry]] = []
    left = 0.0
    for entry in entries:
        text = shorten(entry.text, ENTRY_SIZE, width - MARK)
        entry = Entry(text, entry.colour, entry.mark)
        if not rows or left + entry.width > width:
            rows.append([])
            left = 0.0
        rows[-1].append(entry)
        left += entry.width + APART
    return rows


def draw_legend(canvas: Canvas, rows: Sequence[Sequence[Entry]], left: float, top: float) -> None:
    """Draw lines of entries, `ROW` units high each, from a corner on."""
    for number, row in enumerate(rows):
        x, y = left, top + ROW * (number + 0.5)
        for entry in row:
            draw_mark(canvas, entry, x + (MARK - 10.0) / 2, y)
            canvas.text(x + MARK, y, entry.text, ENTRY_SIZE, QUIET, "lm")
            x += entry.width + APART


def draw_mark(canvas: Canvas, entry: Entry, x: float, y: float) -> None:
    """Draw the mark of an entry around (x, y)."""
    match entry.mark:
        case "disc":
            canvas.disc(x, y, 6.0, entry.colour)
        case "ring":
            draw_ring(canvas, x, y, entry.colour)
        case "star":
            canvas.star(x, y, 9.0, entry.colour)
        case "area":
            canvas.rectangle(x - 10.0, y - 7.0, 20.0, 14.0, entry.colour)
        case "bar":
            canvas.rectangle(x - 1.25, y - 9.0, 2.5, 18.0, entry.colour)
        case "interval":
            canvas.rectangle(x - 10.0, y - 3.0, 20.0, 6.0, entry.colour)


def draw_ring(canvas: Canvas, x: float, y: float, colour: Colour, radius: float = 6.0) -> None:
    """Draw a disc that is empty but for its edge."""
    canvas.disc(x, y, radius, colour)
    canvas.disc(x, y, radius - 2.2, PAPER)


def page(
    content: Canvas,
    caption: str = "",
    legend: Sequence[Entry] = (),
    note: str = "",
    least: float = 560.0,
) -> Canvas:
    """Put a caption above a drawing, and the legend and a note below, in as many lines as it takes.

    Args:
        content: The drawing, without a margin.
        caption: At the top, in large type.
        legend: What its marks mean.
        note: At the bottom, in small type.
        least: Width of the texts at least; wider than a narrow drawing, they can be read.
    """
    room = max(content.width, least)
    captions, notes = wrap(caption, CAPTION_SIZE, room), wrap(note, NOTE_SIZE, room)
    rows = legend_rows(legend, room)
    top = MARGIN + (LINE * CAPTION_SIZE * len(captions) + GAP / 2 if captions else 0.0)
    legend_top = top + content.height + GAP / 2
    note_top = legend_top + ROW * len(rows) + (GAP / 3 if notes else 0.0)
    height = note_top + LINE * NOTE_SIZE * len(notes) + MARGIN
    canvas = Canvas(room + 2 * MARGIN, height)
    for number, line in enumerate(captions):
        y = MARGIN + LINE * CAPTION_SIZE * number
        canvas.text(MARGIN, y, line, CAPTION_SIZE, INK, "lt")
    canvas.place(content, MARGIN, top)
    draw_legend(canvas, rows, MARGIN, legend_top)
    for number, line in enumerate(notes):
        y = note_top + LINE * NOTE_SIZE * number
        canvas.text(MARGIN, y, line, NOTE_SIZE, QUIET, "lt")
    return canvas
