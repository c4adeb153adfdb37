"""Measure held-out regions, boxes in a product of uniform factors, and draw values from them."""

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
    """Return the ends of the overlap of a range with a factor, or the levels in it; () if empty.

    Args:
        factor: The factor.
        part: Closed range; None for the whole factor.
        dtype: Type in which levels are stored, and therefore compared.
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
    """Return the levels or range of each factor within a region; `present` is the constant 1."""
    parts: list[Part] = []
    for factor in factors:
        part = overlap(factor, region.get(factor.name), dtype)
        if factor.name == "present":
            parts.append((1.0, 1.0))
        else:
            parts.append(np.asarray(part) if factor.kind == "discrete" else part)
    return parts


def draw_from(part: Part, rng: np.random.Generator, n: int) -> NDArray[np.float64] | float:
    """Draw n values uniformly from levels or a range, shape (n,); return a constant as a float."""
    if isinstance(part, np.ndarray):
        # Draws the same values as rng.choice, in a third of the time if they are few.
        levels: NDArray[np.float64] = part[rng.integers(len(part), size=n)]
        return levels
    low, high = part
    return low + (high - low) * rng.random(n) if low < high else low


def union_share(
    factors: Sequence[FactorConfig],
    regions: Sequence[Mapping[str, Range]],
    dtype: np.dtype[np.floating] = _SINGLE,
) -> float:
    """Compute the exact share of a factor space covered by the union of some regions.

    By coordinate compression: the regions' edges cut each factor into cells, each of which is
    wholly inside or outside of a region. The recursion sums over the cells of one factor at a time
    and keeps the set of regions that contain the cells chosen so far.

    Args:
        factors: Factors, independent and uniform over their ranges or levels; `present` is
            constant.
        regions: Regions, each the product of closed ranges of the named factors.
        dtype: Type in which levels are compared.

    Returns:
        Share in [0, 1].
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
    """Format a region for messages, as in `x=0.2..0.4,y=0.5..0.5`."""
    return ",".join(f"{name}={low:g}..{high:g}" for name, (low, high) in region.items())


def _cells(
    factor: FactorConfig, regions: Sequence[Mapping[str, Range]], dtype: np.dtype[np.floating]
) -> list[tuple[float, frozenset[int]]]:
    """Return the share of each cell of a factor, and the numbers of the regions that contain it."""
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
