"""BetaVAE score (Higgins et al. 2017): does the difference of codes tell the shared factor?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sbvae_cli.config.metrics import PAIRS_PER_VOTE
from sbvae_cli.metrics.fitting import fit_logistic
from sbvae_cli.metrics.intervals import spread_interval, wilson_interval
from sbvae_cli.metrics.validate import Floats, Ints, codes_of_votes
from sbvae_cli.random import stream

RESAMPLES = 20


@dataclass(frozen=True)
class BetaVaeScore:
    """BetaVAE score with its interval and reference values.

    Attributes:
        score: Accuracy of the classifier on the evaluation votes, in [0, 1].
        low: Lower end of the score's 95 % interval, over resamples of the evaluation groups.
        high: Upper end of this interval.
        train_score: Accuracy on the votes that the classifier was fitted to.
        chance: Expected accuracy of a random guess, 1 / F.
    """

    score: float
    low: float
    high: float
    train_score: float
    chance: float


def beta_vae_score(
    codes: ArrayLike,
    fixed: ArrayLike,
    n_train: int,
    n_factors: int,
    *,
    votes_train: int,
    votes_eval: int,
    seed: int,
    pairs: int = PAIRS_PER_VOTE,
    resamples: int = RESAMPLES,
) -> BetaVaeScore:
    """Compute the accuracy of a linear classifier of absolute differences (Higgins et al. 2017).

    A vote is the mean of |z1 - z2| over pairs of images. All images of a vote share the value of
    one factor, which the classifier predicts. Each pair is drawn from one group of images of the
    FactorVAE score, so that no image is encoded for this score alone. The classifier is the
    logistic regression of `fit_logistic`, as in the study of Locatello et al. (2018). The score
    can be 1 even if a factor is not encoded at all.

    Args:
        codes: Posterior means of each group's images, shape (V, L, K), L at least 2.
        fixed: Index of the factor that each group's images share, shape (V,).
        n_train: Number of first groups, from which training votes are drawn; the others evaluate.
        n_factors: Number of factors F that a group can fix.
        votes_train: Number of votes to fit the classifier to.
        votes_eval: Number of votes to evaluate it on.
        seed: Root seed of the pairs and resamples.
        pairs: Number of pairs of images in a vote.
        resamples: Number of resamples of the evaluation groups for the interval; with fewer than
            two, the interval treats votes as independent.

    Returns:
        The score, and its interval for the given classifier, whose measured coverage is 90 % with
        20 evaluation groups for each factor, and 95 % with 40.

    Raises:
        ValueError: If the arrays do not fit each other; see `codes_of_votes`.
    """
    z, factor = codes_of_votes(codes, fixed, n_train, n_factors)
    rng = stream(seed, "pairs")
    train, labels = _votes(z[:n_train], factor[:n_train], votes_train, pairs, rng)
    test, answers = _votes(z[n_train:], factor[n_train:], votes_eval, pairs, rng)
    model = fit_logistic(train, labels) if np.ptp(labels) else None
    predict = model.predict if model else lambda votes: np.full(len(votes), labels[0])
    score = float((predict(test) == answers).mean())
    resampled = []
    for number in range(resamples):
        rng = stream(seed, "resample", number)
        groups = n_train + _resample(factor[n_train:], rng)
        votes, truth = _votes(z[groups], factor[groups], votes_eval, pairs, rng)
        resampled.append((predict(votes) == truth).mean())
    least = wilson_interval(round(score * votes_eval), votes_eval)
    spread = spread_interval(score, np.array(resampled)) if resamples > 1 else least
    return BetaVaeScore(
        score=score,
        low=min(spread.low, least.low),
        high=max(spread.high, least.high),
        train_score=float((predict(train) == labels).mean()),
        chance=1 / n_factors,
    )


def _votes(
    z: Floats,
    factor: Ints,
    votes: int,
    pairs: int,
    rng: np.random.Generator,
    at_once: int = 1000,  # number of votes whose pairs are in memory at once
) -> tuple[Floats, Ints]:
    """Draw votes; return features (votes, K) and the shared factors (votes,)."""
    kinds, number = np.unique(factor, return_counts=True)
    order = np.argsort(factor, kind="stable")
    starts = np.cumsum(number) - number
    shared = rng.integers(len(kinds), size=votes)
    features = np.empty((votes, z.shape[2]))
    images = z.shape[1]
    for start in range(0, votes, at_once):
        part = shared[start : start + at_once, None]
        chosen = order[starts[part] + rng.integers(number[part], size=(len(part), pairs))]
        first = rng.integers(images, size=chosen.shape)
        second = (first + rng.integers(1, images, size=chosen.shape)) % images
        differences = np.abs(z[chosen, first] - z[chosen, second])
        features[start : start + at_once] = differences.mean(axis=1)
    return features, kinds[shared]


def _resample(factor: Ints, rng: np.random.Generator) -> NDArray[np.intp]:
    """Resample groups with replacement, one less than there are of each factor (Rao and Wu 1988).

    Resamples of the full number vary too little if a factor has few groups.
    """
    parts = [np.flatnonzero(factor == f) for f in np.unique(factor)]
    return np.concatenate([rng.choice(part, max(len(part) - 1, 1)) for part in parts])
