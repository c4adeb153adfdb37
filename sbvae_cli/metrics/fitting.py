"""What metrics that fit a classifier to codes share."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sbvae_cli.metrics.validate import Floats, Ints

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression


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
        """Probability of each class that was fitted to, in order, shape (N, classes)."""
        return np.asarray(self.model.predict_proba((features - self.middle) / self.scale))


def standardise(z: Floats, other: Floats) -> tuple[Floats, Floats]:
    """Columns of both by mean and std of the first; a constant one by its mean alone."""
    middle, scale = z.mean(axis=0), np.where(np.ptp(z, axis=0) > 0, z.std(axis=0), 1.0)
    return (z - middle) / scale, (other - middle) / scale


@contextmanager
def expected_warnings() -> Iterator[None]:
    """Hide scikit-learn's warnings on what its callers allow, and no other.

    Fits to codes that part the classes have no finite optimum and may stop early, and rows may be
    few, for classes or for trees.
    """
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", message="The number of unique classes is greater")
        warnings.filterwarnings("ignore", message="Using the fractional value max_samples")
        yield


def fit_logistic(features: Floats, classes: Ints, most_steps: int = 1000) -> LogisticClassifier:
    """Fit scikit-learn's default logistic regression (C = 1, multinomial) to raw features.

    What is minimised is the loss of raw features, but the solver sees them centred and over one
    common scale, with C to match: on features of a std of 1,000 it would else stop far from
    the optimum. Features of very uneven scales, and classes that are separable where the penalty is
    next to nothing, may still take all steps; the fit is then used as it is.

    Args:
        features: Finite, shape (N, D).
        classes: Class of each row, of two different values or more, shape (N,).
        most_steps: Steps after which the fit is used as it is.
    """
    from sklearn.linear_model import LogisticRegression

    middle = features.mean(axis=0)
    centred = features - middle
    # A constant column's std may be rounding and not 0; its range is 0.
    scale = float(centred.std()) if np.ptp(features, axis=0).any() else 1.0
    model = LogisticRegression(C=scale**2, max_iter=most_steps)
    with expected_warnings():
        model.fit(centred / scale, classes)
    return LogisticClassifier(model, middle, scale)
