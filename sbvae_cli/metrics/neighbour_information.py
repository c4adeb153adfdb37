"""Mutual information of continuous latents with classes, from nearest neighbours."""

import numpy as np
from numpy.typing import ArrayLike

from sbvae_cli.metrics.validate import Floats, Ints, codes_and_classes


def nearest_information(codes: ArrayLike, classes: ArrayLike, neighbours: int = 3) -> Floats:
    """Mutual information of every latent with every factor's class (Ross 2014).

    For each sample, the distance to its n-th nearest neighbour within its class holds k samples of
    the class and m of all, itself not counted; the information is psi(N) + mean(psi(k) -
    psi(samples of the class) - psi(m)). Without ties k is n. Where values are equal both counts
    include every tie (Gao et al. 2017), so that discrete codes get nearly their plug-in
    information, and nothing is drawn at random. A class of a single sample is left out, and one of
    n or fewer uses all that it has.

    Args:
        codes: Posterior means, shape (N, K).
        classes: Class of each factor, from 0, shape (N, F).
        neighbours: The n above, at least 1.

    Returns:
        Shape (K, F), in nats, at least 0: estimates below 0 are set to 0. They are nearly
        unbiased, so that independent pairs give 0 about half of the time. 0 for a dead latent.

    Raises:
        ValueError: If `neighbours` is below 1; see also `codes_and_classes`.
    """
    z, levels = codes_and_classes(codes, classes)
    if neighbours < 1:
        raise ValueError(f"neighbours must be at least 1, got {neighbours}")
    information = np.zeros((z.shape[1], levels.shape[1]))
    for factor, column in enumerate(levels.T):
        kept = np.bincount(column)[column] > 1
        for latent in np.flatnonzero(np.ptp(z, axis=0) > 0):
            information[latent, factor] = _information(z[kept, latent], column[kept], neighbours)
    return information


def _information(values: Floats, classes: Ints, neighbours: int) -> float:
    samples = len(values)
    if samples == 0:
        return 0.0
    order = np.argsort(values)
    ranked = values[order]
    place = np.argsort(classes[order], kind="stable")  # by class, then by value
    label, mine = classes[order][place], ranked[place]
    radius, of_class = _radius(mine, label, neighbours)
    low = np.searchsorted(ranked, mine - radius, side="left")
    high = np.searchsorted(ranked, mine + radius, side="right")
    # Each sample's class and place in one sorted integer: counts within a class without a loop.
    keys, base = label * (samples + 1) + place, label * (samples + 1)
    within = np.searchsorted(keys, base + high) - np.searchsorted(keys, base + low)
    # psi(n) is harmonic(n - 1) less a constant that cancels.
    harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, samples + 1))])
    terms = harmonic[within - 2] - harmonic[of_class - 1] - harmonic[high - low - 2]
    return max(0.0, float(harmonic[samples - 1] + terms.mean()))


def _radius(mine: Floats, label: Ints, neighbours: int) -> tuple[Floats, Ints]:
    """Distance to the n-th neighbour within the class, and the samples of the class."""
    position = np.arange(len(mine))
    starts = np.flatnonzero(np.diff(label, prepend=-1))
    counts = np.diff(starts, append=len(mine))
    first, of_class = np.repeat(starts, counts), np.repeat(counts, counts)
    wanted = np.minimum(neighbours, of_class - 1)
    radius = np.full(len(mine), np.inf)
    for before in range(neighbours + 1):  # so many of the nearest lie below the sample
        low, high = position - before, position - before + wanted
        fits = (low >= first) & (high < first + of_class)
        reach = np.maximum(
            mine - mine[np.where(fits, low, 0)], mine[np.where(fits, high, 0)] - mine
        )
        radius = np.where(fits, np.minimum(radius, reach), radius)
    return radius * (1 + 1e-10), of_class  # the n-th neighbour must not be lost to rounding
