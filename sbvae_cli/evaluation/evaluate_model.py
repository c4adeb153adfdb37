"""Compute all scores of a model on data: rates, disentanglement, geometry (Sections 4 and F)."""

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.source import Source
from sbvae_cli.evaluation.batching import OnImages
from sbvae_cli.evaluation.evaluate import OnMetric, evaluate, no_report
from sbvae_cli.evaluation.findings.finding import Finding, voted
from sbvae_cli.evaluation.measure import measure
from sbvae_cli.evaluation.plan import EvaluationPlan, make_plan
from sbvae_cli.evaluation.represent import represent_at_random
from sbvae_cli.evaluation.result import Evaluation
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.models.vae import VAE


def evaluate_model(
    vae: VAE,
    source: Source,
    protocol: Protocol | None = None,
    on_images: OnImages = lambda images: None,
    trained_on: FactorSpace | None = None,
    validation_rows: NDArray[np.int64] | None = None,
    on_metric: OnMetric = no_report,
) -> Evaluation:
    """Compute the scores that the data and the model allow.

    The images and noise of each population depend only on the seed, so that a score does not
    depend on which other scores are computed.

    Args:
        vae: Model on its device, in evaluation mode.
        source: Data to evaluate on.
        protocol: Metrics and their settings; None for those of the paper.
        on_images: Called with the number of images encoded since the last call; their sum is
            `Cost.encode`.
        trained_on: Factor space of the training data, whose held-out regions count; the source's if
            None or if its factors differ.
        validation_rows: Validation rows of the source's file, whose rates are reported separately.
        on_metric: Called with each metric before it is computed, its number from 1, and the total.

    Raises:
        SbvaeError: If a requested metric cannot be computed, or the model's posteriors or
            likelihoods are not finite.
    """
    plan = make_plan(vae, source, protocol or Protocol(), trained_on)
    return evaluate_plan(vae, plan, on_images, validation_rows, on_metric)


def evaluate_plan(
    vae: VAE,
    plan: EvaluationPlan,
    on_images: OnImages = lambda images: None,
    validation_rows: NDArray[np.int64] | None = None,
    on_metric: OnMetric = no_report,
) -> Evaluation:
    """Compute the scores of a plan; arguments and errors as in `evaluate_model`."""
    representation = None
    if plan.pool:
        representation = represent_at_random(vae, plan.source, plan.protocol, plan.pool, on_images)
    varying = representation.varying if representation is not None else ()
    measured = measure(vae, plan, varying, validation_rows, on_images)
    findings = [*plan.skipped, *_of_votes(plan), *_of_grids(plan), *measured.findings]
    return evaluate(representation, plan.protocol, measured, measured.present, findings, on_metric)


def _of_votes(plan: EvaluationPlan) -> list[Finding]:
    """Return a finding on why votes share images, or nothing if each has its own."""
    if not plan.vote_metrics or plan.draws_votes:
        return []
    drawn = plan.source.can_render
    code = "rgb-votes" if plan.in_rgb else "slow-votes" if drawn else "undrawn-votes"
    values = {"scores": voted(plan.metrics), "whose": "MIG's" if drawn else "file's"}
    return [Finding(code, values=values)]


def _of_grids(plan: EvaluationPlan) -> list[Finding]:
    """Return findings on grids: colours in another basis, or factors of unordered kinds."""
    if "geometry" not in plan.metrics:
        return []
    kinds = tuple(f.name for f in plan.source.space.factors if f.varies and f.level_names)
    found = [Finding("hsv-geometry")] if plan.in_rgb else []
    return found + ([Finding("kinds", kinds)] if kinds and (plan.pairs or plan.stored) else [])
