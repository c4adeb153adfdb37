"""Explicitness (Ridgeway and Mozer 2018): can a linear classifier read the factors off?"""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sbvae_cli.metrics.information import Floats, Ints

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

CHANCE = 0.5
EXPLICITNESS_SETTINGS = {
    "classifier": "multinomial LogisticRegression on raw codes",
    "C": 1.0,
    "score": "one-versus-rest ROC AUC, mean over classes",
}
_MOST_STEPS = 1000


@dataclass(frozen=True)
class Explicitness:
    """The score and what it is the mean of.

    Attributes:
        score: In [0, 1]; `CHANCE` knows nothing.
        by_factor: Shape (F,).
    """

    score: float
    by_factor: Floats


@dataclass(frozen=True)
class LogisticClassifier:
    """A multinomial logistic regression on raw features, and how they were rescaled for it.

    Attributes:
        model: Fitted to features less `middle`, over `scale`.
        middle: Shape (D,).
        scale: One number for all features.
    """

    model: "LogisticRegression"
    middle: Floats
    scale: float

    def predict(self, features: Floats) -> Ints:
        """Classes, shape (N,), of features (N, D)."""
        return np.asarray(self.model.predict((features - self.middle) / self.scale))

    def probabilities(self, features: Floats) -> Floats:
        """Of each class that was fitted to, in order, shape (N, classes)."""
        return np.asarray(self.model.predict_proba((features - self.middle) / self.scale))


def explicitness(
    train_codes: ArrayLike, train_classes: ArrayLike, test_codes: ArrayLike, test_classes: ArrayLike
) -> Explicitness:
    """Mean over factors and classes of the area under the ROC curve (Ridgeway and Mozer 2018).

    Logistic regression predicts a factor's class from all raw codes; see `fit_logistic`. It is
    multinomial, as it now is by default in scikit-learn; published values are often of one
    classifier for each class, which are lower (0.94 in place of 1.00 on one set of perfect codes).
    The penalty is felt where codes are small: perfect codes of a deviation of 0.001 get about 0.8.

    Args:
        train_codes: Posterior means, shape (N, K).
        train_classes: Class of each factor, from 0, shape (N, F).
        test_codes: Shape (M, K).
        test_classes: Shape (M, F).

    Returns:
        The scores. A class that is in the fitted rows alone, or has all test rows, is left out of a
        factor's mean; a factor of which no class is left has `CHANCE`.

    Raises:
        ValueError: See `checked_split`.
    """
    z, v, other, truth = checked_split(train_codes, train_classes, test_codes, test_classes)
    areas = [_area(z, v[:, factor], other, truth[:, factor]) for factor in range(v.shape[1])]
    return Explicitness(float(np.mean(areas)), np.array(areas))


def checked_split(
    train_codes: ArrayLike, train_classes: ArrayLike, test_codes: ArrayLike, test_classes: ArrayLike
) -> tuple[Floats, Ints, Floats, Ints]:
    """Codes (N, K) in float64 and classes (N, F) to fit to, and (M, K) and (M, F) to test.

    Raises:
        ValueError: If the arrays do not fit each other, one is empty, or codes are not finite.
    """
    z, v = np.asarray(train_codes, np.float64), np.asarray(train_classes, np.int64)
    other, truth = np.asarray(test_codes, np.float64), np.asarray(test_classes, np.int64)
    for codes, classes in ((z, v), (other, truth)):
        if codes.ndim != 2 or classes.ndim != 2 or len(codes) != len(classes):
            raise ValueError(f"codes and classes do not fit: {codes.shape} and {classes.shape}")
        if 0 in codes.shape + classes.shape:
            raise ValueError(f"codes or classes are empty: {codes.shape} and {classes.shape}")
        if not np.isfinite(codes).all():
            raise ValueError("codes must be finite")
    if other.shape[1] != z.shape[1] or truth.shape[1] != v.shape[1]:
        raise ValueError(
            f"test rows have other columns: codes {z.shape} and {other.shape}, "
            f"classes {v.shape} and {truth.shape}"
        )
    return z, v, other, truth


def fit_logistic(features: Floats, classes: Ints) -> LogisticClassifier:
    """Fit scikit-learn's default logistic regression (C = 1, multinomial) to raw features.

    What is minimised is the loss of raw features, but the solver sees them centred and over one
    common scale, with C to match: on features of a deviation of 1,000 it would else stop far from
    the optimum. Features of very uneven scales, and classes that are separable where the penalty is
    next to nothing, may still take all 1,000 steps; the fit is then used as it is.

    Args:
        features: Finite, shape (N, D).
        classes: Of two different values or more, shape (N,).
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    middle = features.mean(axis=0)
    centred = features - middle
    # A constant column's deviation may be rounding and not 0; its range is 0.
    scale = float(centred.std()) if np.ptp(features, axis=0).any() else 1.0
    model = LogisticRegression(C=scale**2, max_iter=_MOST_STEPS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", UserWarning)  # on classes as many as half of the rows
        model.fit(centred / scale, classes)
    return LogisticClassifier(model, middle, scale)


def _area(z: Floats, classes: Ints, other: Floats, truth: Ints) -> float:
    known = np.unique(classes)
    if len(known) < 2:
        return CHANCE
    odds = fit_logistic(z, classes).probabilities(other)
    found = [
        _roc_area(odds[:, column], truth == level)
        for column, level in enumerate(known.tolist())
        if 0 < np.count_nonzero(truth == level) < len(truth)
    ]
    return float(np.mean(found)) if found else CHANCE


def _roc_area(score: Floats, positive: NDArray[np.bool_]) -> float:
    """Chance that a positive one has the larger score, ties counting half (Mann and Whitney)."""
    _, place, number = np.unique(score, return_inverse=True, return_counts=True)
    ends = np.cumsum(number)
    ranks = (ends - (number - 1) / 2)[place]
    m = np.count_nonzero(positive)
    n = len(score) - m
    return float((ranks[positive].sum() - m * (m + 1) / 2) / (m * n))
