"""What can be drawn: one record for each renderer, with its named spaces and its limits.

A new renderer is one record in `RENDERERS` here, one file in `data/renderers/` with its function,
and one line in the table there.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sbvae_cli.config.edit_space import customise
from sbvae_cli.config.names import PaperDataset
from sbvae_cli.config.space import FactorConfig, Range, SpaceConfig
from sbvae_cli.errors import SbvaeError, unknown_name

HSV = ("hue", "saturation", "value")
RGB = ("red", "green", "blue")


@dataclass(frozen=True)
class Limit:
    """What a renderer can draw of a factor; any number unless told otherwise.

    Attributes:
        low: Smallest value.
        high: Largest value.
        above: Whether only values above `low` can be drawn.
        span: Largest width of a range, in the factor's unit.
        levels: The only values, where they are few.
    """

    low: float = -math.inf
    high: float = math.inf
    above: bool = False
    span: float = math.inf
    levels: tuple[float, ...] | None = None

    def check(self, factor: FactorConfig) -> None:
        """Check that all of a factor can be drawn.

        Raises:
            SbvaeError: If some of it cannot.
        """
        low, high = factor.bounds
        found = f"{factor.name} = {low:g}..{high:g}" if low < high else f"{factor.name} = {low:g}"
        if self.levels is not None:
            taken = factor.levels or ((low,) if low == high else (math.nan,))
            if not set(taken) <= set(self.levels):
                allowed = ", ".join(f"{level:g}" for level in self.levels)
                raise SbvaeError(f"{found}: {factor.name} is one of {allowed}")
        elif low < self.low or high > self.high or (self.above and low == self.low):
            ends = (
                f"({self.low:g}, {self.high:g}]" if self.above else f"{self.low:g}..{self.high:g}"
            )
            raise SbvaeError(f"{found} is outside of {ends}")
        elif high - low > self.span + 1e-9:
            raise SbvaeError(f"{found} spans more than one turn; choose at most {self.span:g}")


UNIT = Limit(0.0, 1.0)
_COLOURS = dict.fromkeys((*HSV, *RGB), UNIT)  # a space has the first three or the others


@dataclass(frozen=True)
class Renderer:
    """One renderer: what it draws, and how the paper trains on it.

    Attributes:
        name: The word that the command line, spaces in files, and the table of functions have.
        spaces: Spaces by the name of the dataset; the first is drawn unless told otherwise.
        limits: What can be drawn of each factor that it needs.
        channels: Channels of an image: 1 for grey, 3 for colour.
        paper: The dataset of the paper whose settings a model of its images begins with.
        public: Name of imports of the public dataset that it resembles.
    """

    name: str
    spaces: Mapping[str, SpaceConfig]
    limits: Mapping[str, Limit]
    channels: int
    paper: PaperDataset
    public: str | None = None

    @property
    def space(self) -> SpaceConfig:
        """The space that it draws unless told otherwise."""
        return next(iter(self.spaces.values()))


def evenly(low: float, high: float, count: int) -> tuple[float, ...]:
    """Levels from `low` to `high`, both included; rounded so that a file says 0.6."""
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
    """The space without the same part of each varying range, a quarter of it (Appendix A.3)."""
    hole = {}
    for factor in space.factors:
        low, high = factor.bounds
        if low < high:  # rounded so that the file says 0.35, not 0.35000...03
            width = high - low
            hole[factor.name] = (round(low + start * width, 12), round(low + end * width, 12))
    return customise(space, holes=[hole])


def _circles() -> dict[str, SpaceConfig]:
    """Table 3; then the middle (-hole) or a corner of it held out, or half of the images blank."""
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
    """The dSprites grid, both ends of whose orientation look the same, in colours (A.3)."""
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
    """The grid of 3D Shapes (A.3)."""
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
    """Chairs of parts in many proportions, from the 62 sides of the public renders (A.3)."""
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
    """Limits that are the ranges and levels of a space themselves."""
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
                "x": UNIT,
                "y": UNIT,
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
                "x": UNIT,
                "y": UNIT,
                **_COLOURS,
                "hue": Limit(),
            },
            channels=3,
            paper="sprites",
            public="dsprites",
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
            public="3dshapes",
        ),
        Renderer(
            name="chairs",
            spaces={"chairs": _chairs()},
            limits={**_as_in(_chairs()), "elevation": Limit(20.0, 30.0), "azimuth": Limit()},
            channels=1,
            paper="chairs",
            public="rendered-chairs",
        ),
    )
}


def renderer_of(space: SpaceConfig) -> Renderer | None:
    """The record of a space's renderer; None where only stored images exist.

    Raises:
        SbvaeError: If there is no renderer of that name.
    """
    if space.renderer is not None and space.renderer not in RENDERERS:
        raise unknown_name(space.renderer, RENDERERS, "renderer")
    return RENDERERS[space.renderer] if space.renderer is not None else None


def check_space(space: SpaceConfig) -> None:
    """Check that a space's renderer can draw all of it.

    Raises:
        SbvaeError: If a factor is missing or outside of what can be drawn.
    """
    record = renderer_of(space)
    if record is None:
        return
    other_colours = RGB if "hue" in space.names else HSV
    for name, limit in record.limits.items():
        if name in other_colours:
            continue
        if name not in space.names:
            found = ", ".join(space.names) or "none"
            raise SbvaeError(f"{record.name}: need a factor {name}; there are {found}")
        limit.check(space.factor(name))


def with_levels(space: SpaceConfig, name: str, levels: tuple[float, ...]) -> FactorConfig:
    """A space's factor at the levels that a public file has of it; a new one where it has none.

    Of other levels than the space's own nobody knows what they show: they have no names.
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
