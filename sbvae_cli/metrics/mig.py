"""The mutual information gap (Chen et al. 2018), the paper's main measure of disentangling."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.information import (
    Binning,
    Counts,
    chance_information,
    count,
    fills_table,
)
from sbvae_cli.metrics.intervals import (
    PARTS,
    ConfidenceInterval,
    jackknife_interval,
    random_groups,
    random_parts,
    selection_bias,
    t_quantile,
)
from sbvae_cli.metrics.labelled_codes import LabelledCodes
from sbvae_cli.metrics.mig_subspace import mig_subspace
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.score import Score, Scores, scored
from sbvae_cli.metrics.validate import Floats, Ints, codes_and_classes


@dataclass(frozen=True)
class InformationGap:
    """The MIG and what it is made of.

    Attributes:
        score: Mean of `by_factor`, in [0, 1].
        interval: Holds the score and, in 95 % of samples, what it tends to with many rows in
            the same bins; None where rows are too few to tell, see `fills_table`.
        by_factor: What the best latent knows of each factor more than the next, over the
            factor's entropy, shape (F,). A constant latent can be next but never best.
        information: Information of every latent about every factor, in nats, shape (K, F).
        entropies: Entropy of every factor, in nats, shape (F,).
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
    """Mean over the factors of the gap between the two best latents (Chen et al. 2018).

    The paper's sentence (Section 4.1) leaves out the division by the factor's entropy, which its
    source makes. The score is kept for comparison: it falls where codes are perfect but rotated
    (0.51 at 10 degrees) and does not see a fold along an axis (Section 4.4). With bins of equal
    frequency no monotone warp of a latent changes it.

    Args:
        codes: Posterior means, shape (N, K).
        classes: Class of each factor, from 0, shape (N, F); `factor_classes` makes them.
        bins: Number of bins of each latent over its own range, left-closed.
        names: Names of the factors, for errors.
        binning: Kind of the latents' bins: of equal "width" (the MIG), or of equal "frequency".
        seed: Root seed of the groups of rows that the interval is made of.

    Raises:
        ValueError: If the arrays do not fit each other or hold values that are not finite.
        SbvaeError: If there are fewer than two latents, or no factor, or one of a single level.
    """
    z, v = codes_and_classes(codes, classes)
    _check(z.shape[1], v, names)
    groups = count(z, v, bins, binning, random_groups(len(z), seed))
    whole = groups.total()
    gaps = _gaps(whole)
    score = float(gaps.mean())
    interval = None
    if fills_table(v, bins):
        others = groups.without_each_group()
        interval = jackknife_interval(score, _gaps(others).mean(axis=-1))
    if interval is not None:
        high = interval.high
        if z.shape[1] > 2:  # the next best of several is a chance find
            second = np.argsort(whole.information(), axis=0)[-2]
            high += float(selection_bias(whole, others, second).mean())
        interval = ConfidenceInterval(interval.low, min(high, 1.0))
        if binning == "frequency":
            interval = _extrapolated(z, v, bins, score, interval, seed)
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
    """Shape (..., F)."""
    best = np.sort(counts.information(), axis=-2)
    entropies = counts.entropies()
    none = np.zeros_like(entropies)  # where a group took the rows of all classes but one
    gap: Floats = np.divide(
        best[..., -1, :] - best[..., -2, :], entropies, out=none, where=entropies > 0
    )
    return gap


def _extrapolated(
    z: Floats, v: Ints, bins: int, score: float, interval: ConfidenceInterval, seed: int
) -> ConfidenceInterval:
    """Widen the interval for bins of equal frequency, whose edges vary with the sample.

    What their wandering costs falls more slowly than the jackknife expects, for codes that are
    exact about as the cube root of N (with 4,000 rows these score 0.9, with 256,000 0.98), and is
    judged from two halves of the rows; its spread is that of disjoint parts, each with edges of its
    own. Where another latent is nearly a copy of an exact one, the gap is as small as that cost,
    and halves do not tell: the interval then holds what the gap were if the exact one knew all.
    """

    def of_parts(number: int) -> list[float]:
        parts = random_parts(len(z), seed, number)
        return [float(_gaps(count(z[own], v[own], bins, "frequency")).mean()) for own in parts]

    half = t_quantile(PARTS - 1) * float(np.std(of_parts(PARTS), ddof=1)) / PARTS**0.5
    halves = score - float(np.mean(of_parts(2)))
    still = score + (max(0.0, halves) + half) / (2 ** (1 / 3) - 1)
    exact = interval.high + float(_shortfalls(z, v, bins).mean())
    high = min(max(interval.high, still, exact), 1.0)
    return ConfidenceInterval(max(min(interval.low, score - half), 0.0), high)


def _shortfalls(z: Floats, v: Ints, bins: int) -> Floats:
    """What the best latent of each factor is short of knowing all, where it is exact; else 0.

    A latent is exact where the rows along it change their class about as seldom as there are
    classes, and for the rest less often than edges, which wander over the root of N, could tell.
    """
    shares = count(z, v, bins, "frequency").shares()
    best = shares.argmax(axis=0)
    changes = [
        np.count_nonzero(np.diff(classes[np.argsort(z[:, latent], kind="stable")]))
        for latent, classes in zip(best.tolist(), v.T, strict=True)
    ]
    exact = np.array(changes) <= v.max(axis=0) * (1 + len(v) ** 0.5 / 4)
    return np.where(exact, 1 - shares.max(axis=0), 0.0)


def mig_scores(sample: LabelledCodes, protocol: Protocol) -> Scores:
    """The gap in bins of either kind, and of groups of factors where there are such, by name."""
    scores = {
        "mig": _gap_score(sample, protocol, "width"),
        "mig_quantile": _gap_score(sample, protocol, "frequency"),
    }
    groups = protocol.groups
    if groups is None:  # what is a group by nature
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
        "bias": [chance_information(protocol.bins, size, len(codes)) for size in sizes],
        "entropies": found.entropies.tolist(),
    }
    return scored(found.score, found.interval, sample.population, details)


def _subspace_score(
    sample: LabelledCodes, protocol: Protocol, groups: tuple[tuple[str, ...], ...]
) -> Score:
    circular = sample.circular & set(sample.names)
    try:
        found = mig_subspace(
            *sample.first, sample.names, groups, circular, protocol.bins, seed=protocol.seed
        )
    except SbvaeError as error:  # too few latents or rows, for which mig need not be missed
        why = str(error).removeprefix("mig_subspace ")
        return Score(None, population=sample.population, details={"why": why})
    details = {
        "by_factor": dict(zip(sample.names, found.by_factor.tolist(), strict=True)),
        "latents": {",".join(group): list(latents) for group, latents in found.latents.items()},
    }
    return scored(found.score, found.interval, sample.population, details)
