"""Score codes of a model or of a file; imports no PyTorch."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sbvae_cli.config.metric_protocols import metric_settings
from sbvae_cli.config.metrics import METRICS
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.codes_embedding import pairs_of_codes
from sbvae_cli.evaluation.findings.diagnosis import contradictions, diagnose
from sbvae_cli.evaluation.findings.finding import Finding, left_out_finding, voted
from sbvae_cli.evaluation.findings.grids import cautions, layout_findings
from sbvae_cli.evaluation.findings.sample import reading_findings, sample_findings
from sbvae_cli.evaluation.pair_geometry import PairGeometry
from sbvae_cli.evaluation.representation import Representation, sample_of
from sbvae_cli.evaluation.result import Evaluation
from sbvae_cli.metrics.blank_information import present_score
from sbvae_cli.metrics.compute import compute
from sbvae_cli.metrics.labelled_codes import LabelledCodes
from sbvae_cli.metrics.mig_subspace import every_group
from sbvae_cli.metrics.protocol import Protocol, possible_metrics
from sbvae_cli.metrics.score import Score, Scores

if TYPE_CHECKING:  # loads torch, which user-supplied codes do not need
    from sbvae_cli.evaluation.measure import Measured

OnMetric = Callable[[str, int, int], None]


def no_report(metric: str, number: int, total: int) -> None:
    """Ignore a metric; the default of `on_metric`."""


def evaluate_codes(
    representation: Representation,
    name: str,
    protocol: Protocol,
    on_metric: OnMetric = no_report,
) -> Evaluation:
    """Compute the scores that codes and factors allow.

    Scores use a random sample of rows, as many as the protocol has images, including held-out ones
    unless the population is "train". Geometry uses all rows.

    Args:
        representation: Codes and factors.
        name: Name of the file, for messages.
        protocol: Metrics and their settings. `rates`, which need a model, are left out if the
            protocol is lenient.
        on_metric: Called with each metric before it is computed, its number from 1, and the total.

    Raises:
        SbvaeError: If a requested metric cannot be computed.
    """
    shown = representation.nonblank.in_basis(protocol.color_basis)
    every_group(shown.varying, protocol.groups or (), shown.circular)
    metrics, impossible = possible_metrics(
        protocol, shown.codes.shape[1], shown.varying, name, with_model=False
    )
    findings = reading_findings(representation)
    findings += [left_out_finding(those, why) for why, those in impossible.items()]
    if representation.unordered and "geometry" in metrics:
        findings.append(Finding("kinds", representation.unordered))
    if voted(metrics):
        findings.append(Finding("half-votes", values={"scores": voted(metrics)}))
    present, score = representation.present, None
    if "mig" in metrics and present is not None and np.ptp(present) > 0:
        codes = representation.codes.astype(np.float64, copy=False)
        score = present_score(codes, present, protocol, "file")
    protocol = replace(protocol, metrics=metrics)
    return evaluate(shown, protocol, None, score, findings, on_metric)


def evaluate(
    representation: Representation | None,
    protocol: Protocol,
    measured: "Measured | None" = None,
    present: Score | None = None,
    findings: Sequence[Finding] = (),
    on_metric: OnMetric = no_report,
) -> Evaluation:
    """Score codes, and combine the scores with measurements of their model.

    Args:
        representation: Codes and factors of images that are not blank; None if no metric needs
            them.
        protocol: Metrics and their settings; all its metrics are possible.
        measured: Measurements of the model; None for codes of a file.
        present: Information of latents on whether an image is blank, reported with "mig".
        findings: Earlier findings.
        on_metric: Called with each metric before it is computed, its number from 1, and the total.

    Raises:
        SbvaeError: If a metric cannot be computed after all, and the protocol is not lenient.
    """
    metrics, found = protocol.metrics or (), list(findings)
    whole = sample = None
    if representation is not None:
        whole = representation.labelled(protocol.bins)
        sample = sample_of(whole, protocol, representation.at_random)
        sample = replace(sample, votes=None if measured is None else measured.votes)
        found += _not_seen(representation, sample)
    scores: Scores = {}
    geometry: dict[str, PairGeometry] = {}
    for number, metric in enumerate(metrics, 1):
        on_metric(metric, number, len(metrics))
        with _left_out(metric, found, protocol.lenient):
            if metric == "rates" and measured is not None:
                scores |= measured.scores
            elif metric == "geometry" and measured is not None:
                geometry = dict(measured.geometry)
            elif sample is None or whole is None:
                raise ValueError(f"{metric} needs codes and factors")
            elif len(sample.codes) < 2:
                raise SbvaeError(
                    f"{metric} cannot be computed: it needs at least two images, found one"
                )
            elif metric == "geometry":
                geometry, no_pairs = pairs_of_codes(whole, protocol.grid)
                found += no_pairs
            elif METRICS[metric].votes and len(sample.names) < 2:
                found.append(
                    left_out_finding([metric], "fewer than two factors vary in these images")
                )
            else:
                scores |= compute(metric, sample, protocol)
        if metric == "mig" and present is not None:
            scores["present_information"] = present
    found += layout_findings(list(geometry.values())) + cautions(list(geometry.values()))
    found += sample_findings(sample, metrics, measured is None) if sample is not None else []
    found += contradictions(scores)
    of_model, names = measured is not None, sample.names if sample is not None else ()
    rates = measured.rates if measured is not None else None
    stds = None if whole is None else whole.stds
    found += diagnose(scores, geometry, names, rates, stds, of_model)
    settings = metric_settings(metrics, protocol.name, protocol.votes, protocol.bins, of_model)
    return Evaluation(protocol, scores, geometry, tuple(found), settings, of_model)


def _not_seen(representation: Representation, sample: LabelledCodes) -> list[Finding]:
    """Return findings on factors and rows that the metrics do not use."""
    constant = tuple(name for name in representation.names if name not in sample.names)
    found = [Finding("constant-factors", constant)] if constant else []
    rows, every = sample.images, len(representation.codes)
    if not representation.at_random and rows < every:
        found.append(Finding("some-rows", values={"rows": rows, "of": every}))
        if len(sample.codes) > rows:  # for metrics that are fitted
            fit = round(sample.train_share * len(sample.codes))
            tested = {"rows": fit, "test": len(sample.codes) - fit}
            found.append(Finding("test-rows", values=tested))
    return found


@contextmanager
def _left_out(metric: str, findings: list[Finding], lenient: bool) -> Iterator[None]:
    """Turn an error of the block into a finding that the metric is left out, if `lenient`."""
    try:
        yield
    except SbvaeError as error:
        if not lenient:
            raise
        findings.append(left_out_finding([metric], error.line))
