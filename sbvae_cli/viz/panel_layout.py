"""Panels in rows, below a caption and above a note: what stands where, at any size."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from sbvae_cli.viz.axes import Labels, Panel, Range
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.text import text_width, wrap
from sbvae_cli.viz.theme import FAINT, HELD_OUT, INK, QUIET

SIDE, GAP, MARGIN = 430.0, 30.0, 24.0
CAPTION_SIZE, NOTE_SIZE = 24.0, 16.0
LINE = 1.3  # from a line of text to the next, over its size
MOST_IN_A_ROW = 4  # panels
WIDTH = 1650.0  # of a picture whose type is read at its size; that of wider ones is larger


def arrange(panels: int, sidebar: float = 0.0) -> tuple[int, int, float]:
    """Rows, columns, and the side of a panel, for so many panels.

    A wide picture is looked at from afar: its type is larger, and so its panels are smaller.
    """
    rows = -(-panels // MOST_IN_A_ROW)
    columns = -(-panels // rows)
    return rows, columns, SIDE * min(1.0, WIDTH / (columns * (SIDE + 90.0) + sidebar))


@dataclass(frozen=True)
class PanelLayout:
    """Where panels, their scores, a caption and a note stand, in units of the canvas.

    Attributes:
        side: Side of a panel's box.
        columns: Panels in a row.
        rows: Rows of panels.
        labels: Titles and axis labels of each panel.
        ranges: Data that each panel shows, of x and y.
        sidebar: Width and height of what stands at the right of all panels.
        strip: Height of what stands below each panel.
        caption: Lines at the top.
        note: Lines at the bottom.
    """

    side: float
    columns: int
    rows: int
    labels: Sequence[Labels]
    ranges: Sequence[tuple[Range, Range]]
    sidebar: tuple[float, float] = (0.0, 0.0)
    strip: float = 0.0
    caption: Sequence[str] = ()
    note: Sequence[str] = ()

    @classmethod
    def of(
        cls,
        texts: Sequence[tuple[str, str, str]],
        ranges: Sequence[tuple[Range, Range]],
        caption: str = "",
        note: str = "",
        sidebar: tuple[float, float] = (0.0, 0.0),
        strip: float = 0.0,
    ) -> "PanelLayout":
        """Arrange panels of these titles, x labels and y labels in rows of four at most."""
        rows, columns, side = arrange(len(texts), sidebar[0])
        labels = [Labels.of(*each, side) for each in texts]
        return cls(side, columns, rows, labels, ranges, sidebar, strip).with_texts(caption, note)

    def with_texts(self, caption: str, note: str) -> "PanelLayout":
        """The same with a caption and a note, in as many lines as these need."""
        room = self.width - 2 * MARGIN
        lines = wrap(caption, CAPTION_SIZE, room), wrap(note, NOTE_SIZE, room)
        return replace(self, caption=lines[0], note=lines[1])

    @cached_property
    def beside(self) -> float:
        """Room for labels at the left of each panel."""
        return max(each.beside(y) for each, (_, y) in zip(self.labels, self.ranges, strict=True))

    @cached_property
    def above(self) -> float:
        """Room for titles."""
        return max(each.above for each in self.labels)

    @cached_property
    def below(self) -> float:
        """Room for labels below each panel."""
        return max(each.below for each in self.labels)

    @property
    def header(self) -> float:
        """Height of the caption."""
        return MARGIN + LINE * CAPTION_SIZE * len(self.caption) + GAP / 3

    @property
    def footer(self) -> float:
        """Height of the legend and the note."""
        return LINE * NOTE_SIZE * (1 + len(self.note)) + MARGIN + GAP / 2

    @property
    def pitch(self) -> tuple[float, float]:
        """From one panel to the next, down and to the right."""
        down = self.above + self.side + self.below + self.strip
        return down, self.beside + self.side + GAP

    @property
    def width(self) -> float:
        """Width of the picture."""
        return 2 * MARGIN + self.columns * self.pitch[1] - GAP + self.sidebar[0]

    @property
    def height(self) -> float:
        """Height of the picture."""
        content = max(self.rows * self.pitch[0], self.above + self.sidebar[1])
        return self.header + content + self.footer

    def box(self, number: int) -> tuple[float, float]:
        """Left and upper edge of a panel's box."""
        row, column = divmod(number, self.columns)
        left = MARGIN + column * self.pitch[1] + self.beside
        return left, self.header + row * self.pitch[0] + self.above

    def panel(self, number: int) -> Panel:
        """A panel, counted in reading order."""
        x_range, y_range = self.ranges[number]
        return Panel(*self.box(number), self.side, self.side, x_range, y_range)

    def draw_texts(self, canvas: Canvas, held_out: bool, blank: bool = False) -> None:
        """Write the caption, and at the bottom what the signs mean and the note."""
        for number, line in enumerate(self.caption):
            y = MARGIN + LINE * CAPTION_SIZE * number
            canvas.text(MARGIN, y, line, CAPTION_SIZE, INK, "lt")
        top = self.height - self.footer + GAP / 2
        _draw_legend(canvas, top + NOTE_SIZE / 2, held_out, blank)
        for number, line in enumerate(self.note, start=1):
            canvas.text(MARGIN, top + LINE * NOTE_SIZE * number, line, NOTE_SIZE, QUIET, "lt")


def _draw_legend(canvas: Canvas, y: float, held_out: bool, blank: bool) -> None:
    x = MARGIN
    if held_out:
        canvas.disc(x + 6, y, 5.0, HELD_OUT)
        x = _legend_text(canvas, x + 18, y, "held out of training")
    if blank:
        canvas.star(x + 6, y, 7.0, HELD_OUT)
        x = _legend_text(canvas, x + 20, y, "blank image")
    for dash in range(3):
        canvas.line([(x + 9 * dash, y), (x + 9 * dash + 6, y)], FAINT, 2.0)
    _legend_text(canvas, x + 34, y, "1 and 2 stds of the prior")


def _legend_text(canvas: Canvas, x: float, y: float, text: str) -> float:
    canvas.text(x, y, text, NOTE_SIZE, QUIET, "lm")
    return x + text_width(text, NOTE_SIZE) + 30.0
