"""Mutual information between latents and the classes of factors, by counting."""

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from sbvae_cli.metrics.validate import Floats, Ints, codes_and_classes

Binning = Literal["width", "frequency"]

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

    def shares(self) -> Floats:
        """Information over each factor's entropy; 0 of a factor of one class, (..., K, F)."""
        entropies = np.maximum(self.entropies(), np.finfo(float).tiny)
        share: Floats = self.information() / entropies[..., None, :]
        return share

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
    classes: ArrayLike,
    bins: int = 20,
    binning: Binning = "width",
    groups: Ints | None = None,
) -> Counts:
    """Number of rows in each bin of each latent and class of each factor.

    The bins are those of `mutual_information`.

    Args:
        codes: Posterior means, shape (N, K), K at least 1.
        classes: Class of each factor, from 0, shape (N, F).
        bins: Number of bins of each latent.
        binning: Kind of the latents' bins.
        groups: The group of each row, from 0, shape (N,); bins are those of all rows.

    Returns:
        Tables of shape (K, bins, classes), or with groups of shape (G, K, bins, classes).

    Raises:
        ValueError: If arrays do not fit; see `codes_and_classes`.
    """
    z, v = codes_and_classes(codes, classes)
    cut = equal_width if binning == "width" else _equal_frequency
    number = 1 if groups is None else int(groups.max()) + 1
    offsets = 0 if groups is None else bins * groups
    rows = [offsets + cut(column, bins) for column in z.T]
    tables = []
    for column in v.T:
        width = int(column.max()) + 1
        flat = [np.bincount(row * width + column, minlength=number * bins * width) for row in rows]
        table = np.stack(flat).reshape(len(rows), number, bins, width).swapaxes(0, 1)
        tables.append(table[0] if groups is None else table)
    return Counts(tuple(tables))


def mutual_information(
    codes: ArrayLike, classes: ArrayLike, bins: int = 20, binning: Binning = "width"
) -> Floats:
    """Plug-in mutual information of every latent with every factor, as the MIG has it.

    The MIG is that of Chen et al. (2018). Nothing corrects the plug-in's bias, which is about
    (bins - 1)(classes - 1) / 2N nats where a latent and a factor are independent.

    Args:
        codes: Posterior means, shape (N, K).
        classes: Class of each factor, from 0, shape (N, F); `factor_classes` makes them.
        bins: Number of bins of each latent; left-closed.
        binning: "width" cuts each latent's own range into equal parts, "frequency" its values into
            equal numbers, ties together.

    Returns:
        Shape (K, F), in nats, at least 0. A constant code or factor has 0.

    Raises:
        ValueError: If arrays do not fit; see `codes_and_classes`.
    """
    return count(codes, classes, bins, binning).information()


def fills_table(classes: Ints, bins: int, of_a_cell: int = 1) -> bool:
    """Whether there are rows for each bin of a latent and class of the factor that has most.

    With fewer rows counted information is bias for the most part, and no leaving out of rows tells
    how much: perfect codes of 200 rows and two continuous factors have an MIG of about 0.7.

    Args:
        classes: Class of each factor, from 0, shape (N, F).
        bins: Number of bins of a latent.
        of_a_cell: Least rows of a cell, on average.
    """
    return len(classes) >= of_a_cell * bins * (1 + int(classes.max(initial=0)))


def chance_information(bins: ArrayLike, classes: ArrayLike, n: int) -> Floats:
    """Plug-in information in nats that independent bins and classes of n rows have on average."""
    return (np.asarray(bins) - 1.0) * (np.asarray(classes) - 1.0) / (2 * n)


def beyond_chance(shares: ArrayLike, chance: ArrayLike) -> Floats:
    """Shares of entropies that are known, less what chance adds; at least 0.

    All that chance adds is there where nothing is known, and nothing where all is.

    Args:
        shares: Plug-in information over the entropy, any shape.
        chance: `chance_information` over the same entropy, of a shape that fits.
    """
    known = np.minimum(np.asarray(shares, np.float64), 1.0)
    corrected: Floats = np.maximum(known - (1.0 - known) * np.asarray(chance), 0.0)
    return corrected


def equal_width(column: Floats, bins: int, ranged: Floats | None = None) -> Ints:
    """The bin of each value, from 0: of equal width over the column's own range, left-closed.

    With `ranged`, over the range of these values; what lies beyond is in the first or last bin.
    """
    values = column if ranged is None else ranged
    edges = np.linspace(values.min(), values.max(), bins + 1)
    return np.maximum(np.searchsorted(edges[:-1], column, side="right") - 1, 0)


def _equal_frequency(column: Floats, bins: int) -> Ints:
    """By the middle of the ranks that a value has, so that the sign of a code does not matter."""
    _, place, number = np.unique(column, return_inverse=True, return_counts=True)
    middle = np.cumsum(number) - number / 2
    cut: Ints = (bins * middle / len(column)).astype(np.int64)
    return cut[place]


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
