"""Agreement of several models on the same images (Duan et al. 2020)."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.data.source import Source
from sbvae_cli.evaluation.batching import OnImages
from sbvae_cli.evaluation.encode import encode
from sbvae_cli.evaluation.plan import sample_size
from sbvae_cli.evaluation.rates import latent_kl
from sbvae_cli.metrics.intervals import subsample_interval
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.score import Scores, scored
from sbvae_cli.metrics.udr import LEAST_KL, Similarity, udr
from sbvae_cli.models.vae import VAE

_TAG = 0x72616E6B  # keeps these random streams apart from others of the same seed
_KINDS: tuple[Similarity, ...] = ("spearman", "lasso")


def rank_models(
    models: Sequence[VAE],
    source: Source,
    protocol: Protocol,
    on_images: OnImages = lambda images: None,
) -> list[Scores]:
    """Unsupervised disentanglement ranking of each model among the others.

    Args:
        models: Two or more, on their devices, for the images of one source.
        source: Its training distribution is encoded.
        protocol: Number of images, seed.
        on_images: Called with the number of images since the last call.

    Returns:
        For each model `udr_spearman` and `udr_lasso`, with intervals over the images.

    Raises:
        SbvaeError: If there is one model, or one gives posteriors that are no numbers.
    """
    rng = np.random.default_rng([protocol.seed, _TAG])
    images, _ = source.sample(rng, sample_size(source, protocol.images), "train")
    posteriors = [encode(vae, images, on_images) for vae in models]
    codes = [means for means, _ in posteriors]
    kls = [latent_kl(*posterior) for posterior in posteriors]
    scores: list[Scores] = [{} for _ in models]
    for kind in _KINDS:

        def agree(rows: NDArray[np.intp] | slice, kind: Similarity = kind) -> NDArray[np.float64]:
            return udr([z[rows] for z in codes], kls, kind).scores

        values = agree(slice(None))
        intervals = subsample_interval(
            agree, values, len(images), protocol.seed, (0.0, float("inf"))
        )
        for own, value, interval in zip(scores, values.tolist(), intervals, strict=True):
            own[f"udr_{kind}"] = scored(value, interval, "train", {"models": len(models)})
    for own, kl in zip(scores, kls, strict=True):
        if kl.max() < LEAST_KL:
            why = f"no latent is informative, the largest KL is {kl.max():.2g} nats"
            for name, each in own.items():
                own[name] = replace(each, details={**each.details, "why": why})
    return scores
