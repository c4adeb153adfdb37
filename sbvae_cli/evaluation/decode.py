"""Decode codes to images with the grey levels of stored images."""

import numpy as np
import torch
from numpy.typing import NDArray

from sbvae_cli.data.pixels import grey_levels
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.batching import fitting_batch, map_batches
from sbvae_cli.models.vae import VAE


def render_codes(vae: VAE, codes: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Decode latents to expected images, rounded to 8-bit grey levels.

    Args:
        vae: Model on its device.
        codes: Latents, shape (N, K), N at least 1.

    Returns:
        Images of shape (N, H, W, C); expected values outside [0, 1] are clipped.

    Raises:
        SbvaeError: If the decoder's output is not finite.
    """
    device = next(vae.parameters()).device
    z = torch.from_numpy(np.ascontiguousarray(codes, dtype=np.float32))  # (N, K)

    @torch.no_grad()
    def work(batch: slice) -> NDArray[np.uint8]:
        pixels = vae.render(z[batch].to(device))  # (B, C, H, W)
        if not torch.isfinite(pixels).all():
            raise SbvaeError(
                "the decoder draws pixels that are not finite: the model's weights are damaged, "
                "or its training diverged; train it again"
            )
        return grey_levels(pixels).permute(0, 2, 3, 1).cpu().numpy()  # (B, H, W, C)

    size = fitting_batch(vae.decoder, z[:1].to(device))
    return np.concatenate(map_batches(work, len(z), size, device))
