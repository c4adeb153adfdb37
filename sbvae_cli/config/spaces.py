"""The paper's circle spaces (Table 3, Appendices A.3 and G), and how options change a space."""

import itertools
import math
from collections.abc import Collection, Mapping, Sequence

from sbvae_cli.config.names import CirclesPreset
from sbvae_cli.config.space import (
    LEAST_STD,
    CorrelationConfig,
    FactorConfig,
    Interval,
    SpaceConfig,
)
from sbvae_cli.errors import SbvaeError, unknown_name

HSV = ("hue", "saturation", "value")
RGB = ("red", "green", "blue")
PRESENT = FactorConfig(name="present", kind="discrete", levels=(0.0, 1.0))

_UNITS = {"x": "frame width", "y": "frame height", "diameter": "frame width", "hue": "turn"}
_POSITION = (0.2, 0.8)  # frame widths, heights
_HUE = (0.2, 0.8)  # turns
_CHANNEL = (0.4, 0.8)
_WHITE = {"red": (1.0, 1.0), "green": (1.0, 1.0), "blue": (1.0, 1.0)}
_VIVID = {"hue": _HUE, "saturation": (1.0, 1.0), "value": (1.0, 1.0)}


def circles_space(preset: CirclesPreset) -> SpaceConfig:
    """Factor space of a circle data set (Table 3).

    A name that ends in `-hole` or `-corner` holds out a quarter of the two varying factors' space
    (Appendix A.3): the middle halves of both ranges, or their upper halves. `xh-blank` draws half
    of the images without a circle (Appendix G).

    Args:
        preset: Name of the data set.

    Returns:
        Factors x, y, diameter, then hue, saturation, value or red, green, blue; then `present`
        where some images are blank.

    Raises:
        SbvaeError: If there is no such preset.
    """
    match preset:
        case "xy" | "xy-hole" | "xy-corner":
            space = _space(_POSITION, _POSITION, 0.2, _WHITE)
        case "xh" | "xh-hole" | "xh-corner" | "xh-blank":
            space = _space(_POSITION, (0.5, 0.5), 0.3, _VIVID)
        case "rg" | "rg-hole" | "rg-corner":
            colours = {"red": _CHANNEL, "green": _CHANNEL, "blue": (1.0, 1.0)}
            space = _space((0.5, 0.5), (0.5, 0.5), 0.5, colours)
        case "xyh-small":
            space = _space(_POSITION, _POSITION, 0.1, _VIVID)
        case "xyh-tiny":
            space = _space(_POSITION, _POSITION, 0.075, _VIVID)
        case _:
            raise SbvaeError(f"there are no {preset} circles; see `sbvae gen-data circles --help`")
    if preset.endswith("-hole"):
        return customise(space, holes=[_part_of_varying(space, 0.25, 0.75)])
    if preset.endswith("-corner"):
        return customise(space, holes=[_part_of_varying(space, 0.5, 1.0)])
    return customise(space, blank=0.5) if preset.endswith("-blank") else space


def _space(x: Interval, y: Interval, size: float, colours: Mapping[str, Interval]) -> SpaceConfig:
    ranges: dict[str, Interval] = {"x": x, "y": y, "diameter": (size, size), **colours}
    factors = tuple(
        FactorConfig(
            name=name,
            unit=_UNITS.get(name, ""),
            low=low,
            high=high,
            period=1.0 if name == "hue" else None,
        )
        for name, (low, high) in ranges.items()
    )
    return SpaceConfig(renderer="circles", factors=factors)


def _part_of_varying(space: SpaceConfig, start: float, end: float) -> dict[str, Interval]:
    """The same part of each varying range; rounded so that the file says 0.35, not 0.35000...03."""
    part = {}
    for factor in space.factors:
        low, high = factor.bounds
        if low < high:
            width = high - low
            part[factor.name] = (round(low + start * width, 12), round(low + end * width, 12))
    return part


