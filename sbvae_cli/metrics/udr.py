"""Unsupervised disentanglement ranking (Duan et al. 2020): do runs find the same latents?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.validate import Floats, codes_and_kls

Similarity = Literal["spearman", "lasso"]

MIN_KL = 0.01  # nats; a latent with less is uninformative
LASSO_ALPHA = 0.1


@dataclass(frozen=True)
class DisentanglementRanking:
    """Score of each model and of each pair of models.

    Attributes:
        scores: Median of each row of `pairwise` without the diagonal, shape (R,), in [0, 1] with
            "spearman". A high score means that others found the same latents.
        pairwise: Agreement of the row's model with the column's, shape (R, R), diagonal 0.
    """

    scores: Floats
    pairwise: Floats


def udr(
    codes: Sequence[ArrayLike],
    kls: Sequence[ArrayLike],
    method: Similarity = "spearman",
    *,
    apart: bool = False,
) -> DisentanglementRanking:
    """Compute the median agreement of each model's latents with the others' (Duan et al. 2020).

    Two models agree if each informative latent of one resembles one latent of the other, and no
    second one. Latents that resemble none, and models without informative latents, score 0. Models
    that all fail in the same way agree too.

    As in the paper's equation, the sum over the latents of both models is divided by their total
    number. `apart` averages each model first, as the code of Locatello et al. (2018) does, which
    differs if the models have different numbers of informative latents. With "lasso" the similarity
    is not bounded: for correlated latents it can exceed 1.

    Args:
        codes: Posterior means of R models for the same images, each of shape (N, K_r), R at least
            2.
        kls: Mean KL of each latent in nats, R arrays of shape (K_r,).
        method: Similarity of two latents: "spearman" for the absolute rank correlation; "lasso" for
            the absolute coefficient (alpha 0.1) of a latent if all informative latents of the other
            model predict a standardised one of the scored model, as in the study.
        apart: Whether to average over each model's latents first, and then over both models.

    Returns:
        The scores of the models and of their pairs.

    Raises:
        SbvaeError: If there are fewer than two models.
        ValueError: If `method` is unknown; see also `codes_and_kls`.
    """
    from scipy.stats import rankdata

    if len(codes) < 2:
        raise SbvaeError(f"unsupervised ranking compares models, found {len(codes)}; give two")
    if method not in ("spearman", "lasso"):
        raise ValueError(f"method must be spearman or lasso, got {method}")
    models = [z[:, kl >= MIN_KL] for z, kl in codes_and_kls(codes, kls)]
    if method == "spearman":
        models = [rankdata(z, axis=0) for z in models]
    models = [_standardised(z) for z in models]
    similarity = _correlation if method == "spearman" else _lasso
    pairwise = np.zeros((len(models), len(models)))
    for i, scored in enumerate(models):
        for j, other in enumerate(models):
            if i != j and scored.shape[1] and other.shape[1]:
                pairwise[i, j] = _agreement(similarity(other, scored), apart)
    off_diagonal = pairwise[~np.eye(len(models), dtype=bool)].reshape(len(models), -1)
    return DisentanglementRanking(scores=np.median(off_diagonal, axis=1), pairwise=pairwise)


def _agreement(similarity: Floats, apart: bool) -> float:
    strengths = [_relative_strength(similarity, axis) for axis in (0, 1)]
    if apart:
        return float(np.mean([strength.mean() for strength in strengths]))
    return float(np.concatenate(strengths).mean())


def _relative_strength(similarity: Floats, axis: int) -> Floats:
    total = similarity.sum(axis=axis)
    squares = np.square(similarity.max(axis=axis))
    strength: Floats = np.divide(squares, total, out=np.zeros_like(total), where=total > 0)
    return strength


def _correlation(a: Floats, b: Floats) -> Floats:
    return np.abs(a.T @ b) / len(a)


def _lasso(predictors: Floats, targets: Floats) -> Floats:
    from sklearn.linear_model import Lasso

    coefficients = Lasso(alpha=LASSO_ALPHA).fit(predictors, targets).coef_
    return np.abs(np.reshape(coefficients, (targets.shape[1], predictors.shape[1]))).T


def _standardised(z: Floats) -> Floats:
    centred = z - z.mean(axis=0)
    alive = np.ptp(z, axis=0) > 0
    standard: Floats = np.divide(centred, z.std(axis=0), out=np.zeros_like(z), where=alive)
    return standard
