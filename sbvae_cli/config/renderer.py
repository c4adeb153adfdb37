"""Define the record of a renderer; the records themselves are in `catalogue.py`."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sbvae_cli.config.names import PaperDataset
from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.errors import SbvaeError

HSV = ("hue", "saturation", "value")
RGB = ("red", "green", "blue")


def has_colours(space: SpaceConfig) -> bool:
    """Return whether a space has any colour factor."""
    return not {*HSV, *RGB}.isdisjoint(space.names)


@dataclass(frozen=True)
class Limit:
    """Values of a factor that a renderer can render; by default any number.

    Attributes:
        low: Smallest value.
        high: Largest value.
        above: Whether values must be greater than `low`.
        span: Largest width of a range, in the factor's unit.
        levels: Only possible values; None allows all from `low` to `high`.
    """

    low: float = -math.inf
    high: float = math.inf
    above: bool = False
    span: float = math.inf
    levels: tuple[float, ...] | None = None

    def check(self, factor: FactorConfig) -> None:
        """Check that all values of a factor can be rendered.

        Raises:
            SbvaeError: If some values cannot be rendered.
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
    """Record of a renderer.

    Attributes:
        name: Name in the command line, in spaces of files and in the table of functions.
        spaces: Spaces by the name of the dataset; the first is the default.
        limits: Limits of each factor that it needs, by name.
        channels: Number of channels of an image: 1 for grey, 3 for colour.
        colourless: Whether it also renders spaces without colours, white on black in one channel.
        paper: Dataset of the paper with the settings for training on its images; None if the paper
            has no such dataset, so that the settings are those for circles.
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
        """Default space."""
        return next(iter(self.spaces.values()))

    def channels_of(self, space: SpaceConfig) -> int:
        """Return the number of channels of a space's images: 1 for a space without colours."""
        return 1 if self.colourless and not has_colours(space) else self.channels

    def check(self, space: SpaceConfig) -> None:
        """Check that the whole space can be rendered.

        Args:
            space: Space whose colours are hue, saturation and value, or red, green and blue, or
                none if the renderer is `colourless`.

        Raises:
            SbvaeError: If a factor is missing, or has values that cannot be rendered.
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
