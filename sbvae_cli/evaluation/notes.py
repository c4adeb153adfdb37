"""Lines on where the numbers of an evaluation should not be trusted."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import combinations

import numpy as np

from sbvae_cli.config.metrics import DEAD_BELOW, METRICS
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.result import abbreviate
from sbvae_cli.metrics.information import chance_information, count
from sbvae_cli.metrics.labelled_codes import LabelledCodes
from sbvae_cli.metrics.score import Scores
from sbvae_cli.metrics.unsupervised import BINS
from sbvae_cli.metrics.validate import Ints

_A_CELL = 5  # rows that counting needs, on average
_FAR = 30.0  # times the middle half of a latent's codes
_CROWDED = 0.8  # of the rows, in one bin
_DEPENDENT = 0.1  # of a factor's entropy that another one tells
_WARPED = 0.2  # between the MIG in bins of either kind


@contextmanager
def left_out(metric: str, notes: list[str], lenient: bool) -> Iterator[None]:
    """Turn an error into a note that the metric is missing, where that is asked for."""
    try:
        yield
    except SbvaeError as error:
        if not lenient:
            raise
        notes.append(f"without {metric}: {error}")


def sample_notes(sample: LabelledCodes, metrics: Collection[str]) -> list[str]:
    """Lines on where the numbers of these metrics should not be trusted."""
    notes = []
    of_classes = any(METRICS[m].source == "codes" and METRICS[m].least_factors for m in metrics)
    if sample.binned and of_classes:
        many = len(sample.binned) > 1
        notes.append(
            f"{', '.join(sample.binned)} {'are' if many else 'is'} continuous and cut into "
            f"{sample.bins} bins: what is made of classes depends on these"
        )
    codes, classes = sample.first
    stds = codes.std(axis=0)
    dead = np.flatnonzero(stds < DEAD_BELOW * sample.unit).tolist()
    constant = np.flatnonzero(np.ptp(codes, axis=0) == 0).tolist()
    if not stds.max():
        notes.append("every latent is constant: no score can tell anything")
    elif dead:
        notes.append(
            "latents that hardly deviate, which geometry, mig_subspace and votes leave out: "
            + ", ".join(map(str, dead))
        )
    if constant and stds.max() and "modularity" in metrics:
        notes.append(f"modularity counts {len(constant)} constant latents as 0")
    notes += _far_out(sample) + _dependent_factors(sample)
    if "unsupervised" in metrics and len(codes) < _A_CELL * BINS**2 and codes.shape[1] > 1:
        notes.append(
            f"latent_mutual_information is over {len(codes):,} images, few for {BINS} times {BINS} "
            "bins: independent latents seem to share information"
        )
    counted = any(METRICS[m].bins and METRICS[m].least_factors for m in metrics)
    return notes + (_counting_notes(sample, classes) if counted else [])


def _far_out(sample: LabelledCodes) -> list[str]:
    """Lines on codes and factors of which a few lie so far out that the others share a bin."""
    codes, classes = sample.first
    low, middle, high = np.quantile(codes, [0.25, 0.5, 0.75], axis=0)
    furthest = np.abs(codes - middle).max(axis=0)
    latents = np.flatnonzero((high > low) & (furthest > _FAR * (high - low))).tolist()
    notes = []
    if latents:
        notes.append(
            f"codes far out in latent {', '.join(map(str, latents))}: what sees their scale (mig, "
            "mig_subspace, votes, irs, geometry) follows these few"
        )
    binned = [sample.names.index(name) for name in sample.binned]
    most = [np.bincount(classes[:, i]).max() / len(classes) for i in binned]
    crowded = [sample.names[i] for i, share in zip(binned, most, strict=True) if share > _CROWDED]
    if crowded:
        notes.append(
            f"most values of {', '.join(crowded)} share one of {sample.bins} bins, as a few lie "
            "far out"
        )
    return notes


def _dependent_factors(sample: LabelledCodes) -> list[str]:
    """A line on factors that tell of each other, so that no latent can tell of one alone."""
    classes = sample.first[1]
    sizes = (1 + classes.max(axis=0)).tolist()
    most = max(sizes, default=1)
    counts = count(classes, classes, bins=most)  # a bin for each class
    nats, entropies = counts.information(), np.maximum(counts.entropies(), 1e-12)
    pairs = []
    for first, second in combinations(range(classes.shape[1]), 2):
        chance = chance_information(sizes[first], sizes[second], len(classes))
        # A table that rows hardly fill holds chance alone.
        share = (nats[first, second] - chance) / min(entropies[first], entropies[second])
        if share > _DEPENDENT and len(classes) >= most * most:
            pairs.append(f"{sample.names[first]} and {sample.names[second]} ({share:.0%})")
    if not pairs:
        return []
    return [
        "factors that tell of each other, so that a latent of one tells of both: "
        + abbreviate(pairs, ", ")
    ]


def _counting_notes(sample: LabelledCodes, classes: Ints) -> list[str]:
    """Lines on too few rows for the bins, and on too few bins for the levels."""
    rows, bins, most = len(classes), sample.bins, 1 + int(classes.max(initial=0))
    notes = []
    if rows < _A_CELL * bins * most:
        note = (
            f"{rows:,} images are few for {bins} bins times {most} classes: where these are "
            "counted (mig and its kin, modularity) latents seem to know more than they do"
        )
        if rows < bins * most:
            note += ", and no interval can tell by how much"
        notes.append(note)
    fine = [
        f"{name} ({int(column.max()) + 1})"
        for name, column in zip(sample.names, classes.T, strict=True)
        if int(column.max()) >= bins
    ]
    if fine:
        notes.append(
            f"mig falls short of 1 where a factor has more levels than a latent's {bins} bins: "
            f"{abbreviate(fine)}"
        )
    return notes


def score_notes(scores: Scores) -> list[str]:
    """Lines on scores that contradict each other."""
    width, frequency = scores.get("mig"), scores.get("mig_quantile")
    if width is None or frequency is None or width.value is None or frequency.value is None:
        return []
    if frequency.value - width.value < _WARPED:
        return []
    return [
        f"mig is {width.value:.2f} in bins of equal width, {frequency.value:.2f} in bins of equal "
        "frequency: latents are warped, or a few codes lie far out; read mig_quantile"
    ]


def voted(metrics: Collection[str]) -> str:
    """The scores of votes among these metrics, by name."""
    return ", ".join(
        score for name in metrics if METRICS[name].votes for score in METRICS[name].scores
    )


def vote_notes(scores: Scores) -> list[str]:
    """A line on a FactorVAE score that is a guess."""
    score = scores.get("factor_vae")
    if score is None or score.details["classifier"]:
        return []
    return ["factor_vae: no latent's mean deviates enough to win a vote; it is a constant guess"]
