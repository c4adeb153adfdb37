"""Define the configuration of a factor space, as in HDF5 attributes, checkpoints and YAML."""

from collections import Counter
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from sbvae_cli.config.frozen import Frozen
from sbvae_cli.config.names import FactorDtype
from sbvae_cli.errors import unknown_name

Finite = Annotated[float, Field(allow_inf_nan=False)]
Range = tuple[Finite, Finite]
LARGEST_SINGLE = 3.4e38  # largest magnitude of a float32
MIN_STD = 1e-3  # smallest std of a correlation: below, the two factors would be one


class FactorConfig(Frozen):
    """Factor of variation, uniform over a range or over levels.

    A constant factor has a range with equal ends. With a `period` (1 for a hue in turns), the
    factor is circular if its range or its levels cover the whole period. `level_names` are words
    for the levels, in the same order, such as square, ellipse, heart.
    """

    name: str = Field(min_length=1)
    kind: Literal["continuous", "discrete"] = "continuous"
    unit: str = ""
    low: Finite | None = None
    high: Finite | None = None
    levels: tuple[Finite, ...] | None = None
    level_names: tuple[str, ...] | None = None
    period: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.kind == "discrete":
            if not self.levels or self.low is not None or self.high is not None:
                raise ValueError(f"discrete factor {self.name} needs levels, not low and high")
            if len(set(self.levels)) < len(self.levels):
                raise ValueError(f"discrete factor {self.name} has a level twice")
        elif self.low is None or self.high is None or self.levels is not None:
            raise ValueError(f"continuous factor {self.name} needs low and high, not levels")
        elif self.low > self.high:
            found = f"{self.name} = {self.low:g}..{self.high:g}"
            raise ValueError(f"{found} is empty; write the lower end first")
        self._check_level_names()
        return self

    def _check_level_names(self) -> None:
        if self.level_names is None:
            return
        found = f"level_names of {self.name} are {len(self.level_names)}"
        if len(self.level_names) != len(self.levels or ()):
            raise ValueError(f"{found}, its levels {len(self.levels or ())}; name each once")
        for name in self.level_names:
            if not name or name != name.strip() or not name.isprintable():
                raise ValueError(f"{self.name} has a level called {name!r}; write a word")
        twice = [name for name, count in Counter(self.level_names).items() if count > 1]
        if twice:
            raise ValueError(f"level_names of {self.name} has {twice[0]} twice")

    def name_of(self, value: float) -> str | None:
        """Return the name of the level nearest to a value; None if levels have no names."""
        if self.levels is None or self.level_names is None:
            return None
        distances = [abs(level - value) for level in self.levels]
        return self.level_names[distances.index(min(distances))]

    def level_of(self, name: str) -> float | None:
        """Return the level of this name; None if there is none."""
        if self.levels is None or name not in (self.level_names or ()):
            return None
        return dict(zip(self.level_names or (), self.levels, strict=True))[name]

    @property
    def varies(self) -> bool:
        """Whether the factor takes more than one value."""
        return len(self.levels) > 1 if self.levels else self.low != self.high

    @property
    def bounds(self) -> Range:
        """Smallest and largest value."""
        if self.levels:
            return min(self.levels), max(self.levels)
        if self.low is None or self.high is None:
            raise ValueError(f"{self.name} has neither a range nor levels")
        return self.low, self.high

    @property
    def circular(self) -> bool:
        """Whether the range covers the whole period, so that its two ends are the same setting."""
        low, high = self.bounds
        if self.period is None or not self.varies:
            return False
        if self.levels:  # tolerates levels that were rounded in file names
            return (high - low) * (1 + 1 / (len(self.levels) - 1)) >= 0.99 * self.period
        return high - low >= self.period * (1 - 1e-9)

    def facts(self) -> dict[str, Any]:
        """Return all fields and derived properties in plain containers."""
        low, high = self.bounds
        return {
            "name": self.name,
            "kind": self.kind,
            "unit": self.unit,
            "low": low,
            "high": high,
            "levels": list(self.levels) if self.levels else None,
            "level_names": list(self.level_names) if self.level_names else None,
            "varies": self.varies,
            "circular": self.circular,
        }


class CorrelationConfig(Frozen):
    """Correlation of two factors in training.

    Their density is a Gaussian of their difference, after scaling each to [0, 1] by its range.

    Attributes:
        factors: Names of the two factors.
        std: Std of the Gaussian; a smaller std is a stronger correlation.
    """

    factors: tuple[str, str]
    std: float = Field(ge=MIN_STD, allow_inf_nan=False)


