"""The interventional robustness score (Suter et al. 2019): what else moves a latent?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sbvae_cli.config.metric_protocols import LIBRARY_BINS
from sbvae_cli.config.metrics import IRS_QUANTILE
from sbvae_cli.metrics.information import equal_width
from sbvae_cli.metrics.labelled_codes import LabelledCodes
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.score import Scores, scored
from sbvae_cli.metrics.validate import Floats, Ints, codes_and_classes

NO_FACTOR = -1  # of a dead latent


@dataclass(frozen=True)
class InterventionalRobustness:
    """The score and what it was averaged from.

    Attributes:
        score: At most 1, which it is where every latent follows one factor alone.
        by_latent: The largest entry of each row of `matrix`, shape (K,).
        factor_of_latent: The factor of that entry, -1 for a dead latent, shape (K,).
        matrix: 1 - (spread of a latent where a factor is held) / (largest spread), shape (K, F);
            0 for a dead latent.
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
    """How still each latent is while one factor is held (Suter et al. 2019).

    As in the code of Locatello et al. (2018), though it is not among their study's metrics: among
    the samples of one value of a factor, the spread of a latent is a quantile of its absolute
    deviations from their mean. The mean over the factor's values, over the largest absolute
    deviation from the overall mean, is subtracted from 1. Values are weighted by their samples: in
    that code's plain mean, which `bins` gives, noise looks robust to a factor of which many values
    have one sample, and so no spread, and a factor of more than 20 levels loses some to bins
    (0.007 for codes of dSprites' size). Each latent has its best factor;
    the score is their mean, weighted by the largest deviation, so that it depends on the latents'
    scales. Dead latents have no weight.

    Two latents that follow one factor each score 1, whether or not another factor is missed. Noise
    alone does not score 0, since its quantile lies below its largest deviation, the more the more
    samples there are: about 0.35 for 10,000 normal codes.

    Args:
        codes: Posterior means, shape (N, K).
        classes: Class of each factor, from 0, shape (N, F).
        quantile: In [0, 1]; 1 is the largest deviation of the metric's own paper.
        bins: The number of bins, of equal width, that every factor is cut into first, values
            weighted alike; None takes classes as they are, weighted by their samples.

    Returns:
        The score and its parts; a score of 0 where every latent is dead.

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
    """The latents' spreads in each class, (classes, K), and its number of samples."""
    order = np.argsort(column)
    starts = np.flatnonzero(np.diff(column[order], prepend=-1))
    counts = np.diff(starts, append=len(column))
    values = latents[:, order]  # (K, N), the samples of a class side by side
    means = np.add.reduceat(values, starts, axis=1) / counts
    stds = np.abs(values - np.repeat(means, counts, axis=1))
    spreads = [_quantile(part, quantile) for part in np.split(stds, starts[1:], axis=1)]
    return np.stack(spreads), counts


def _quantile(values: Floats, quantile: float) -> Floats:
    # Two order statistics of each row: numpy.quantile costs more than all else here together.
    place = quantile * (values.shape[1] - 1)
    low = int(place)
    high = min(low + 1, values.shape[1] - 1)
    parts = np.partition(values, (low, high), axis=1)
    between: Floats = parts[:, low] + (place - low) * (parts[:, high] - parts[:, low])
    return between


def irs_scores(sample: LabelledCodes, protocol: Protocol) -> Scores:
    """The interventional robustness by name."""
    codes, classes = sample.first
    bins = LIBRARY_BINS if protocol.of_library else None
    found = irs(codes, classes, bins=bins)
    details = {"by_latent": found.by_latent.tolist()}
    # Its largest deviations scatter as much in all rows as in parts of them: there is no interval.
    return {"irs": scored(found.score, None, sample.population, details)}
