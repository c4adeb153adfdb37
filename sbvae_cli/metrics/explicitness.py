"""Explicitness (Ridgeway and Mozer 2018): can a linear classifier read the factors off?"""

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
    """The score and what it is the mean of.

    Attributes:
        score: In [0, 1]; `CHANCE` knows nothing.
        by_factor: Shape (F,).
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
    """Mean over factors and classes of the area under the ROC curve (Ridgeway and Mozer 2018).

    Logistic regression predicts a factor's class from all codes; see `fit_logistic`. It is
    multinomial, as it now is by default in scikit-learn; published values are often of one
    classifier for each class, which are lower (0.94 in place of 1.00 on one set of perfect codes).
    The penalty is felt where codes are small: perfect codes of a std of 0.001 get about 0.8, unless
    they are standardised, as the code of Locatello et al. (2018) has them.

    Args:
        train_codes: Posterior means, shape (N, K).
        train_classes: Class of each factor, from 0, shape (N, F).
        test_codes: Shape (M, K).
        test_classes: Shape (M, F).
        standardised: Whether the classifier sees codes by the fitted rows' mean and std.

    Returns:
        The scores. A class that is in the fitted rows alone, or has all test rows, is left out of a
        factor's mean; a factor of which no class is left has `CHANCE`.

    Raises:
        ValueError: If arrays do not fit; see `train_and_test`.
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
    """The explicitness by name."""

    def fit(rows: Split) -> Explicitness:
        return explicitness(*rows, standardised=protocol.of_library)

    found = fit(split(sample))
    (score,) = scores_of_fits(sample, protocol, lambda rows: [fit(rows).score], [found.score])
    by_factor = dict(zip(sample.names, found.by_factor.tolist(), strict=True))
    return {"explicitness": replace(score, details={"chance": CHANCE, "by_factor": by_factor})}
