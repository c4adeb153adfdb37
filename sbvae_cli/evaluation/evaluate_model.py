"""All scores of a model on data: rates, metrics of factors, geometry (Sections 4 and F)."""

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.source import Source
from sbvae_cli.evaluation.batching import OnImages
from sbvae_cli.evaluation.evaluate import OnMetric, evaluate, no_report
from sbvae_cli.evaluation.findings.finding import Finding, voted
from sbvae_cli.evaluation.measure import measure
from sbvae_cli.evaluation.plan import Plan, make_plan
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

    Each population's images and noise are a function of the seed alone, so that a score does not
    depend on which others are computed.

    Args:
        vae: On its device, in evaluation mode.
        source: The data.
        protocol: What to compute; by default what the paper reports.
        on_images: Called with the number of images that were encoded since the last call; the sum
            is `Cost.encode`.
        trained_on: Space of the model's training, whose held-out regions count; the source's
            where None, or where it has other factors.
        validation_rows: Rows of the source, a file, that training never saw: rates are given of
            these and of the others.
        on_metric: Called with each metric before it is computed, its number from 1, and how many
            there are.

    Raises:
        SbvaeError: If a metric that the protocol names cannot be computed, or the model gives
            posteriors or likelihoods that are no numbers.
    """
    plan = make_plan(vae, source, protocol or Protocol(), trained_on)
    return evaluate_plan(vae, plan, on_images, validation_rows, on_metric)


def evaluate_plan(
    vae: VAE,
    plan: Plan,
    on_images: OnImages = lambda images: None,
    validation_rows: NDArray[np.int64] | None = None,
    on_metric: OnMetric = no_report,
) -> Evaluation:
    """Compute the scores that a plan has; arguments and errors as of `evaluate_model`."""
    representation = None
    if plan.pool:
        representation = represent_at_random(vae, plan.source, plan.protocol, plan.pool, on_images)
    varying = representation.varying if representation is not None else ()
    measured = measure(vae, plan, varying, validation_rows, on_images)
    findings = [*plan.skipped, *_of_votes(plan), *_of_grids(plan), *measured.findings]
    return evaluate(representation, plan.protocol, measured, measured.present, findings, on_metric)


def _of_votes(plan: Plan) -> list[Finding]:
    """Why votes share images, where they do."""
    if not plan.vote_metrics or plan.draws_votes:
        return []
    drawn = plan.source.can_render
    code = "rgb-votes" if plan.in_rgb else "slow-votes" if drawn else "undrawn-votes"
    values = {"scores": voted(plan.metrics), "whose": "MIG's" if drawn else "file's"}
    return [Finding(code, values=values)]


def _of_grids(plan: Plan) -> list[Finding]:
    """What grids do not show as asked: colours in another basis, an order of kinds."""
    if "geometry" not in plan.metrics:
        return []
    kinds = tuple(f.name for f in plan.source.space.factors if f.varies and f.level_names)
    found = [Finding("hsv-geometry")] if plan.in_rgb else []
    return found + ([Finding("kinds", kinds)] if kinds and (plan.pairs or plan.stored) else [])
