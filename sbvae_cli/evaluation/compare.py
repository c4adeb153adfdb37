"""Agreement of several models on the same images (Duan et al. 2020)."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.data.source import Source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.encode import encode
from sbvae_cli.evaluation.findings.finding import Finding
from sbvae_cli.evaluation.images import count_available
from sbvae_cli.evaluation.rates import latent_kl
from sbvae_cli.evaluation.result import Evaluation
from sbvae_cli.metrics.intervals import PARTS, subsample_interval
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.score import Scores, make_score
from sbvae_cli.metrics.udr import MIN_KL, Similarity, udr
from sbvae_cli.models.vae import VAE
from sbvae_cli.random import stream

_ROWS_OF_A_PART = 10  # at least, for ranks of latents
_KINDS: tuple[Similarity, ...] = ("spearman", "lasso")


def compare_models(
    evaluations: Sequence[Evaluation],
    models: Sequence[VAE],
    source: Source,
    protocol: Protocol,
) -> list[Evaluation]:
    """Add the unsupervised disentanglement ranking of each model among the others.

    Args:
        evaluations: Evaluation of each model.
        models: Two or more models on their devices, which take images of the source.
        source: Data whose training distribution is encoded.
        protocol: Number of images and seed.

    Returns:
        Each evaluation with `udr_spearman` and `udr_lasso`, with intervals over the images.

    Raises:
        SbvaeError: If there is one model or one image, or a model's posteriors are not finite.
    """
    rng = stream(protocol.seed, "ranking")
    images, _ = source.sample(rng, count_available(source, protocol.images), "train")
    if len(images) < 2:
        raise SbvaeError(f"udr compares models over images, and {source.name} has one")
    posteriors = [encode(vae, images) for vae in models]
    codes = [means for means, _ in posteriors]
    kls = [latent_kl(*posterior) for posterior in posteriors]
    scores: list[Scores] = [{} for _ in models]
    for kind in _KINDS:

        def agree(rows: NDArray[np.intp] | slice, kind: Similarity = kind) -> NDArray[np.float64]:
            some = [z[rows] for z in codes]
            return udr(some, kls, kind, apart=protocol.of_library).scores

        values = agree(slice(None))
        parts = min(PARTS, len(images) // _ROWS_OF_A_PART)
        intervals = subsample_interval(
            agree, values, len(images), protocol.seed, (0.0, float("inf")), parts
        )
        for own, value, interval in zip(scores, values.tolist(), intervals, strict=True):
            own[f"udr_{kind}"] = make_score(value, interval, "train", {"models": len(models)})
    return [
        _add_agreement(found, own, float(kl.max()))
        for found, own, kl in zip(evaluations, scores, kls, strict=True)
    ]


def _add_agreement(found: Evaluation, own: Scores, largest_kl: float) -> Evaluation:
    """Add the scores of agreement to an evaluation, with a finding if no latent is informative."""
    findings = found.findings
    if largest_kl < MIN_KL:
        why = f"no latent is informative, the largest KL is {largest_kl:.2g} nats"
        own = {n: replace(s, details={**s.details, "why": why}) for n, s in own.items()}
        findings = (*findings, Finding("no-udr", values={"kl": largest_kl}))
    metrics = (*(found.protocol.metrics or ()), "udr")
    return replace(
        found,
        protocol=replace(found.protocol, metrics=metrics),
        scores={**found.scores, **own},
        findings=findings,
    )
