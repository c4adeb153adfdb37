"""Factor spaces of the paper's other datasets (A.3), and what each renderer can draw."""

import math
from collections.abc import Mapping

from sbvae_cli.config.names import Renderer
from sbvae_cli.config.space import FactorConfig, Interval, SpaceConfig
from sbvae_cli.config.spaces import HSV, RGB, check_circles, circles_space
from sbvae_cli.errors import SbvaeError

Levels = Mapping[str, tuple[float, ...]]
Names = Mapping[str, tuple[str, ...]]


def evenly(low: float, high: float, count: int) -> tuple[float, ...]:
    """Levels from `low` to `high`, both included; rounded so that a file says 0.6."""
    return tuple(round(low + (high - low) * i / (count - 1), 12) for i in range(count))


# dSprites; both ends of the orientation look the same.
SPRITES_LEVELS: Levels = {
    "shape": (1.0, 2.0, 3.0),
    "scale": evenly(0.5, 1.0, 6),
    "orientation": evenly(0.0, 2 * math.pi, 40),
    "x": evenly(0.0, 1.0, 32),
    "y": evenly(0.0, 1.0, 32),
}
SPRITES_NAMES: Names = {"shape": ("square", "ellipse", "heart")}
# 3D Shapes.
ROOM_LEVELS: Levels = {
    "floor_hue": evenly(0.0, 0.9, 10),
    "wall_hue": evenly(0.0, 0.9, 10),
    "object_hue": evenly(0.0, 0.9, 10),
    "scale": evenly(0.75, 1.25, 8),
    "shape": (0.0, 1.0, 2.0, 3.0),
    "orientation": evenly(-30.0, 30.0, 15),
}
ROOM_NAMES: Names = {"shape": ("cube", "cylinder", "sphere", "pill")}

# Chairs: 62 views as in the public renders; sizes in shorter sides of the frame.
CHAIRS_LEVELS: Levels = {
    "back_style": (0.0, 1.0, 2.0),
    "leg_style": (0.0, 1.0, 2.0),
    "arms": (0.0, 1.0),
    "elevation": (20.0, 30.0),
    "azimuth": evenly(0.0, 360 * 30 / 31, 31),
}
CHAIRS_NAMES: Names = {
    "back_style": ("solid", "slats", "ladder"),
    "leg_style": ("legs", "pedestal", "panels"),
    "arms": ("no", "yes"),
}
CHAIRS_RANGES: Mapping[str, Interval] = {
    "seat_width": (0.36, 0.5),
    "seat_depth": (0.34, 0.46),
    "leg_height": (0.18, 0.28),
    "back_height": (0.2, 0.33),
}

_UNITS = {
    "orientation": "degree",
    "azimuth": "degree",
    "elevation": "degree",
    "x": "share of its range",
    "y": "share of its range",
}
_HUES = ("hue", "floor_hue", "wall_hue", "object_hue")


def sprites_space() -> SpaceConfig:
    """Colored sprites: the dSprites grid, in colours of Section A.3."""
    colours = {"hue": (0.0, 1.0), "saturation": (0.3, 0.7), "value": (0.3, 0.7)}
    levels = [
        discrete(name, values, "radian" if name == "orientation" else None, SPRITES_NAMES)
        for name, values in SPRITES_LEVELS.items()
    ]
    ranges = [
        FactorConfig(
            name=name,
            unit="turn" if name == "hue" else "",
            low=low,
            high=high,
            period=1.0 if name == "hue" else None,
        )
        for name, (low, high) in colours.items()
    ]
    return SpaceConfig(renderer="sprites", factors=(*levels, *ranges))


def room_space() -> SpaceConfig:
    """3D Object-in-Room: the grid of 3D Shapes (Section A.3)."""
    return SpaceConfig(renderer="room", factors=_grid(ROOM_LEVELS, ROOM_NAMES))


