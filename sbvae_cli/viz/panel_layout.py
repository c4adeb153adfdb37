"""Layout of panels in rows, at any size."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sbvae_cli.viz.axes import Labels, Panel, Range
from sbvae_cli.viz.legend import Entry
from sbvae_cli.viz.mesh import PRIOR
from sbvae_cli.viz.theme import HELD_OUT

SIDE, GAP = 430.0, 30.0
MAX_IN_A_ROW = 4  # number of panels
WIDTH = 1650.0  # up to this width of a picture, panels and type have their full size


def arrange(panels: int, sidebar: float = 0.0) -> tuple[int, int, float]:
    """Return the number of rows and columns, and the side of a panel, for a number of panels.

    A wide picture is viewed at a reduced size, so its type must be larger relative to its panels.
    """
    rows = -(-panels // MAX_IN_A_ROW)
    columns = -(-panels // rows)
    return rows, columns, SIDE * min(1.0, WIDTH / (columns * (SIDE + 90.0) + sidebar))


@dataclass(frozen=True)
class PanelLayout:
    """Positions of panels and their scores, in units of the canvas.

    Attributes:
        side: Side of a panel's box.
        columns: Number of panels in a row.
        rows: Number of rows.
        labels: Title and axis labels of each panel.
        ranges: Ranges of x and y of each panel.
        sidebar: Width and height of the space at the right of all panels.
        strip: Height of the space below each panel.
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
        """Arrange panels in rows of at most four; `texts` has titles, x labels and y labels."""
        rows, columns, side = arrange(len(texts), sidebar[0])
        labels = [Labels.of(*each, side) for each in texts]
        return cls(side, columns, rows, labels, ranges, sidebar, strip)

    @cached_property
    def beside(self) -> float:
        """Width for labels at the left of each panel."""
        return max(each.beside(y) for each, (_, y) in zip(self.labels, self.ranges, strict=True))

    @cached_property
    def above(self) -> float:
        """Height for titles."""
        return max(each.above for each in self.labels)

    @cached_property
    def below(self) -> float:
        """Height for labels below each panel."""
        return max(each.below for each in self.labels)

    @property
    def pitch(self) -> tuple[float, float]:
        """Distance of neighbouring panels, down and to the right."""
        down = self.above + self.side + self.below + self.strip
        return down, self.beside + self.side + GAP

    @property
    def width(self) -> float:
        """Total width, without a margin."""
        return self.columns * self.pitch[1] - GAP + self.sidebar[0]

    @property
    def height(self) -> float:
        """Total height, without a margin."""
        return max(self.rows * self.pitch[0], self.above + self.sidebar[1])

    def box(self, number: int) -> tuple[float, float]:
        """Return the left and upper edges of a panel's box."""
        row, column = divmod(number, self.columns)
        return column * self.pitch[1] + self.beside, row * self.pitch[0] + self.above

    def panel(self, number: int) -> Panel:
        """Return a panel by its index in reading order."""
        x_range, y_range = self.ranges[number]
        return Panel(*self.box(number), self.side, self.side, x_range, y_range)


def legend_entries(held_out: bool, blank: bool = False) -> list[Entry]:
    """Return the legend of panels of latents.

    Args:
        held_out: Whether there are held-out points.
        blank: Whether there is the code of a blank image.
    """
    entries = [Entry("held out of training", HELD_OUT)] if held_out else []
    if blank:
        entries.append(Entry("blank image", HELD_OUT, "star"))
    return [*entries, Entry("1 and 2 stds of the prior", PRIOR, "line", (5.0, 2.5))]
