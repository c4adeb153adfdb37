"""Modularity (Ridgeway and Mozer 2018): does each latent inform on a single factor?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sbvae_cli.metrics.information import Counts, chance_information, count
from sbvae_cli.metrics.intervals import ConfidenceInterval, jackknife_interval, random_groups
from sbvae_cli.metrics.labelled_codes import LabelledCodes
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.score import Scores, make_score
from sbvae_cli.metrics.validate import Floats, codes_and_classes

# Smallest ratio to the information of independent codes; below it, counts are mostly bias.
_TIMES_CHANCE = 8


@dataclass(frozen=True)
class Modularity:
    """Modularity with its interval and value for each latent.

    Attributes:
        score: Mean of `by_latent`, in [0, 1].
        interval: As for MIG, of the limit for many rows in the same bins. With bins over their own
            range, many rows give slightly different values: by 0.001 for rotated bounded codes,
            which the interval contains in 0.6 to 0.7 of samples. None if a latent that is not
            constant has less than eight times the information of chance on every factor, because
            counts are then mostly bias (in 480 samples of weak codes, the coverage was 0.93 or more
            above that bound, and 0.74 below twice the information of chance).
        by_latent: Modularity of each latent, shape (K,).
    """

    score: float
    interval: ConfidenceInterval | None
    by_latent: Floats


def modularity(
    codes: ArrayLike, classes: ArrayLike, bins: int = 20, *, seed: int = 0
) -> Modularity:
    """Compute the mean over latents of how little they inform on other factors than their best.

    With the information M of a latent on the factors and its largest entry m, this is 1 - (sum of
    the other squares of M) / (m^2 (F - 1)). A constant latent counts as 0, as in the study of
    Locatello et al. (2018). The bias of counting is not corrected: an uninformative latent has
    small and nearly equal information on all factors, and so scores low.

    Args:
        codes: Posterior means, shape (N, K).
        classes: Class of each factor, from 0, shape (N, F), F at least 2.
        bins: Number of bins, of equal width over each latent's own range.
        seed: Root seed of the groups of rows for the interval.

    Raises:
        ValueError: If the arrays do not fit each other, have values that are not finite, or F is
            below 2.
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
    """Return whether every latent that is not constant has enough information on a factor."""
    # Bins in use of each latent, (K, 1).
    bins = (counts.tables[0].sum(axis=-1) > 0).sum(axis=-1, keepdims=True)
    sizes = np.array([table.shape[-1] for table in counts.tables])
    chance = chance_information(bins, sizes, int(counts.tables[0][0].sum()))
    enough = counts.information() >= _TIMES_CHANCE * chance
    return bool(((enough & (chance > 0)).any(axis=1) | (bins[:, 0] == 1)).all())


def _by_latent(information: Floats) -> Floats:
    """Compute the modularity (..., K) of information (..., K, F)."""
    squares = np.square(information)
    largest = squares.max(axis=-1)
    others = squares.sum(axis=-1) - largest
    alive = largest > 0
    share = np.divide(others, largest, out=np.ones_like(largest), where=alive)
    return np.where(alive, 1 - share / (information.shape[-1] - 1), 0.0)


def modularity_scores(sample: LabelledCodes, protocol: Protocol) -> Scores:
    """Compute the modularity, by name."""
    found = modularity(*sample.first, protocol.bins, seed=protocol.seed)
    details = {"by_latent": found.by_latent.tolist()}
    return {"modularity": make_score(found.score, found.interval, sample.population, details)}
