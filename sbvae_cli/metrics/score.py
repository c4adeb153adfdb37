"""A number, how sure it is, and what it speaks of."""

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
        value: None where the score does not exist for this model or data.
        low: Lower end of a 95 % interval; None where there is none.
        high: Upper end.
        population: "train", "full", "heldout", or "file" for the rows of a file without renderer.
        details: What belongs to it, such as its value for each factor; plain containers. `chance`
            is the value that codes get which know nothing.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    population: str = "full"
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain containers for JSON."""
        own = {"value": self.value, "low": self.low, "high": self.high}
        return {**own, "population": self.population, **self.details}


Scores = dict[str, Score]  # by name


def scored(
    value: float,
    interval: ConfidenceInterval | None,
    population: str,
    details: Mapping[str, Any] | None = None,
) -> Score:
    """A score with its interval, or without where there is none."""
    low, high = interval or (None, None)
    return Score(value, low, high, population, details or {})


def mean_score(values: NDArray[np.float64], population: str) -> Score:
    """The mean of independent values with its 95 % normal interval.

    Args:
        values: Shape (N,), N at least 1; one value alone has no interval.
        population: Population that the values were drawn from.
    """
    mean = float(values.mean())
    if len(values) < 2:
        return Score(mean, population=population)
    half = NORMAL_QUANTILE * float(values.std(ddof=1)) / len(values) ** 0.5
    return Score(mean, mean - half, mean + half, population)