def chairs_space() -> SpaceConfig:
    """Chairs (Section A.3) of parts in many proportions, seen from 62 sides."""
    ranges = [
        FactorConfig(name=name, unit="frame side", low=low, high=high)
        for name, (low, high) in CHAIRS_RANGES.items()
    ]
    levels = _grid(CHAIRS_LEVELS, CHAIRS_NAMES)
    return SpaceConfig(renderer="chairs", factors=(*ranges, *levels))


def _grid(levels: Levels, names: Names) -> tuple[FactorConfig, ...]:
    return tuple(discrete(name, values, level_names=names) for name, values in levels.items())


def discrete(
    name: str,
    levels: tuple[float, ...],
    unit: str | None = None,
    level_names: Names | None = None,
) -> FactorConfig:
    """A factor of levels, in the unit that its name has, and with its names of levels if any."""
    if unit is None:
        unit = "turn" if name in _HUES else _UNITS.get(name, "")
    periods = {"azimuth": 360.0, "radian": 2 * math.pi, **dict.fromkeys(_HUES, 1.0)}
    period = periods.get("radian" if unit == "radian" else name)
    return FactorConfig(
        name=name,
        kind="discrete",
        unit=unit,
        levels=levels,
        level_names=(level_names or {}).get(name),
        period=period,
    )


def dataset_space(renderer: Renderer) -> SpaceConfig:
    """The space that a renderer draws unless told otherwise."""
    match renderer:
        case "circles":
            return circles_space("xy")
        case "sprites":
            return sprites_space()
        case "room":
            return room_space()
        case "chairs":
            return chairs_space()


# What a renderer can draw of each factor: a range, levels and no others, or None for any number.
_LIMITS: dict[Renderer, dict[str, tuple[float, float] | set[float] | None]] = {
    "sprites": {
        "shape": {1.0, 2.0, 3.0},
        "scale": (0.1, 1.0),
        "orientation": None,
        "x": (0.0, 1.0),
        "y": (0.0, 1.0),
    },
    "room": {
        "floor_hue": None,
        "wall_hue": None,
        "object_hue": None,
        "scale": (0.5, 1.25),
        "shape": {0.0, 1.0, 2.0, 3.0},
        "orientation": (-30.0, 30.0),
    },
    "chairs": {
        **CHAIRS_RANGES,
        **{name: set(CHAIRS_LEVELS[name]) for name in ("back_style", "leg_style", "arms")},
        "elevation": (20.0, 30.0),
        "azimuth": None,
    },
}


def check_space(space: SpaceConfig) -> None:
    """Check that a space's renderer can draw all of it.

    Raises:
        SbvaeError: If a factor is missing or outside of what can be drawn.
    """
    if space.renderer is None:
        return
    if space.renderer == "circles":
        check_circles(space)
        return
    limits = dict(_LIMITS[space.renderer])
    if space.renderer == "sprites":
        limits |= dict.fromkeys(HSV if "hue" in space.names else RGB, (0.0, 1.0))
        limits |= {"hue": None} if "hue" in space.names else {}
    for name, limit in limits.items():
        if name not in space.names:
            found = ", ".join(space.names) or "none"
            raise SbvaeError(f"{space.renderer}: need a factor {name}; there are {found}")
        _check_limit(space.factors[space.names.index(name)], limit)


def _check_limit(factor: FactorConfig, limit: tuple[float, float] | set[float] | None) -> None:
    low, high = factor.bounds
    found = f"{factor.name} = {low:g}..{high:g}" if low < high else f"{factor.name} = {low:g}"
    if isinstance(limit, set):
        drawn = ", ".join(f"{level:g}" for level in sorted(limit))
        if not set(factor.levels or (low, high if low == high else math.nan)) <= limit:
            raise SbvaeError(f"{found}: {factor.name} is one of {drawn}")
    elif limit and not (limit[0] <= low and high <= limit[1]):
        raise SbvaeError(f"{found} is outside of {limit[0]:g}..{limit[1]:g}")
