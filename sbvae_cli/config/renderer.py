"""What the record of a renderer says; the records stand in `catalogue.py`."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sbvae_cli.config.names import PaperDataset
from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.errors import SbvaeError

HSV = ("hue", "saturation", "value")
RGB = ("red", "green", "blue")


def has_colours(space: SpaceConfig) -> bool:
    """Whether a space has any factor of colour."""
    return not {*HSV, *RGB}.isdisjoint(space.names)


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


@dataclass(frozen=True)
class Renderer:
    """One renderer: what it draws, and how the paper trains on it, if it does.

    Attributes:
        name: The word that the command line, spaces in files, and the table of functions have.
        spaces: Spaces by the name of the dataset; the first is drawn unless told otherwise.
        limits: What can be drawn of each factor that it needs.
        channels: Channels of an image: 1 for grey, 3 for colour.
        colourless: Whether it also draws spaces without colours: white on black, in one channel.
        paper: The dataset of the paper whose settings a model of its images begins with; None
            where the paper has none like it, and they are those for circles.
        public: Names of imports of the public dataset that it resembles.
    """

    name: str
    spaces: Mapping[str, SpaceConfig]
    limits: Mapping[str, Limit]
    channels: int
    colourless: bool = False
    paper: PaperDataset | None = None
    public: tuple[str, ...] = ()

    @property
    def space(self) -> SpaceConfig:
        """The space that it draws unless told otherwise."""
        return next(iter(self.spaces.values()))

    def channels_of(self, space: SpaceConfig) -> int:
        """Channels of the images of a space: 1 where it has no colours and needs none."""
        return 1 if self.colourless and not has_colours(space) else self.channels

    def check(self, space: SpaceConfig) -> None:
        """Check that all of a space can be drawn.

        Args:
            space: A space; of colours it has either hue, saturation and value or the other three,
                or none where the renderer needs none.

        Raises:
            SbvaeError: If a factor is missing or outside of what can be drawn.
        """
        other_colours: tuple[str, ...] = RGB if "hue" in space.names else HSV
        if self.colourless and not has_colours(space):
            other_colours = (*HSV, *RGB)
        for name, limit in self.limits.items():
            if name in other_colours:
                continue
            if name not in space.names:
                found = ", ".join(space.names) or "none"
                raise SbvaeError(f"{self.name}: need a factor {name}; there are {found}")
            limit.check(space.factor(name))
