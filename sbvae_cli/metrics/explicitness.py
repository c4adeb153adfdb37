"""Explicitness (Ridgeway and Mozer 2018): can a linear classifier read the factors?"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from sbvae_cli.metrics.fitting import fit_logistic, standardise
from sbvae_cli.metrics.labelled_codes import LabelledCodes
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.score import Scores
from sbvae_cli.metrics.subsampling import Split, scores_of_fits, split
from sbvae_cli.metrics.validate import Floats, Ints, train_and_test

CHANCE = 0.5


@dataclass(frozen=True)
class Explicitness:
    """Explicitness and its value for each factor.

    Attributes:
        score: Mean of `by_factor`, in [0, 1]; `CHANCE` for uninformative codes.
        by_factor: Mean area under the ROC curve of each factor's classes, shape (F,).
    """

    score: float
    by_factor: Floats


def explicitness(
    train_codes: ArrayLike,
    train_classes: ArrayLike,
    test_codes: ArrayLike,
    test_classes: ArrayLike,
    *,
    standardised: bool = False,
) -> Explicitness:
    """Compute the mean area under the ROC curve over factors and classes (Ridgeway, Mozer 2018).

    Logistic regression predicts a factor's class from all latents; see `fit_logistic`. It is
    multinomial, the current default of scikit-learn. Published values often use one classifier for
    each class, which gives lower scores (0.94 instead of 1.00 on one set of perfect codes). The
    penalty has an effect if codes are small: perfect codes with a std of 0.001 get about 0.8,
    unless they are standardised, as in the code of Locatello et al. (2018).

    Args:
        train_codes: Posterior means, shape (N, K).
        train_classes: Class of each factor, from 0, shape (N, F).
        test_codes: Posterior means, shape (M, K).
        test_classes: Class of each factor, shape (M, F).
        standardised: Whether codes are standardised by mean and std of the fitted rows.

    Returns:
        The scores. A class that is missing from the test rows, or that all of them have, is left
        out of its factor's mean. A factor without any class left has `CHANCE`.

    Raises:
        ValueError: If the arrays do not fit each other; see `train_and_test`.
    """
    z, v, other, truth = train_and_test(train_codes, train_classes, test_codes, test_classes)
    if standardised:
        z, other = standardise(z, other)
    areas = [_area(z, v[:, factor], other, truth[:, factor]) for factor in range(v.shape[1])]
    return Explicitness(float(np.mean(areas)), np.array(areas))


def _area(z: Floats, classes: Ints, other: Floats, truth: Ints) -> float:
    from sklearn.metrics import roc_auc_score

    known = np.unique(classes)
    if len(known) < 2:
        return CHANCE
    odds = fit_logistic(z, classes).probabilities(other)
    found = [
        float(roc_auc_score(truth == level, odds[:, column]))
        for column, level in enumerate(known.tolist())
        if 0 < np.count_nonzero(truth == level) < len(truth)
    ]
    return float(np.mean(found)) if found else CHANCE


def explicitness_scores(sample: LabelledCodes, protocol: Protocol) -> Scores:
    """Compute the explicitness, by name."""

    def fit(rows: Split) -> Explicitness:
        return explicitness(*rows, standardised=protocol.of_library)

    found = fit(split(sample))
    (score,) = scores_of_fits(sample, protocol, lambda rows: [fit(rows).score], [found.score])
    by_factor = dict(zip(sample.names, found.by_factor.tolist(), strict=True))
    return {"explicitness": replace(score, details={"chance": CHANCE, "by_factor": by_factor})}
