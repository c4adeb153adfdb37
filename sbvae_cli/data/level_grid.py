"""The grid of all combinations of a space's levels: from numbers to rows, and back."""

import math

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.data.factors import FactorRows


def count_combinations(space: SpaceConfig) -> int | None:
    """Number of combinations of the stored factors' levels; None where one is continuous."""
    levels = _levels(space)
    return math.prod(map(len, levels)) if levels and all(map(len, levels)) else None


def combinations(space: SpaceConfig, numbers: NDArray[np.integer]) -> FactorRows:
    """Rows of the grid of all levels, the last factor fastest.

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
    """Number of the combination nearest to each row.

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
    """Levels of each stored factor; the value of a constant, nothing for a range."""
    found = []
    for factor in space.factors:
        if factor.name in space.stored:
            constant = () if factor.varies else factor.bounds[:1]
            found.append(np.asarray(factor.levels or constant, space.dtype))
    return found
