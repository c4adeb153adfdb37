"""Table of renderers: the named spaces, limits and other facts of each.

A new rendered dataset needs changes in these places, which tests compare:

- a record in `RENDERERS` here; its `paper` is None unless the paper trains on it,
- a file in `data/renderers/` with its function, and a line in the table there,
- `DRAWN` in `names.py`, which the help shows without loading this table,
- a command in `cli/gen_data.py`,
- the table of datasets in COMMANDS.md.
"""

import math
from collections.abc import Mapping, Sequence

from sbvae_cli.config.edit_space import customise
from sbvae_cli.config.renderer import HSV, RGB, Limit, Renderer
from sbvae_cli.config.space import FactorConfig, Range, SpaceConfig
from sbvae_cli.errors import unknown_name

_UNIT = Limit(0.0, 1.0)
_COLOURS = dict.fromkeys((*HSV, *RGB), _UNIT)


def evenly(low: float, high: float, count: int) -> tuple[float, ...]:
    """Return `count` levels from `low` to `high` inclusive, rounded so that files show 0.6."""
    return tuple(round(low + (high - low) * i / (count - 1), 12) for i in range(count))


def _range(name: str, low: float, high: float, unit: str = "") -> FactorConfig:
    if name == "hue":
        return FactorConfig(name=name, unit="turn", low=low, high=high, period=1.0)
    return FactorConfig(name=name, unit=unit, low=low, high=high)


def _levels(
    name: str, levels: tuple[float, ...], unit: str = "", period: float | None = None
) -> FactorConfig:
    return FactorConfig(name=name, kind="discrete", unit=unit, levels=levels, period=period)


def _kinds(name: str, *words: str, first: float = 0.0) -> FactorConfig:
    levels = tuple(first + i for i in range(len(words)))
    return FactorConfig(name=name, kind="discrete", levels=levels, level_names=words)


def _disc(
    x: Range, y: Range, diameter: float, names: tuple[str, ...], colours: Sequence[Range]
) -> SpaceConfig:
    return SpaceConfig(
        renderer="circles",
        factors=(
            _range("x", *x, "frame width"),
            _range("y", *y, "frame height"),
            _range("diameter", diameter, diameter, "frame width"),
            *(_range(name, *ends) for name, ends in zip(names, colours, strict=True)),
        ),
    )


def _part(space: SpaceConfig, start: float, end: float) -> SpaceConfig:
    """Hold out the region from share `start` to `end` of each varying range (Appendix A.3)."""
    hole = {}
    for factor in space.factors:
        low, high = factor.bounds
        if low < high:  # rounded so that files show 0.35, not 0.35000...03
            width = high - low
            hole[factor.name] = (round(low + start * width, 12), round(low + end * width, 12))
    return customise(space, holes=[hole])


def _circles() -> dict[str, SpaceConfig]:
    """Return the spaces of Table 3, their -hole and -corner versions, and one with blank images."""
    wide, middle, one = (0.2, 0.8), (0.5, 0.5), (1.0, 1.0)
    vivid = (wide, one, one)
    spaces = {
        "xy": _disc(wide, wide, 0.2, RGB, (one, one, one)),
        "xh": _disc(wide, middle, 0.3, HSV, vivid),
        "rg": _disc(middle, middle, 0.5, RGB, ((0.4, 0.8), (0.4, 0.8), one)),
        "xyh-small": _disc(wide, wide, 0.1, HSV, vivid),
        "xyh-tiny": _disc(wide, wide, 0.075, HSV, vivid),
    }
    for name in ("xy", "xh", "rg"):
        spaces[f"{name}-hole"] = _part(spaces[name], 0.25, 0.75)
        spaces[f"{name}-corner"] = _part(spaces[name], 0.5, 1.0)
    spaces["xh-blank"] = customise(spaces["xh"], blank=0.5)  # Appendix G
    return spaces


def _sprites() -> SpaceConfig:
    """Return the dSprites grid in colours (A.3); its first and last orientation are equal."""
    turn = 2 * math.pi
    return SpaceConfig(
        renderer="sprites",
        factors=(
            _kinds("shape", "square", "ellipse", "heart", first=1.0),
            _levels("scale", evenly(0.5, 1.0, 6)),
            _levels("orientation", evenly(0.0, turn, 40), "radian", turn),
            _levels("x", evenly(0.0, 1.0, 32), "share of its range"),
            _levels("y", evenly(0.0, 1.0, 32), "share of its range"),
            _range("hue", 0.0, 1.0),
            _range("saturation", 0.3, 0.7),
            _range("value", 0.3, 0.7),
        ),
    )


