"""Panels with axes: mapping of data to the canvas, ticks, labels and frame."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.text import text_width, wrap
from sbvae_cli.viz.theme import FAINT, INK, QUIET, Colour

Floats = NDArray[np.float64]
Range = tuple[float, float]

TICK_SIZE, LABEL_SIZE, TITLE_SIZE = 16.0, 18.0, 21.0
LINE = 1.25  # distance of two lines of text, in units of their size
ACROSS_APART, UPRIGHT_APART = (
    72.0,
    60.0,
)  # smallest distance of more than two ticks, on the x axis and on the y axis
TICK, GAP = 5.0, 8.0  # length of a tick, and gap between items outside the box


@dataclass(frozen=True)
class Labels:
    """Texts around a panel, broken into lines that fit it.

    Attributes:
        title: Lines above the panel.
        x: Lines below the panel.
        y: Lines at the left, read from bottom to top.
        height: Height of the panel's box, which limits the number of ticks.
    """

    title: tuple[str, ...]
    x: tuple[str, ...]
    y: tuple[str, ...]
    height: float

    @classmethod
    def of(cls, title: str, x: str, y: str, width: float, height: float | None = None) -> "Labels":
        """Break texts into lines no longer than a panel's sides; `height` defaults to `width`."""
        height = width if height is None else height
        return cls(
            tuple(wrap(title, TITLE_SIZE, width)),
            tuple(wrap(x, LABEL_SIZE, width)),
            tuple(wrap(y, LABEL_SIZE, height)),
            height,
        )

    @property
    def above(self) -> float:
        """Height that the title needs."""
        return GAP + LINE * TITLE_SIZE * len(self.title)

    @property
    def below(self) -> float:
        """Height that ticks and x label need."""
        return TICK + LINE * TICK_SIZE + LINE * LABEL_SIZE * len(self.x) + GAP

    def beside(self, y_range: Range) -> float:
        """Compute the width that ticks and y label need at the left."""
        names = tick_names(fitting_ticks(*y_range, self.height, upright=True))
        widest = max(text_width(name, TICK_SIZE) for name in names)
        return TICK + 3.0 + widest + GAP + LINE * LABEL_SIZE * len(self.y)


@dataclass(frozen=True)
class Panel:
    """A box on the canvas, in its units, with the data ranges that it shows; y points up.

    Attributes:
        left: Left edge of the box.
        top: Upper edge of the box.
        width: Width of the box.
        height: Height of the box.
        x_range: Data at the left and right edges, which differ.
        y_range: Data at the lower and upper edges, which differ.
    """

    left: float
    top: float
    width: float
    height: float
    x_range: Range
    y_range: Range

    def place(self, points: ArrayLike) -> Floats:
        """Map data points to positions on the canvas, (..., 2) to (..., 2)."""
        data = np.asarray(points, dtype=np.float64)
        (x0, x1), (y0, y1) = self.x_range, self.y_range
        x = self.left + (data[..., 0] - x0) / (x1 - x0) * self.width
        y = self.top + (y1 - data[..., 1]) / (y1 - y0) * self.height
        return np.stack([x, y], axis=-1)

    def draw_frame(self, canvas: Canvas, colour: Colour = FAINT, width: float = 1.2) -> None:
        """Draw the frame."""
        right, bottom = self.left + self.width, self.top + self.height
        outline = [(self.left, self.top), (right, self.top), (right, bottom), (self.left, bottom)]
        canvas.line([*outline, outline[0], outline[1]], colour, width)

    @property
    def x_ticks(self) -> list[float]:
        """Data values of the ticks on the x axis, as many as there is room for."""
        return fitting_ticks(*self.x_range, self.width)

    @property
    def y_ticks(self) -> list[float]:
        """Data values of the ticks on the y axis, as many as there is room for."""
        return fitting_ticks(*self.y_range, self.height, upright=True)

    @property
    def overhang(self) -> tuple[float, float]:
        """Overhang of the labels of x ticks beyond the box, at the left and right."""
        ticks = self.x_ticks
        sides = [text_width(name, TICK_SIZE) / 2 for name in tick_names(ticks)]
        places = [float(self.place([value, self.y_range[0]])[0]) - self.left for value in ticks]
        pairs = list(zip(places, sides, strict=True))
        left = max(side - place for place, side in pairs)
        return max(0.0, left), max(0.0, max(x + side for x, side in pairs) - self.width)

    def draw_x_lines(self, canvas: Canvas) -> None:
        """Draw vertical hairlines at the x ticks, behind the data."""
        for value in self.x_ticks:
            x = float(self.place([value, self.y_range[0]])[0])
            canvas.line([(x, self.top), (x, self.top + self.height)], FAINT.faded(140), 1.0)

    def draw_x_ticks(
        self,
        canvas: Canvas,
        ticks: Sequence[float] | None = None,
        names: Sequence[str] | None = None,
    ) -> None:
        """Draw x ticks (by default as many as fit) with their values or names."""
        bottom, ticks = self.top + self.height, self.x_ticks if ticks is None else ticks
        for value, name in zip(ticks, tick_names(ticks) if names is None else names, strict=True):
            x = float(self.place([value, self.y_range[0]])[0])
            canvas.line([(x, bottom), (x, bottom + TICK)], QUIET, 1.0)
            canvas.text(x, bottom + TICK + 2, name, TICK_SIZE, QUIET, "mt")

    def draw_y_ticks(
        self,
        canvas: Canvas,
        ticks: Sequence[float] | None = None,
        names: Sequence[str] | None = None,
    ) -> None:
        """Draw y ticks (by default as many as fit) with their values or names."""
        ticks = self.y_ticks if ticks is None else ticks
        for value, name in zip(ticks, tick_names(ticks) if names is None else names, strict=True):
            y = float(self.place([self.x_range[0], value])[1])
            canvas.line([(self.left - TICK, y), (self.left, y)], QUIET, 1.0)
            canvas.text(self.left - TICK - 3, y, name, TICK_SIZE, QUIET, "rm")

    def draw_labels(
        self, canvas: Canvas, labels: Labels, y_ticks: Sequence[float] | None = None
    ) -> None:
        """Draw ticks, axis labels and title in the room that `labels` computes."""
        bottom, middle = self.top + self.height, self.left + self.width / 2
        self.draw_x_ticks(canvas)
        self.draw_y_ticks(canvas, y_ticks)
        for number, line in enumerate(labels.x):
            y = bottom + TICK + LINE * TICK_SIZE + 4 + LINE * LABEL_SIZE * number
            canvas.text(middle, y, line, LABEL_SIZE, INK, "mt")
        for number, line in enumerate(labels.y):
            x = self.left - labels.beside(self.y_range) + LINE * LABEL_SIZE * number
            canvas.text(x, self.top + self.height / 2, line, LABEL_SIZE, INK, "mt", upright=True)
        for number, line in enumerate(reversed(labels.title)):
            y = self.top - GAP - LINE * TITLE_SIZE * number
            canvas.text(middle, y, line, TITLE_SIZE, INK, "mb")


