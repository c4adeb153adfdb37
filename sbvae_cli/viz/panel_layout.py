"""Panels in rows: what stands where, at any size."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sbvae_cli.viz.axes import Labels, Panel, Range
from sbvae_cli.viz.legend import Entry
from sbvae_cli.viz.mesh import PRIOR
from sbvae_cli.viz.theme import HELD_OUT

SIDE, GAP = 430.0, 30.0
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
    """Where panels and their scores stand, in units of the canvas.

    Attributes:
        side: Side of a panel's box.
        columns: Panels in a row.
        rows: Rows of panels.
        labels: Titles and axis labels of each panel.
        ranges: Data that each panel shows, of x and y.
        sidebar: Width and height of what stands at the right of all panels.
        strip: Height of what stands below each panel.
    """

    side: float
    columns: int
    rows: int
    labels: Sequence[Labels]
    ranges: Sequence[tuple[Range, Range]]
    sidebar: tuple[float, float] = (0.0, 0.0)
    strip: float = 0.0

    @classmethod
    def of(
        cls,
        texts: Sequence[tuple[str, str, str]],
        ranges: Sequence[tuple[Range, Range]],
        sidebar: tuple[float, float] = (0.0, 0.0),
        strip: float = 0.0,
    ) -> "PanelLayout":
        """Arrange panels of these titles, x labels and y labels in rows of four at most."""
        rows, columns, side = arrange(len(texts), sidebar[0])
        labels = [Labels.of(*each, side) for each in texts]
        return cls(side, columns, rows, labels, ranges, sidebar, strip)

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
    def pitch(self) -> tuple[float, float]:
        """From one panel to the next, down and to the right."""
        down = self.above + self.side + self.below + self.strip
        return down, self.beside + self.side + GAP

    @property
    def width(self) -> float:
        """Width of all, without a margin."""
        return self.columns * self.pitch[1] - GAP + self.sidebar[0]

    @property
    def height(self) -> float:
        """Height of all, without a margin."""
        return max(self.rows * self.pitch[0], self.above + self.sidebar[1])

    def box(self, number: int) -> tuple[float, float]:
        """Left and upper edge of a panel's box."""
        row, column = divmod(number, self.columns)
        return column * self.pitch[1] + self.beside, row * self.pitch[0] + self.above

    def panel(self, number: int) -> Panel:
        """A panel, counted in reading order."""
        x_range, y_range = self.ranges[number]
        return Panel(*self.box(number), self.side, self.side, x_range, y_range)


def signs(held_out: bool, blank: bool = False) -> list[Entry]:
    """What the signs on panels of latents mean.

    Args:
        held_out: Whether there are points that training left out.
        blank: Whether there is the code of an image without an object.
    """
    entries = [Entry("held out of training", HELD_OUT)] if held_out else []
    if blank:
        entries.append(Entry("blank image", HELD_OUT, "star"))
    return [*entries, Entry("1 and 2 stds of the prior", PRIOR, "line", (5.0, 2.5))]
