"""SAP, the separated attribute predictability (Kumar et al. 2018)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sbvae_cli.metrics.information import Floats, Ints

SAP_SETTINGS = {"classifier": "LinearSVC on one raw code", "C": 0.01, "class_weight": "balanced"}
_CONSTANT = 1e-12  # variance of a code that predicts nothing


@dataclass(frozen=True)
class Sap:
    """The score and what it is made of.

    Attributes:
        score: Mean of `by_factor`, in [0, 1].
        by_factor: How much better the best latent predicts each factor than the next, shape (F,).
        matrix: Test accuracy of each latent for each factor, shape (K, F); 0 for a constant one.
    """

    score: float
    by_factor: Floats
    matrix: Floats


def sap(
    train_codes: ArrayLike, train_classes: ArrayLike, test_codes: ArrayLike, test_classes: ArrayLike
) -> Sap:
    """Mean gap between the two latents that predict a factor best, each by itself.

    As in the study of Locatello et al. (2018): a linear SVM predicts a factor's class from one raw
    code. It sees the code's scale, and its hyperplanes part the classes at the two ends from the
    others only: perfect codes of a factor of ten levels get about 0.09 as they are, and 0.9 where
    there are two levels. Compare models of one dataset, never datasets.

    Args:
        train_codes: Posterior means, shape (N, K).
        train_classes: Class of each factor, from 0, shape (N, F).
        test_codes: Shape (M, K).
        test_classes: Shape (M, F).

    Raises:
        ValueError: If the arrays do not fit each other or there are fewer than two latents.
    """
    z, v = np.asarray(train_codes, np.float64), np.asarray(train_classes, np.int64)
    other, truth = np.asarray(test_codes, np.float64), np.asarray(test_classes, np.int64)
    if z.ndim != 2 or v.ndim != 2 or len(z) != len(v) or len(other) != len(truth):
        raise ValueError(f"codes and classes do not fit: {z.shape} and {v.shape}")
    if z.shape[1] < 2 or other.shape[1] != z.shape[1] or truth.shape[1] != v.shape[1]:
        raise ValueError(f"needs two latents and the same columns, got {z.shape}, {other.shape}")
    matrix = np.zeros((z.shape[1], v.shape[1]))
    for latent in np.flatnonzero(z.var(axis=0) > _CONSTANT).tolist():
        for factor in range(v.shape[1]):
            matrix[latent, factor] = _accuracy(
                z[:, [latent]], v[:, factor], other[:, [latent]], truth[:, factor]
            )
    best = np.sort(matrix, axis=0)
    gaps = best[-1] - best[-2]
    return Sap(float(gaps.mean()), gaps, matrix)


def _accuracy(z: Floats, classes: Ints, other: Floats, truth: Ints) -> float:
    from sklearn.svm import LinearSVC

    if (classes == classes[0]).all():
        return float((truth == classes[0]).mean())
    machine = LinearSVC(C=0.01, class_weight="balanced", dual=False)
    return float((machine.fit(z, classes).predict(other) == truth).mean())
