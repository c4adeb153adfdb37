"""Scores of a sample whose intervals come from disjoint parts of its rows."""

from collections.abc import Callable, Sequence

from sbvae_cli.metrics.intervals import PARTS, subsample_interval
from sbvae_cli.metrics.labelled_codes import Indices, LabelledCodes
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.score import Score, scored
from sbvae_cli.metrics.validate import Floats, Ints
from sbvae_cli.random import stream

ROWS_OF_A_CLASS = 10  # of a part, on average
_FITTED_ROWS_OF_A_CLASS = 30  # with fewer, parts scatter unlike all rows

Split = tuple[Floats, Ints, Floats, Ints]  # codes and classes to fit to, and to test


def scores_by_parts(
    sample: LabelledCodes,
    protocol: Protocol,
    score: Callable[[Indices], list[float]],
    values: Sequence[float],
    n: int,
    parts: int,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> list[Score]:
    """Scores with intervals from disjoint parts of the rows; without where these are too few.

    Args:
        sample: Codes whose population is recorded.
        protocol: Has the root seed of the parts.
        score: Rows to scores.
        values: Scores of all rows.
        n: Number of rows.
        parts: Number of parts that have rows enough.
        bounds: Least and largest value that a score can have.
    """
    intervals = subsample_interval(score, values, n, protocol.seed, bounds, parts)
    return [
        scored(value, interval, sample.population)
        for value, interval in zip(values, intervals, strict=True)
    ]


def scores_of_fits(
    sample: LabelledCodes,
    protocol: Protocol,
    score: Callable[[Split], list[float]],
    values: Sequence[float],
    parts: int = PARTS,
) -> list[Score]:
    """Scores of what is fitted to some rows and tested on others, with intervals from parts.

    Args:
        sample: Rows to split.
        protocol: Has the root seed of the parts and of the order of rows in each.
        score: Split rows to scores.
        values: Scores of all rows.
        parts: Most parts.
    """

    def of_part(rows: Indices) -> list[float]:
        return score(split(sample, stream(protocol.seed, "fit").permutation(rows)))

    n = len(sample.codes)
    fitted = int(sample.train_share * n)
    parts = min(parts, enough_parts(fitted, sample.classes, _FITTED_ROWS_OF_A_CLASS))
    return scores_by_parts(sample, protocol, of_part, values, n, parts)


def split(sample: LabelledCodes, rows: Indices | slice = slice(None)) -> Split:
    """Codes and classes to fit to, and to test: of these rows, the first ones and the others."""
    codes, classes = sample.codes[rows], sample.classes[rows]
    cut = min(max(1, round(sample.train_share * len(codes))), len(codes) - 1)
    return codes[:cut], classes[:cut], codes[cut:], classes[cut:]


def enough_parts(n: int, classes: Ints, rows_of_a_class: int = ROWS_OF_A_CLASS) -> int:
    """Number of parts of n rows that have enough for each class."""
    return n // (rows_of_a_class * (1 + int(classes.max(initial=0))))
