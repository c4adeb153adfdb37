"""Mutual information between latents and factors, by counting."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Binning = Literal["width", "frequency"]

MAX_CLASSES = 100


def mutual_information(
    codes: ArrayLike,
    factors: ArrayLike,
    bins: int = 20,
    max_classes: int = MAX_CLASSES,
    binning: Binning = "width",
) -> Floats:
    """Plug-in mutual information of every latent with every factor, as the MIG has it.

    The MIG is that of Chen et al. (2018). Nothing corrects the plug-in's bias, which is about
    (bins - 1)(classes - 1) / 2N nats where a latent and a factor are independent.

    Args:
        codes: Posterior means, shape (N, K).
        factors: Factor values, shape (N, F). A factor of at most `max_classes` distinct values
            enters by its classes, any other in `bins` bins.
        bins: Of each latent, and of each factor that is binned; left-closed.
        max_classes: Most distinct values of a factor that is not binned.
        binning: Of the latents: "width" cuts each one's own range into equal parts, "frequency"
            its values into equal numbers, ties together. Factors always have bins of equal width.

    Returns:
        Shape (K, F), in nats, at least 0. A constant code or factor has 0.

    Raises:
        ValueError: If the arrays are not two-dimensional, or differ in length, or are empty, or
            hold values that are not finite.
    """
    z, v = np.asarray(codes, dtype=np.float64), np.asarray(factors, dtype=np.float64)
    if z.ndim != 2 or v.ndim != 2 or len(z) != len(v) or len(z) == 0:
        raise ValueError(f"codes (N, K) and factors (N, F) do not fit: {z.shape} and {v.shape}")
    if not (np.isfinite(z).all() and np.isfinite(v).all()):
        raise ValueError("codes and factors must be finite")
    cut = _equal_width if binning == "width" else _equal_frequency
    latents = [cut(column, bins) for column in z.T]
    classes = [factor_classes(column, bins, max_classes) for column in v.T]
    pairs = [[_information(a, b) for b in classes] for a in latents]
    return np.array(pairs, dtype=np.float64).reshape(z.shape[1], v.shape[1])


def factor_classes(column: ArrayLike, bins: int = 20, max_classes: int = MAX_CLASSES) -> Ints:
    """The class of each value of a factor: its level, or its bin where it has many levels.

    Args:
        column: Finite values, shape (N,).
        bins: Bins of equal width over the column's own range, left-closed.
        max_classes: Most distinct values of a factor that is not binned.

    Returns:
        Shape (N,), from 0.
    """
    values = np.asarray(column, dtype=np.float64)
    levels, place = np.unique(values, return_inverse=True)
    return place if len(levels) <= max_classes else _equal_width(values, bins)


def factor_entropies(factors: ArrayLike, bins: int = 20, max_classes: int = MAX_CLASSES) -> Floats:
    """Plug-in entropy of every factor, over the classes that `mutual_information` counts.

    Args:
        factors: Finite values, shape (N, F).
        bins: See `factor_classes`.
        max_classes: See `factor_classes`.

    Returns:
        Shape (F,), in nats; 0 for a constant factor.
    """
    v = np.asarray(factors, dtype=np.float64)
    classes = [factor_classes(column, bins, max_classes) for column in v.T]
    return np.array([_information(column, column) for column in classes], dtype=np.float64)


def _equal_width(column: Floats, bins: int) -> Ints:
    edges = np.linspace(column.min(), column.max(), bins + 1)
    return np.searchsorted(edges[:-1], column, side="right") - 1


def _equal_frequency(column: Floats, bins: int) -> Ints:
    edges = np.quantile(column, np.linspace(0, 1, bins + 1)[1:-1])
    return np.searchsorted(edges, column, side="right")


def _information(a: Ints, b: Ints) -> float:
    columns = int(b.max()) + 1
    counts = np.bincount(a * columns + b, minlength=(int(a.max()) + 1) * columns)
    joint = counts.reshape(-1, columns) / len(a)
    independent = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    seen = joint > 0
    return max(0.0, float(np.sum(joint[seen] * np.log(joint[seen] / independent[seen]))))
