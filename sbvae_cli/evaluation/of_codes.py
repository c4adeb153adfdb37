"""All scores of codes from a file, of whatever model; knows no torch."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from sbvae_cli.config.metrics import METRICS, metric_settings
from sbvae_cli.data.codes_file import READ, CodesFile
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.basis import factors_in_rgb, in_other_basis, names_in_rgb
from sbvae_cli.evaluation.code_geometry import pairs_of_codes
from sbvae_cli.evaluation.findings.diagnosis import contradictions, diagnose
from sbvae_cli.evaluation.findings.finding import Finding, left_out, voted
from sbvae_cli.evaluation.findings.geometry import cautions
from sbvae_cli.evaluation.findings.sample import sample_findings
from sbvae_cli.evaluation.pair_geometry import PairGeometry
from sbvae_cli.evaluation.result import Evaluation
from sbvae_cli.metrics.compute import compute
from sbvae_cli.metrics.labelled_codes import LabelledCodes, train_share
from sbvae_cli.metrics.mig_subspace import every_group
from sbvae_cli.metrics.present import present_score
from sbvae_cli.metrics.protocol import Protocol, possible_metrics
from sbvae_cli.metrics.score import Score

_LEAST_RANGE = 1e-70  # whose squares, and products of these, are not 0
_TAG = 0x636F6465  # keeps these random streams apart from others of the same seed


def evaluate_codes(
    file: CodesFile,
    name: str,
    protocol: Protocol,
    on_metric: Callable[[str], None] = lambda metric: None,
) -> Evaluation:
    """Compute the scores that codes and factors allow.

    Rows are taken at random, as many as the protocol has images, held-out ones among them unless
    the population is "train"; geometry takes all.

    Args:
        file: Codes and factors.
        name: Of the file, for messages.
        protocol: What to compute; "rates", which need a model, are left out where it is lenient.
        on_metric: Called with each metric before it is computed.

    Raises:
        SbvaeError: If a metric that the protocol names cannot be computed.
    """
    whole, constant = _whole(file, protocol)
    findings = _of_reading(file)
    if constant:
        findings.append(Finding("constant-factors", tuple(constant)))
    metrics, skipped = possible_metrics(
        protocol, whole.codes.shape[1], whole.names, name, with_model=False
    )
    findings += [
        Finding("without", values={"metrics": some, "why": why}) for why, some in skipped.items()
    ]
    sample = _rows(whole, protocol, protocol.pool(metrics))
    if len(sample.codes) < len(whole.codes):
        values = {"rows": len(sample.codes), "of": len(whole.codes)}
        findings.append(Finding("some-rows", values=values))
    if any(METRICS[metric].votes for metric in metrics):
        findings.append(Finding("half-votes", values={"scores": voted(metrics)}))
    scores: dict[str, Score] = {}
    geometry: dict[str, PairGeometry] = {}
    for metric in metrics:
        on_metric(metric)
        with left_out(metric, findings, protocol.lenient):
            if metric == "geometry":
                geometry = dict(pairs_of_codes(whole, protocol, findings))
            else:
                scores |= compute(metric, sample, protocol)
        if metric == "mig" and file.present is not None and np.ptp(file.present) > 0:
            scores["present_information"] = present_score(
                file.all_codes, file.present, protocol, "file"
            )
    findings += cautions(list(geometry.values())) + sample_findings(sample, metrics)
    findings += contradictions(scores)
    findings += diagnose(scores, geometry, sample.names, stds=whole.stds, with_model=False)
    settings = metric_settings(metrics, protocol.bins, with_model=False)
    protocol = replace(protocol, metrics=metrics)
    return Evaluation(protocol, scores, geometry, tuple(findings), settings, of_model=False)


def _of_reading(file: CodesFile) -> list[Finding]:
    """Arrays that are not read, and codes that look like factors."""
    found = [Finding("swapped")] if file.swapped else []
    if "present" in file.unread:
        found.append(Finding("unnamed-present"))
    return found + [
        Finding("unread", values={"array": name, "read": list(READ)})
        for name in file.unread
        if name != "present"
    ]


def _whole(file: CodesFile, protocol: Protocol) -> tuple[LabelledCodes, list[str]]:
    """All rows, and the names of factors that do not vary in them."""
    names, factors = file.names, file.factors
    if in_other_basis(names, names, protocol.color_basis):
        names, factors = names_in_rgb(names), factors_in_rgb(factors, names, names)
    several = np.flatnonzero((factors != factors[:1]).any(axis=0)).tolist()
    posterior, widest = file.stds is not None, float(np.ptp(file.codes, axis=0).max())
    if 0 < widest < _LEAST_RANGE:
        raise SbvaeError(f"codes range over {widest:.0e} at most; scale them up, to about 1")
    sample = LabelledCodes(
        file.codes,
        factors[:, several],
        tuple(names[i] for i in several),
        file.circular,
        "file",
        len(file.codes),
        bins=protocol.bins,
        unit=1.0 if posterior else min(1.0, float(file.codes.std(axis=0).max())),
        stds=file.stds,
        held_out=file.held_out,
    )
    every_group(sample.names, protocol.groups or (), file.circular)
    return sample, [name for i, name in enumerate(names) if i not in several]


def _rows(whole: LabelledCodes, protocol: Protocol, most: int) -> LabelledCodes:
    """Rows at random, of those that training saw where that is the population."""
    eligible = np.arange(len(whole.codes))
    if protocol.population == "train":
        if whole.held_out is None:
            raise SbvaeError("--population train: needs an array held_out beside the codes")
        eligible = np.flatnonzero(~whole.held_out)
        if len(eligible) < 2:
            raise SbvaeError(f"--population train: {len(eligible)} rows are not held out")
    order = np.random.default_rng([protocol.seed, _TAG]).permutation(eligible)[:most]
    return replace(
        whole.at(order),
        population="train" if protocol.population == "train" else whole.population,
        images=min(protocol.images, len(order)),
        train_share=train_share(protocol, len(order)),
    )
