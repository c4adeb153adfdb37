"""Legends that explain marks, in as many lines as needed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sbvae_cli.viz.axes import LABEL_SIZE
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.primitives import Dash
from sbvae_cli.viz.text import shorten, text_width
from sbvae_cli.viz.theme import PAPER, QUIET, Colour

Mark = Literal["disc", "ring", "star", "area", "bar", "interval", "frame", "line", "none"]

ENTRY_SIZE = LABEL_SIZE
ROW = 28.0  # height of a line of the legend
MARK, APART = 30.0, 26.0  # width of a mark, and gap between entries


@dataclass(frozen=True)
class Entry:
    """A mark with its meaning.

    Attributes:
        text: Meaning of the mark.
        colour: Colour of the mark.
        mark: Kind of mark; "none" for a text alone.
        dash: Lengths of dash and gap of a line; None for a solid one.
    """

    text: str
    colour: Colour = QUIET
    mark: Mark = "disc"
    dash: Dash | None = None

    @property
    def indent(self) -> float:
        """Width of the mark before the text."""
        return 0.0 if self.mark == "none" else MARK

    @property
    def width(self) -> float:
        """Width of the entry."""
        return self.indent + text_width(self.text, ENTRY_SIZE)


def legend_rows(entries: Sequence[Entry], width: float) -> list[list[Entry]]:
    """Arrange entries in lines of at most `width`; texts that are longer are shortened."""
    rows: list[list[Entry]] = []
    left = 0.0
    for entry in entries:
        text = shorten(entry.text, ENTRY_SIZE, width - entry.indent)
        entry = replace(entry, text=text)
        if not rows or left + entry.width > width:
            rows.append([])
            left = 0.0
        rows[-1].append(entry)
        left += entry.width + APART
    return rows


def draw_legend(canvas: Canvas, rows: Sequence[Sequence[Entry]], left: float, top: float) -> None:
    """Draw lines of entries, each `ROW` units high, from an upper left corner."""
    for number, row in enumerate(rows):
        x, y = left, top + ROW * (number + 0.5)
        for entry in row:
            draw_mark(canvas, entry, x + (MARK - 10.0) / 2, y)
            canvas.text(x + entry.indent, y, entry.text, ENTRY_SIZE, QUIET, "lm")
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
        case "frame":
            canvas.rectangle(x - 9.0, y - 9.0, 18.0, 18.0, entry.colour)
            canvas.rectangle(x - 6.0, y - 6.0, 12.0, 12.0, PAPER)
        case "line":
            canvas.line([(x - 10.0, y), (x + 10.0, y)], entry.colour, 2.6, entry.dash)
        case "none":
            pass


def draw_ring(canvas: Canvas, x: float, y: float, colour: Colour, radius: float = 6.0) -> None:
    """Draw a white disc with a coloured edge."""
    canvas.disc(x, y, radius, colour)
    canvas.disc(x, y, radius - 2.2, PAPER)
