"""Convert between rows of factors and their numbers in the grid of all combinations of levels."""

import math

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.data.factors import FactorRows


def count_combinations(space: SpaceConfig) -> int | None:
    """Return the number of combinations of stored factors' levels; None if one is continuous."""
    levels = _levels(space)
    return math.prod(map(len, levels)) if levels and all(map(len, levels)) else None


def combinations(space: SpaceConfig, numbers: NDArray[np.integer]) -> FactorRows:
    """Return rows of the grid of all combinations of levels, the last factor varying fastest.

    Args:
        space: A space whose stored factors all have levels.
        numbers: Numbers of the combinations, from 0, shape (n,).

    Returns:
        Columns as in `space.stored`, shape (n, S).
    """
    levels = _levels(space)
    places = np.unravel_index(numbers, [len(values) for values in levels])
    return np.stack([values[at] for values, at in zip(levels, places, strict=True)], 1)


def combination_numbers(space: SpaceConfig, factors: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return the number of the combination of levels that is nearest to each row.

    Args:
        space: A space whose stored factors all have levels.
        factors: Columns as in `space.names`, shape (n, F).

    Returns:
        Shape (n,).
    """
    levels = _levels(space)
    places = []
    for name, values in zip(space.stored, levels, strict=True):
        order = np.argsort(values)
        ordered = values[order].astype(np.float64)
        edges = (ordered[1:] + ordered[:-1]) / 2
        column = factors[:, space.names.index(name)]
        places.append(order[np.searchsorted(edges, column)])
    shape = [len(values) for values in levels]
    return np.ravel_multi_index(places, shape).astype(np.int64)


def _levels(space: SpaceConfig) -> list[FactorRows]:
    """Return the levels of each stored factor: one for a constant, none for a range."""
    found = []
    for factor in space.factors:
        if factor.name in space.stored:
            constant = () if factor.varies else factor.bounds[:1]
            found.append(np.asarray(factor.levels or constant, space.dtype))
    return found
