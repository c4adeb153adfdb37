"""Mutual information gap (Chen et al. 2018), the paper's main measure of disentanglement."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.information import Binning, Counts, chance_information, count, fills_table
from sbvae_cli.metrics.intervals import ConfidenceInterval, jackknife_interval, random_groups
from sbvae_cli.metrics.labelled_codes import LabelledCodes
from sbvae_cli.metrics.mig_subspace import mig_subspace
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.score import Score, Scores, make_score
from sbvae_cli.metrics.validate import Floats, codes_and_classes

ROWS_OF_A_CELL = 2  # of a table of bins by classes, on average


@dataclass(frozen=True)
class InformationGap:
    """MIG with its interval and parts.

    Attributes:
        score: Mean of `by_factor`, in [0, 1].
        interval: Contains the score, and in 95 % of samples its limit for many rows in the same
            bins: in 0.93 to 1.00 of 60 samples each of 500 to 10,000 rows (levels, ranges,
            rotations, blurs, nearly no information). None if there are too few rows (with one for
            each cell it contained the limit in 0.83). None too for bins of equal frequency: parts
            of the rows do not show the effect of their varying edges (for exact codes, no interval
            contained the limit).
        by_factor: Information of the best latent on each factor minus that of the second best,
            divided by the factor's entropy, shape (F,). A constant latent can be second but never
            best.
        information: Information of each latent on each factor in nats, shape (K, F).
        entropies: Entropy of each factor in nats, shape (F,).
    """

    score: float
    interval: ConfidenceInterval | None
    by_factor: Floats
    information: Floats
    entropies: Floats


def mutual_information_gap(
    codes: ArrayLike,
    classes: ArrayLike,
    bins: int = 20,
    *,
    names: Sequence[str] | None = None,
    binning: Binning = "width",
    seed: int = 0,
) -> InformationGap:
    """Compute the mean gap between the two best latents over the factors (Chen et al. 2018).

    The paper's description (Section 4.1) omits the division by the factor's entropy, which its
    source has. The score is kept for comparison: it falls if perfect codes are rotated (0.51 at 10
    degrees), and does not detect a fold along an axis (Section 4.4). With bins of equal frequency,
    monotone transformations of a latent do not change it.

    Args:
        codes: Posterior means, shape (N, K).
        classes: Class of each factor, from 0, shape (N, F), as from `factor_classes`.
        bins: Number of left-closed bins over each latent's range.
        names: Names of the factors, for errors; None for their numbers.
        binning: Bins of equal "width" (the MIG) or of equal "frequency".
        seed: Root seed of the groups of rows for the interval.

    Raises:
        ValueError: If the arrays do not fit each other or have values that are not finite.
        SbvaeError: If there are fewer than two latents or no factor, or a factor has a single
            level.
    """
    z, v = codes_and_classes(codes, classes)
    _check(z.shape[1], v, names)
    groups = count(z, v, bins, binning, random_groups(len(z), seed))
    whole = groups.total()
    gaps = _gaps(whole)
    score = float(gaps.mean())
    interval = None
    if binning == "width" and fills_table(v, bins, ROWS_OF_A_CELL):
        interval = jackknife_interval(score, _gaps(groups.without_each_group()).mean(axis=-1))
    return InformationGap(score, interval, gaps, whole.information(), whole.entropies())


def _check(latents: int, factors: np.ndarray, names: Sequence[str] | None) -> None:
    if latents < 2:
        raise SbvaeError(
            f"the mutual information gap compares two latents, the model has {latents}"
        )
    if factors.shape[-1] == 0:
        raise SbvaeError("the mutual information gap needs a factor that varies, there is none")
    constant = np.flatnonzero((factors == factors[:1]).all(axis=0)).tolist()
    if constant:
        name = names[constant[0]] if names else constant[0]
        raise SbvaeError(
            f"factor {name} has one level, the mutual information gap needs two; leave it out"
        )


def _gaps(counts: Counts) -> Floats:
    """Compute the gap of each factor, shape (..., F)."""
    best = np.sort(counts.information(), axis=-2)
    entropies = counts.entropies()
    none = np.zeros_like(entropies)  # used if only one class is left without the group
    gap: Floats = np.divide(
        best[..., -1, :] - best[..., -2, :], entropies, out=none, where=entropies > 0
    )
    return gap


def mig_scores(sample: LabelledCodes, protocol: Protocol) -> Scores:
    """Compute MIG in both kinds of bins, and for groups of factors if there are any, by name."""
    scores = {
        "mig": _gap_score(sample, protocol, "width"),
        "mig_quantile": _gap_score(sample, protocol, "frequency"),
    }
    groups = protocol.groups
    if groups is None:  # natural groups
        plane = tuple(name for name in ("x", "y") if name in set(sample.names) - sample.circular)
        groups = (plane,) if len(plane) == 2 else ()
    if groups or sample.circular & set(sample.names):
        scores["mig_subspace"] = _subspace_score(sample, protocol, groups)
    return scores


def _gap_score(sample: LabelledCodes, protocol: Protocol, binning: Binning) -> Score:
    codes, classes = sample.first
    found = mutual_information_gap(
        codes, classes, protocol.bins, names=sample.names, binning=binning, seed=protocol.seed
    )
    sizes = (1 + classes.max(axis=0)).tolist()
    details = {
        "by_factor": dict(zip(sample.names, found.by_factor.tolist(), strict=True)),
        "binned_factors": sample.binned,
        "information": found.information.tolist(),
        "bias": chance_information(protocol.bins, sizes, len(codes)).tolist(),
        "entropies": found.entropies.tolist(),
    }
    return make_score(found.score, found.interval, sample.population, details)


def _subspace_score(
    sample: LabelledCodes, protocol: Protocol, groups: tuple[tuple[str, ...], ...]
) -> Score:
    circular = sample.circular & set(sample.names)
    try:
        found = mig_subspace(
            *sample.first, sample.names, groups, circular, protocol.bins, seed=protocol.seed
        )
    except SbvaeError as error:  # too few latents or rows for groups must not prevent mig
        why = str(error).removeprefix("mig_subspace ")
        return Score(None, population=sample.population, details={"why": why})
    details = {
        "by_factor": dict(zip(sample.names, found.by_factor.tolist(), strict=True)),
        "latents": {",".join(group): list(latents) for group, latents in found.latents.items()},
    }
    return make_score(found.score, None, sample.population, details)
