"""Codes beside factors: all that most metrics see."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.metrics.geometry_scores import DEAD_BELOW
from sbvae_cli.metrics.information import MAX_CLASSES, Floats, Ints, factor_classes
from sbvae_cli.metrics.protocol import Protocol

Rows = NDArray[np.intp]
_A_CELL = 5  # rows that counting needs, on average


@dataclass(frozen=True)
class CodeSample:
    """Codes beside the factors that vary among them.

    Attributes:
        codes: Posterior means, shape (N, K).
        factors: Shape (N, F), each of two values or more.
        names: Of the factors.
        circular: Factors whose range is a full turn.
        population: Which the rows were drawn from.
        images: Rows, from the first on, that metrics without a test set take.
        train_share: Of all rows, from the first on, that models are fitted to; the others test
            them.
    """

    codes: Floats
    factors: Floats
    names: tuple[str, ...]
    circular: frozenset[str]
    population: str
    images: int
    train_share: float = 2 / 3

    @cached_property
    def classes(self) -> Ints:
        """Of each factor, for metrics with a test set, shape (N, F)."""
        return _classes(self.factors)

    @cached_property
    def first_classes(self) -> Ints:
        """Of each factor, for metrics without; bins are those of these rows alone."""
        return _classes(self.first[1])

    @property
    def first(self) -> "tuple[Floats, Floats]":
        """Codes and factors of metrics without a test set."""
        return self.codes[: self.images], self.factors[: self.images]

    @property
    def all_rows(self) -> Rows:
        """Of metrics with a test set."""
        return np.arange(len(self.codes))

    @property
    def binned(self) -> list[str]:
        """Factors of so many values that they are cut into bins."""
        columns = zip(self.names, self.factors.T, strict=True)
        return [name for name, column in columns if len(np.unique(column)) > MAX_CLASSES]


def _classes(factors: Floats) -> Ints:
    columns = [factor_classes(column) for column in factors.T]
    return np.stack(columns, axis=1) if columns else np.empty(factors.shape, np.int64)


def train_share(protocol: Protocol, rows: int) -> float:
    """What models are fitted to: the protocol's images, or two thirds of a smaller pool."""
    whole = protocol.images + protocol.test_images
    return protocol.images / whole if rows >= whole else 2 / 3


def sample_notes(sample: CodeSample, protocol: Protocol) -> list[str]:
    """Lines on where the numbers should not be trusted."""
    notes = []
    if sample.binned:
        many = len(sample.binned) > 1
        notes.append(
            f"{', '.join(sample.binned)} {'are' if many else 'is'} continuous and cut into "
            f"{protocol.bins} bins: what is made of classes depends on these"
        )
    codes = sample.first[0]
    deviations = codes.std(axis=0)
    dead = np.flatnonzero(deviations < DEAD_BELOW * deviations.max()).tolist()
    if not deviations.max():
        notes.append("every latent is constant: no score can tell anything")
    elif dead:
        latents = ", ".join(map(str, dead))
        notes.append(
            f"latents that hardly deviate, and count as knowing next to nothing: {latents}"
        )
    classes = 1 + int(sample.first_classes.max()) if sample.first_classes.size else 0
    if len(codes) < _A_CELL * protocol.bins * classes:
        notes.append(
            f"mig is over {len(codes):,} images, few for {protocol.bins} bins times {classes} "
            "classes: latents seem more informative than they are"
        )
    return notes
