"""Factors as classes: their levels, or bins where they are continuous."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from sbvae_cli.config.metrics import MAX_LEVELS, ROWS_OF_A_LEVEL
from sbvae_cli.config.names import FactorKind
from sbvae_cli.metrics.information import equal_width
from sbvae_cli.metrics.validate import Ints


def factor_classes(
    factors: ArrayLike,
    bins: int = 20,
    first: int | None = None,
    most_levels: int | None = MAX_LEVELS,
    kinds: Sequence[FactorKind | None] | None = None,
) -> Ints:
    """The class of each value of each factor: its level, or its bin where it is continuous.

    Classes are to be made once, before rows are split or drawn from: whether a factor is continuous
    is seen from many rows only.

    Args:
        factors: Finite values, shape (N, F).
        bins: Number of bins of a continuous factor, of equal width over its own range, left-closed.
        first: Number of rows, from the first on, that decide on bins and their range; None is all.
        most_levels: Most values of a factor that is not continuous; None for any number.
        kinds: What each factor is known to have; None where its values tell.

    Returns:
        Shape (N, F), from 0.

    Raises:
        ValueError: If the array has another shape or holds values that are not finite.
    """
    v = np.asarray(factors, dtype=np.float64)
    if v.ndim != 2 or not np.isfinite(v).all():
        raise ValueError(f"factors must be finite and of shape (N, F), got {v.shape}")
    columns = [
        equal_width(column, bins, column[:first])
        if is_continuous(column[:first], bins, most_levels, kind)
        else np.unique(column, return_inverse=True)[1]
        for column, kind in zip(v.T, kinds or [None] * v.shape[1], strict=True)
    ]
    return np.stack(columns, axis=1) if columns else np.empty(v.shape, np.int64)


def is_continuous(
    column: ArrayLike,
    bins: int = 20,
    most_levels: int | None = MAX_LEVELS,
    kind: FactorKind | None = None,
) -> bool:
    """Whether a factor has a range, or so many values that it enters by its bins.

    These are more than `most_levels`, or, where its kind is not known, more than `bins` with fewer
    than five rows for each: of a range that is sampled a hundred times every value is another.

    Args:
        column: Shape (N,).
        bins: Number of bins that it would have.
        most_levels: Most values of a factor that is not continuous; None for any number.
        kind: What it is known to have.
    """
    if kind == "range":
        return True
    values = np.asarray(column)
    levels = len(np.unique(values))
    too_many = most_levels is not None and levels > most_levels
    sampled = kind is None and levels > max(bins, len(values) / ROWS_OF_A_LEVEL)
    return too_many or sampled
