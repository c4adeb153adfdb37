"""SAP, separated attribute predictability (Kumar et al. 2018)."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from sbvae_cli.config.metrics import SAP_PENALTY
from sbvae_cli.metrics.fitting import expected_warnings
from sbvae_cli.metrics.labelled_codes import LabelledCodes
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.score import Scores
from sbvae_cli.metrics.subsampling import scores_of_fits, split
from sbvae_cli.metrics.validate import Floats, Ints, train_and_test

_CONSTANT = 1e-12  # largest variance of a code that is treated as constant


@dataclass(frozen=True)
class Sap:
    """SAP score and its parts.

    Attributes:
        score: Mean of `by_factor`, in [0, 1].
        by_factor: Accuracy of the best latent for each factor minus that of the second best, shape
            (F,).
        matrix: Test accuracy of each latent for each factor, shape (K, F); for a constant latent
            that of a guess, 1 / (number of fitted classes).
    """

    score: float
    by_factor: Floats
    matrix: Floats


def sap(
    train_codes: ArrayLike, train_classes: ArrayLike, test_codes: ArrayLike, test_classes: ArrayLike
) -> Sap:
    """Compute the mean gap between the two latents that predict a factor best, each alone.

    As in the study of Locatello et al. (2018), a linear SVM predicts a factor's class from one raw
    code. Its hyperplanes separate only the classes at the two ends from the others: perfect codes
    of a factor of ten levels get about 0.09, and 0.5 for two levels. It depends on the code's
    scale: codes with a std of 0.001 predict almost nothing, those with 1,000 as well as possible; a
    large offset spoils them, since the SVM penalises it too. The loss is summed over rows, so that
    their number matters too. Compare only models on the same dataset with the same number of
    images.

    The SVM is solved in its primal form, which needs no seed and converges in about 20 steps at any
    scale.

    Args:
        train_codes: Posterior means, shape (N, K), K at least 2.
        train_classes: Class of each factor, from 0, shape (N, F).
        test_codes: Posterior means, shape (M, K).
        test_classes: Class of each factor, shape (M, F).

    Returns:
        The scores; a factor of one class has a gap of 0.

    Raises:
        ValueError: If there are fewer than two latents; see also `train_and_test`.
    """
    z, v, other, truth = train_and_test(train_codes, train_classes, test_codes, test_classes)
    if z.shape[1] < 2:
        raise ValueError(f"sap compares two latents, got codes of shape {z.shape}")
    constant = z.var(axis=0) <= _CONSTANT
    matrix = np.empty((z.shape[1], v.shape[1]))
    for factor in range(v.shape[1]):
        classes, answers = v[:, factor], truth[:, factor]
        known = np.unique(classes)
        if len(known) < 2:
            matrix[:, factor] = (answers == known[0]).mean()
            continue
        matrix[constant, factor] = 1 / len(known)
        for latent in np.flatnonzero(~constant).tolist():
            matrix[latent, factor] = _accuracy(z[:, [latent]], classes, other[:, [latent]], answers)
    best = np.sort(matrix, axis=0)
    gaps = best[-1] - best[-2]
    return Sap(float(gaps.mean()), gaps, matrix)


def _accuracy(z: Floats, classes: Ints, other: Floats, truth: Ints) -> float:
    from sklearn.svm import LinearSVC

    with expected_warnings():
        machine = LinearSVC(C=SAP_PENALTY, class_weight="balanced", dual=False).fit(z, classes)
    return float((machine.predict(other) == truth).mean())


def sap_scores(sample: LabelledCodes, protocol: Protocol) -> Scores:
    """Compute the SAP score, by name."""
    found = sap(*split(sample))
    (score,) = scores_of_fits(sample, protocol, lambda rows: [sap(*rows).score], [found.score])
    details = {"by_factor": dict(zip(sample.names, found.by_factor.tolist(), strict=True))}
    return {"sap": replace(score, details=details)}
