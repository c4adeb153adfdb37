"""Find the factors that each latent follows, for labels beside a traversal (Figure 2)."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.metrics import USED_BELOW_STD
from sbvae_cli.config.names import FactorKind
from sbvae_cli.metrics.classes import factor_classes
from sbvae_cli.metrics.information import beyond_chance, chance_information, count
from sbvae_cli.metrics.validate import Floats

MIN_SHARE = 0.1  # share of a factor's entropy below which a latent has only a trace of it
MIN_SECOND_RATIO = 0.5  # share of the largest one below which a second one is ignored
MIN_ROWS = 60  # below which no factors are determined
_ROWS_OF_A_CELL = 5  # of a table of bins by bins, on average
_MAX_BINS = 20  # as in the metrics
_MAX_FACTORS = 2  # that a latent follows

Followed = tuple[tuple[str, float], ...]  # names of factors, with the share of their entropy


def factors_followed(
    means: Floats,
    stds: Floats,
    factors: NDArray[np.floating],
    names: Sequence[str],
    kinds: Sequence[FactorKind | None] | None = None,
) -> tuple[Followed, ...] | None:
    """Find the factor of which each latent has most information, and perhaps a second one.

    The share of a factor is its mutual information with the latent, as in MIG, divided by the
    factor's entropy, minus the expected value by chance. It is computed in bins of equal width
    and of equal frequency, and the larger value counts. A second factor needs half the share of
    the first. There are as many bins as the rows can fill, at most 20.

    Args:
        means: Posterior means, shape (N, K).
        stds: Posterior stds, shape (N, K); a latent with a mean std of 0.5 or more follows no
            factor.
        factors: Finite factor values, shape (N, F).
        names: Names of the F factors.
        kinds: Whether each factor has levels or a range; None to guess from its values.

    Returns:
        For each latent, none to two factors with shares of at least 0.1, largest first; None if no
        factor varies or there are fewer than 60 rows.
    """
    varying = np.flatnonzero((factors != factors[:1]).any(axis=0)).tolist()
    if len(means) < MIN_ROWS or not varying:
        return None
    bins = min(_MAX_BINS, math.isqrt(len(means) // _ROWS_OF_A_CELL))
    own = None if kinds is None else [kinds[i] for i in varying]
    classes = factor_classes(factors[:, varying], bins, kinds=own)
    chance = chance_information(bins, 1 + classes.max(axis=0), len(means))
    tables = (count(means, classes, bins, "width"), count(means, classes, bins, "frequency"))
    shares = np.maximum(
        *(beyond_chance(table.shares(), chance / table.entropies()) for table in tables)
    )  # (K, F)
    shares[stds.mean(axis=0) >= USED_BELOW_STD] = 0.0
    return tuple(_most(row, [names[i] for i in varying]) for row in shares)


def _most(shares: Floats, names: Sequence[str]) -> Followed:
    order = np.argsort(-shares, kind="stable")[:_MAX_FACTORS].tolist()
    least = max(MIN_SHARE, MIN_SECOND_RATIO * float(shares[order[0]]))
    return tuple((names[i], float(shares[i])) for i in order if shares[i] >= least)
