"""Which grids a page has: every pair of factors, and what else there is room for.

The first grid is fine, since it is what a reader sees; all others are coarser, and together they
keep to a budget in images, which are drawn and encoded, and in bytes, which travel with the page.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sbvae_cli.config.space import FactorConfig
from sbvae_cli.data.factor_grid import FactorGrid, factor_grid, middle_of
from sbvae_cli.data.factors import FactorSpace

FIRST = 32  # points along each factor of the first grid
FURTHER = 16  # of the others
LEAST = 4
VALUES = 5  # of another factor, ends and middle among them
MOST_VALUES = 8  # of one that has levels or is circular
MOST_PAIRS = 45  # those of ten factors
_MOST_SETTINGS = 1_000  # that are looked at


@dataclass(frozen=True)
class Budget:
    """What the grids of a page may take.

    Attributes:
        images: Images in all.
        first_bytes: Bytes of the first grid.
        all_bytes: Bytes of all of them.
    """

    images: int = 5_000
    first_bytes: int = 2_000_000
    all_bytes: int = 3_000_000


DEFAULT = Budget()


@dataclass(frozen=True)
class Wanted:
    """A grid that is to be made.

    Attributes:
        pair: The two factors.
        size: Points along each of them, at most.
        at: Values of others; the rest stand at their middles.
    """

    pair: tuple[str, str]
    size: int
    at: Mapping[str, float]


def plan(
    space: FactorSpace, first: tuple[str, str], point_bytes: float, budget: Budget = DEFAULT
) -> list[Wanted]:
    """The grids of a page, in the order in which they stand in it.

    Every pair, up to `MOST_PAIRS`, has a grid at the middle of the others, however coarse. Then the
    first pair, and after it the others, have some at other values of the other factors, while there
    is room.

    Args:
        space: Space of the factors.
        first: Pair that is shown first.
        point_bytes: Bytes of one point in the page: its image, and its codes in each model.
        budget: What they may take.
    """
    pairs = pairs_from(space.varying, first)
    size, further, room = sizes(len(pairs), point_bytes, budget)
    grids = [Wanted(first, size, {})] + [Wanted(pair, further, {}) for pair in pairs[1:]]
    coarse = _fitting(min(FURTHER, size), room / 4)
    for pair in pairs:
        for at in _settings([f for f in map(space.factor, space.varying) if f.name not in pair]):
            if room < coarse**2:
                return grids
            grids.append(Wanted(pair, coarse, at))
            room -= coarse**2
    return grids


def sizes(pairs: int, point_bytes: float, budget: Budget = DEFAULT) -> tuple[int, int, float]:
    """Points along a factor of the first pair's grid, and of the others'; points left over.

    Args:
        pairs: Number of pairs that have a grid.
        point_bytes: Bytes of one point in the page.
        budget: What they may take.
    """
    size = _fitting(FIRST, budget.first_bytes / point_bytes)
    room = min(budget.images, budget.all_bytes / point_bytes) - size**2
    further = _fitting(min(FURTHER, size), room / max(pairs - 1, 1))
    return size, further, room - further**2 * (pairs - 1)


def pairs_from(names: Sequence[str], first: tuple[str, str]) -> list[tuple[str, str]]:
    """Pairs of names, one of them first; all of them, up to `MOST_PAIRS`."""
    others = (p for p in itertools.combinations(names, 2) if set(p) != set(first))
    return [first, *itertools.islice(others, MOST_PAIRS - 1)]


def lay(space: FactorSpace, wanted: Wanted) -> FactorGrid:
    """The grid that was wanted; of a factor of many levels it has some."""
    return thinned(factor_grid(space, wanted.pair, wanted.size, wanted.at), wanted.size)


def thinned(grid: FactorGrid, most: int) -> FactorGrid:
    """The grid with so many points along each factor at most, evenly spaced."""
    rows = grid.factors.reshape(*grid.shape, -1)
    for axis, count in enumerate(grid.shape):
        if count > most:
            kept = np.arange(0, count, -(-count // most))
            rows = np.take(rows, kept, axis)
    return replace(grid, factors=rows.reshape(-1, rows.shape[-1]), shape=rows.shape[:2])


def values_of(factor: FactorConfig) -> list[float]:
    """The values at which another factor is offered, in order, its middle among them."""
    if factor.levels:
        levels = sorted(factor.levels)
        step = -(-len(levels) // MOST_VALUES)
        return levels[len(levels) // 2 % step :: step]
    low, high = factor.bounds
    count = MOST_VALUES if factor.circular else VALUES
    values = np.linspace(low, high, count, endpoint=not factor.circular)
    return [float(value) for value in values]


def _settings(others: Sequence[FactorConfig]) -> Iterator[dict[str, float]]:
    """Values of the other factors, first those in which one alone has left its middle."""
    values = {factor.name: values_of(factor) for factor in others}
    middles = {factor.name: middle_of(factor) for factor in others}
    alone = [{**middles, name: value} for name, each in values.items() for value in each]
    products = itertools.product(*values.values())
    combinations = (dict(zip(values, each, strict=True)) for each in products)
    seen = [middles]
    for setting in itertools.chain(alone, itertools.islice(combinations, _MOST_SETTINGS)):
        if setting not in seen:
            seen.append(setting)
            yield setting


def _fitting(size: int, points: float) -> int:
    """The largest side of a square of so many points, from `LEAST` to `size`."""
    return int(np.clip(np.sqrt(max(points, 0)), LEAST, size))
