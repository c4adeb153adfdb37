"""Images to posteriors, in large batches."""

import numpy as np
import torch
from numpy.typing import NDArray

from sbvae_cli.data.batches import to_device
from sbvae_cli.models.vae import VAE

BATCH = 256


@torch.no_grad()
def encode(vae: VAE, images: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Posterior means and deviations.

    Args:
        vae: On its device.
        images: uint8, shape (N, H, W, C).

    Returns:
        Two arrays of shape (N, K), float64.
    """
    device = next(vae.parameters()).device
    means, logvars = [], []
    for start in range(0, len(images), BATCH):
        mean, logvar = vae.encode(to_device(images[start : start + BATCH], device))
        means.append(mean)
        logvars.append(logvar)
    codes: NDArray[np.float64] = torch.cat(means).double().cpu().numpy()
    deviations: NDArray[np.float64] = torch.cat(logvars).double().mul(0.5).exp().cpu().numpy()
    return codes, deviations
