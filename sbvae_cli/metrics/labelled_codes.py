"""Codes beside the factors of their images, and codes of votes: what metrics see."""

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
    """Codes of images that share the value of a factor, vote by vote.

    Attributes:
        codes: Posterior means, shape (V, L, K).
        fixed: The factor that each vote's images share, as an index of the names, shape (V,).
    """

    codes: Floats
    fixed: Ints


@dataclass(frozen=True)
class LabelledCodes:
    """Codes beside the factors that vary among them.

    Attributes:
        codes: Posterior means, shape (N, K).
        factors: Shape (N, F), each of two values or more.
        names: Names of the factors, F of them.
        circular: Factors whose range is a full turn.
        population: Population that the rows were drawn from.
        images: Number of rows, from the first on, that metrics without a test set take.
        train_share: Share of all rows, from the first on, that models are fitted to; the others
            test them.
        bins: Number of bins of a continuous factor.
        most_levels: Most values of a factor that is not continuous; None for any number.
        unit: Std that others are measured in: 1, that of the prior, for codes of a model; for
            codes of any scale the widest latent's, where that is less.
        stds: Posterior stds, shape (N, K), where these are known.
        held_out: Rows that training left out, shape (N,), where a file says so.
        votes: Votes of images that were drawn for them; where None, votes share the rows here.
        kinds: Whether a factor has levels or a range, by its name; of others the values tell.
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
        """Class of each factor, shape (N, F); the first rows decide on bins, whatever follows."""
        kinds = [self.kinds.get(name) for name in self.names]
        return factor_classes(self.factors, self.bins, self.images, self.most_levels, kinds)

    @property
    def first(self) -> tuple[Floats, Ints]:
        """Codes and classes of metrics without a test set."""
        return self.codes[: self.images], self.classes[: self.images]

    @property
    def first_rows(self) -> Self:
        """The rows of metrics without a test set alone."""
        return self.at(slice(self.images))

    def at(self, rows: Indices | slice) -> Self:
        """These rows alone, in their order."""
        return replace(
            self,
            codes=self.codes[rows],
            factors=self.factors[rows],
            stds=None if self.stds is None else self.stds[rows],
            held_out=None if self.held_out is None else self.held_out[rows],
        )

    @property
    def binned(self) -> list[str]:
        """Factors of so many values that they are cut into bins."""
        columns = zip(self.names, self.factors[: self.images].T, strict=True)
        return [
            name
            for name, column in columns
            if is_continuous(column, self.bins, self.most_levels, self.kinds.get(name))
        ]


def train_share(protocol: Protocol, rows: int) -> float:
    """What models are fitted to: the protocol's images, or two thirds of a smaller pool."""
    whole = protocol.images + protocol.test_images
    return protocol.images / whole if rows >= whole else 2 / 3
