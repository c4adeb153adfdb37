"""Find reasons to distrust the scores of codes: how they were read, and their sample."""

from collections.abc import Collection
from itertools import combinations

import numpy as np

from sbvae_cli.config.metrics import DEAD_BELOW_STD, METRICS
from sbvae_cli.evaluation.codes_file import ARRAYS_READ
from sbvae_cli.evaluation.findings.finding import Finding
from sbvae_cli.evaluation.representation import Representation
from sbvae_cli.metrics.information import chance_information, count
from sbvae_cli.metrics.labelled_codes import LabelledCodes
from sbvae_cli.metrics.mig import ROWS_OF_A_CELL
from sbvae_cli.metrics.unsupervised import BINS

_ROWS_PER_CELL = 5  # average number of rows in a cell that counting needs
_OUTLIER_RANGES = 30.0  # interquartile ranges from the median at which a code is an outlier
_CROWDED_BIN_SHARE = 0.8  # share of the rows in one bin
_MAX_GUESSED_LEVELS = 100  # largest number of levels
_GUESSED_ROWS = 10_000  # number of rows
_MIN_DEPENDENCE = 0.1  # share of a factor's entropy that is shared with another factor


def reading_findings(representation: Representation) -> list[Finding]:
    """Report arrays of a file that are not read, and codes that look like factors."""
    unread = representation.unread
    found = [Finding("swapped")] if _look_swapped(representation.nonblank) else []
    found += [Finding("unnamed-present")] if "present" in unread else []
    return found + [
        Finding("unread", values={"array": name, "read": list(ARRAYS_READ)})
        for name in unread
        if name != "present"
    ]


def _look_swapped(shown: Representation) -> bool:
    """Guess from some rows of the file whether codes and factors are swapped."""
    codes, factors = shown.codes, shown.factors
    if not factors.shape[1] or len(codes) <= _MAX_GUESSED_LEVELS:
        return False
    some = slice(None, None, -(-len(codes) // _GUESSED_ROWS))
    codes, factors = codes[some], factors[some]
    codes = codes[:, (codes != codes[:1]).any(axis=0)]
    if not codes.shape[1] or (codes % 1 != 0).any():
        return False
    return all(len(np.unique(column)) <= _MAX_GUESSED_LEVELS for column in codes.T) and all(
        len(np.unique(column)) > _MAX_GUESSED_LEVELS for column in factors.T
    )


def sample_findings(
    sample: LabelledCodes, metrics: Collection[str], of_file: bool = False
) -> list[Finding]:
    """Report weaknesses of the sample for these metrics.

    Args:
        sample: Rows that are scored.
        metrics: Names of the computed metrics.
        of_file: Whether the codes are from a file, which could state the kinds of factors.
    """
    found, rows = [], len(sample.first[0])
    of_classes = any(METRICS[m].source == "codes" and METRICS[m].least_factors for m in metrics)
    if sample.binned and of_classes:
        found.append(Finding("binned", tuple(sample.binned), values={"bins": sample.bins}))
    if of_file and of_classes:
        found += [
            Finding(
                "guessed", (name,), values={"kind": "range" if name in sample.binned else "levels"}
            )
            for name in sample.names
            if name not in sample.kinds
        ]
    found += _constant_latents(sample, metrics) + _outliers(sample) + _dependent_factors(sample)
    few = rows < _ROWS_PER_CELL * BINS**2 and sample.codes.shape[1] > 1
    if "unsupervised" in metrics and few:
        found.append(Finding("few-to-pair", values={"rows": rows, "bins": BINS}))
    counted = any(METRICS[m].bins and METRICS[m].least_factors for m in metrics)
    return found + (_too_few_counts(sample) if counted else [])


def _constant_latents(sample: LabelledCodes, metrics: Collection[str]) -> list[Finding]:
    codes = sample.first[0]
    stds = codes.std(axis=0)
    if not stds.max():
        return [Finding("constant-codes")]
    dead = np.flatnonzero(stds < DEAD_BELOW_STD * sample.unit).tolist()
    constant = np.flatnonzero(np.ptp(codes, axis=0) == 0).tolist()
    found = [Finding("dead", latents=tuple(dead))] if dead else []
    if constant and "modularity" in metrics:
        values = {"count": len(constant)}
        found.append(Finding("constant-latents", latents=tuple(constant), values=values))
    return found


def _outliers(sample: LabelledCodes) -> list[Finding]:
    """Report codes and factors with outliers that leave most other values in one bin."""
    codes, classes = sample.first
    low, middle, high = np.quantile(codes, [0.25, 0.5, 0.75], axis=0)
    furthest = np.abs(codes - middle).max(axis=0)
    latents = np.flatnonzero((high > low) & (furthest > _OUTLIER_RANGES * (high - low))).tolist()
    crowded = [
        name
        for name in sample.binned
        if np.bincount(classes[:, sample.names.index(name)]).max() / len(classes)
        > _CROWDED_BIN_SHARE
    ]
    found = [Finding("far-codes", latents=tuple(latents))] if latents else []
    if crowded:
        found.append(Finding("far-values", tuple(crowded), values={"bins": sample.bins}))
    return found


def _dependent_factors(sample: LabelledCodes) -> list[Finding]:
    """Report factors that depend on each other, so that no latent can encode just one of them."""
    if len(sample.names) < 2:
        return []
    classes = sample.first[1]
    sizes = (1 + classes.max(axis=0)).tolist()
    most = max(sizes)
    if len(classes) < most * most:  # most cells of the table would be empty
        return []
    counts = count(classes, classes, bins=most)  # one bin for each class
    nats, entropies = counts.information(), np.maximum(counts.entropies(), 1e-12)
    found = []
    for first, second in combinations(range(classes.shape[1]), 2):
        chance = chance_information(sizes[first], sizes[second], len(classes))
        share = (nats[first, second] - chance) / min(entropies[first], entropies[second])
        if share > _MIN_DEPENDENCE:
            names = sample.names[first], sample.names[second]
            found.append(Finding("dependent", names, values={"share": float(share)}))
    return found


def _too_few_counts(sample: LabelledCodes) -> list[Finding]:
    """Report too few rows for the bins, and too few bins for the levels."""
    classes, bins = sample.first[1], sample.bins
    rows, most = len(classes), 1 + int(classes.max(initial=0))
    found = []
    if rows < _ROWS_PER_CELL * bins * most:
        code = "too-few-to-count" if rows < ROWS_OF_A_CELL * bins * most else "few-to-count"
        found.append(Finding(code, values={"rows": rows, "bins": bins, "classes": most}))
    return found + [
        Finding("fine-levels", (name,), values={"levels": int(column.max()) + 1, "bins": bins})
        for name, column in zip(sample.names, classes.T, strict=True)
        if int(column.max()) >= bins
    ]
