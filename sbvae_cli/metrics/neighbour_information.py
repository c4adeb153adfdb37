"""Mutual information between continuous latents and classes, from nearest neighbours."""

import numpy as np
from numpy.typing import ArrayLike

from sbvae_cli.metrics.validate import Floats, Ints, codes_and_classes


def nearest_information(codes: ArrayLike, classes: ArrayLike, neighbours: int = 3) -> Floats:
    """Estimate the mutual information of each latent with each factor's class (Ross 2014).

    Within the distance of each sample to its n-th nearest neighbour of the same class, there are k
    samples of that class and m of all classes, without itself. The information is psi(N) +
    mean(psi(k) - psi(size of the class) - psi(m)). Without ties, k is n. If values are equal, both
    counts include all ties (Gao et al. 2017), so that discrete codes get nearly their plug-in
    information and no random numbers are needed. A class with a single sample is left out, and one
    with n or fewer uses all of them.

    Args:
        codes: Posterior means, shape (N, K).
        classes: Class of each factor, from 0, shape (N, F).
        neighbours: The n above, at least 1.

    Returns:
        Information in nats, at least 0, shape (K, F). Estimates are nearly unbiased, and set to 0
        if negative, so that independent pairs give 0 about half of the time. A dead latent has 0.

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
    place = np.argsort(classes[order], kind="stable")  # sorted by class, then by value
    label, mine = classes[order][place], ranked[place]
    radius, of_class = _radius(mine, label, neighbours)
    low = np.searchsorted(ranked, mine - radius, side="left")
    high = np.searchsorted(ranked, mine + radius, side="right")
    # Class and position of each sample in one sorted integer, to count within classes without a
    # loop.
    keys, base = label * (samples + 1) + place, label * (samples + 1)
    within = np.searchsorted(keys, base + high) - np.searchsorted(keys, base + low)
    # psi(n) is harmonic(n - 1) minus a constant that cancels.
    harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, samples + 1))])
    terms = harmonic[within - 2] - harmonic[of_class - 1] - harmonic[high - low - 2]
    return max(0.0, float(harmonic[samples - 1] + terms.mean()))


def _radius(mine: Floats, label: Ints, neighbours: int) -> tuple[Floats, Ints]:
    """Return the distance to the n-th neighbour of the same class, and the size of the class."""
    position = np.arange(len(mine))
    starts = np.flatnonzero(np.diff(label, prepend=-1))
    counts = np.diff(starts, append=len(mine))
    first, of_class = np.repeat(starts, counts), np.repeat(counts, counts)
    wanted = np.minimum(neighbours, of_class - 1)
    radius = np.full(len(mine), np.inf)
    for before in range(neighbours + 1):  # number of the nearest ones that are below the sample
        low, high = position - before, position - before + wanted
        fits = (low >= first) & (high < first + of_class)
        reach = np.maximum(
            mine - mine[np.where(fits, low, 0)], mine[np.where(fits, high, 0)] - mine
        )
        radius = np.where(fits, np.minimum(radius, reach), radius)
    return radius * (1 + 1e-10), of_class  # rounding must not exclude the n-th neighbour
