"""Least-squares isotonic regression without scikit-learn, which pictures do not load."""

import numpy as np

from sbvae_cli.metrics.validate import Floats


def isotonic_fit(x: Floats, y: Floats) -> Floats:
    """Fit a non-decreasing function of `x` by least squares, by pooling adjacent violators.

    Points with equal `x` get one value, so that a constant `x` explains nothing.

    Args:
        x: Predictor, shape (N,), in any order.
        y: Values to fit, shape (N,).

    Returns:
        Fitted values in the order of the arguments, shape (N,).
    """
    _, place, count = np.unique(x, return_inverse=True, return_counts=True)
    means = np.bincount(place, weights=y) / count
    return _pool(means, count.astype(np.float64))[place]


def isotonic_r2(x: Floats, y: Floats) -> float:
    """Return the share of the variance of `y` that a monotone function of `x` explains.

    Args:
        x: Predictor, shape (N,).
        y: Values to fit, shape (N,), not constant.

    Returns:
        The larger share of a rising and a falling function, in [0, 1].
    """
    total = np.square(y - y.mean()).sum()
    residuals = [np.square(y - isotonic_fit(sign * x, y)).sum() for sign in (1.0, -1.0)]
    return float(np.clip(1.0 - min(residuals) / total, 0.0, 1.0))


def _pool(means: Floats, weights: Floats) -> Floats:
    blocks: list[tuple[float, float, int]] = []  # mean, weight, number of points
    for mean, weight in zip(means.tolist(), weights.tolist(), strict=True):
        length = 1
        while blocks and blocks[-1][0] >= mean:
            left_mean, left_weight, left_length = blocks.pop()
            mean = (mean * weight + left_mean * left_weight) / (weight + left_weight)
            weight += left_weight
            length += left_length
        blocks.append((mean, weight, length))
    return np.repeat([block[0] for block in blocks], [block[2] for block in blocks])
