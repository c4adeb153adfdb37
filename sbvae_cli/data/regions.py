"""Unions of boxes and their sizes, in a product of uniform factors."""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.space import FactorConfig, Range

Part = NDArray[np.float64] | tuple[float, ...]  # levels, or the two ends of a range

_SINGLE: np.dtype[np.floating] = np.dtype(np.float32)


def overlap(
    factor: FactorConfig, part: Range | None, dtype: np.dtype[np.floating] = _SINGLE
) -> tuple[float, ...]:
    """What a range has of a factor: the two ends of a range, or the levels; () if nothing.

    Args:
        factor: The factor.
        part: Closed range; None takes the whole factor.
        dtype: Type that levels are stored and so compared in.
    """
    low, high = part or factor.bounds
    if factor.levels:
        levels = np.asarray(factor.levels, dtype)
        inside = (dtype.type(low) <= levels) & (levels <= dtype.type(high))
        return tuple(level for level, kept in zip(factor.levels, inside, strict=True) if kept)
    ends = max(low, factor.bounds[0]), min(high, factor.bounds[1])
    return ends if ends[0] <= ends[1] else ()


def parts_of(
    factors: Sequence[FactorConfig], region: Mapping[str, Range], dtype: np.dtype[np.floating]
) -> list[Part]:
    """What a region has of each factor: levels, or the two ends of a range; `present` is 1."""
    parts: list[Part] = []
    for factor in factors:
        part = overlap(factor, region.get(factor.name), dtype)
        if factor.name == "present":
            parts.append((1.0, 1.0))
        else:
            parts.append(np.asarray(part) if factor.kind == "discrete" else part)
    return parts


def draw_from(part: Part, rng: np.random.Generator, n: int) -> NDArray[np.float64] | float:
    """Uniform values of a part, shape (n,), or the one value that it has."""
    if isinstance(part, np.ndarray):
        # As rng.choice draws them, in a third of the time where they are few.
        levels: NDArray[np.float64] = part[rng.integers(len(part), size=n)]
        return levels
    low, high = part
    return low + (high - low) * rng.random(n) if low < high else low


def union_share(
    factors: Sequence[FactorConfig],
    regions: Sequence[Mapping[str, Range]],
    dtype: np.dtype[np.floating] = _SINGLE,
) -> float:
    """Exact share of a factor space that regions cover together, by coordinate compression.

    The regions' edges cut each factor into cells; a cell belongs to a region as a whole. The sum
    runs over one factor's cells at a time and keeps only the set of regions that are still met.

    Args:
        factors: Independent and uniform over their ranges or levels; `present` counts as constant.
        regions: Each the product of closed ranges of the named factors.
        dtype: Type that levels are compared in.

    Returns:
        In [0, 1].
    """
    named = [f for f in factors if any(f.name in region for region in regions)]
    cells = [_cells(factor, regions, dtype) for factor in named]

    @cache
    def share(axis: int, met: frozenset[int]) -> float:
        if not met or axis == len(cells):
            return float(bool(met))
        return sum(mass * share(axis + 1, met & inside) for mass, inside in cells[axis])

    return min(1.0, share(0, frozenset(range(len(regions)))))


def write_region(region: Mapping[str, Range]) -> str:
    """A region in a message: `x=0.2..0.4,y=0.5..0.5`."""
    return ",".join(f"{name}={low:g}..{high:g}" for name, (low, high) in region.items())


def _cells(
    factor: FactorConfig, regions: Sequence[Mapping[str, Range]], dtype: np.dtype[np.floating]
) -> list[tuple[float, frozenset[int]]]:
    """Share of each cell of one factor, and the regions that it lies in."""
    parts = [overlap(factor, region.get(factor.name), dtype) for region in regions]
    if factor.levels:
        levels = len(factor.levels)
        return [
            (1 / levels, frozenset(i for i, part in enumerate(parts) if level in part))
            for level in factor.levels
        ]
    low, high = factor.bounds
    if low == high:
        return [(1.0, frozenset(i for i, part in enumerate(parts) if part))]
    edges = sorted({low, high, *(end for part in parts for end in part)})
    return [
        (
            (end - start) / (high - low),
            frozenset(i for i, part in enumerate(parts) if part and part[0] <= start < part[1]),
        )
        for start, end in pairwise(edges)
    ]
