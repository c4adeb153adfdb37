"""Choose the grids of a page: one for every pair of factors, and more within a budget.

The first grid is fine, since it is shown first. All others are coarser, and together they keep
to a budget of images, which are drawn and encoded, and of bytes, which are part of the page.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sbvae_cli.config.space import FactorConfig
from sbvae_cli.data.factor_grid import FactorGrid, factor_grid, middle_of
from sbvae_cli.data.factors import FactorSpace

FIRST_GRID_POINTS = 32  # points along each factor of the first grid
OTHER_GRID_POINTS = 16  # points along each factor of the other grids
MIN_GRID_POINTS = 4
FIXED_VALUES = 5  # of another factor, with its ends and middle
MAX_FIXED_VALUES = 8  # of another factor with levels, or a circular one
MAX_PAIRS = 45  # as ten factors have
_MAX_SETTINGS = 1_000  # largest number of settings that are tried


@dataclass(frozen=True)
class Budget:
    """Limits on the grids of a page.

    Attributes:
        images: Number of images of all grids.
        first_bytes: Bytes of the first grid.
        all_bytes: Bytes of all grids.
    """

    images: int = 5_000
    first_bytes: int = 2_000_000
    all_bytes: int = 3_000_000


DEFAULT_BUDGET = Budget()


@dataclass(frozen=True)
class GridSpec:
    """Definition of a grid.

    Attributes:
        pair: Names of the two factors.
        size: Largest number of points along each factor.
        at: Fixed values of other factors; the rest are at their middles.
    """

    pair: tuple[str, str]
    size: int
    at: Mapping[str, float]


def plan_grids(
    space: FactorSpace, first: tuple[str, str], point_bytes: float, budget: Budget = DEFAULT_BUDGET
) -> list[GridSpec]:
    """Define the grids of a page, in their order.

    Every pair, up to `MAX_PAIRS`, gets a grid at the middle of the other factors, however coarse.
    Then the first pair and after it the others get grids at other values, as far as the budget
    allows.

    Args:
        space: Factor space.
        first: Pair that is shown first.
        point_bytes: Bytes of one point in the page: its image, and its codes in each model.
        budget: Limits on images and bytes.
    """
    pairs = pairs_from(space.varying, first)
    size, further, room = grid_sizes(len(pairs), point_bytes, budget)
    grids = [GridSpec(first, size, {})] + [GridSpec(pair, further, {}) for pair in pairs[1:]]
    coarse = _fitting(min(OTHER_GRID_POINTS, size), room / 4)
    for pair in pairs:
        for at in _settings([f for f in map(space.factor, space.varying) if f.name not in pair]):
            if room < coarse**2:
                return grids
            grids.append(GridSpec(pair, coarse, at))
            room -= coarse**2
    return grids


def grid_sizes(
    pairs: int, point_bytes: float, budget: Budget = DEFAULT_BUDGET
) -> tuple[int, int, float]:
    """Return points along a factor of the first grid and of the others, and the number left over.

    Args:
        pairs: Number of pairs that have a grid.
        point_bytes: Bytes of one point in the page.
        budget: Limits on images and bytes.
    """
    size = _fitting(FIRST_GRID_POINTS, budget.first_bytes / point_bytes)
    room = min(budget.images, budget.all_bytes / point_bytes) - size**2
    further = _fitting(min(OTHER_GRID_POINTS, size), room / max(pairs - 1, 1))
    return size, further, room - further**2 * (pairs - 1)


def pairs_from(names: Sequence[str], first: tuple[str, str]) -> list[tuple[str, str]]:
    """Return all pairs of names, `first` before the others, up to `MAX_PAIRS`."""
    others = (p for p in itertools.combinations(names, 2) if set(p) != set(first))
    return [first, *itertools.islice(others, MAX_PAIRS - 1)]


def make_grid(space: FactorSpace, spec: GridSpec) -> FactorGrid:
    """Make the grid of a definition, thinned if a factor has too many levels."""
    return thinned(factor_grid(space, spec.pair, spec.size, spec.at), spec.size)


def thinned(grid: FactorGrid, most: int) -> FactorGrid:
    """Thin a grid evenly to at most `most` points along each factor."""
    rows = grid.factors.reshape(*grid.shape, -1)
    for axis, count in enumerate(grid.shape):
        if count > most:
            kept = np.arange(0, count, -(-count // most))
            rows = np.take(rows, kept, axis)
    return replace(grid, factors=rows.reshape(-1, rows.shape[-1]), shape=rows.shape[:2])


def values_of(factor: FactorConfig) -> list[float]:
    """Return the ascending values at which another factor can be fixed, including its middle."""
    if factor.levels:
        levels = sorted(factor.levels)
        step = -(-len(levels) // MAX_FIXED_VALUES)
        return levels[len(levels) // 2 % step :: step]
    low, high = factor.bounds
    count = MAX_FIXED_VALUES if factor.circular else FIXED_VALUES
    values = np.linspace(low, high, count, endpoint=not factor.circular)
    return [float(value) for value in values]


def _settings(others: Sequence[FactorConfig]) -> Iterator[dict[str, float]]:
    """Yield values of the other factors, first those with a single factor off its middle."""
    values = {factor.name: values_of(factor) for factor in others}
    middles = {factor.name: middle_of(factor) for factor in others}
    alone = [{**middles, name: value} for name, each in values.items() for value in each]
    products = itertools.product(*values.values())
    combinations = (dict(zip(values, each, strict=True)) for each in products)
    seen = [middles]
    for setting in itertools.chain(alone, itertools.islice(combinations, _MAX_SETTINGS)):
        if setting not in seen:
            seen.append(setting)
            yield setting


def _fitting(size: int, points: float) -> int:
    """Return the side, at most `size`, of the largest square with at most `points`."""
    return int(np.clip(np.sqrt(max(points, 0)), MIN_GRID_POINTS, size))