def _room() -> SpaceConfig:
    """Return the grid of 3D Shapes (A.3)."""
    hues = evenly(0.0, 0.9, 10)
    return SpaceConfig(
        renderer="room",
        factors=(
            _levels("floor_hue", hues, "turn", 1.0),
            _levels("wall_hue", hues, "turn", 1.0),
            _levels("object_hue", hues, "turn", 1.0),
            _levels("scale", evenly(0.75, 1.25, 8)),
            _kinds("shape", "cube", "cylinder", "sphere", "pill"),
            _levels("orientation", evenly(-30.0, 30.0, 15), "degree"),
        ),
    )


def _chairs() -> SpaceConfig:
    """Return chairs of varying parts and proportions, in the 62 public views (A.3)."""
    return SpaceConfig(
        renderer="chairs",
        factors=(
            _range("seat_width", 0.36, 0.5, "frame side"),
            _range("seat_depth", 0.34, 0.46, "frame side"),
            _range("leg_height", 0.18, 0.28, "frame side"),
            _range("back_height", 0.2, 0.33, "frame side"),
            _kinds("back_style", "solid", "slats", "ladder"),
            _kinds("leg_style", "legs", "pedestal", "panels"),
            _kinds("arms", "no", "yes"),
            _levels("elevation", (20.0, 30.0), "degree"),
            _levels("azimuth", evenly(0.0, 360 * 30 / 31, 31), "degree", 360.0),
        ),
    )


def _as_in(space: SpaceConfig) -> dict[str, Limit]:
    """Return limits that are equal to the ranges and levels of a space."""
    return {
        factor.name: Limit(levels=factor.levels) if factor.levels else Limit(*factor.bounds)
        for factor in space.factors
    }


RENDERERS: Mapping[str, Renderer] = {
    record.name: record
    for record in (
        Renderer(
            name="circles",
            spaces=_circles(),
            limits={
                "x": _UNIT,
                "y": _UNIT,
                "diameter": Limit(0.0, 1.0, above=True),
                **_COLOURS,
                "hue": Limit(span=1.0),
            },
            channels=3,
            paper="circles",
        ),
        Renderer(
            name="sprites",
            spaces={"sprites": _sprites()},
            limits={
                "shape": Limit(levels=(1.0, 2.0, 3.0)),
                "scale": Limit(0.1, 1.0),
                "orientation": Limit(),
                "x": _UNIT,
                "y": _UNIT,
                **_COLOURS,
                "hue": Limit(),
            },
            channels=3,
            colourless=True,
            paper="sprites",
            public=("dsprites", "dsprites-gray"),
        ),
        Renderer(
            name="room",
            spaces={"room": _room()},
            limits={
                "floor_hue": Limit(),
                "wall_hue": Limit(),
                "object_hue": Limit(),
                "scale": Limit(0.5, 1.25),
                "shape": Limit(levels=(0.0, 1.0, 2.0, 3.0)),
                "orientation": Limit(-30.0, 30.0),
            },
            channels=3,
            paper="room",
            public=("3dshapes",),
        ),
        Renderer(
            name="chairs",
            spaces={"chairs": _chairs()},
            limits={**_as_in(_chairs()), "elevation": Limit(20.0, 30.0), "azimuth": Limit()},
            channels=1,
            paper="chairs",
            public=("rendered-chairs",),
        ),
    )
}


def renderer_of(space: SpaceConfig) -> Renderer | None:
    """Return the record of a space's renderer; None if it has no renderer.

    Raises:
        SbvaeError: If the renderer's name is unknown.
    """
    if space.renderer is not None and space.renderer not in RENDERERS:
        raise unknown_name(space.renderer, RENDERERS, "renderer")
    return RENDERERS[space.renderer] if space.renderer is not None else None


def check_space(space: SpaceConfig) -> None:
    """Check that a space's renderer, if it has one, can render the whole space.

    Raises:
        SbvaeError: If a factor is missing, or has values that the renderer cannot render.
    """
    record = renderer_of(space)
    if record is not None:
        record.check(space)


def with_levels(space: SpaceConfig, name: str, levels: tuple[float, ...]) -> FactorConfig:
    """Return a space's factor with the levels of a public file, or a new factor if it has none.

    The names of levels are kept only if the levels are equal to those of the space.
    """
    known = {factor.name: factor for factor in space.factors}
    ours = known.get(name, FactorConfig(name=name, low=0.0, high=0.0))
    return FactorConfig(
        name=name,
        kind="discrete",
        unit=ours.unit,
        levels=levels,
        level_names=ours.level_names if levels == ours.levels else None,
        period=ours.period,
    )
