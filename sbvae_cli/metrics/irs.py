"""Interventional robustness score (Suter et al. 2019): what else changes a latent?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sbvae_cli.config.metric_protocols import LIBRARY_BINS
from sbvae_cli.config.metrics import IRS_QUANTILE
from sbvae_cli.metrics.information import equal_width
from sbvae_cli.metrics.labelled_codes import LabelledCodes
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.score import Scores, make_score
from sbvae_cli.metrics.validate import Floats, Ints, codes_and_classes

NO_FACTOR = -1  # marks a dead latent


@dataclass(frozen=True)
class InterventionalRobustness:
    """Interventional robustness score and its parts.

    Attributes:
        score: Weighted mean of `by_latent`, at most 1, which means that every latent follows one
            factor.
        by_latent: Largest entry of each row of `matrix`, shape (K,).
        factor_of_latent: Index of the factor of that entry, -1 for a dead latent, shape (K,).
        matrix: 1 - (spread of a latent while a factor is fixed) / (largest spread), shape (K, F); 0
            for a dead latent.
    """

    score: float
    by_latent: Floats
    factor_of_latent: Ints
    matrix: Floats


def irs(
    codes: ArrayLike,
    classes: ArrayLike,
    quantile: float = IRS_QUANTILE,
    *,
    bins: int | None = None,
) -> InterventionalRobustness:
    """Measure how constant each latent is while one factor is fixed (Suter et al. 2019).

    As in the code of Locatello et al. (2018), though not among their study's metrics: among the
    samples with one value of a factor, the spread of a latent is a quantile of its absolute
    deviations from their mean. Its mean over the factor's values, divided by the largest absolute
    deviation from the overall mean, is subtracted from 1. Values are weighted by their number of
    samples. That code uses a plain mean in bins, as `bins` does: then noise looks robust to a
    factor with many values of a single sample, which have no spread, and a factor of more than 20
    levels loses some to the bins (0.007 for codes of the size of dSprites). Each latent counts with
    its best factor. The score is the mean over latents, weighted by the largest deviation, so it
    depends on the latents' scales. Dead latents have no weight.

    Two latents that follow one factor both score 1, even if another factor is missed. Pure noise
    does not score 0, since its quantile is below its largest deviation, and more so with more
    samples: about 0.35 for 10,000 normal codes.

    Args:
        codes: Posterior means, shape (N, K).
        classes: Class of each factor, from 0, shape (N, F).
        quantile: Quantile of the deviations, in [0, 1]; 1 for the largest one, as in the metric's
            own paper.
        bins: Number of bins of equal width into which each factor is cut first, equally weighted;
            None takes classes as they are, weighted by their samples.

    Returns:
        The score and its parts; the score is 0 if every latent is dead.

    Raises:
        ValueError: If `quantile` is outside [0, 1]; see also `codes_and_classes`.
    """
    z, levels = codes_and_classes(codes, classes)
    if not 0 <= quantile <= 1:
        raise ValueError(f"quantile must be in [0, 1], got {quantile}")
    alive = np.ptp(z, axis=0) > 0
    largest = np.abs(z - z.mean(axis=0)).max(axis=0)[alive]
    live = np.ascontiguousarray(z[:, alive].T)
    matrix = np.zeros((z.shape[1], levels.shape[1]))
    for factor, column in enumerate(levels.T):
        held = column if bins is None else equal_width(column.astype(np.float64), bins)
        spreads, samples = _held_spreads(live, held, quantile)
        weights = samples if bins is None else None
        matrix[alive, factor] = 1 - np.average(spreads, axis=0, weights=weights) / largest
    by_latent = matrix.max(axis=1)
    return InterventionalRobustness(
        score=float(np.average(by_latent[alive], weights=largest)) if alive.any() else 0.0,
        by_latent=by_latent,
        factor_of_latent=np.where(alive, matrix.argmax(axis=1), NO_FACTOR),
        matrix=matrix,
    )


def _held_spreads(latents: Floats, column: Ints, quantile: float) -> tuple[Floats, Ints]:
    """Compute each latent's spread in each class, (classes, K), and the samples of each class."""
    order = np.argsort(column)
    starts = np.flatnonzero(np.diff(column[order], prepend=-1))
    counts = np.diff(starts, append=len(column))
    values = latents[:, order]  # shape (K, N), samples sorted by class
    means = np.add.reduceat(values, starts, axis=1) / counts
    stds = np.abs(values - np.repeat(means, counts, axis=1))
    spreads = [_quantile(part, quantile) for part in np.split(stds, starts[1:], axis=1)]
    return np.stack(spreads), counts


def _quantile(values: Floats, quantile: float) -> Floats:
    # Two order statistics of each row: numpy.quantile would take longer than everything else here.
    place = quantile * (values.shape[1] - 1)
    low = int(place)
    high = min(low + 1, values.shape[1] - 1)
    parts = np.partition(values, (low, high), axis=1)
    between: Floats = parts[:, low] + (place - low) * (parts[:, high] - parts[:, low])
    return between


def irs_scores(sample: LabelledCodes, protocol: Protocol) -> Scores:
    """Compute the interventional robustness score, by name."""
    codes, classes = sample.first
    bins = LIBRARY_BINS if protocol.of_library else None
    found = irs(codes, classes, bins=bins)
    details = {"by_latent": found.by_latent.tolist()}
    # Largest deviations vary as much over all rows as over parts, so there is no valid interval.
    return {"irs": make_score(found.score, None, sample.population, details)}
