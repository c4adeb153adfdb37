"""Dependence between latents: scores that need no factors."""

from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import entr

from sbvae_cli.config.metrics import METRICS
from sbvae_cli.metrics.information import equal_width
from sbvae_cli.metrics.intervals import PARTS
from sbvae_cli.metrics.labelled_codes import Indices, LabelledCodes
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.score import Scores
from sbvae_cli.metrics.subsampling import ROWS_OF_A_CLASS, scores_by_parts
from sbvae_cli.metrics.validate import Floats, Ints, finite_codes

BINS = 20
MIN_EIGENVALUE = 1e-12  # of the correlation matrix; a smaller one is a rounding error


@dataclass(frozen=True)
class UnsupervisedScores:
    """Dependence between latents; each score is at least 0, which means none that it can detect.

    Attributes:
        gaussian_total_correlation: Nats; 0 if no two latents are correlated. It does not depend on
            the latents' scales.
        gaussian_wasserstein: Squared unit of the codes; 0 if no two latents are correlated.
        gaussian_wasserstein_normed: The same divided by the sum of the latents' variances, in [0,
            2).
        mutual_information: Nats, mean over pairs of different latents; 0 if no pair's bins depend
            on each other, or fewer than two latents are alive. The plug-in's bias keeps it above 0:
            about 0.018 for 10,000 independent uniform codes.
    """

    gaussian_total_correlation: float
    gaussian_wasserstein: float
    gaussian_wasserstein_normed: float
    mutual_information: float


def unsupervised(codes: ArrayLike) -> UnsupervisedScores:
    """Compute the unsupervised scores of the study of Locatello et al. (2018).

    All are low for disentangled codes and for dead ones, so they do not tell what is encoded. The
    Gaussian scores detect only correlation: a latent and its square count as independent.

    Args:
        codes: Posterior means, shape (N, K), N at least 2.

    Returns:
        The four scores.

    Raises:
        ValueError: If there is a single row; see also `finite_codes`.
    """
    z = finite_codes(codes)
    if len(z) < 2:
        raise ValueError("codes must have two rows or more")
    live = z[:, np.ptp(z, axis=0) > 0]
    covariance = np.cov(live, rowvar=False).reshape(live.shape[1], live.shape[1])
    wasserstein = _gaussian_wasserstein(covariance)
    return UnsupervisedScores(
        gaussian_total_correlation=_gaussian_total_correlation(covariance),
        gaussian_wasserstein=wasserstein * float(np.trace(covariance)),
        gaussian_wasserstein_normed=wasserstein,
        mutual_information=_mean_mutual_information(z),
    )


def _gaussian_total_correlation(covariance: Floats) -> float:
    # 0.5 (sum log diag - log det) from the correlations; the floor limits it to 14 nats for each
    # latent that the others determine.
    scale = np.sqrt(np.diag(covariance))
    eigenvalues = np.linalg.eigvalsh(covariance / np.outer(scale, scale))
    return max(0.0, -0.5 * float(np.log(np.maximum(eigenvalues, MIN_EIGENVALUE)).sum()))


def _gaussian_wasserstein(covariance: Floats) -> float:
    # Squared 2-Wasserstein distance of N(0, covariance) and N(0, its diagonal), over the total
    # variance.
    total = float(np.trace(covariance))
    if total == 0:
        return 0.0
    share = covariance / total
    scale = np.sqrt(np.diag(share))
    eigenvalues = np.linalg.eigvalsh(share * np.outer(scale, scale))
    return max(0.0, 2 * (1 - float(np.sqrt(np.maximum(eigenvalues, 0)).sum())))


def _mean_mutual_information(z: Floats) -> float:
    count = z.shape[1]
    if count < 2:
        return 0.0
    bins = np.stack([equal_width(column, BINS) for column in z.T])
    entropies = _entropies(bins, BINS)
    shared = []
    for i in range(count - 1):
        joint = _entropies(bins[i] * BINS + bins[i + 1 :], BINS * BINS)
        shared.append(np.maximum(entropies[i] + entropies[i + 1 :] - joint, 0))
    return float(np.concatenate(shared).mean())


def _entropies(bins: Ints, size: int) -> Floats:
    rows, samples = bins.shape
    offsets = size * np.arange(rows)[:, None]
    counts = np.bincount((bins + offsets).ravel(), minlength=rows * size).reshape(rows, size)
    entropies: Floats = entr(counts / samples).sum(axis=1)
    return entropies


def unsupervised_scores(sample: LabelledCodes, protocol: Protocol) -> Scores:
    """Compute the four scores, by name."""
    codes = sample.codes[: sample.images]

    def four(rows: Indices | slice) -> list[float]:
        return list(astuple(unsupervised(codes[rows])))

    parts = min(PARTS, len(codes) // ROWS_OF_A_CLASS)
    values, bounds = four(slice(None)), (0.0, float("inf"))
    scores = scores_by_parts(sample, protocol, four, values, len(codes), parts, bounds)
    return dict(zip(METRICS["unsupervised"].scores, scores, strict=True))
