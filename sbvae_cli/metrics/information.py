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
    """Counts of rows in each bin of each latent and class of each factor.

    Attributes:
        tables: Table of each factor, shape (..., K, bins, classes).
    """

    tables: tuple[Ints, ...]

    def information(self) -> Floats:
        """Compute the plug-in mutual information in nats, at least 0, shape (..., K, F)."""
        nats = [_information(table) for table in self.tables]
        return np.stack(nats, axis=-1) if nats else np.empty((0, 0))

    def shares(self) -> Floats:
        """Divide the information by each factor's entropy; 0 for a single class, (..., K, F)."""
        entropies = np.maximum(self.entropies(), np.finfo(float).tiny)
        share: Floats = self.information() / entropies[..., None, :]
        return share

    def entropies(self) -> Floats:
        """Compute the plug-in entropy of each factor in nats, shape (..., F)."""
        nats = [_entropy(table[..., 0, :, :].sum(axis=-2)) for table in self.tables]
        return np.stack(nats, axis=-1) if nats else np.empty(0)

    def total(self) -> Self:
        """Sum the counts over groups of rows, the first axis."""
        return type(self)(tuple(table.sum(axis=0) for table in self.tables))

    def without_each_group(self) -> Self:
        """Sum the counts over all groups but one, for each group; the shape is unchanged."""
        return type(self)(tuple(table.sum(axis=0) - table for table in self.tables))


def count(
    codes: ArrayLike,
    classes: ArrayLike,
    bins: int = 20,
    binning: Binning = "width",
    groups: Ints | None = None,
) -> Counts:
    """Count the rows in each bin of each latent and class of each factor.

    The bins are those of `mutual_information`.

    Args:
        codes: Posterior means, shape (N, K), K at least 1.
        classes: Class of each factor, from 0, shape (N, F).
        bins: Number of bins of each latent.
        binning: Kind of the latents' bins.
        groups: Group of each row, from 0, shape (N,); bins do not depend on the groups.

    Returns:
        Tables of shape (K, bins, classes), or with groups of shape (G, K, bins, classes).

    Raises:
        ValueError: If the arrays do not fit each other; see `codes_and_classes`.
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
    """Compute the plug-in mutual information of each latent with each factor, as in MIG.

    The definition is that of Chen et al. (2018), without a correction of the plug-in's bias, which
    is about (bins - 1)(classes - 1) / 2N nats for an independent latent and factor.

    Args:
        codes: Posterior means, shape (N, K).
        classes: Class of each factor, from 0, shape (N, F), as from `factor_classes`.
        bins: Number of left-closed bins of each latent.
        binning: "width" divides each latent's range into equal parts, "frequency" its values into
            equal numbers, with ties in one bin.

    Returns:
        Information in nats, at least 0, shape (K, F); 0 for a constant latent or factor.

    Raises:
        ValueError: If the arrays do not fit each other; see `codes_and_classes`.
    """
    return count(codes, classes, bins, binning).information()


def fills_table(classes: Ints, bins: int, of_a_cell: int = 1) -> bool:
    """Return whether there are enough rows to fill a table of bins and classes.

    With fewer rows, counted information is mostly bias, and leaving out rows does not show how
    much: perfect codes of 200 rows and two continuous factors have an MIG of about 0.7.

    Args:
        classes: Class of each factor, from 0, shape (N, F).
        bins: Number of bins of a latent.
        of_a_cell: Smallest average number of rows in a cell, for the factor with most classes.
    """
    return len(classes) >= of_a_cell * bins * (1 + int(classes.max(initial=0)))


def chance_information(bins: ArrayLike, classes: ArrayLike, n: int) -> Floats:
    """Return the expected plug-in information in nats of independent bins and classes of n rows."""
    return (np.asarray(bins) - 1.0) * (np.asarray(classes) - 1.0) / (2 * n)


def beyond_chance(shares: ArrayLike, chance: ArrayLike) -> Floats:
    """Subtract from shares of entropies what chance adds; the result is at least 0.

    The full amount is subtracted from a share of 0, and nothing from a share of 1.

    Args:
        shares: Plug-in information divided by the entropy, any shape.
        chance: `chance_information` divided by the same entropy, of a shape that fits.
    """
    known = np.minimum(np.asarray(shares, np.float64), 1.0)
    corrected: Floats = np.maximum(known - (1.0 - known) * np.asarray(chance), 0.0)
    return corrected


def equal_width(column: Floats, bins: int, ranged: Floats | None = None) -> Ints:
    """Return the bin of each value, from 0: left-closed bins of equal width over the range.

    With `ranged`, the range is that of these values; values beyond it are in the first or last bin.
    """
    values = column if ranged is None else ranged
    edges = np.linspace(values.min(), values.max(), bins + 1)
    return np.maximum(np.searchsorted(edges[:-1], column, side="right") - 1, 0)


def _equal_frequency(column: Floats, bins: int) -> Ints:
    """Return bins by the middle rank of each value, so that a code's sign has no influence."""
    _, place, number = np.unique(column, return_inverse=True, return_counts=True)
    middle = np.cumsum(number) - number / 2
    cut: Ints = (bins * middle / len(column)).astype(np.int64)
    return cut[place]


def _information(table: Ints) -> Floats:
    """Compute H(bin) + H(class) - H(bin, class) of tables (..., bins, classes)."""
    joint = _entropy(table.reshape(*table.shape[:-2], -1))
    nats = _entropy(table.sum(axis=-1)) + _entropy(table.sum(axis=-2)) - joint
    return np.where(nats > _ROUNDING, nats, 0.0)


def _entropy(counts: Ints) -> Floats:
    """Compute the entropy over the last axis, in nats."""
    total = counts.sum(axis=-1)
    weighted = (counts * np.log(np.maximum(counts, 1))).sum(axis=-1)
    nats: Floats = np.maximum(np.log(total) - weighted / total, 0.0)
    return nats
