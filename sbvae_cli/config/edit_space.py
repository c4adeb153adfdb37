"""Change a space by options: ranges, held-out regions, correlations and blank images."""

import itertools
import math
from collections.abc import Collection, Mapping, Sequence

from sbvae_cli.config.renderer import HSV, RGB
from sbvae_cli.config.space import CorrelationConfig, FactorConfig, Range, SpaceConfig
from sbvae_cli.errors import SbvaeError, unknown_name

PRESENT = FactorConfig(name="present", kind="discrete", levels=(0.0, 1.0))


def customise(
    space: SpaceConfig,
    *,
    ranges: Mapping[str, Range] | None = None,
    holes: Sequence[Mapping[str, Range]] = (),
    correlations: Sequence[CorrelationConfig] = (),
    blank: float | None = None,
) -> SpaceConfig:
    """Return a space with other ranges, more held-out regions, or another share of blank images.

    Args:
        space: Original space; its held-out regions and correlations are kept.
        ranges: New range of each named factor, in the factor's unit; equal ends make it constant.
            A factor with levels keeps the levels within the range.
        holes: Regions to hold out, each the product of ranges of the named factors.
        correlations: Pairs of factors to correlate in training.
        blank: Share of images without an object, in [0, 1); None keeps that of the space.

    Raises:
        SbvaeError: If a name is unknown, a range is empty or has no levels, a region is outside of
            the space, a correlated factor is constant, or the share is not in [0, 1).
    """
    factors = {factor.name: factor for factor in space.factors if factor.name != "present"}
    for name, (low, high) in (ranges or {}).items():
        _require_known(name, factors)
        _require_ordered(name, low, high)
        factors[name] = _narrowed(factors[name], low, high)
    share = space.blank if blank is None else blank
    if not 0 <= share < 1:
        raise SbvaeError(f"blank = {share:g} is not a share of images in [0, 1)")
    for hole in holes:
        for name, (low, high) in hole.items():
            _require_known(name, factors)
            _require_ordered(name, low, high, strictly=factors[name].levels is None)
    regions = (*space.held_out, *(dict(hole) for hole in holes if hole))
    for region in regions:
        _require_inside(region, factors)
    for pair in (*space.correlated, *correlations):
        for name in pair.factors:
            _require_known(name, factors)
            if not factors[name].varies:
                raise SbvaeError(f"{name} is constant; a correlation needs two factors that vary")
    changes = {
        "factors": (*factors.values(), PRESENT) if share > 0 else tuple(factors.values()),
        "held_out": regions,
        "correlated": (*space.correlated, *correlations),
        "blank": share,
    }
    return SpaceConfig.model_validate(space.model_copy(update=changes).model_dump())


def without_colours(space: SpaceConfig) -> SpaceConfig:
    """Return the space without its colour factors, so that all objects are white.

    Raises:
        SbvaeError: If a colour factor is held out or correlated.
    """
    colours = {*HSV, *RGB}
    groups = [*map(tuple, space.held_out), *(pair.factors for pair in space.correlated)]
    used = [name for group in groups for name in group if name in colours]
    if used:
        raise SbvaeError(
            f"{used[0]} is held out or correlated; a dataset without colours has no such factor"
        )
    kept = tuple(factor for factor in space.factors if factor.name not in colours)
    return SpaceConfig.model_validate({**space.model_dump(), "factors": kept, "online": ()})


def _narrowed(factor: FactorConfig, low: float, high: float) -> FactorConfig:
    if factor.levels is None:
        return factor.model_copy(update={"low": low, "high": high})
    ordered = sorted(factor.levels)
    gaps = [b - a for a, b in itertools.pairwise(ordered)]
    near = 0.01 * min(gaps, default=0.0) + 1e-9  # tolerates the rounding of values in `info`
    levels = tuple(level for level in factor.levels if low - near <= level <= high + near)
    if not levels:
        named = [f"{level:g} {factor.name_of(level) or ''}".strip() for level in factor.levels[:8]]
        shown = ", ".join(named)
        more = ", ..." if len(factor.levels) > 8 else ""
        found = f"{factor.name} = {low:g}..{high:g}" if low < high else f"{factor.name} = {low:g}"
        raise SbvaeError(f"{found} contains no level; the levels are {shown}{more}")
    if low < ordered[0] - near or high > ordered[-1] + near:
        raise SbvaeError(
            f"{factor.name} = {low:g}..{high:g} lies outside of its levels, "
            f"{ordered[0]:g}..{ordered[-1]:g}"
        )
    names = tuple(name for name in map(factor.name_of, levels) if name is not None) or None
    return factor.model_copy(update={"levels": levels, "level_names": names})


def _require_known(name: str, factors: Collection[str]) -> None:
    if name == "present":
        raise SbvaeError("factor present follows from the share of blank images; set that instead")
    if name not in factors:
        raise unknown_name(name, factors)


def _require_ordered(name: str, low: float, high: float, *, strictly: bool = False) -> None:
    if not (math.isfinite(low) and math.isfinite(high)):
        raise SbvaeError(f"{name} = {low:g}..{high:g} is not finite")
    if low > high:
        raise SbvaeError(f"{name} = {low:g}..{high:g} is empty; write the lower end first")
    if strictly and low == high:
        raise SbvaeError(f"a hole at {name} = {low:g} is empty; give it a range such as 0.35..0.65")


def _require_inside(region: Mapping[str, Range], factors: Mapping[str, FactorConfig]) -> None:
    for name, (low, high) in region.items():
        if name not in factors:
            continue
        least, most = factors[name].bounds
        levels = factors[name].levels
        touches_only = levels is None and least < most and (high == least or low == most)
        if high < least or low > most or touches_only:
            raise SbvaeError(
                f"the hole at {name} = {low:g}..{high:g} lies outside of {least:g}..{most:g}"
            )
        if levels is not None and not any(low <= level <= high for level in levels):
            raise SbvaeError(f"the hole at {name} = {low:g}..{high:g} contains none of its levels")