def customise(
    space: SpaceConfig,
    *,
    ranges: Mapping[str, Interval] | None = None,
    holes: Sequence[Mapping[str, Interval]] = (),
    correlations: Sequence[CorrelationConfig] = (),
    blank: float | None = None,
) -> SpaceConfig:
    """The same space with other ranges, more held-out regions, or another share of blanks.

    Args:
        space: Where to start; its held-out regions and correlations stay.
        ranges: New range of each named factor, in the factor's unit; equal ends make it constant.
            A factor of levels keeps those within the range.
        holes: Regions to hold out, each the product of intervals of the named factors.
        correlations: Pairs of factors that depend on each other.
        blank: Share of images without an object, in [0, 1); None leaves it as it is.

    Raises:
        SbvaeError: If a name is unknown, an interval is empty, a region lies outside of the space,
            or the share is not in [0, 1).
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


def _narrowed(factor: FactorConfig, low: float, high: float) -> FactorConfig:
    if factor.levels is None:
        return factor.model_copy(update={"low": low, "high": high})
    ordered = sorted(factor.levels)
    gaps = [b - a for a, b in itertools.pairwise(ordered)]
    near = 0.01 * min(gaps, default=0.0) + 1e-9  # as far as `info` rounds what it prints
    levels = tuple(level for level in factor.levels if low - near <= level <= high + near)
    if not levels:
        named = [f"{level:g} {factor.name_of(level) or ''}".strip() for level in factor.levels[:8]]
        shown = ", ".join(named)
        more = ", ..." if len(factor.levels) > 8 else ""
        found = f"{factor.name} = {low:g}..{high:g}" if low < high else f"{factor.name} = {low:g}"
        raise SbvaeError(f"{found} has none of its levels {shown}{more}")
    if low < ordered[0] - near or high > ordered[-1] + near:
        raise SbvaeError(
            f"{factor.name} = {low:g}..{high:g} lies outside of its levels, "
            f"{ordered[0]:g}..{ordered[-1]:g}"
        )
    names = tuple(name for name in map(factor.name_of, levels) if name is not None) or None
    return factor.model_copy(update={"levels": levels, "level_names": names})


def check_circles(space: SpaceConfig) -> None:
    """Check that circles can be drawn from a space.

    A disc may be cut by the frame, but its centre lies within it.

    Args:
        space: Positions must lie in [0, 1], diameters in (0, 1] frame widths, colours in [0, 1];
            a hue may lie anywhere but its range spans at most one turn.

    Raises:
        SbvaeError: If a factor is missing or outside of these limits.
    """
    colours = HSV if "hue" in space.names else RGB
    missing = [name for name in ("x", "y", "diameter", *colours) if name not in space.names]
    if missing:
        raise SbvaeError(f"circles need a factor {missing[0]}; there are {', '.join(space.names)}")
    for factor in space.factors:
        low, high = factor.bounds
        found = f"{factor.name} = {low:g}..{high:g}" if low < high else f"{factor.name} = {low:g}"
        if factor.name == "hue":
            if high - low > 1 + 1e-9:
                raise SbvaeError(f"{found} spans more than one turn; choose at most 1")
        elif factor.name == "diameter":
            if not 0 < low <= high <= 1:
                raise SbvaeError(f"{found} is outside of (0, 1] frame widths")
        elif factor.name in ("x", "y"):
            if not 0 <= low <= high <= 1:
                raise SbvaeError(f"{found} lies outside of the frame; choose within 0..1")
        elif not 0 <= low <= high <= 1:
            raise SbvaeError(f"{found} is outside of 0..1")


def parse_value(text: str, factor: FactorConfig | None = None) -> float:
    """Read a number, or the name of one of a factor's levels.

    Raises:
        SbvaeError: If it is neither.
    """
    level = factor.level_of(text) if factor else None
    if level is not None:
        return level
    try:
        return float(text)
    except ValueError:
        if factor and factor.level_names:
            raise unknown_name(text, factor.level_names, factor.name) from None
        raise SbvaeError(f"{text!r} is not a number") from None


def parse_interval(text: str, factor: FactorConfig | None = None) -> Interval:
    """Read `0.2..0.8` as (0.2, 0.8), and `0.2` as (0.2, 0.2).

    Args:
        text: What a user wrote.
        factor: Whose levels may be written by their names.

    Raises:
        SbvaeError: If these are not finite numbers, or the lower end is not written first.
    """
    low, dots, high = text.partition("..")
    if factor and factor.level_of(text) is not None:  # a name may have dots
        low, dots = text, ""
    try:
        ends = parse_value(low, factor), parse_value(high if dots else low, factor)
    except SbvaeError:
        if factor and factor.level_names:
            raise
        raise SbvaeError(f"{text!r} is not a number or a range such as 0.2..0.8") from None
    if not all(math.isfinite(end) for end in ends):
        raise SbvaeError(f"{text!r} is not finite; write a range such as 0.2..0.8")
    if ends[0] > ends[1]:
        raise SbvaeError(f"{text!r} is empty; write the lower end first")
    return ends


def parse_assignments(text: str, factors: Sequence[FactorConfig] = ()) -> dict[str, Interval]:
    """Read `x=0.35..0.65,y=0.5` as {"x": (0.35, 0.65), "y": (0.5, 0.5)}.

    Args:
        text: What a user wrote.
        factors: Whose levels may be written by their names, as `shape=heart`.

    Raises:
        SbvaeError: If a part is not NAME=RANGE, or a name stands there twice.
    """
    known = {factor.name: factor for factor in factors}
    assignments: dict[str, Interval] = {}
    for part in text.split(","):
        name, equals, interval = (piece.strip() for piece in part.partition("="))
        if not equals or not name:
            raise SbvaeError(f"{part.strip()!r} is not NAME=RANGE, such as x=0.2..0.8")
        if name in assignments:
            raise SbvaeError(f"{text!r} names {name} twice")
        assignments[name] = parse_interval(interval, known.get(name))
    return assignments


def parse_correlation(text: str) -> CorrelationConfig:
    """Read `x,y=0.2`: two factors, and the std of the Gaussian in their scaled difference.

    Raises:
        SbvaeError: If it is not two different names and a positive number.
    """
    names, equals, number = text.partition("=")
    pair = [name.strip() for name in names.split(",")]
    try:
        std = float(number) if equals else 0.0
    except ValueError:
        std = 0.0
    if 0 < std < LEAST_STD:
        raise SbvaeError(
            f"{text!r}: two factors that close are one; give a std of {LEAST_STD:g} or more"
        )
    if len(pair) != 2 or not all(pair) or not (math.isfinite(std) and std > 0):
        raise SbvaeError(f"{text!r} is not NAME,NAME=STD, such as x,y=0.2")
    if pair[0] == pair[1]:
        raise SbvaeError(f"{text!r}: a correlation needs two factors, found {pair[0]} twice")
    return CorrelationConfig(factors=(pair[0], pair[1]), std=std)


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


def _require_inside(region: Mapping[str, Interval], factors: Mapping[str, FactorConfig]) -> None:
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
            raise SbvaeError(f"the hole at {name} = {low:g}..{high:g} has none of its levels in it")
