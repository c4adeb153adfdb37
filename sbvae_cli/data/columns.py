"""Columns of factors by name."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def columns(
    factors: NDArray[np.floating], names: Sequence[str], wanted: Sequence[str]
) -> NDArray[np.float64]:
    """Some columns, in double precision.

    Args:
        factors: Shape (N, F).
        names: Of the F columns.
        wanted: Names of those to give, in this order.

    Returns:
        Shape (N, len(wanted)).

    Raises:
        ValueError: If one is missing.
    """
    missing = [name for name in wanted if name not in names]
    if missing:
        raise ValueError(f"there is no factor {missing[0]} among {', '.join(names)}")
    return factors[:, [list(names).index(name) for name in wanted]].astype(np.float64)


def present(factors: NDArray[np.floating], names: Sequence[str]) -> NDArray[np.bool_]:
    """Which rows show an object: all, unless there is a column `present`; shape (N,)."""
    if "present" not in names:
        return np.ones(len(factors), np.bool_)
    shown: NDArray[np.bool_] = columns(factors, names, ("present",))[:, 0] > 0
    return shown
