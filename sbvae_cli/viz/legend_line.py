"""What marks mean, in lines below a picture."""

from collections.abc import Sequence
from dataclasses import dataclass

from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.text import shorten, text_width
from sbvae_cli.viz.theme import PAPER, QUIET, Colour

_APART = 1.8  # from an entry to the next, over the size of the type
_BOX = 1.0  # side of a box, likewise
_LINE = 1.5  # from a line to the next, likewise


@dataclass(frozen=True)
class Entry:
    """A text, after an empty box in the colour of a frame where there is one."""

    text: str
    frame: Colour | None = None

    def width(self, size: float) -> float:
        """Room that it takes."""
        return text_width(self.text, size) + (0.0 if self.frame is None else 1.5 * _BOX * size)


def wrap_entries(entries: Sequence[Entry], size: float, width: float) -> list[list[Entry]]:
    """Entries in lines of at most `width`; one that is too long by itself is shortened."""
    lines: list[list[Entry]] = []
    left = 0.0
    for entry in entries:
        spare = entry.width(size) - text_width(entry.text, size)
        entry = Entry(shorten(entry.text, size, width - spare), entry.frame)
        needed = entry.width(size)
        if not lines or left + needed > width:
            lines.append([])
            left = 0.0
        lines[-1].append(entry)
        left += needed + _APART * size
    return lines


def draw_entries(
    canvas: Canvas,
    lines: Sequence[Sequence[Entry]],
    place: tuple[float, float],
    size: float,
    frame: float = 3.0,
) -> None:
    """Draw lines of entries from the corner `place` on, boxes with frames of this width."""
    for number, line in enumerate(lines):
        x, middle = place[0], round(place[1] + _LINE * size * (number + 0.5))
        for entry in line:
            text = x
            if entry.frame is not None:
                box = round(_BOX * size)
                top = middle - box // 2
                canvas.rectangle(x, top, box, box, entry.frame)
                inner = box - 2 * frame
                canvas.rectangle(x + frame, top + frame, inner, inner, PAPER)
                text = x + 1.5 * _BOX * size
            canvas.text(text, middle, entry.text, size, QUIET, "lm")
            x += entry.width(size) + _APART * size
