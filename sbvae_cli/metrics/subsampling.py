"""Scores of a sample with intervals from disjoint parts of its rows."""

from collections.abc import Callable, Sequence

from sbvae_cli.metrics.intervals import PARTS, subsample_interval
from sbvae_cli.metrics.labelled_codes import Indices, LabelledCodes
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.score import Score, make_score
from sbvae_cli.metrics.validate import Floats, Ints
from sbvae_cli.random import stream

ROWS_OF_A_CLASS = 10  # in a part, on average
_FITTED_ROWS_OF_A_CLASS = 30  # with fewer, parts vary differently from all rows

Split = tuple[Floats, Ints, Floats, Ints]  # codes and classes to fit, then to test


def scores_by_parts(
    sample: LabelledCodes,
    protocol: Protocol,
    score: Callable[[Indices], list[float]],
    values: Sequence[float],
    n: int,
    parts: int,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> list[Score]:
    """Make scores with intervals from disjoint parts of the rows, unless there are too few rows.

    Args:
        sample: Codes, whose population is recorded.
        protocol: Protocol, which has the root seed of the parts.
        score: Maps rows to scores.
        values: Scores of all rows.
        n: Number of rows.
        parts: Number of parts with enough rows.
        bounds: Smallest and largest possible score.
    """
    intervals = subsample_interval(score, values, n, protocol.seed, bounds, parts)
    return [
        make_score(value, interval, sample.population)
        for value, interval in zip(values, intervals, strict=True)
    ]


def scores_of_fits(
    sample: LabelledCodes,
    protocol: Protocol,
    score: Callable[[Split], list[float]],
    values: Sequence[float],
    parts: int = PARTS,
) -> list[Score]:
    """Make scores of models that are fitted to some rows and tested on others, with intervals.

    Args:
        sample: Rows to split.
        protocol: Protocol, which has the root seed of the parts and of the order of their rows.
        score: Maps split rows to scores.
        values: Scores of all rows.
        parts: Largest number of parts.
    """

    def of_part(rows: Indices) -> list[float]:
        return score(split(sample, stream(protocol.seed, "fit").permutation(rows)))

    n = len(sample.codes)
    fitted = int(sample.train_share * n)
    parts = min(parts, enough_parts(fitted, sample.classes, _FITTED_ROWS_OF_A_CLASS))
    return scores_by_parts(sample, protocol, of_part, values, n, parts)


def split(sample: LabelledCodes, rows: Indices | slice = slice(None)) -> Split:
    """Split rows into codes and classes to fit (the first ones) and to test (the others)."""
    codes, classes = sample.codes[rows], sample.classes[rows]
    cut = min(max(1, round(sample.train_share * len(codes))), len(codes) - 1)
    return codes[:cut], classes[:cut], codes[cut:], classes[cut:]


def enough_parts(n: int, classes: Ints, rows_of_a_class: int = ROWS_OF_A_CLASS) -> int:
    """Return the number of parts of n rows in which each class has enough rows on average."""
    return n // (rows_of_a_class * (1 + int(classes.max(initial=0))))
