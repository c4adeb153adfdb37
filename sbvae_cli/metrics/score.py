"""A score with its interval, population and details."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.metrics.intervals import NORMAL_QUANTILE, ConfidenceInterval


@dataclass(frozen=True)
class Score:
    """One score of one model.

    Attributes:
        value: Value of the score; None if it does not exist for this model or data.
        low: Lower end of a 95 % interval; None if there is no interval.
        high: Upper end of this interval.
        population: "train", "full", "heldout", or "file" for the rows of a file without renderer.
        details: Further values in plain containers, such as the score of each factor. `chance` is
            the value for uninformative codes.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    population: str = "full"
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the score as plain containers, for JSON."""
        own = {"value": self.value, "low": self.low, "high": self.high}
        return {**own, "population": self.population, **self.details}


Scores = dict[str, Score]  # by name


def make_score(
    value: float,
    interval: ConfidenceInterval | None,
    population: str,
    details: Mapping[str, Any] | None = None,
) -> Score:
    """Make a score with an interval, if there is one."""
    low, high = interval or (None, None)
    return Score(value, low, high, population, details or {})


def mean_score(values: NDArray[np.float64], population: str) -> Score:
    """Make the mean of independent values a score with its 95 % normal interval.

    Args:
        values: Independent values, shape (N,), N at least 1; a single one has no interval.
        population: Name of the population of the values.
    """
    mean = float(values.mean())
    if len(values) < 2:
        return Score(mean, population=population)
    half = NORMAL_QUANTILE * float(values.std(ddof=1)) / len(values) ** 0.5
    return Score(mean, mean - half, mean + half, population)
