"""Convert factors to classes: their levels, or bins of continuous factors."""

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
    """Return the class of each factor value: its level, or its bin for a continuous factor.

    Classes should be made once, before rows are split or resampled, as only many rows show whether
    a factor is continuous.

    Args:
        factors: Finite factor values, shape (N, F).
        bins: Number of left-closed bins of equal width over the range of a continuous factor.
        first: Number of first rows that determine whether a factor is continuous, and its range;
            None for all.
        most_levels: Largest number of levels of a factor that is not continuous; None for any
            number.
        kinds: Known kind of each factor; None for a factor whose kind is guessed from its values.

    Returns:
        Classes from 0, shape (N, F).

    Raises:
        ValueError: If the array has another shape or has values that are not finite.
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
    """Return whether a factor has a range, or so many values that they must be binned.

    That is more than `most_levels` values, or, if the kind is unknown, more than `bins` values
    with fewer than five rows each: nearly every sampled value of a range is different.

    Args:
        column: Factor values, shape (N,).
        bins: Number of bins that a continuous factor would have.
        most_levels: Largest number of levels of a factor that is not continuous; None for any
            number.
        kind: Known kind of the factor; None to guess it from the values.
    """
    if kind == "range":
        return True
    values = np.asarray(column)
    levels = len(np.unique(values))
    too_many = most_levels is not None and levels > most_levels
    sampled = kind is None and levels > max(bins, len(values) / ROWS_OF_A_LEVEL)
    return too_many or sampled
