"""Encode images to posteriors, in batches that suit the device."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sbvae_cli.data.pixels import to_device
from sbvae_cli.data.source import Source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.batching import OnImages, fitting_batch, map_batches
from sbvae_cli.models.vae import VAE

Floats = NDArray[np.float64]


def encode(
    vae: VAE, images: NDArray[np.uint8], on_images: OnImages = lambda images: None
) -> tuple[Floats, Floats]:
    """Compute posterior means and stds of images.

    Args:
        vae: Model on its device.
        images: Images, uint8, shape (N, H, W, C), N at least 1.
        on_images: Called with the number of images since the last call.

    Returns:
        Means and stds, each of shape (N, K).

    Raises:
        SbvaeError: If a mean is not finite, or a std not finite and positive.
    """
    device = next(vae.parameters()).device
    size = fitting_batch(vae.encoder, to_device(images[:1], device))
    return encode_batches(vae, images.__getitem__, len(images), size, on_images)


def encode_batches(
    vae: VAE,
    images: Callable[[slice], NDArray[np.uint8]],
    count: int,
    size: int,
    on_images: OnImages = lambda images: None,
) -> tuple[Floats, Floats]:
    """Compute posterior means and stds of images that are made batch by batch.

    Args:
        vae: Model on its device.
        images: Returns the images (n, H, W, C) of a slice; called from several threads.
        count: Number of images N, at least 1.
        size: Number of images in a batch of the encoder.
        on_images: Called with the number of images since the last call.

    Returns:
        Means and stds, each of shape (N, K).

    Raises:
        SbvaeError: If a mean is not finite, or a std not finite and positive.
    """
    device = next(vae.parameters()).device

    @torch.no_grad()
    def work(batch: slice) -> tuple[Floats, Floats]:
        mean, logvar = vae.encode(to_device(images(batch), device))
        return mean.cpu().double().numpy(), logvar.cpu().double().mul(0.5).exp().numpy()

    parts = map_batches(work, count, size, device, on_images)
    means, stds = (np.concatenate(column) for column in zip(*parts, strict=True))
    check_posteriors(means, stds)
    return means, stds


def blank_image(vae: VAE, source: Source) -> Tensor:
    """Return a zero image of the source's size, shape (1, C, H, W), on the model's device."""
    image = np.zeros((1, source.height, source.width, source.channels), np.uint8)
    return to_device(image, next(vae.parameters()).device)


def blank_code(vae: VAE, source: Source) -> Floats | None:
    """Return the posterior mean of a blank image, shape (K,), or None if the data have none."""
    images = blank_images(source)
    code: Floats | None = None if images is None else encode(vae, images)[0][0]
    return code


def blank_images(source: Source) -> NDArray[np.uint8] | None:
    """Return a blank image, shape (1, H, W, C), or None if the data have none."""
    if not (source.space.blank and source.can_render):
        return None
    row = np.full((1, len(source.space.names)), np.nan)
    row[0, source.space.index("present")] = 0
    return source.render(row)


def check_posteriors(means: Floats, stds: Floats) -> None:
    """Check that every mean is finite and every std finite and positive.

    Args:
        means: Posterior means, shape (N, K).
        stds: Posterior stds, shape (N, K).

    Raises:
        SbvaeError: If one is not; the message says on how many images.
    """
    bad = int((~np.isfinite(means)).any(1).sum())
    if bad:
        raise SbvaeError(
            f"the model's posterior means are not finite on {bad:,} of {len(means):,} images; "
            "it may have diverged: use an earlier checkpoint"
        )
    bad = int((~(np.isfinite(stds) & (stds > 0))).any(1).sum())
    if bad:
        raise SbvaeError(
            f"the model's posterior stds are not positive numbers on {bad:,} of "
            f"{len(means):,} images; it may have diverged: use an earlier checkpoint"
        )
