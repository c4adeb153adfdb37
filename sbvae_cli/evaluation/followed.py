"""Which factor each latent follows, as the labels beside a traversal say (Figure 2)."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.metrics import USED_BELOW
from sbvae_cli.config.names import FactorKind
from sbvae_cli.metrics.classes import factor_classes
from sbvae_cli.metrics.information import beyond_chance, chance_information, count
from sbvae_cli.metrics.validate import Floats

TRACE = 0.1  # of a factor's entropy: less is no more than a trace
ALONE = 0.5  # of the most that a latent or a factor has to do with: less is beside the point
LEAST_ROWS = 60  # fewer tell nothing
_ROWS_OF_A_CELL = 5  # of a table of bins and bins
_MOST_BINS = 20  # as the metrics have them
_MOST_FACTORS = 2  # of a latent

Followed = tuple[tuple[str, float], ...]  # factors, and the share of its entropy that is told


def factors_followed(
    means: Floats,
    stds: Floats,
    factors: NDArray[np.floating],
    names: Sequence[str],
    kinds: Sequence[FactorKind | None] | None = None,
) -> tuple[Followed, ...] | None:
    """The factor that each latent tells most of, and a second one that it tells half as much of.

    What a latent tells of a factor is their mutual information, as the MIG counts it, over the
    factor's entropy, less what chance adds; of bins of equal width and of equal frequency, those
    that tell more. There are as many bins as the rows can fill, at most 20.

    Args:
        means: Posterior means, shape (N, K).
        stds: Posterior stds, shape (N, K); a latent whose mean std is 0.5 or more follows none.
        factors: Finite values, shape (N, F).
        names: Names of the factors, F of them.
        kinds: Whether each has levels or a range; None where its values tell.

    Returns:
        For each latent none, one or two factors, most first, each of a share of 0.1 or more; None
        where no factor varies, or there are fewer than 60 rows.
    """
    varying = np.flatnonzero((factors != factors[:1]).any(axis=0)).tolist()
    if len(means) < LEAST_ROWS or not varying:
        return None
    bins = min(_MOST_BINS, math.isqrt(len(means) // _ROWS_OF_A_CELL))
    own = None if kinds is None else [kinds[i] for i in varying]
    classes = factor_classes(factors[:, varying], bins, kinds=own)
    chance = chance_information(bins, 1 + classes.max(axis=0), len(means))
    tables = (count(means, classes, bins, "width"), count(means, classes, bins, "frequency"))
    shares = np.maximum(
        *(beyond_chance(table.shares(), chance / table.entropies()) for table in tables)
    )  # (K, F)
    shares[stds.mean(axis=0) >= USED_BELOW] = 0.0
    return tuple(_most(row, [names[i] for i in varying]) for row in shares)


def _most(shares: Floats, names: Sequence[str]) -> Followed:
    order = np.argsort(-shares, kind="stable")[:_MOST_FACTORS].tolist()
    least = max(TRACE, ALONE * float(shares[order[0]]))
    return tuple((names[i], float(shares[i])) for i in order if shares[i] >= least)
