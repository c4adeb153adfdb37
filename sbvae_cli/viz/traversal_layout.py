"""Layout of traversals, and the texts beside their images."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.viz.axes import LABEL_SIZE, TITLE_SIZE, short_number
from sbvae_cli.viz.page import NOTE_SIZE
from sbvae_cli.viz.text import shorten, text_width
from sbvae_cli.viz.theme import SERIES, Colour
from sbvae_cli.viz.tiles import tile_size

Pictures = NDArray[np.uint8]
Values = NDArray[np.floating]

# Units at a scale of 1; type, lines and margins grow with the images.
GAP = 10.0
BRACKETS = 38.0  # height above the inputs
VALUES = 54.0  # height above the sweeps of a start image: a gap and the values
LABEL_GAP = 14.0  # gap between labels and images
PANEL_GAP = 44.0  # gap between models side by side
LINE = 1.25  # distance of two lines of text, in units of their size
MIN_PITCH = 56.0  # smallest distance of rows, for two lines of text
MIN_SIDE, MAX_SIDE = 56, 96  # of an image's longer side
COLUMNS_WIDTH = 1060  # of all columns
LONGEST_NAME = 170.0  # of a factor
FRAME = 3.0


@dataclass(frozen=True)
class Examples:
    """Inputs and their reconstructions by a model.

    Attributes:
        inputs: Images, shape (N, H, W, 1 or 3); the first B are those from which sweeps start.
        reconstructions: Decoded images, shape (N, h, w, 1 or 3), with the size of the sweeps'
            images.
        held_out: Whether training left out the factors of each image, shape (N,).
    """

    inputs: Pictures
    reconstructions: Pictures
    held_out: NDArray[np.bool_]


@dataclass(frozen=True)
class Sweep:
    """Images of one latent at several values.

    Attributes:
        latent: Index of the latent.
        std: Mean posterior std of the latent.
        codes: Whether the latent is in use; if not, its labels are grey.
        start: Value of the latent in the code from which the sweep starts.
        values: Ascending values of the latent, shape (S,), S at least 2.
        images: Decoded images, shape (S, h, w, 1 or 3).
        follows: Lines at the end of the row, such as a factor and a share; may be empty.
        own_values: Whether the values differ between latents, so that the ends are written.
    """

    latent: int
    std: float
    codes: bool
    start: float
    values: Values
    images: Pictures
    follows: tuple[str, ...] = ()
    own_values: bool = False


@dataclass(frozen=True)
class Block:
    """Sweeps that start from one image.

    Attributes:
        start: Name of the image.
        sweeps: Sweeps from top to bottom.
    """

    start: str
    sweeps: Sequence[Sweep]


@dataclass(frozen=True)
class ModelPanel:
    """Images of one model.

    Attributes:
        title: Lines above the panel, which describe the model; empty in a picture of one model.
        examples: Images of the two rows at the top.
        blocks: Sweeps, one block for each start image.
        colour: Colour of the dots in an animation.
    """

    title: tuple[str, ...]
    examples: Examples
    blocks: Sequence[Block]
    colour: Colour = SERIES[0]


@dataclass(frozen=True)
class SweepLayout:
    """Positions of the tiles of a panel in units, the same for all panels of a picture.

    Attributes:
        scale: Enlargement of type, lines and margins.
        left: Left edge of the first column.
        right: Width of the texts at the rows' ends.
        tile: Height and width of an image.
        columns: Number of columns of inputs or of values, whichever is larger.
        values: Number of values of a sweep.
        titles: Number of lines above a panel.
        rows: Number of sweeps in each block.
    """

    scale: float
    left: float
    right: float
    tile: tuple[float, float]
    columns: int
    values: int
    titles: int
    rows: tuple[int, ...]

    @classmethod
    def of(cls, panels: Sequence[ModelPanel], values: int) -> "SweepLayout":
        """Make a layout with enough room for each panel.

        Args:
            panels: Panels of one picture, with equal numbers of blocks.
            values: Number of values of a sweep.
        """
        columns = max(values, *(len(panel.examples.inputs) for panel in panels))
        images = panels[0].blocks[0].sweeps[0].images
        taken = max(panels[0].examples.inputs.shape[1:3])
        side = min(MAX_SIDE, max(MIN_SIDE, int(COLUMNS_WIDTH / columns - GAP)))
        decoded = max(images.shape[1:3])
        if decoded > taken:
            side = max(side, decoded)
        height, width = tile_size(images.shape[1:], side)
        scale = max(1.0, min(height, width) / MAX_SIDE)
        sweeps = [sweep for panel in panels for block in panel.blocks for sweep in block.sweeps]
        names = ["reconstruction", *(row_name(sweep) for sweep in sweeps)]
        names += [start_name(block.start) for panel in panels for block in panel.blocks]
        left = max(
            *(text_width(name, LABEL_SIZE) for name in names),
            *(text_width(row_note(sweep), NOTE_SIZE) for sweep in sweeps),
        )
        ends = [text_width(line, LABEL_SIZE) for sweep in sweeps for line in row_end(sweep)]
        right = LABEL_GAP + max(ends) if ends else 0.0
        rows = tuple(
            max(len(panel.blocks[number].sweeps) for panel in panels)
            for number in range(len(panels[0].blocks))
        )
        titles = max(len(panel.title) for panel in panels)
        return cls(
            scale,
            scale * (left + LABEL_GAP),
            scale * right,
            (height, width),
            columns,
            values,
            titles,
            rows,
        )

    def units(self, length: float) -> float:
        """Scale a length with the images, rounded to whole units."""
        return float(round(self.scale * length))

    @property
    def pitch(self) -> tuple[float, float]:
        """Distance of neighbouring tiles, down and to the right."""
        gap = self.units(GAP)
        return max(self.tile[0] + gap, self.units(MIN_PITCH)), self.tile[1] + gap

    def example_top(self, row: int) -> float:
        """Return the upper edge of the tiles in a row of examples, centred in the row's height."""
        header = self.units(LINE * TITLE_SIZE * self.titles + BRACKETS)
        return header + row * self.pitch[0] + self.slack

    @property
    def slack(self) -> float:
        """Height above a tile that the labels of its row need."""
        return (self.pitch[0] - self.units(GAP) - self.tile[0]) // 2

    def sweep_top(self, block: int, row: int) -> float:
        """Return the upper edge of the tiles in a sweep."""
        above = 2 + sum(self.rows[:block]) + row
        return self.example_top(above) + (block + 1) * self.units(VALUES)

    def column(self, index: int) -> float:
        """Return the left edge of the tiles in a column."""
        return round(self.left) + index * self.pitch[1]

    @property
    def sweep_right(self) -> float:
        """Right edge of the last image of a sweep."""
        return self.column(self.values - 1) + self.tile[1]

    @property
    def width(self) -> float:
        """Width of a panel, without margins."""
        last = self.column(self.columns - 1) + self.tile[1]
        return max(last, self.sweep_right + round(self.right))

    @property
    def height(self) -> float:
        """Height of a panel, without margins."""
        last = self.sweep_top(len(self.rows) - 1, self.rows[-1] - 1)
        return last + max(self.tile[0], self.units(MIN_PITCH - GAP)) + self.units(4)


