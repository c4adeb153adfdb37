"""Mutual information between latents and factors, by counting."""

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Binning = Literal["width", "frequency"]

MAX_CLASSES = 100
_ROUNDING = 1e-12  # nats


@dataclass(frozen=True)
class Counts:
    """How often each bin of each latent meets each class of each factor.

    Attributes:
        tables: One for each factor, of shape (..., K, bins, classes).
    """

    tables: tuple[Ints, ...]

    def information(self) -> Floats:
        """Plug-in mutual information in nats, at least 0, shape (..., K, F)."""
        nats = [_information(table) for table in self.tables]
        return np.stack(nats, axis=-1) if nats else np.empty((0, 0))

    def entropies(self) -> Floats:
        """Plug-in entropy of each factor in nats, shape (..., F)."""
        nats = [_entropy(table[..., 0, :, :].sum(axis=-2)) for table in self.tables]
        return np.stack(nats, axis=-1) if nats else np.empty(0)

    def total(self) -> Self:
        """All groups together, where the first axis is that of groups."""
        return type(self)(tuple(table.sum(axis=0) for table in self.tables))

    def without_each_group(self) -> Self:
        """All groups but one, for each one; of the same shape."""
        return type(self)(tuple(table.sum(axis=0) - table for table in self.tables))


def count(
    codes: ArrayLike,
    factors: ArrayLike,
    bins: int = 20,
    max_classes: int = MAX_CLASSES,
    binning: Binning = "width",
    groups: Ints | None = None,
) -> Counts:
    """Count codes and factors together; see `mutual_information` for bins and classes.

    Args:
        codes: Posterior means, shape (N, K), K at least 1.
        factors: Factor values, shape (N, F).
        bins: Of each latent, and of each factor that is binned.
        max_classes: Most distinct values of a factor that is not binned.
        binning: Of the latents.
        groups: The group of each row, from 0, shape (N,); bins are those of all rows.

    Returns:
        Tables of shape (K, bins, classes), or with groups of shape (G, K, bins, classes).

    Raises:
        ValueError: As `mutual_information`.
    """
    z, v = np.asarray(codes, dtype=np.float64), np.asarray(factors, dtype=np.float64)
    if z.ndim != 2 or v.ndim != 2 or len(z) != len(v) or 0 in z.shape:
        raise ValueError(f"codes (N, K) and factors (N, F) do not fit: {z.shape} and {v.shape}")
    if not (np.isfinite(z).all() and np.isfinite(v).all()):
        raise ValueError("codes and factors must be finite")
    cut = _equal_width if binning == "width" else _equal_frequency
    number = 1 if groups is None else int(groups.max()) + 1
    offsets = 0 if groups is None else bins * groups
    rows = [offsets + cut(column, bins) for column in z.T]
    tables = []
    for column in v.T:
        classes = factor_classes(column, bins, max_classes)
        width = int(classes.max()) + 1
        flat = [np.bincount(row * width + classes, minlength=number * bins * width) for row in rows]
        table = np.stack(flat).reshape(len(rows), number, bins, width).swapaxes(0, 1)
        tables.append(table[0] if groups is None else table)
    return Counts(tuple(tables))


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
    return count(codes, factors, bins, max_classes, binning).information()


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
    return np.array([_entropy(np.bincount(column)) for column in classes], dtype=np.float64)


def _equal_width(column: Floats, bins: int) -> Ints:
    edges = np.linspace(column.min(), column.max(), bins + 1)
    return np.searchsorted(edges[:-1], column, side="right") - 1


def _equal_frequency(column: Floats, bins: int) -> Ints:
    edges = np.quantile(column, np.linspace(0, 1, bins + 1)[1:-1])
    return np.searchsorted(edges, column, side="right")


def _information(table: Ints) -> Floats:
    """H(bin) + H(class) - H(bin, class) of (..., bins, classes)."""
    joint = _entropy(table.reshape(*table.shape[:-2], -1))
    nats = _entropy(table.sum(axis=-1)) + _entropy(table.sum(axis=-2)) - joint
    return np.where(nats > _ROUNDING, nats, 0.0)


def _entropy(counts: Ints) -> Floats:
    """In nats, over the last axis."""
    total = counts.sum(axis=-1)
    weighted = (counts * np.log(np.maximum(counts, 1))).sum(axis=-1)
    nats: Floats = np.maximum(np.log(total) - weighted / total, 0.0)
    return nats