def equal_ranges(
    points: ArrayLike, width: float, height: float, least: float
) -> tuple[Range, Range]:
    """Compute ranges around points that show a unit with the same length on both axes.

    Args:
        points: Data, shape (N, 2), finite.
        width: Width of the box.
        height: Height of the box.
        least: Smallest range of the shorter axis, for points that coincide or form a line.

    Returns:
        Ranges of x and y, with a margin of 7 % on each side.
    """
    data = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    low, high = data.min(axis=0), data.max(axis=0)
    centre, span = (low + high) / 2, (high - low) * 1.14
    shorter = min(width, height)
    unit = max(span[0] / width, span[1] / height, least / shorter)  # data a pixel
    half_x, half_y = unit * width / 2, unit * height / 2
    x, y = float(centre[0]), float(centre[1])
    return (x - half_x, x + half_x), (y - half_y, y + half_y)


def padded_range(low: float, high: float, share: float = 0.05) -> Range:
    """Return a range with a margin on each side; nearly equal ends are treated as one value."""
    size = max(abs(low), abs(high))
    margin = share * (high - low) if high - low > 1e-9 * size else max(0.5, 1e-3 * size)
    return low - margin, high + margin


def fitting_ticks(low: float, high: float, length: float, upright: bool = False) -> list[float]:
    """Choose ticks, multiples of 1, 2 or 5 times a power of ten, as many as there is room for.

    Args:
        low: Data at the start of the axis.
        high: Data at the end of the axis, above `low`.
        length: Length of the axis in units.
        upright: Whether it is a y axis, whose labels are one above the other.

    Returns:
        One or more ticks within [low, high].
    """
    apart = UPRIGHT_APART if upright else ACROSS_APART
    found: list[float] = []
    power = math.floor(math.log10(high - low))
    for step in (factor * 10.0 ** (power + n) for n in (1, 0, -1, -2) for factor in (5, 2, 1)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if len(found) > 1 and (last - first) * apart > length - apart / 2:
            break
        ticks = [index * step for index in range(first, last + 1)]
        if ticks and _has_room(ticks, step * length / (high - low), upright):
            found = ticks
        found = found or ticks[:1]
    return found


def whole_ticks(most: int, unit: float, apart: float = UPRIGHT_APART) -> list[int]:
    """Return whole-numbered ticks from 0 to `most`, at least `apart` units from each other."""
    steps = (factor * 10**power for power in range(9) for factor in (1, 2, 5))
    step = next(step for step in steps if step * unit >= apart or step >= most)
    return [*range(0, most + 1, step)]


def columns_of(panels: int) -> int:
    """Return the number of panels in a row: at most three, and two for four panels."""
    return 2 if panels == 4 else min(3, panels)


def _has_room(ticks: list[float], pitch: float, upright: bool) -> bool:
    """Return whether tick labels at this distance leave a gap between them."""
    if upright or len(ticks) == 1:
        return len(ticks) == 1 or pitch >= 1.5 * TICK_SIZE
    pairs = itertools.pairwise(text_width(name, TICK_SIZE) for name in tick_names(ticks))
    return all((one + two) / 2 + TICK_SIZE <= pitch for one, two in pairs)


def tick_names(ticks: Sequence[float]) -> list[str]:
    """Format ticks with as many digits as their distance needs."""
    if len(ticks) == 1:
        return [short_number(ticks[0], 12)]
    step = abs(ticks[1] - ticks[0])
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    if decimals <= 4 and all(abs(tick) < 1e5 for tick in ticks):
        return [f"{tick:.{decimals}f}" for tick in ticks]
    largest = max(abs(tick) for tick in ticks)
    digits = max(3, math.floor(math.log10(largest)) - math.floor(math.log10(step) + 1e-9) + 1)
    return [short_number(tick, digits) for tick in ticks]


def short_number(number: float, digits: int = 3) -> str:
    """Format a number with significant digits and a short exponent: 2.5e6 for 2.5e+06."""
    shown, _, exponent = f"{number:.{digits}g}".partition("e")
    return f"{shown}e{int(exponent)}" if exponent else shown
