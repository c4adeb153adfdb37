"""Make grids that vary two factors of a space and fix the others."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from sbvae_cli.config.space import FactorConfig
from sbvae_cli.data.factors import FactorRows, FactorSpace
from sbvae_cli.errors import SbvaeError


@dataclass(frozen=True)
class FactorGrid:
    """Rows of factors on a grid that varies two factors and fixes the others.

    Attributes:
        factors: Shape (n0 * n1, F); `factors.reshape(n0, n1, F)[i, j]` has the i-th value of the
            first factor and the j-th value of the second factor.
        shape: Number of values of the first and of the second factor, (n0, n1).
        names: Names of the two factors.
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
    """Make a grid over the whole range of two factors, including held-out regions.

    Along a circular factor, the grid leaves out the end of the range, which repeats the start.
    Along a discrete factor, it has all levels, whatever `size` is.

    Args:
        space: Space of the factors.
        names: Names of the two factors.
        size: Number of points along a continuous factor, at least 2.
        at: Values of some other factors. The remaining ones get the middle of their range or
            levels, unless the whole grid would then be held out; in this case they are moved.

    Raises:
        SbvaeError: If a factor is unknown, is named twice, does not vary or is also in `at`, if a
            value in `at` is outside of its range, or if `size` is below 2.
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
    """Check that two factors differ, vary, and are not fixed.

    Raises:
        SbvaeError: If the names are equal, one is unknown or does not vary, or one is in `at`.
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
    """Move factors that are not fixed, in place, if the whole grid would be held out."""
    for region in space.held_out:
        for name in region:
            factor = space.factor(name)
            low, high = factor.bounds
            for value in factor.levels or (low, (3 * low + high) / 4, high):
                if name in fixed or not space.held_out_mask(rows).all():
                    break
                rows[:, space.index(name)] = value


def allowed_value(space: FactorSpace, name: str, value: float) -> float:
    """Return `value` if it is within the factor's range, or in [0, 1] for a constant factor.

    Raises:
        SbvaeError: If the factor is unknown or the value is outside.
    """
    factor = space.factor(name)
    low, high = factor.bounds if factor.varies else (0.0, 1.0)
    # A user may round an end of the range in its last digits.
    if not low - 1e-6 <= value <= high + 1e-6:
        raise SbvaeError(f"{name} = {value:g} is outside of {low:g}..{high:g}")
    return value


def _axis(space: FactorSpace, name: str, size: int) -> FactorRows:
    factor = space.factor(name)
    values = factor.levels or np.linspace(*factor.bounds, size, endpoint=not factor.circular)
    return np.asarray(values, space.dtype)


def middle_of(factor: FactorConfig) -> float:
    """Return the middle of a factor's range or of its sorted levels; 1 for `present`."""
    if factor.name == "present":
        return 1.0
    if factor.levels:
        return sorted(factor.levels)[len(factor.levels) // 2]
    low, high = factor.bounds
    return (low + high) / 2
