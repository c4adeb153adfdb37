"""Codes beside factors: all that most metrics see."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Self

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.names import Metric
from sbvae_cli.evaluation.result import abbreviate
from sbvae_cli.metrics.classes import factor_classes, is_continuous
from sbvae_cli.metrics.geometry_scores import DEAD_BELOW
from sbvae_cli.metrics.information import Floats, Ints, chance_information, count
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.unsupervised import BINS

Rows = NDArray[np.intp]
_A_CELL = 5  # rows that counting needs, on average
_COUNTED = {"mig", "modularity"}
_FAR = 30.0  # times the middle half of a latent's codes
_CROWDED = 0.8  # of the rows, in one bin
_DEPENDENT = 0.1  # of a factor's entropy that another one tells


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
        bins: Of a continuous factor.
        unit: Std that others are measured in: 1, that of the prior, for codes of a model; for
            codes of any scale the widest latent's, where that is less.
        stds: Of the posteriors, shape (N, K), where these are known.
        held_out: Rows that training left out, shape (N,), where a file says so.
    """

    codes: Floats
    factors: Floats
    names: tuple[str, ...]
    circular: frozenset[str]
    population: str
    images: int
    train_share: float = 2 / 3
    bins: int = 20
    unit: float = 1.0
    stds: Floats | None = None
    held_out: NDArray[np.bool_] | None = None

    @cached_property
    def classes(self) -> Ints:
        """Of each factor, shape (N, F); the first rows decide on bins, whatever others follow."""
        return factor_classes(self.factors, self.bins, self.images)

    @property
    def first(self) -> tuple[Floats, Ints]:
        """Codes and classes of metrics without a test set."""
        return self.codes[: self.images], self.classes[: self.images]

    @property
    def first_rows(self) -> Self:
        """The rows of metrics without a test set alone."""
        return self.at(slice(self.images))

    def at(self, rows: Rows | slice) -> Self:
        """These rows alone, in their order."""
        return replace(
            self,
            codes=self.codes[rows],
            factors=self.factors[rows],
            stds=None if self.stds is None else self.stds[rows],
            held_out=None if self.held_out is None else self.held_out[rows],
        )

    @property
    def all_rows(self) -> Rows:
        """Of metrics with a test set."""
        return np.arange(len(self.codes))

    @property
    def binned(self) -> list[str]:
        """Factors of so many values that they are cut into bins."""
        columns = zip(self.names, self.factors[: self.images].T, strict=True)
        return [name for name, column in columns if is_continuous(column, self.bins)]


def train_share(protocol: Protocol, rows: int) -> float:
    """What models are fitted to: the protocol's images, or two thirds of a smaller pool."""
    whole = protocol.images + protocol.test_images
    return protocol.images / whole if rows >= whole else 2 / 3


def sample_notes(sample: CodeSample, metrics: Collection[Metric]) -> list[str]:
    """Lines on where the numbers of these metrics should not be trusted."""
    notes = []
    if sample.binned and set(metrics) - {"unsupervised", "geometry"}:
        many = len(sample.binned) > 1
        notes.append(
            f"{', '.join(sample.binned)} {'are' if many else 'is'} continuous and cut into "
            f"{sample.bins} bins: what is made of classes depends on these"
        )
    codes, classes = sample.first
    stds = codes.std(axis=0)
    dead = np.flatnonzero(stds < DEAD_BELOW * sample.unit).tolist()
    constant = np.flatnonzero(np.ptp(codes, axis=0) == 0).tolist()
    if not stds.max():
        notes.append("every latent is constant: no score can tell anything")
    elif dead:
        notes.append(
            "latents that hardly deviate, which geometry, mig_subspace and votes leave out: "
            + ", ".join(map(str, dead))
        )
    if constant and stds.max() and "modularity" in metrics:
        notes.append(f"modularity counts {len(constant)} constant latents as 0")
    notes += _far_out(sample) + _dependent_factors(sample)
    if "unsupervised" in metrics and len(codes) < _A_CELL * BINS**2 and codes.shape[1] > 1:
        notes.append(
            f"latent_mutual_information is over {len(codes):,} images, few for {BINS} times {BINS} "
            "bins: independent latents seem to share information"
        )
    return notes + (_counting_notes(sample, classes) if _COUNTED & set(metrics) else [])


def _far_out(sample: CodeSample) -> list[str]:
    """Lines on codes and factors of which a few lie so far out that the others share a bin."""
    codes, classes = sample.first
    low, middle, high = np.quantile(codes, [0.25, 0.5, 0.75], axis=0)
    furthest = np.abs(codes - middle).max(axis=0)
    latents = np.flatnonzero((high > low) & (furthest > _FAR * (high - low))).tolist()
    notes = []
    if latents:
        notes.append(
            f"codes far out in latent {', '.join(map(str, latents))}: what sees their scale (mig, "
            "mig_subspace, votes, irs, geometry) follows these few"
        )
    binned = [sample.names.index(name) for name in sample.binned]
    most = [np.bincount(classes[:, i]).max() / len(classes) for i in binned]
    crowded = [sample.names[i] for i, share in zip(binned, most, strict=True) if share > _CROWDED]
    if crowded:
        notes.append(
            f"most values of {', '.join(crowded)} share one of {sample.bins} bins, as a few lie "
            "far out"
        )
    return notes


def _dependent_factors(sample: CodeSample) -> list[str]:
    """A line on factors that tell of each other, so that no latent can tell of one alone."""
    classes = sample.first[1]
    sizes = (1 + classes.max(axis=0)).tolist()
    most = max(sizes, default=1)
    counts = count(classes, classes, bins=most)  # a bin for each class
    nats, entropies = counts.information(), np.maximum(counts.entropies(), 1e-12)
    pairs = []
    for first, second in combinations(range(classes.shape[1]), 2):
        chance = chance_information(sizes[first], sizes[second], len(classes))
        # A table that rows hardly fill holds chance alone.
        share = (nats[first, second] - chance) / min(entropies[first], entropies[second])
        if share > _DEPENDENT and len(classes) >= most * most:
            pairs.append(f"{sample.names[first]} and {sample.names[second]} ({share:.0%})")
    if not pairs:
        return []
    return [
        "factors that tell of each other, so that a latent of one tells of both: "
        + abbreviate(pairs, ", ")
    ]


def _counting_notes(sample: CodeSample, classes: Ints) -> list[str]:
    """Lines on too few rows for the bins, and on too few bins for the levels."""
    rows, bins, most = len(classes), sample.bins, 1 + int(classes.max(initial=0))
    notes = []
    if rows < _A_CELL * bins * most:
        note = (
            f"{rows:,} images are few for {bins} bins times {most} classes: where these are "
            "counted (mig and its kin, modularity) latents seem to know more than they do"
        )
        if rows < bins * most:
            note += ", and no interval can tell by how much"
        notes.append(note)
    fine = [
        f"{name} ({int(column.max()) + 1})"
        for name, column in zip(sample.names, classes.T, strict=True)
        if int(column.max()) >= bins
    ]
    if fine:
        notes.append(
            f"mig falls short of 1 where a factor has more levels than a latent's {bins} bins: "
            f"{abbreviate(fine)}"
        )
    return notes