class SpaceConfig(Frozen):
    """Product of factors, with held-out regions, correlations and blank images.

    Attributes:
        renderer: Name of the renderer of its images, from `catalogue.RENDERERS`; None if only
            stored images exist.
        factors: Factors in the order of the columns; the last is `present` if `blank` > 0.
        held_out: Regions left out of training, each the product of ranges of the named factors.
        correlated: Correlations of pairs of factors in training.
        blank: Share of training images that show no object, in [0, 1).
        online: Names of factors that no file stores (the colours of sprites): they are sampled,
            and applied to the stored image, whenever it is read.
        complete_grid: Whether the file's rows are all combinations of levels, the last factor
            varying fastest, so that the row of any combination is known.
        dtype: Type of the rows of factors: "float64" if "float32" would merge some values.
    """

    renderer: str | None = None
    factors: tuple[FactorConfig, ...] = ()
    held_out: tuple[dict[str, Range], ...] = ()
    correlated: tuple[CorrelationConfig, ...] = ()
    blank: float = Field(default=0.0, ge=0.0, lt=1.0)
    online: tuple[str, ...] = ()
    complete_grid: bool = False
    dtype: FactorDtype = "float32"

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [factor.name for factor in self.factors]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"factor {twice[0]} is named twice")
        if (self.blank > 0) != (names[-1:] == ["present"]) or "present" in names[:-1]:
            raise ValueError("present is the last factor if images may be blank, else no factor")
        for region in self.held_out:
            for name, (low, high) in region.items():
                if name not in names:
                    raise ValueError(f"held-out factor {name} is not one of {', '.join(names)}")
                levels = self.factors[names.index(name)].levels
                if not (low <= high if levels else low < high):
                    found = f"held-out {name} = {low:g}..{high:g}"
                    raise ValueError(f"{found} is empty; write the lower end first")
            if not region:
                raise ValueError("a held-out region names at least one factor")
        self._check_correlations()
        self._check_online()
        self._check_precision()
        return self

    def _check_precision(self) -> None:
        for factor in self.factors if self.dtype == "float32" else ():
            furthest = max(map(abs, factor.bounds))
            if furthest > LARGEST_SINGLE:
                raise ValueError(
                    f"{factor.name} reaches {furthest:.3g}, more than float32 holds; scale it, or "
                    "write dtype: float64"
                )

    def _check_correlations(self) -> None:
        for pair in self.correlated:
            first, second = pair.factors
            for name in pair.factors:
                if name not in self.varying:
                    found = ", ".join(self.varying) or "none"
                    raise ValueError(f"correlated factor {name} does not vary; there are {found}")
            if first == second:
                raise ValueError(f"a correlation needs two factors, found {first} twice")

    def _check_online(self) -> None:
        unknown = [name for name in self.online if name not in self.names]
        if unknown:
            raise ValueError(f"online factor {unknown[0]} is not one of {', '.join(self.names)}")
        groups = [set(region) for region in self.held_out]
        groups += [set(pair.factors) for pair in self.correlated]
        for names in groups:
            drawn = names & set(self.online)
            if drawn and drawn != names:
                stored = sorted(names - drawn)[0]
                raise ValueError(
                    f"{sorted(drawn)[0]} is drawn when a stored image is read, {stored} is stored; "
                    "hold out or correlate them separately, or train without a file"
                )

    @property
    def can_render(self) -> bool:
        """Whether there is an image of any combination of factors, rendered or in the file."""
        return self.renderer is not None or self.complete_grid

    @property
    def has_grids(self) -> bool:
        """Whether there are images on a grid of two varying factors, as geometry scores need."""
        return self.can_render and len(self.varying) > 1

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the factors, in the order of the columns."""
        return tuple(factor.name for factor in self.factors)

    def factor(self, name: str) -> FactorConfig:
        """Return the factor of this name.

        Raises:
            SbvaeError: If the name is unknown; the message suggests the closest name.
        """
        if name not in self.names:
            raise unknown_name(name, self.names)
        return self.factors[self.names.index(name)]

    @property
    def stored(self) -> tuple[str, ...]:
        """Names of the factors that are stored as columns of a dataset file."""
        return tuple(name for name in self.names if name not in self.online)

    @property
    def varying(self) -> tuple[str, ...]:
        """Names of the factors that vary, excluding `present`."""
        return tuple(f.name for f in self.factors if f.varies and f.name != "present")
