"""The scores that need codes and factors alone, each with its interval; knows no torch."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from sbvae_cli.config.names import Metric
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.sample import CodeSample, Rows
from sbvae_cli.metrics.dci import Dci, DciModel, dci
from sbvae_cli.metrics.explicitness import CHANCE, explicitness
from sbvae_cli.metrics.infomec import InfoMec, infomec
from sbvae_cli.metrics.information import Binning, Floats, Ints, chance_information
from sbvae_cli.metrics.intervals import BLOCKS, subsample_interval
from sbvae_cli.metrics.irs import irs
from sbvae_cli.metrics.mig import mutual_information_gap
from sbvae_cli.metrics.mig_subspace import mig_subspace
from sbvae_cli.metrics.modularity import modularity
from sbvae_cli.metrics.present import present_information
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.sap import sap
from sbvae_cli.metrics.score import Score, scored
from sbvae_cli.metrics.unsupervised import BINS, unsupervised

Scores = dict[str, Score]


_A_CLASS = 10  # rows of a part, on average
_A_FITTED_CLASS = 30  # of what is fitted: with fewer, parts scatter unlike all rows
_WARPED = 0.2  # between the MIG in bins of either kind
_DCI_BLOCKS = 4  # boosting takes its time with few rows too


@contextmanager
def left_out(metric: Metric, notes: list[str], lenient: bool) -> Iterator[None]:
    """Turn an error into a note that the metric is missing, where that is asked for."""
    try:
        yield
    except SbvaeError as error:
        if not lenient:
            raise
        notes.append(f"without {metric}: {error}")


def code_scores(sample: CodeSample, metric: Metric, protocol: Protocol) -> Scores:
    """Scores of one metric by name.

    Args:
        sample: With as many latents and factors as `obstacle` asks for.
        metric: One that needs nothing but codes and factors.
        protocol: What it depends on.

    Raises:
        SbvaeError: If codes and factors do not allow it.
    """
    match metric:
        case "mig":
            return _mig(sample, protocol)
        case "modularity":
            return _modularity(sample, protocol)
        case "dci" | "dci-fast":
            return _dci(sample, protocol, "boosting" if metric == "dci" else "forest")
        case "sap":
            return _sap(sample, protocol)
        case "explicitness":
            return _explicitness(sample, protocol)
        case "irs":
            return _irs(sample, protocol)
        case "infomec":
            return _infomec(sample, protocol)
        case "unsupervised":
            return _unsupervised(sample, protocol)
        case _:
            raise ValueError(f"{metric} needs more than codes and factors")


def present_score(codes: Floats, present: ArrayLike, protocol: Protocol, population: str) -> Score:
    """What the best latent knows of whether an image is blank; of all rows, blank ones too."""
    found = present_information(codes, present, protocol.bins, protocol.seed)
    details = {"by_latent": found.by_latent.tolist()}
    return scored(found.nats, found.interval, population, details)


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


def _mig(sample: CodeSample, protocol: Protocol) -> Scores:
    scores = {
        "mig": _gap(sample, protocol, "width"),
        "mig_quantile": _gap(sample, protocol, "frequency"),
    }
    groups = protocol.groups
    if groups is None:  # what is a group by nature
        plane = tuple(name for name in ("x", "y") if name in set(sample.names) - sample.circular)
        groups = (plane,) if len(plane) == 2 else ()
    if groups or sample.circular & set(sample.names):
        scores["mig_subspace"] = _subspace(sample, protocol, groups)
    return scores


def _subspace(sample: CodeSample, protocol: Protocol, groups: tuple[tuple[str, ...], ...]) -> Score:
    try:
        found = mig_subspace(
            *sample.first,
            sample.names,
            groups,
            sample.circular & set(sample.names),
            protocol.bins,
            seed=protocol.seed,
        )
    except SbvaeError as error:  # too few latents or rows, for which mig need not be missed
        why = str(error).removeprefix("mig_subspace ")
        return Score(None, population=sample.population, details={"why": why})
    details = {
        "by_factor": dict(zip(sample.names, found.by_factor.tolist(), strict=True)),
        "latents": {",".join(group): list(latents) for group, latents in found.latents.items()},
    }
    return scored(found.score, found.interval, sample.population, details)


def _gap(sample: CodeSample, protocol: Protocol, binning: Binning) -> Score:
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


def _modularity(sample: CodeSample, protocol: Protocol) -> Scores:
    found = modularity(*sample.first, protocol.bins, seed=protocol.seed)
    details = {"by_latent": found.by_latent.tolist()}
    return {"modularity": scored(found.score, found.interval, sample.population, details)}


def _irs(sample: CodeSample, protocol: Protocol) -> Scores:
    codes, classes = sample.first
    found = irs(codes, classes)
    blocks = min(BLOCKS, _enough(len(codes), classes))
    (score,) = _by_parts(
        sample,
        protocol,
        lambda rows: [irs(codes[rows], classes[rows]).score],
        [found.score],
        len(codes),
        blocks,
        shrinks=False,
    )
    return {"irs": replace(score, details={"by_latent": found.by_latent.tolist()})}


def _infomec(sample: CodeSample, protocol: Protocol) -> Scores:
    codes, classes = sample.first

    def fit(rows: Rows) -> tuple[InfoMec, list[str]]:
        some = classes[rows]
        several = np.flatnonzero((some != some[:1]).any(axis=0))  # a rare level may be missing
        return infomec(codes[rows], some[:, several]), [sample.names[i] for i in several]

    def three(found: InfoMec) -> list[float]:
        return [found.infom, found.infoe, found.infoc]

    whole, names = fit(np.arange(len(codes)))
    infom, infoe, infoc = _by_parts(
        sample,
        protocol,
        lambda rows: three(fit(rows)[0]),
        three(whole),
        len(codes),
        min(BLOCKS, _enough(len(codes), classes)),
        shrinks=False,
        biased=True,
    )
    read = {"by_factor": dict(zip(names, whole.explicitness.tolist(), strict=True))}
    return {"infom": infom, "infoe": replace(infoe, details=read), "infoc": infoc}


def _unsupervised(sample: CodeSample, protocol: Protocol) -> Scores:
    codes = sample.codes[: sample.images]

    def four(rows: Rows) -> list[float]:
        found = unsupervised(codes[rows])
        return [
            found.gaussian_total_correlation,
            found.gaussian_wasserstein,
            found.gaussian_wasserstein_normed,
            found.mutual_information,
        ]

    names = (
        "gaussian_total_correlation",
        "gaussian_wasserstein",
        "gaussian_wasserstein_normed",
        "latent_mutual_information",
    )
    blocks = min(BLOCKS, len(codes) // _A_CLASS)
    values, bounds = four(np.arange(len(codes))), (0.0, float("inf"))
    scores = _by_parts(sample, protocol, four, values, len(codes), blocks, bounds, biased=True)
    if len(codes) < 2 * BINS**2:  # bias for the most part, and no parts of the rows tell how much
        scores[-1] = replace(scores[-1], low=None, high=None)
    return dict(zip(names, scores, strict=True))


def _sap(sample: CodeSample, protocol: Protocol) -> Scores:
    found = sap(*_split(sample, sample.all_rows))
    (score,) = _fitted(
        sample, protocol, lambda rows: [sap(*_split(sample, rows)).score], [found.score]
    )
    details = {"by_factor": dict(zip(sample.names, found.by_factor.tolist(), strict=True))}
    return {"sap": replace(score, details=details)}


def _explicitness(sample: CodeSample, protocol: Protocol) -> Scores:
    found = explicitness(*_split(sample, sample.all_rows))
    (score,) = _fitted(
        sample, protocol, lambda rows: [explicitness(*_split(sample, rows)).score], [found.score]
    )
    by_factor = dict(zip(sample.names, found.by_factor.tolist(), strict=True))
    return {"explicitness": replace(score, details={"chance": CHANCE, "by_factor": by_factor})}


def _dci(sample: CodeSample, protocol: Protocol, model: DciModel) -> Scores:
    def fit(rows: Rows) -> Dci:
        return dci(*_split(sample, rows), model=model, seed=protocol.seed)

    def three(found: Dci) -> list[float]:
        return [found.disentanglement, found.completeness, found.informativeness]

    found = fit(sample.all_rows)
    scores = _fitted(
        sample,
        protocol,
        lambda rows: three(fit(rows)),
        three(found),
        _DCI_BLOCKS if model == "boosting" else BLOCKS,
        shrinks=model == "boosting",  # the forest's own chance is the same with many rows
    )
    details: list[dict[str, object]] = [
        {"by_latent": found.by_latent.tolist(), "importance": found.importance.tolist()},
        {"by_factor": dict(zip(sample.names, found.by_factor.tolist(), strict=True))},
        {
            "chance": found.chance,
            "train": found.train_accuracy,
            "by_factor": dict(zip(sample.names, found.accuracies.tolist(), strict=True)),
        },
    ]
    prefix = "dci" if model == "boosting" else "dci_fast"
    names = ("disentanglement", "completeness", "informativeness")
    return {
        f"{prefix}_{name}": replace(score, details=about)
        for name, score, about in zip(names, scores, details, strict=True)
    }


def _split(sample: CodeSample, rows: Rows) -> tuple[Floats, Ints, Floats, Ints]:
    """Codes and classes to fit to, and to test: of these rows, the first ones and the others."""
    cut = min(max(1, round(sample.train_share * len(rows))), len(rows) - 1)
    codes, classes = sample.codes[rows], sample.classes[rows]
    return codes[:cut], classes[:cut], codes[cut:], classes[cut:]


def _fitted(
    sample: CodeSample,
    protocol: Protocol,
    fit: Callable[[Rows], list[float]],
    values: list[float],
    blocks: int = BLOCKS,
    shrinks: bool = True,
) -> list[Score]:
    """Scores of what is fitted to some rows and tested on others."""

    def of_part(rows: Rows) -> list[float]:
        return fit(np.random.default_rng(protocol.seed).permutation(rows))

    rows = len(sample.codes)
    fitted = int(sample.train_share * rows)
    blocks = min(blocks, _enough(fitted, sample.classes, _A_FITTED_CLASS))
    return _by_parts(sample, protocol, of_part, values, rows, blocks, shrinks=shrinks)


def _enough(rows: int, classes: Ints, a_class: int = _A_CLASS) -> int:
    """How many parts have rows for each class."""
    return rows // (a_class * (1 + int(classes.max(initial=0))))


def _by_parts(
    sample: CodeSample,
    protocol: Protocol,
    score: Callable[[Rows], list[float]],
    values: list[float],
    rows: int,
    blocks: int,
    bounds: tuple[float, float] = (0.0, 1.0),
    shrinks: bool = True,
    biased: bool = False,
) -> list[Score]:
    """Scores with intervals from disjoint parts of the rows; without where these are too few."""
    if blocks < 2:
        return [Score(value, population=sample.population) for value in values]
    intervals = subsample_interval(
        score, values, rows, protocol.seed, bounds, blocks, shrinks, biased
    )
    return [
        Score(value, *interval, sample.population)
        for value, interval in zip(values, intervals, strict=True)
    ]