def row_name(sweep: Sweep) -> str:
    """Return the name of a sweep's row."""
    return f"latent {sweep.latent}"


def row_note(sweep: Sweep) -> str:
    """Return the latent's std, the ends of its values, and its start if no column is near it."""
    note = f"std {sweep.std:.2f}"
    if sweep.own_values:
        note += f", {'..'.join(value_names(sweep.values[[0, -1]]))}"
    if nearest_column(sweep.start, sweep.values) is None:
        note += f", start {short_number(sweep.start)}"
    return note


def row_end(sweep: Sweep) -> tuple[str, ...]:
    """Return the texts at the end of a sweep's row."""
    return tuple(shorten(line, LABEL_SIZE, LONGEST_NAME) for line in sweep.follows)


def start_name(name: str) -> str:
    """Return the name of a start image, for a picture with several."""
    return shorten(f"start {name}", LABEL_SIZE, LONGEST_NAME)


def nearest_column(start: float, values: Values) -> int | None:
    """Return the column with the nearest value, or None if the start is far outside.

    Args:
        start: Value of the latent from which the sweep starts.
        values: Ascending values of the columns, shape (S,), S at least 2. A start within half a
            step of the first or last value is not far.
    """
    steps = np.asarray(values, dtype=np.float64)
    low, high = (3 * steps[0] - steps[1]) / 2, (3 * steps[-1] - steps[-2]) / 2
    return int(np.abs(steps - start).argmin()) if low <= start <= high else None


def value_names(values: Values) -> list[str]:
    """Format values with enough digits for a tenth of their step, and zero without a sign.

    Args:
        values: Ascending values of the columns, shape (S,), S at least 2.
    """
    step = max(float(values[1] - values[0]), 1e-9)  # quantiles of a constant have no step
    digits = max(0, 1 - math.floor(math.log10(step)))
    return [f"{round(float(value), digits) + 0.0:.10g}" for value in values]


def percent_names(shares: Values) -> list[str]:
    """Format shares as percentages, with decimals if they would wrongly round to 0 or 100 %.

    Args:
        shares: Shares from 0 to 1, shape (S,).
    """
    names = []
    for share in np.asarray(shares, dtype=np.float64).tolist():
        from_an_end = 100 * min(share, 1 - share) + 1e-9
        digits = max(0, -math.floor(math.log10(from_an_end))) if from_an_end > 1e-6 else 0
        names.append(f"{100 * share:.{digits}f} %")
    return names
