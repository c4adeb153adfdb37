"""Grids in two factors of a space, the others fixed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from sbvae_cli.config.space import FactorConfig
from sbvae_cli.data.factors import FactorRows, FactorSpace
from sbvae_cli.errors import SbvaeError


@dataclass(frozen=True)
class FactorGrid:
    """A grid in two factors, the others fixed.

    Attributes:
        factors: Shape (n0 * n1, F); `factors.reshape(n0, n1, F)[i, j]` has the i-th value of the
            first factor and the j-th of the second.
        shape: (n0, n1).
        names: The two factors.
    """

    factors: FactorRows
    shape: tuple[int, int]
    names: tuple[str, str]


def factor_grid(
    space: FactorSpace,
    names: tuple[str, str],
    size: int,
    at: Mapping[str, float] | None = None,
) -> FactorGrid:
    """Lay a grid over the whole range of two factors, held-out regions included.

    A circular factor's grid leaves out its last point, which repeats the first. A discrete
    factor has its levels, however many.

    Args:
        space: Space of the factors.
        names: The two factors.
        size: Points along a continuous factor, at least 2.
        at: Values of other factors; the rest stand at the middle of their ranges or levels, or
            elsewhere where the whole grid would be held out there.

    Raises:
        SbvaeError: If a name is unknown, named twice or does not vary, or the size is below 2.
    """
    if size < 2:
        raise SbvaeError(f"a grid of {size} points a factor has no cells; choose 2 or more")
    require_pair(space, names, at or {})
    middle = np.array([middle_of(factor) for factor in space.factors], space.dtype)
    for name, value in (at or {}).items():
        middle[space.index(name)] = allowed_value(space, name, value)
    first, second = (_axis(space, name, size) for name in names)
    rows = np.tile(middle, (len(first), len(second), 1))
    rows[:, :, space.index(names[0])] = first[:, None]
    rows[:, :, space.index(names[1])] = second[None, :]
    flat = rows.reshape(-1, len(middle))
    _leave_regions(space, flat, {*names, *(at or {})})
    return FactorGrid(flat, rows.shape[:2], names)


def require_pair(space: FactorSpace, names: tuple[str, str], at: Mapping[str, float]) -> None:
    """Check that two different factors vary, and are not among those that are fixed.

    Raises:
        SbvaeError: If not.
    """
    if names[0] == names[1]:
        raise SbvaeError(f"a grid needs two factors, found {names[0]} twice")
    for name in names:
        space.factor(name)
        if name not in space.varying:
            raise SbvaeError(f"{name} does not vary here; choose from {', '.join(space.varying)}")
        if name in at:
            raise SbvaeError(f"{name} spans the grid; fix other factors only")


def _leave_regions(space: FactorSpace, rows: FactorRows, fixed: Collection[str]) -> None:
    """Move a factor from its middle where otherwise the whole grid would be held out."""
    for region in space.held_out:
        for name in region:
            factor = space.factor(name)
            low, high = factor.bounds
            for value in factor.levels or (low, (3 * low + high) / 4, high):
                if name in fixed or not space.held_out_mask(rows).all():
                    break
                rows[:, space.index(name)] = value


def allowed_value(space: FactorSpace, name: str, value: float) -> float:
    """A value within a factor's range; a constant may be moved anywhere in [0, 1].

    Raises:
        SbvaeError: If the name is unknown or the value lies outside.
    """
    factor = space.factor(name)
    low, high = factor.bounds if factor.varies else (0.0, 1.0)
    # What a user writes for an end of the range may differ from it in the last digits.
    if not low - 1e-6 <= value <= high + 1e-6:
        raise SbvaeError(f"{name} = {value:g} is outside of {low:g}..{high:g}")
    return value


def _axis(space: FactorSpace, name: str, size: int) -> FactorRows:
    factor = space.factor(name)
    values = factor.levels or np.linspace(*factor.bounds, size, endpoint=not factor.circular)
    return np.asarray(values, space.dtype)


def middle_of(factor: FactorConfig) -> float:
    """Where a factor stands that nobody moves: the middle of its range, or of its levels."""
    if factor.name == "present":
        return 1.0
    if factor.levels:
        return sorted(factor.levels)[len(factor.levels) // 2]
    low, high = factor.bounds
    return (low + high) / 2
