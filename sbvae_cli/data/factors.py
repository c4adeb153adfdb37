"""Factor spaces: n rows of factors at once, sampled, scaled, and in held-out regions or not."""

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

FactorRows = NDArray[np.floating]  # float32, or float64 where a space says so

_LEAST_SHARE = 1e-6  # of the space that must be left to draw from
_MOST_PROPOSALS = 1 << 20  # rows at once: bounds memory where little of the space is left


@dataclass(frozen=True)
class FactorSpace:
    """A product of uniform factors, less held-out regions, with correlations and blanks.

    Values are compared in the type that they are stored in, so that one on the edge of a held-out
    region lies in it.

    Attributes:
        config: The serial form, for what writes and reads it; the rest asks the space itself.

    Raises:
        SbvaeError: If the held-out regions leave less than a millionth of the space.
    """

    config: SpaceConfig

    def __post_init__(self) -> None:
        if 1 - self.held_out_share < _LEAST_SHARE:
            regions = " and ".join(map(write_region, self.held_out))
            raise SbvaeError(
                f"the held-out regions leave nothing of the space ({regions}); make them smaller"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, `present` included."""
        return self.config.names

    @property
    def varying(self) -> tuple[str, ...]:
        """Names of the factors that vary, without `present`."""
        return self.config.varying

    @property
    def circular(self) -> frozenset[str]:
        """Names of the factors whose two ends are the same setting, as for a full turn of hue."""
        return frozenset(factor.name for factor in self.factors if factor.circular)

    @property
    def stored(self) -> tuple[str, ...]:
        """Names of the factors that a file has columns for."""
        return self.config.stored

    @property
    def online(self) -> tuple[str, ...]:
        """Names of the factors that no file stores; they are drawn anew with each image."""
        return self.config.online

    @property
    def factors(self) -> tuple[FactorConfig, ...]:
        """The factors themselves, in the order of the columns."""
        return self.config.factors

    @property
    def held_out(self) -> tuple[dict[str, Range], ...]:
        """Regions left out of training, each the product of ranges of the named factors."""
        return self.config.held_out

    @property
    def blank(self) -> float:
        """Share of training images without any object, in [0, 1)."""
        return self.config.blank

    @property
    def renderer(self) -> str | None:
        """Name of the renderer that draws images of it; None where only stored images exist."""
        return self.config.renderer

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """Type of rows of factors, float32 unless that would merge values."""
        return np.dtype(self.config.dtype)

    @property
    def complete_grid(self) -> bool:
        """Whether a file's rows are all combinations of levels in order."""
        return self.config.complete_grid

    def as_dict(self) -> dict[str, Any]:
        """The serial form in plain containers, as in YAML and in checkpoints."""
        return self.config.model_dump(mode="json")

    @property
    def whole(self) -> "FactorSpace":
        """The same factors with nothing held out and none that depend on each other."""
        return FactorSpace(self.config.model_copy(update={"held_out": (), "correlated": ()}))

    def factor(self, name: str) -> FactorConfig:
        """A factor by its name; errors as for `index`."""
        return self.config.factor(name)

    @cached_property
    def held_out_share(self) -> float:
        """Exact share of the space, in [0, 1], that the held-out regions cover together."""
        return union_share(self.factors, self.held_out, self.dtype)

    def index(self, name: str) -> int:
        """Column of a factor.

        Raises:
            SbvaeError: If there is no such factor; names the nearest one.
        """
        if name not in self.names:
            raise unknown_name(name, self.names)
        return self.names.index(name)

    def sample(
        self, rng: np.random.Generator, n: int, population: Population = "train"
    ) -> FactorRows:
        """Draw rows of factors, as a pure function of the generator's state.

        Args:
            rng: Where the randomness comes from.
            n: Number of rows.
            population: "train" leaves the held-out regions out, has the correlations and the
                space's share of blank rows, which are NaN with `present` = 0; "full" is the whole
                space, "heldout" the held-out regions, both uniform and without blanks.

        Returns:
            Shape (n, F).

        Raises:
            SbvaeError: If there is no held-out region to draw from.
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
        """Which rows lie in a held-out region; blank rows do not.

        Args:
            factors: Shape (n, F).

        Returns:
            Shape (n,).
        """
        return np.asarray(np.logical_or.reduce(self._regions_around(factors), axis=0), np.bool_)

    def scaled(self, factors: NDArray[np.floating], names: Sequence[str]) -> NDArray[np.float64]:
        """Columns scaled to [0, 1] by their ranges; a constant factor gives 0.5, a blank row NaN.

        Circular ones are scaled by their period.

        Args:
            factors: Shape (n, F).
            names: The columns wanted.

        Returns:
            Shape (n, len(names)).
        """
        columns = []
        for name in names:
            factor = self.factor(name)
            low, high = factor.bounds
            column = factors[:, self.index(name)].astype(np.float64)
            # Levels that go all around end one step before they begin again.
            width = factor.period if factor.period and factor.circular else high - low
            columns.append((column - low) / width if low < high else column * 0 + 0.5)
        return np.stack(columns, 1) if columns else np.empty((len(factors), 0))

    def _uniform(self, rng: np.random.Generator, n: int, region: int | None = None) -> FactorRows:
        """Rows of the whole space, or of one held-out region."""
        rows = np.empty((n, len(self.names)), self.dtype)
        for column, part in enumerate(self._parts[0 if region is None else 1 + region]):
            rows[:, column] = draw_from(part, rng, n)
        return rows

    @cached_property
    def _parts(self) -> list[list[Part]]:
        """What the whole space, and then each held-out region, has of each factor."""
        return [parts_of(self.factors, region, self.dtype) for region in ({}, *self.held_out)]

    def fill_online(self, rng: np.random.Generator, stored: FactorRows) -> FactorRows:
        """Add the factors that no file stores to rows of those that it does.

        Args:
            rng: Where the randomness comes from.
            stored: Columns as in `stored`, shape (n, S).

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
        """Draw rows of the training distribution, less its blank ones; shape (n, F).

        By rejection in bulk: as many proposals as are likely to do, until there are enough.

        Args:
            rng: Where the randomness comes from.
            n: Number of rows.
            fixed: Values of some columns; the others are drawn given these.

        Raises:
            SbvaeError: If next to nothing is left to draw from.
        """
        if not self.held_out and not self.config.correlated:
            return _with_values(self._uniform(rng, n), fixed)
        kept: list[FactorRows] = []
        missing, share, fruitless = n, 1 - self.held_out_share, 0
        while missing > 0:
            proposals = int(1.1 * missing / share) + 16
            rows = _with_values(self._uniform(rng, min(proposals, _MOST_PROPOSALS)), fixed)
            accepted = ~self.held_out_mask(rows)
            if self.config.correlated:
                accepted &= rng.random(len(rows)) < self._density(rows)
            if self.config.correlated or fixed:
                share = max(float(accepted.mean()), _LEAST_SHARE)
                fruitless = 0 if accepted.any() else fruitless + len(rows)
                if fruitless > 1 / _LEAST_SHARE:
                    raise SbvaeError(
                        "the held-out regions leave nothing where the correlated factors lie; "
                        "make them smaller, or the std larger"
                    )
            kept.append(rows[accepted][:missing])
            missing -= len(kept[-1])
        return np.concatenate(kept) if kept else self._uniform(rng, 0)

    def _density(self, rows: FactorRows) -> NDArray[np.float64]:
        """Density of each row under the correlations, relative to the largest, shape (n,)."""
        exponent = np.zeros(len(rows))
        for pair in self.config.correlated:
            first, second = self.scaled(rows, pair.factors).T
            exponent += 0.5 * np.square((first - second) / pair.std)
        return np.exp(-exponent)

    def _sample_heldout(self, rng: np.random.Generator, n: int) -> FactorRows:
        """Propose from the regions by their sizes; where m overlap, accept one in m."""
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
            kept.append(rng.permutation(rows)[:missing])  # they came region by region
            missing -= len(kept[-1])
        return np.concatenate(kept)

    def _regions_around(self, factors: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Which regions each row lies in, shape (regions, n)."""
        values = np.asarray(factors, self.dtype)
        inside = np.ones((len(self.held_out), len(values)), np.bool_)
        for row, region in zip(inside, self.held_out, strict=True):
            for name, ends in region.items():
                low, high = np.asarray(ends, self.dtype)
                column = values[:, self.index(name)]
                row &= (column >= low) & (column <= high)
        return inside


def _with_values(rows: FactorRows, fixed: Mapping[int, float] | None) -> FactorRows:
    for column, value in (fixed or {}).items():
        rows[:, column] = value
    return rows
