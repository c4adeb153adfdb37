"""Codes of any images, laid out as the grid of two factors that the geometry scores need."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.validate import Floats, Ints

_IN_A_CELL = 8  # rows, on average, of factors that are binned


@dataclass(frozen=True)
class CodeGrid:
    """Mean codes over a grid of two factors.

    Attributes:
        factors: Levels, or middles of bins, scaled to [0, 1] by the factors' ranges, shape
            (n0, n1, 2).
        codes: Mean of the codes in each cell, NaN where there is none, shape (n0, n1, K).
        binned: Whether each factor was cut into bins.
        held_out: Cells whose rows are held out for the most part, shape (n0, n1).
        within: Share of each latent's variance that lies within the cells, shape (K,).
        noise: Variance that the cells' means have of what lies within the cells, shape (K,).
    """

    factors: Floats
    codes: Floats
    binned: tuple[bool, bool]
    held_out: NDArray[np.bool_]
    within: Floats
    noise: Floats


def code_grid(
    codes: Floats,
    factors: Floats,
    size: int = 32,
    circular: tuple[bool, bool] = (False, False),
    others_vary: bool = True,
    held_out: NDArray[np.bool_] | None = None,
) -> CodeGrid:
    """Average codes over the cells of two factors; other factors are averaged over.

    Two factors of at most `size` levels keep these where there are eight rows to a cell or nothing
    else varies. Otherwise factors of more levels are cut into bins of equal width, as many as leave
    eight rows to a cell, and stand at the mean of their rows.

    Args:
        codes: Shape (N, K).
        factors: The two factors, shape (N, 2).
        size: Most points along a factor.
        circular: Whether a factor's range is a full turn: levels are then scaled by one more step
            than they span, so that the last is a neighbour of the first.
        others_vary: Whether there are other factors that vary.
        held_out: Rows that training left out, shape (N,).

    Raises:
        SbvaeError: If a factor has one level, or N is too small for a grid.
    """
    levels = [len(np.unique(column)) for column in factors.T]
    if min(levels) < 2:
        raise SbvaeError("geometry needs two factors that vary")
    bins = _points(levels, len(factors) / _IN_A_CELL, size, others_vary)
    if min(bins) < 2:
        raise SbvaeError(f"geometry: {len(factors):,} rows are too few for a grid of these factors")
    first, place = _axis(factors[:, 0], levels[0], bins[0], circular[0])
    second, other = _axis(factors[:, 1], levels[1], bins[1], circular[1])
    shape = len(first), len(second)
    cell = place * shape[1] + other
    held_out = np.zeros(len(codes), np.bool_) if held_out is None else held_out
    number = np.bincount(cell, minlength=shape[0] * shape[1])
    sums = [np.bincount(cell, column, len(number)) for column in codes.T]
    with np.errstate(invalid="ignore"):
        means = np.stack(sums, axis=1) / number[:, None]
        left_out = np.bincount(cell, held_out, len(number)) / number >= 0.5  # False where empty
    points = np.stack(np.meshgrid(first, second, indexing="ij"), axis=-1)
    binned = bins[0] < levels[0], bins[1] < levels[1]
    residual, total = codes - means[cell], codes.var(axis=0)
    within = np.divide(residual.var(axis=0), total, out=np.zeros_like(total), where=total > 0)
    filled = number[number > 0]
    noise = np.square(residual).sum(axis=0) / max(len(codes) - len(filled), 1) * (1 / filled).mean()
    means = means.reshape(*shape, -1)
    return CodeGrid(points, means, binned, left_out.reshape(shape), within, noise)


def _points(levels: list[int], cells: float, size: int, others_vary: bool) -> tuple[int, int]:
    """Points along each factor."""
    first, second = (min(count, size) for count in levels)
    few = max(levels) <= size
    if first * second <= cells or (few and not others_vary):
        return first, second
    side = int(cells**0.5)
    if first <= side:
        return first, min(second, int(cells / first))
    if second <= side:
        return min(first, int(cells / second)), second
    return side, side


def _axis(column: Floats, levels: int, bins: int, circular: bool) -> tuple[Floats, Ints]:
    """Points of one factor in [0, 1], and the point of each row."""
    low, high = column.min(), column.max()
    width = high - low
    if bins < levels:
        cell = np.minimum((bins * (column - low) / width).astype(np.int64), bins - 1)
        used, place = np.unique(cell, return_inverse=True)
        if circular:
            return (used + 0.5) / bins, place
        return (np.bincount(place, column) / np.bincount(place) - low) / width, place
    values, place = np.unique(column, return_inverse=True)
    return (values - low) / (width * (1 + circular / (levels - 1))), place
