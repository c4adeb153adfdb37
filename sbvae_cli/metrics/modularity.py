"""Modularity (Ridgeway and Mozer 2018): does each latent know of one factor alone?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sbvae_cli.metrics.information import Counts, chance_information, count
from sbvae_cli.metrics.intervals import ConfidenceInterval, jackknife_interval, random_groups
from sbvae_cli.metrics.labelled_codes import LabelledCodes
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.score import Scores, scored
from sbvae_cli.metrics.validate import Floats, codes_and_classes

_TIMES_CHANCE = 8  # what independent codes seem to know; with less, counts are bias


@dataclass(frozen=True)
class Modularity:
    """The score and what it is the mean of.

    Attributes:
        score: In [0, 1].
        interval: As that of the MIG, of many rows in the same bins; with bins of their own range
            these give other values, by 0.001 for rotated bounded codes, which it holds in 0.6 to
            0.7 of samples. None where a latent that is not constant knows of no factor eight times
            what it would by chance: of codes that know less, counts are bias (in 480 samples of
            weak codes it held 0.93 or more from there on, 0.74 below twice).
        by_latent: Shape (K,).
    """

    score: float
    interval: ConfidenceInterval | None
    by_latent: Floats


def modularity(
    codes: ArrayLike, classes: ArrayLike, bins: int = 20, *, seed: int = 0
) -> Modularity:
    """Mean over the latents of how little they know of factors other than their best one.

    With M the information of a latent about the factors, and m its largest: 1 - (the sum of the
    other squares of M) / (m squared times F - 1). A constant latent counts as 0, as in the study of
    2018. Nothing corrects the bias of counting: a latent that knows nothing has small and nearly
    equal information about all factors, and so scores low.

    Args:
        codes: Posterior means, shape (N, K).
        classes: Class of each factor, from 0, shape (N, F), F at least 2.
        bins: Number of bins, of equal width over each latent's own range.
        seed: Root seed of the groups of rows that the interval is made of.

    Raises:
        ValueError: If the arrays do not fit, hold values that are not finite, or F is below 2.
    """
    z, v = codes_and_classes(codes, classes)
    if v.shape[1] < 2:
        raise ValueError(f"modularity needs two factors, got shape {v.shape}")
    groups = count(z, v, bins, groups=random_groups(len(z), seed))
    whole = groups.total()
    by_latent = _by_latent(whole.information())
    score = float(by_latent.mean())
    interval = None
    if _above_chance(whole):
        others = _by_latent(groups.without_each_group().information()).mean(axis=-1)
        interval = jackknife_interval(score, others)
    return Modularity(score, interval, by_latent)


def _above_chance(counts: Counts) -> bool:
    """Whether every latent that is not constant knows enough of a factor."""
    bins = (counts.tables[0].sum(axis=-1) > 0).sum(axis=-1, keepdims=True)  # of each latent, (K, 1)
    sizes = np.array([table.shape[-1] for table in counts.tables])
    chance = chance_information(bins, sizes, int(counts.tables[0][0].sum()))
    enough = counts.information() >= _TIMES_CHANCE * chance
    return bool(((enough & (chance > 0)).any(axis=1) | (bins[:, 0] == 1)).all())


def _by_latent(information: Floats) -> Floats:
    """(..., K, F) to (..., K)."""
    squares = np.square(information)
    largest = squares.max(axis=-1)
    others = squares.sum(axis=-1) - largest
    alive = largest > 0
    share = np.divide(others, largest, out=np.ones_like(largest), where=alive)
    return np.where(alive, 1 - share / (information.shape[-1] - 1), 0.0)


def modularity_scores(sample: LabelledCodes, protocol: Protocol) -> Scores:
    """The modularity by name."""
    found = modularity(*sample.first, protocol.bins, seed=protocol.seed)
    details = {"by_latent": found.by_latent.tolist()}
    return {"modularity": scored(found.score, found.interval, sample.population, details)}
