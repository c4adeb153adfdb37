"""Where the images of a traversal stand, and what is written beside them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.viz.axes import short_number
from sbvae_cli.viz.image_grid import fit_tiles
from sbvae_cli.viz.text import text_width, wrap

Pictures = NDArray[np.uint8]

# Pixels at a scale of 1, with which type, lines and margins grow as the picture does.
MARGIN, GAP, FOOTER = 24, 10, 48
BRACKETS = 34  # room above the inputs
VALUES = 64  # room above the sweeps: a space, then their values
LABEL_GAP = 16  # from the rows' labels to the images
TITLE_SIZE, LABEL_SIZE, NOTE_SIZE = 26.0, 21.0, 18.0
LEAST_PITCH = 60  # of rows: two lines of text
LEGEND = 830  # width that the legend needs
COLUMNS_WIDTH, LEAST_SIDE, MOST_SIDE = 1520, 64, 128  # pixels of all columns, and of a tile
LINE = 1.25  # from a line of text to the next, over its size


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


@dataclass(frozen=True)
class SweepLayout:
    """Where tiles lie, in whole pixels.

    Attributes:
        scale: What type, lines and margins are enlarged by.
        left: Left edge of the first column.
        tile: Height and width of an image.
        side: Side of the images, as `fit_tiles` takes it.
        columns: Number of columns.
        rows: Number of sweeps.
        caption: Lines at the top.
    """

    scale: float
    left: int
    tile: tuple[int, int]
    side: int
    columns: int
    rows: int
    caption: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        examples: Examples,
        sweeps: Sequence[Sweep],
        values: NDArray[np.floating],
        caption: str,
    ) -> "SweepLayout":
        """Arrange examples above sweeps; with wide pictures all else is larger."""
        columns = max(len(examples.inputs), len(values))
        side = min(MOST_SIDE, max(LEAST_SIDE, COLUMNS_WIDTH // columns - GAP))
        decoded = max(sweeps[0].images.shape[1:3])
        if decoded > max(examples.inputs.shape[1:3]):
            side = max(side, decoded)
        tile = fit_tiles(sweeps[0].images[:1], side).shape[1:3]
        # A row has two lines of text, which a large scale would spread apart.
        wide, high = columns * (tile[1] + GAP) / COLUMNS_WIDTH, (tile[0] + GAP) / LEAST_PITCH
        scale = max(1.0, min(wide, high))
        names = ["reconstruction", *(row_name(swept) for swept in sweeps)]
        notes = [row_note(swept, values) for swept in sweeps]
        widest = max(
            *(text_width(name, scale * LABEL_SIZE) for name in names),
            *(text_width(note, scale * NOTE_SIZE) for note in notes),
        )
        left = round(scale * (MARGIN + LABEL_GAP) + widest)
        made = cls(scale, left, (tile[0], tile[1]), side, columns, len(sweeps))
        lines = wrap(caption, made.px(TITLE_SIZE), made.width - 2 * made.margin)
        return replace(made, caption=tuple(lines))

    def px(self, length: float) -> int:
        """A length in pixels of this picture."""
        return round(self.scale * length)

    @property
    def margin(self) -> int:
        """Margin of the picture."""
        return self.px(MARGIN)

    @property
    def header(self) -> int:
        """Height of the caption."""
        return self.px(28 + LINE * TITLE_SIZE * max(1, len(self.caption)))

    @property
    def pitch(self) -> tuple[int, int]:
        """From one tile to the next, down and to the right."""
        gap = self.px(GAP)
        return max(self.tile[0] + gap, self.px(LEAST_PITCH)), self.tile[1] + gap

    def example_top(self, row: int) -> int:
        """The tiles' upper edge; they stand in the middle of what the labels need."""
        return self.header + self.px(BRACKETS) + row * self.pitch[0] + self._slack

    def sweep_top(self, row: int) -> int:
        """The tiles' upper edge in a sweep."""
        return self.example_top(2 + row) + self.px(VALUES)

    def column(self, index: int) -> int:
        """The tiles' left edge."""
        return self.left + index * self.pitch[1]

    @property
    def _slack(self) -> int:
        return (self.pitch[0] - self.px(GAP) - self.tile[0]) // 2

    @property
    def width(self) -> int:
        """Width of the picture."""
        tiles = self.left + self.columns * self.pitch[1] - self.px(GAP)
        return max(tiles, self.px(LEGEND)) + self.margin

    @property
    def height(self) -> int:
        """Height of the picture."""
        return self.sweep_top(self.rows) + self.px(FOOTER)


def row_name(swept: Sweep) -> str:
    """Name of a sweep's row."""
    return f"latent {swept.latent}"


def row_note(swept: Sweep, values: NDArray[np.floating]) -> str:
    """The latent's std, and where the sweep starts if no column shows it."""
    note = f"std {swept.std:.2f}"
    if nearest_column(swept.start, values) is None:
        note += f", start {short_number(swept.start)}"
    return note


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
