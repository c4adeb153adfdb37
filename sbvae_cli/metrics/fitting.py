"""Shared parts of metrics that fit a classifier to codes."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sbvae_cli.metrics.validate import Floats, Ints

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

# The filters of warnings are the process's, and scikit-learn changes them in its fits too: blocks
# of two threads that overlapped would put back the filters of one another.
_lock = threading.RLock()


@dataclass(frozen=True)
class LogisticClassifier:
    """Multinomial logistic regression on rescaled features.

    Attributes:
        model: Model fitted to (features - middle) / scale.
        middle: Mean of the fitted features, shape (D,).
        scale: Common scale of all features.
    """

    model: "LogisticRegression"
    middle: Floats
    scale: float

    def predict(self, features: Floats) -> Ints:
        """Predict the classes (N,) of features (N, D)."""
        with _lock:
            return np.asarray(self.model.predict((features - self.middle) / self.scale))

    def probabilities(self, features: Floats) -> Floats:
        """Predict the probability of each fitted class, in order, shape (N, classes)."""
        with _lock:
            return np.asarray(self.model.predict_proba((features - self.middle) / self.scale))


def standardise(z: Floats, other: Floats) -> tuple[Floats, Floats]:
    """Standardise both arrays by mean and std of the first; constant columns are only centred."""
    middle, scale = z.mean(axis=0), np.where(np.ptp(z, axis=0) > 0, z.std(axis=0), 1.0)
    return (z - middle) / scale, (other - middle) / scale


@contextmanager
def expected_warnings() -> Iterator[None]:
    """Hide those warnings of scikit-learn that the metrics expect.

    Fits to separable classes have no finite optimum and may stop early, and there may be few rows
    for the classes or trees.
    """
    from sklearn.exceptions import ConvergenceWarning

    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", message="The number of unique classes is greater")
        warnings.filterwarnings("ignore", message="Using the fractional value max_samples")
        yield


def fit_logistic(features: Floats, classes: Ints, most_steps: int = 1000) -> LogisticClassifier:
    """Fit scikit-learn's default logistic regression (C = 1, multinomial) to raw features.

    The loss is that of raw features, but the solver gets them centred and divided by one common
    scale, with C adjusted accordingly: with raw features of a std of 1,000 it would stop far from
    the optimum. With features of very unequal scales, or separable classes and nearly no penalty,
    the fit may still take all steps, and is then used as it is.

    Args:
        features: Finite features, shape (N, D).
        classes: Class of each row, with two or more distinct values, shape (N,).
        most_steps: Largest number of steps of the solver.
    """
    from sklearn.linear_model import LogisticRegression

    middle = features.mean(axis=0)
    centred = features - middle
    # The std of a constant column may be a rounding error above 0, but its range is 0.
    scale = float(centred.std()) if np.ptp(features, axis=0).any() else 1.0
    model = LogisticRegression(C=scale**2, max_iter=most_steps)
    with expected_warnings():
        model.fit(centred / scale, classes)
    return LogisticClassifier(model, middle, scale)
