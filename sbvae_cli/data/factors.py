"""Sample rows of factors from a factor space, scale them, and test them for held-out regions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.names import Population
from sbvae_cli.config.space import FactorConfig, Range, SpaceConfig
from sbvae_cli.data.regions import Part, draw_from, parts_of, union_share, write_region
from sbvae_cli.errors import SbvaeError, unknown_name

FactorRows = NDArray[np.floating]  # float32, or float64 if the space's dtype is float64

_MIN_SHARE = 1e-6  # smallest share of the space that must remain outside of held-out regions
_MAX_PROPOSALS = 1 << 20  # rows per proposal: bounds the memory if little of the space remains


@dataclass(frozen=True)
class FactorSpace:
    """Product of uniform factors, with held-out regions, correlations and blank images.

    Values are compared in the type in which they are stored, so that a value on the edge of a
    held-out region is inside of it.

    Attributes:
        config: Serialisable description; only code that stores or loads a space should use it.

    Raises:
        SbvaeError: If the held-out regions leave less than a millionth of the space.
    """

    config: SpaceConfig

    def __post_init__(self) -> None:
        if 1 - self.held_out_share < _MIN_SHARE:
            regions = " and ".join(map(write_region, self.held_out))
            raise SbvaeError(
                f"the held-out regions leave nothing of the space ({regions}); make them smaller"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, including `present`."""
        return self.config.names

    @property
    def varying(self) -> tuple[str, ...]:
        """Names of the factors that vary, excluding `present`."""
        return self.config.varying

    @property
    def circular(self) -> frozenset[str]:
        """Names of the factors whose range starts and ends at the same image, such as hue."""
        return frozenset(factor.name for factor in self.factors if factor.circular)

    @property
    def stored(self) -> tuple[str, ...]:
        """Names of the factors that are stored as columns of a dataset file."""
        return self.config.stored

    @property
    def online(self) -> tuple[str, ...]:
        """Names of the factors that no file stores; they are sampled whenever an image is read."""
        return self.config.online

    @property
    def factors(self) -> tuple[FactorConfig, ...]:
        """Factors in the order of the columns."""
        return self.config.factors

    @property
    def held_out(self) -> tuple[dict[str, Range], ...]:
        """Held-out regions, each the product of closed ranges of the named factors."""
        return self.config.held_out

    @property
    def blank(self) -> float:
        """Share of training images that show no object, in [0, 1)."""
        return self.config.blank

    @property
    def renderer(self) -> str | None:
        """Name of the renderer of its images; None if only stored images exist."""
        return self.config.renderer

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """Type of rows of factors: float32, or float64 if float32 would merge two values."""
        return np.dtype(self.config.dtype)

    @property
    def complete_grid(self) -> bool:
        """Whether the file's rows are all combinations of levels, the last factor fastest."""
        return self.config.complete_grid

    @property
    def can_render(self) -> bool:
        """Whether there is an image of any combination of factors, rendered or in the file."""
        return self.config.can_render

    def as_dict(self) -> dict[str, Any]:
        """Return the description in plain containers, as in YAML and in checkpoints."""
        return self.config.model_dump(mode="json")

    @property
    def whole(self) -> "FactorSpace":
        """The same factors without held-out regions and correlations."""
        return FactorSpace(self.config.model_copy(update={"held_out": (), "correlated": ()}))

    def factor(self, name: str) -> FactorConfig:
        """Return the factor of this name; raises the same errors as `index`."""
        return self.config.factor(name)

    @cached_property
    def held_out_share(self) -> float:
        """Exact share of the space in [0, 1] that the union of the held-out regions covers."""
        return union_share(self.factors, self.held_out, self.dtype)

    def index(self, name: str) -> int:
        """Return the column number of a factor.

        Raises:
            SbvaeError: If the name is unknown; the message suggests the closest name.
        """
        if name not in self.names:
            raise unknown_name(name, self.names)
        return self.names.index(name)

    def sample(
        self, rng: np.random.Generator, n: int, population: Population = "train"
    ) -> FactorRows:
        """Sample rows of factors, as a pure function of the generator's state.

        Args:
            rng: Random number generator.
            n: Number of rows.
            population: "train" is the training distribution: outside of the held-out regions, with
                correlations and blank rows (all NaN but `present` = 0). "full" is uniform over the
                whole space, "heldout" over the held-out regions; neither has blank rows.

        Returns:
            Shape (n, F).

        Raises:
            SbvaeError: If the population is "heldout" and the space has no held-out region.
        """
        if population == "full":
            return self._uniform(rng, n)
        if population == "heldout":
            return self._sample_heldout(rng, n)
        rows = self.sample_present(rng, n)
        if self.blank > 0:
            blank = rng.random(n) < self.blank
            rows[blank, :-1] = np.nan
            rows[blank, -1] = 0
        return rows

    def held_out_mask(self, factors: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Return which rows are in a held-out region; blank rows are not.

        Args:
            factors: Shape (n, F).

        Returns:
            Shape (n,).
        """
        return np.asarray(np.logical_or.reduce(self._regions_around(factors), axis=0), np.bool_)

    def scaled(self, factors: NDArray[np.floating], names: Sequence[str]) -> NDArray[np.float64]:
        """Scale columns to [0, 1] by the range of each factor, or its period if it is circular.

        A constant factor gives 0.5; a blank row gives NaN.

        Args:
            factors: Shape (n, F).
            names: Names of the columns to return.

        Returns:
            Shape (n, len(names)).
        """
        columns = []
        for name in names:
            factor = self.factor(name)
            low, high = factor.bounds
            column = factors[:, self.index(name)].astype(np.float64)
            # The last level of a circular factor is one step before the first level recurs.
            width = factor.period if factor.period and factor.circular else high - low
            columns.append((column - low) / width if low < high else column * 0 + 0.5)
        return np.stack(columns, 1) if columns else np.empty((len(factors), 0))

    def _uniform(self, rng: np.random.Generator, n: int, region: int | None = None) -> FactorRows:
        """Sample rows uniformly from the whole space, or from one held-out region."""
        rows = np.empty((n, len(self.names)), self.dtype)
        for column, part in enumerate(self._parts[0 if region is None else 1 + region]):
            rows[:, column] = draw_from(part, rng, n)
        return rows

    @cached_property
    def _parts(self) -> list[list[Part]]:
        """Values of each factor in the whole space, followed by those in each held-out region."""
        return [parts_of(self.factors, region, self.dtype) for region in ({}, *self.held_out)]

    def fill_online(self, rng: np.random.Generator, stored: FactorRows) -> FactorRows:
        """Complete rows of stored factors by sampling the online factors, which no file stores.

        Args:
            rng: Random number generator.
            stored: Rows of the factors named by the attribute `stored`, shape (n, S).

        Returns:
            Shape (n, F); blank rows stay NaN.
        """
        if not self.online:
            return stored
        rows = self.sample_present(rng, len(stored))
        rows[:, [self.index(name) for name in self.stored]] = stored
        blank = np.isnan(stored).any(axis=1)
        for name in self.online:
            rows[blank, self.index(name)] = np.nan
        return rows

    def sample_present(
        self, rng: np.random.Generator, n: int, fixed: Mapping[int, float] | None = None
    ) -> FactorRows:
        """Sample rows (n, F) of the training distribution without its blank rows.

        Uniform proposals are rejected in bulk until enough rows are accepted.

        Args:
            rng: Random number generator.
            n: Number of rows.
            fixed: Values by column number; the other columns are sampled conditional on them.

        Raises:
            SbvaeError: If a million proposals in a row are rejected.
        """
        if not self.held_out and not self.config.correlated:
            return _with_values(self._uniform(rng, n), fixed)
        kept: list[FactorRows] = []
        missing, share, fruitless = n, 1 - self.held_out_share, 0
        while missing > 0:
            proposals = int(1.1 * missing / share) + 16
            rows = _with_values(self._uniform(rng, min(proposals, _MAX_PROPOSALS)), fixed)
            accepted = ~self.held_out_mask(rows)
            if self.config.correlated:
                accepted &= rng.random(len(rows)) < self._density(rows)
            if self.config.correlated or fixed:
                share = max(float(accepted.mean()), _MIN_SHARE)
                fruitless = 0 if accepted.any() else fruitless + len(rows)
                if fruitless > 1 / _MIN_SHARE:
                    raise SbvaeError(
                        "the held-out regions leave almost nothing of the correlated distribution; "
                        "make the regions smaller, or the std larger"
                    )
            kept.append(rows[accepted][:missing])
            missing -= len(kept[-1])
        return np.concatenate(kept) if kept else self._uniform(rng, 0)

    def _density(self, rows: FactorRows) -> NDArray[np.float64]:
        """Return the density of each row under the correlations over its maximum, shape (n,)."""
        exponent = np.zeros(len(rows))
        for pair in self.config.correlated:
            first, second = self.scaled(rows, pair.factors).T
            exponent += 0.5 * np.square((first - second) / pair.std)
        return np.exp(-exponent)

    def _sample_heldout(self, rng: np.random.Generator, n: int) -> FactorRows:
        """Propose rows from regions in proportion to their size; accept 1 in m where m overlap."""
        regions = self.held_out
        sizes = np.array([union_share(self.factors, [region], self.dtype) for region in regions])
        if sizes.sum() == 0:
            raise SbvaeError("this space has no held-out region; add one with `hole`")
        kept, missing = [self._uniform(rng, 0)], n
        while missing > 0:
            proposals = missing + missing // 4 + 16
            counts = rng.multinomial(proposals, sizes / sizes.sum())
            rows = np.concatenate([self._uniform(rng, m, r) for r, m in enumerate(counts) if m])
            rows = rows[rng.random(proposals) * self._regions_around(rows).sum(0) < 1]
            kept.append(rng.permutation(rows)[:missing])  # rows are sorted by region until here
            missing -= len(kept[-1])
        return np.concatenate(kept)

    def _regions_around(self, factors: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Return which held-out regions contain each row, shape (regions, n)."""
        values = np.asarray(factors, self.dtype)
        inside = np.ones((len(self.held_out), len(values)), np.bool_)
        for row, region in zip(inside, self.held_out, strict=True):
            for name, ends in region.items():
                with np.errstate(over="ignore"):  # a bound beyond float32 holds nothing back
                    low, high = np.asarray(ends, self.dtype)
                column = values[:, self.index(name)]
                row &= (column >= low) & (column <= high)
        return inside


def _with_values(rows: FactorRows, fixed: Mapping[int, float] | None) -> FactorRows:
    for column, value in (fixed or {}).items():
        rows[:, column] = value
    return rows
