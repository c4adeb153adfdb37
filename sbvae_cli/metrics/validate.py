"""Validate and convert the arrays that metrics take."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def finite_codes(codes: ArrayLike) -> Floats:
    """Convert codes (N, K) to float64.

    Raises:
        ValueError: If the array has another shape, is empty or has values that are not finite.
    """
    z = np.asarray(codes, np.float64)
    if z.ndim != 2 or 0 in z.shape:
        raise ValueError(f"codes must have shape (N, K), got {z.shape}")
    if not np.isfinite(z).all():
        raise ValueError("codes must be finite")
    return z


def codes_and_classes(codes: ArrayLike, classes: ArrayLike) -> tuple[Floats, Ints]:
    """Convert codes (N, K) to float64 and classes (N, F) to int64.

    Raises:
        ValueError: If the arrays do not fit each other, codes are empty or not finite, or classes
            are not integers from 0 on.
    """
    z, v = np.asarray(codes, np.float64), np.asarray(classes)
    if z.ndim != 2 or v.ndim != 2 or len(z) != len(v) or 0 in z.shape:
        raise ValueError(f"codes (N, K) and classes (N, F) do not fit: {z.shape} and {v.shape}")
    if v.dtype.kind not in "iu" or v.min(initial=0) < 0:
        raise ValueError("classes must be whole numbers of at least 0; factor_classes makes them")
    return finite_codes(z), v.astype(np.int64, copy=False)


def train_and_test(
    train_codes: ArrayLike, train_classes: ArrayLike, test_codes: ArrayLike, test_classes: ArrayLike
) -> tuple[Floats, Ints, Floats, Ints]:
    """Convert codes and classes to fit, (N, K) and (N, F), and to test, (M, K) and (M, F).

    Raises:
        ValueError: If the arrays do not fit each other, one is empty, or codes are not finite.
    """
    z, v = codes_and_classes(train_codes, train_classes)
    other, truth = codes_and_classes(test_codes, test_classes)
    if v.shape[1] == 0:
        raise ValueError("there are no classes")
    if other.shape[1] != z.shape[1] or truth.shape[1] != v.shape[1]:
        raise ValueError(
            f"test rows have other columns: codes {z.shape} and {other.shape}, "
            f"classes {v.shape} and {truth.shape}"
        )
    return z, v, other, truth


def codes_of_votes(
    codes: ArrayLike, fixed: ArrayLike, n_train: int, n_factors: int
) -> tuple[Floats, Ints]:
    """Convert codes of votes (V, L, K), L at least 2, and the fixed factor of each vote (V,).

    Raises:
        ValueError: If the arrays do not fit each other, codes are not finite, a factor is not below
            `n_factors`, or there are no votes to train or none to test.
    """
    z, factor = np.asarray(codes, np.float64), np.asarray(fixed, np.int64)
    if z.ndim != 3 or z.shape[1] < 2 or factor.shape != z.shape[:1]:
        raise ValueError(
            f"codes (V, L, K), L at least 2, and fixed (V,) do not fit: {z.shape}, {factor.shape}"
        )
    if not ((factor >= 0) & (factor < n_factors)).all():
        raise ValueError(f"fixed must name one of {n_factors} factors")
    if not 0 < n_train < len(z):
        raise ValueError(f"{n_train} training votes of {len(z)} leave none of a kind")
    if not np.isfinite(z).all():
        raise ValueError("codes must be finite")
    return z, factor


def codes_and_kls(
    codes: Sequence[ArrayLike], kls: Sequence[ArrayLike]
) -> list[tuple[Floats, Floats]]:
    """Convert codes (N, K), with the same N, and KL (K,) of each model to float64.

    Raises:
        ValueError: If the arrays do not fit each other or have values that are not finite.
    """
    if len(codes) != len(kls):
        raise ValueError(f"{len(codes)} models have codes, {len(kls)} have KL")
    models = [
        (finite_codes(z), np.asarray(kl, np.float64)) for z, kl in zip(codes, kls, strict=True)
    ]
    for z, kl in models:
        if z.shape[1:] != kl.shape or len(z) != len(models[0][0]):
            raise ValueError(
                "codes (N, K) of the same N and KL (K,) do not fit: "
                f"{z.shape} and {kl.shape}, the first has {len(models[0][0])} samples"
            )
        if not np.isfinite(kl).all():
            raise ValueError("KL must be finite")
    return models
