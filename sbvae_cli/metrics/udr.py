"""Unsupervised disentanglement ranking (Duan et al. 2020): do runs agree on their latents?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.validate import Floats, codes_and_kls

Similarity = Literal["spearman", "lasso"]

LEAST_KL = 0.01  # nats; a latent of less is uninformative
LASSO_ALPHA = 0.1


@dataclass(frozen=True)
class DisentanglementRanking:
    """The score of every model and the pairs that it is the median of.

    Attributes:
        scores: In [0, 1] with "spearman", shape (R,). Higher: others found the same latents.
        pairwise: Score of the row's model against the column's, shape (R, R), diagonal 0.
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
    """Median agreement of each model with the others, one to one in latents (Duan et al. 2020).

    Two models agree where each informative latent of one resembles one latent of the other and no
    second one. Latents that resemble none, and models without informative ones, score 0. Models
    that all fail in the same way agree too.

    The sums over both models' latents are divided by the number of both, as in the paper's
    equation; `apart` averages each model's by itself, as the code of Locatello et al. (2018), which
    differs where the numbers do. With "lasso" the similarity is no share: correlated latents can
    pass 1.

    Args:
        codes: Posterior means of each model for the same images, R of shape (N, K_r), R at least 2.
        kls: Mean KL of each latent in nats, R of shape (K_r,).
        method: Similarity of two latents: "spearman", the absolute rank correlation; "lasso", the
            absolute coefficient (alpha 0.1) of one among all informative latents of the other
            model that predict one of the scored model's, standardised, as the study has it.
        apart: Whether each model's latents are averaged by themselves before both models are.

    Returns:
        Scores and pairs.

    Raises:
        SbvaeError: If there are fewer than two models.
        ValueError: If `method` is unknown; see also `codes_and_kls`.
    """
    from scipy.stats import rankdata

    if len(codes) < 2:
        raise SbvaeError(f"unsupervised ranking compares models, found {len(codes)}; give two")
    if method not in ("spearman", "lasso"):
        raise ValueError(f"method must be spearman or lasso, got {method}")
    models = [z[:, kl >= LEAST_KL] for z, kl in codes_and_kls(codes, kls)]
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
