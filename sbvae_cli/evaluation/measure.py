"""Measure what needs the model itself, not only its codes: rates, votes and grids."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.data.file import Images
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.batching import OnImages, fitting_batch
from sbvae_cli.evaluation.encode import blank_image, encode
from sbvae_cli.evaluation.findings.finding import Finding
from sbvae_cli.evaluation.grid_embedding import embed_factor_grid
from sbvae_cli.evaluation.images import (
    evaluation_rng,
    heldout_images,
    training_images,
    validation_images,
)
from sbvae_cli.evaluation.pair_geometry import PairGeometry
from sbvae_cli.evaluation.plan import EvaluationPlan
from sbvae_cli.evaluation.rates import ImageRates, image_rates, rate_scores
from sbvae_cli.evaluation.stored_embedding import embed_stored
from sbvae_cli.evaluation.votes import draw_votes, encode_votes
from sbvae_cli.metrics.blank_information import present_score
from sbvae_cli.metrics.labelled_codes import Votes
from sbvae_cli.metrics.score import Score, Scores
from sbvae_cli.models.vae import VAE


@dataclass(frozen=True)
class Measured:
    """Measurements with a model.

    Attributes:
        scores: Rates of each population.
        rates: Rates of each training image.
        present: Information of latents on whether an image is blank.
        votes: Votes on images of their own.
        geometry: Geometry by pair of factors, of rendered grids or of a file's images.
        findings: Pairs without geometry, with the reasons.
    """

    scores: Scores = field(default_factory=dict)
    rates: ImageRates | None = None
    present: Score | None = None
    votes: Votes | None = None
    geometry: Mapping[str, PairGeometry] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def measure(
    vae: VAE,
    plan: EvaluationPlan,
    varying: tuple[str, ...] = (),
    validation_rows: NDArray[np.int64] | None = None,
    on_images: OnImages = lambda images: None,
) -> Measured:
    """Measure what a plan needs from a model.

    Args:
        vae: Model on its device.
        plan: Plan of the evaluation.
        varying: Names of the factors that votes may fix.
        validation_rows: Validation rows of a file.
        on_images: Called with the number of images encoded since the last call.

    Raises:
        SbvaeError: If the model's posteriors or likelihoods are not finite.
    """
    rates, present = None, None
    scores: Scores = {}
    if plan.rates or plan.present:
        images, factors = training_images(plan.source, plan.protocol, validation_rows)
        if plan.rates:
            rates = _rates(vae, images, plan, "noise-train", on_images)
            scores = {
                **rate_scores(rates, "train"),
                **_heldout_scores(vae, plan, on_images),
                **_validation_scores(vae, plan, validation_rows, on_images),
            }
        if plan.present:
            codes = rates.means if rates is not None else encode(vae, images, on_images)[0]
            column = factors[:, plan.source.space.index("present")]
            present = present_score(codes, column, plan.protocol, "train")
    votes = None
    if plan.draws_votes and len(varying) > 1:
        votes = _votes(vae, plan, varying, on_images)
    geometry, findings = _geometry(vae, plan, on_images)
    return Measured(scores, rates, present, votes, geometry, findings)


def _rates(
    vae: VAE, images: Images, plan: EvaluationPlan, noise: str, on_images: OnImages
) -> ImageRates:
    shape = len(images), plan.latents
    drawn = evaluation_rng(plan.protocol, noise).standard_normal(shape, np.float32)
    return image_rates(vae, images, drawn, on_images)


def _heldout_scores(vae: VAE, plan: EvaluationPlan, on_images: OnImages) -> Scores:
    """Compute NLL and KL on the held-out regions; scores without values if there are no images."""
    if not plan.heldout:
        return dict.fromkeys(["nll_heldout", "kl_heldout"], Score(None, population="heldout"))
    images = heldout_images(plan.source, plan.protocol, plan.space)
    found = rate_scores(_rates(vae, images, plan, "noise-heldout", on_images), "heldout")
    return {"nll_heldout": found["nll"], "kl_heldout": found["kl"]}


def _validation_scores(
    vae: VAE, plan: EvaluationPlan, rows: NDArray[np.int64] | None, on_images: OnImages
) -> Scores:
    if rows is None:
        return {}
    images = validation_images(plan.source, plan.protocol, rows)
    found = rate_scores(_rates(vae, images, plan, "noise-validation", on_images), "validation")
    return {"nll_validation": found["nll"], "kl_validation": found["kl"]}


def _votes(vae: VAE, plan: EvaluationPlan, varying: tuple[str, ...], on_images: OnImages) -> Votes:
    protocol = plan.protocol
    rows, fixed = draw_votes(
        plan.source.space,
        varying,
        evaluation_rng(protocol, "votes"),
        protocol.votes_train + protocol.votes_eval,
        protocol.vote_images,
        protocol.population,
    )
    size = fitting_batch(vae.encoder, blank_image(vae, plan.source))
    return Votes(encode_votes(vae, plan.source, rows, size, on_images), fixed)


def _geometry(
    vae: VAE, plan: EvaluationPlan, on_images: OnImages
) -> tuple[dict[str, PairGeometry], tuple[Finding, ...]]:
    """Embed each pair of factors as `embed_factors` does, with findings on pairs that cannot be."""
    source, space = plan.source, plan.space
    found = {
        ",".join(pair): embed_factor_grid(
            vae, source, pair, size=plan.protocol.grid, trained_on=space, on_images=on_images
        ).pair
        for pair in plan.pairs
    }
    impossible = list[Finding]()
    for pair, stored in plan.stored.items():
        try:
            embedding = embed_stored(
                vae, source, pair, stored, trained_on=space, on_images=on_images
            )
            found[",".join(pair)] = embedding.pair
        except SbvaeError as error:
            impossible.append(Finding("no-pair", pair, values={"why": error.line}))
    return found, tuple(impossible)
