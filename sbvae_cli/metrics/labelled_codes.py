"""Input of the metrics: codes with the factors of their images, and codes of votes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.metrics import MAX_LEVELS
from sbvae_cli.config.names import FactorKind
from sbvae_cli.metrics.classes import factor_classes, is_continuous
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.validate import Floats, Ints

Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Votes:
    """Codes of votes, each with images that share the value of one factor.

    Attributes:
        codes: Posterior means, shape (V, L, K).
        fixed: Index of the factor that each vote's images share, shape (V,).
    """

    codes: Floats
    fixed: Ints


@dataclass(frozen=True)
class LabelledCodes:
    """Codes with the factors that vary among them.

    Attributes:
        codes: Posterior means, shape (N, K).
        factors: Factor values, shape (N, F), at least two distinct ones of each factor.
        names: Names of the F factors.
        circular: Names of factors whose range is a full turn.
        population: Name of the population of the rows.
        images: Number of first rows that metrics without a test set use.
        train_share: Share of first rows that models are fitted to; the others test them.
        bins: Number of bins of a continuous factor.
        most_levels: Largest number of levels of a factor that is not continuous; None for any
            number.
        unit: Unit of stds: 1, the std of the prior, for codes of a model; for codes of any scale,
            the largest std of a latent if that is less.
        stds: Posterior stds, shape (N, K); None if unknown.
        held_out: Whether training left out each row, shape (N,); None if unknown.
        votes: Votes of images that were drawn for them; None if votes share these rows.
        kinds: "levels" or "range" by factor; other factors' kinds are guessed from their values.
    """

    codes: Floats
    factors: Floats
    names: tuple[str, ...]
    circular: frozenset[str]
    population: str
    images: int
    train_share: float = 2 / 3
    bins: int = 20
    most_levels: int | None = MAX_LEVELS
    unit: float = 1.0
    stds: Floats | None = None
    held_out: NDArray[np.bool_] | None = None
    votes: Votes | None = None
    kinds: Mapping[str, FactorKind] = field(default_factory=dict)

    @cached_property
    def classes(self) -> Ints:
        """Class of each factor, shape (N, F); the first `images` rows determine the bins."""
        kinds = [self.kinds.get(name) for name in self.names]
        return factor_classes(self.factors, self.bins, self.images, self.most_levels, kinds)

    @property
    def first(self) -> tuple[Floats, Ints]:
        """Codes and classes for metrics without a test set."""
        return self.codes[: self.images], self.classes[: self.images]

    @property
    def first_rows(self) -> Self:
        """Only the rows for metrics without a test set."""
        return self.at(slice(self.images))

    def at(self, rows: Indices | slice) -> Self:
        """Return a copy with these rows, in their order."""
        return replace(
            self,
            codes=self.codes[rows],
            factors=self.factors[rows],
            stds=None if self.stds is None else self.stds[rows],
            held_out=None if self.held_out is None else self.held_out[rows],
        )

    @property
    def binned(self) -> list[str]:
        """Names of the factors that are cut into bins."""
        columns = zip(self.names, self.factors[: self.images].T, strict=True)
        return [
            name
            for name, column in columns
            if is_continuous(column, self.bins, self.most_levels, self.kinds.get(name))
        ]


def train_share(protocol: Protocol, rows: int) -> float:
    """Return the share of rows to fit: the protocol's images, or two thirds of a smaller pool."""
    whole = protocol.images + protocol.test_images
    return protocol.images / whole if rows >= whole else 2 / 3
