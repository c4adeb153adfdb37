"""FactorVAE score (Kim and Mnih 2018): does the latent that varies least tell the factor?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sbvae_cli.config.metrics import DEAD_BELOW_STD
from sbvae_cli.metrics.intervals import wilson_interval
from sbvae_cli.metrics.validate import codes_of_votes


@dataclass(frozen=True)
class FactorVaeScore:
    """FactorVAE score with its interval and reference values.

    Attributes:
        score: Accuracy of the classifier on the evaluation votes, in [0, 1].
        low: Lower end of the score's 95 % interval (Wilson) over the evaluation votes.
        high: Upper end of this interval.
        train_score: Accuracy on the votes that determined the classifier.
        chance: Expected accuracy of a random guess, 1 / F.
        alive: Numbers of the latents that may win a vote, ascending.
        classifier: Index of the factor that each of these latents predicts, shape (alive,).
    """

    score: float
    low: float
    high: float
    train_score: float
    chance: float
    alive: tuple[int, ...]
    classifier: tuple[int, ...]


def factor_vae_score(
    codes: ArrayLike,
    fixed: ArrayLike,
    global_variance: ArrayLike,
    n_train: int,
    n_factors: int,
    least_std: float = DEAD_BELOW_STD,
) -> FactorVaeScore:
    """Compute the accuracy of the majority-vote classifier (Kim and Mnih 2018, Section 4).

    All images of a vote share the value of one factor. The latent with the smallest variance over
    these images, relative to its variance over all images, wins the vote. Latents whose means
    hardly vary are left out, as a dead one would win every vote. The classifier maps each latent to
    the factor of most of the training votes that it won, and to the first factor if it won none. If
    no latent is left, it predicts the most frequent factor.

    Args:
        codes: Posterior means of each vote's images, shape (V, L, K), L at least 2.
        fixed: Index of the factor that each vote's images share, shape (V,).
        global_variance: Variance (divided by N - 1) of each latent's means over independent images,
            shape (K,).
        n_train: Number of first votes, which determine the classifier; the others evaluate it.
        n_factors: Number of factors F that a vote can fix.
        least_std: Smallest std of the means of a latent that may win, in the unit of the codes.

    Returns:
        The score, its interval and the classifier.

    Raises:
        ValueError: If the variances have a wrong shape or are not finite; see also
            `codes_of_votes`.
    """
    z, factor = codes_of_votes(codes, fixed, n_train, n_factors)
    variance = np.asarray(global_variance, np.float64)
    if variance.shape != z.shape[2:] or not np.isfinite(variance).all():
        raise ValueError(f"global_variance must be finite, one for each latent, got {variance}")
    alive = np.flatnonzero((np.sqrt(variance) >= least_std) & (variance > 0))
    if len(alive):
        local = z[:, :, alive].var(axis=1, ddof=1)
        winners: NDArray[np.intp] = np.argmin(local / variance[alive], axis=1)
    else:
        winners = np.zeros(len(z), np.intp)
    votes = np.zeros((n_factors, max(len(alive), 1)), np.int64)
    np.add.at(votes, (factor[:n_train], winners[:n_train]), 1)
    classifier = votes.argmax(axis=0)
    right = classifier[winners] == factor
    low, high = wilson_interval(int(right[n_train:].sum()), len(z) - n_train)
    return FactorVaeScore(
        score=float(right[n_train:].mean()),
        low=low,
        high=high,
        train_score=float(right[:n_train].mean()),
        chance=1 / n_factors,
        alive=tuple(alive.tolist()),
        classifier=tuple(classifier[: len(alive)].tolist()),
    )
