"""Where the images of traversals stand, and what is written beside them."""

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

# Units at a scale of 1, with which type, lines and margins grow as images do.
GAP = 10.0
BRACKETS = 38.0  # room above the inputs
VALUES = 54.0  # room above the sweeps of a start: a space, then their values
LABEL_GAP = 14.0  # between labels and images
PANEL_GAP = 44.0  # between models side by side
LINE = 1.25  # from a line of text to the next, over its size
LEAST_PITCH = 56.0  # of rows: two lines of text
LEAST_SIDE, MOST_SIDE = 56, 96  # of an image's longer side
COLUMNS_WIDTH = 1060  # of all columns
LONGEST_NAME = 170.0  # of a factor
FRAME = 3.0


@dataclass(frozen=True)
class Examples:
    """Inputs and what the model makes of them.

    Attributes:
        inputs: Images, shape (N, H, W, 1 or 3); the first B are where the sweeps start.
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
        codes: Whether the latent carries anything; if not, its labels are grey.
        start: Value of the latent in the code that the sweep starts from.
        values: Values that it takes, increasing, shape (S,), S at least 2.
        images: Decoded images, shape (S, h, w, 1 or 3).
        follows: What stands at the row's end, such as a factor above a share; may be empty.
        own_values: Whether other latents take other values, so that its ends are told.
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
        start: What the image is called.
        sweeps: Latents and their images, from top to bottom.
    """

    start: str
    sweeps: Sequence[Sweep]


@dataclass(frozen=True)
class ModelPanel:
    """What one model makes of images.

    Attributes:
        title: Lines above, which say what the model is; none of a picture of one model.
        examples: Images of the two rows at the top.
        blocks: Sweeps, a block for each start.
        colour: Colour of what moves in an animation.
    """

    title: tuple[str, ...]
    examples: Examples
    blocks: Sequence[Block]
    colour: Colour = SERIES[0]


@dataclass(frozen=True)
class SweepLayout:
    """Where tiles of a panel lie, in units; all panels of a picture have the same.

    Attributes:
        scale: What type, lines and margins are enlarged by.
        left: Left edge of the first column.
        right: Room that what stands at the rows' ends needs.
        tile: Height and width of an image.
        columns: Number of columns, of inputs or of values, whichever are more.
        values: Number of values of a sweep.
        titles: Lines above a panel.
        rows: Number of sweeps of each block.
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
        """Room for the panel that needs most of everything.

        Args:
            panels: Panels of one picture, with as many blocks.
            values: Number of values of a sweep.
        """
        columns = max(values, *(len(panel.examples.inputs) for panel in panels))
        images = panels[0].blocks[0].sweeps[0].images
        taken = max(panels[0].examples.inputs.shape[1:3])
        side = min(MOST_SIDE, max(LEAST_SIDE, int(COLUMNS_WIDTH / columns - GAP)))
        decoded = max(images.shape[1:3])
        if decoded > taken:
            side = max(side, decoded)
        height, width = tile_size(images.shape[1:], side)
        scale = max(1.0, min(height, width) / MOST_SIDE)
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
        """A length that grows as the images do, in whole units."""
        return float(round(self.scale * length))

    @property
    def pitch(self) -> tuple[float, float]:
        """From one tile to the next, down and to the right."""
        gap = self.units(GAP)
        return max(self.tile[0] + gap, self.units(LEAST_PITCH)), self.tile[1] + gap

    def example_top(self, row: int) -> float:
        """The tiles' upper edge; they stand in the middle of what the labels need."""
        header = self.units(LINE * TITLE_SIZE * self.titles + BRACKETS)
        return header + row * self.pitch[0] + self.slack

    @property
    def slack(self) -> float:
        """Room above a tile that the labels of its row need."""
        return (self.pitch[0] - self.units(GAP) - self.tile[0]) // 2

    def sweep_top(self, block: int, row: int) -> float:
        """The tiles' upper edge in a sweep."""
        above = 2 + sum(self.rows[:block]) + row
        return self.example_top(above) + (block + 1) * self.units(VALUES)

    def column(self, index: int) -> float:
        """The tiles' left edge."""
        return round(self.left) + index * self.pitch[1]

    @property
    def sweep_right(self) -> float:
        """Where the last image of a sweep ends."""
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
        return last + max(self.tile[0], self.units(LEAST_PITCH - GAP)) + self.units(4)


def row_name(sweep: Sweep) -> str:
    """Name of a sweep's row."""
    return f"latent {sweep.latent}"


def row_note(sweep: Sweep) -> str:
    """The latent's std, its ends, and where the sweep starts if no column shows it."""
    note = f"std {sweep.std:.2f}"
    if sweep.own_values:
        note += f", {'..'.join(value_names(sweep.values[[0, -1]]))}"
    if nearest_column(sweep.start, sweep.values) is None:
        note += f", start {short_number(sweep.start)}"
    return note


def row_end(sweep: Sweep) -> tuple[str, ...]:
    """What stands at the end of a sweep's row."""
    return tuple(shorten(line, LABEL_SIZE, LONGEST_NAME) for line in sweep.follows)


def start_name(name: str) -> str:
    """What the image is called that several sweeps start from."""
    return shorten(f"start {name}", LABEL_SIZE, LONGEST_NAME)


def nearest_column(start: float, values: Values) -> int | None:
    """The column whose value is nearest, or None where the start is far outside of all.

    Args:
        start: Value of the latent that the sweep starts from.
        values: Values of the columns, increasing, shape (S,), S at least 2. Half a step beyond the
            first or the last is not far.
    """
    steps = np.asarray(values, dtype=np.float64)
    low, high = (3 * steps[0] - steps[1]) / 2, (3 * steps[-1] - steps[-2]) / 2
    return int(np.abs(steps - start).argmin()) if low <= start <= high else None


def value_names(values: Values) -> list[str]:
    """Each value to a tenth of a step or better, without a sign where that is zero.

    Args:
        values: Values of the columns, increasing, shape (S,), S at least 2.
    """
    step = max(float(values[1] - values[0]), 1e-9)  # quantiles of what is constant have none
    digits = max(0, 1 - math.floor(math.log10(step)))
    return [f"{round(float(value), digits) + 0.0:.10g}" for value in values]


def percent_names(shares: Values) -> list[str]:
    """Shares as whole percents, or closer where these would say none or all of what is not.

    Args:
        shares: From 0 to 1, shape (S,).
    """
    names = []
    for share in np.asarray(shares, dtype=np.float64).tolist():
        from_an_end = 100 * min(share, 1 - share) + 1e-9
        digits = max(0, -math.floor(math.log10(from_an_end))) if from_an_end > 1e-6 else 0
        names.append(f"{100 * share:.{digits}f} %")
    return names
