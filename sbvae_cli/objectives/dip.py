"""DIP-VAE: latents whose covariance is the identity (Kumar et al. 2018)."""

import torch
from torch import Tensor

from sbvae_cli.models.vae import VAE
from sbvae_cli.objectives.elbo import Terms, forward


def covariance_of_means(mean: Tensor) -> Tensor:
    """Covariance of posterior means over a minibatch, divided by B.

    Args:
        mean: Shape (B, K).

    Returns:
        Shape (K, K).
    """
    centred = mean - mean.mean(0)
    # Not a matrix product, which TF32 would round.
    return (centred[:, :, None] * centred[:, None, :]).mean(0)


def covariance_of_samples(mean: Tensor, logvar: Tensor) -> Tensor:
    """Covariance of latents sampled from the posteriors: that of the means plus the mean variances.

    Args:
        mean: Shape (B, K).
        logvar: Log-variance, shape (B, K).

    Returns:
        Shape (K, K).
    """
    return covariance_of_means(mean) + torch.diag(logvar.exp().mean(0))


def dip_vae(
    vae: VAE,
    images: Tensor,
    noise: Tensor,
    off_diagonal: float,
    diagonal: float,
    *,
    of_samples: bool,
) -> Terms:
    """NLL + KL + the weighted squared distance of a covariance from the identity.

    Args:
        vae: The model.
        images: Shape (B, C, H, W), in [0, 1].
        noise: Standard normal, shape (B, K).
        off_diagonal: Weight of the squared covariances between different latents.
        diagonal: Weight of the squared distances of the variances from 1.
        of_samples: Whether the covariance is that of the samples (DIP-VAE-II), or that of the
            means (DIP-VAE-I).

    Returns:
        As `elbo`, and `covariance_off_diagonal` and `covariance_diagonal`, the sums of squares
        without their weights.
    """
    passed = forward(vae, images, noise)
    if of_samples:
        covariance = covariance_of_samples(passed.mean, passed.logvar)
    else:
        covariance = covariance_of_means(passed.mean)
    variances = covariance.diagonal()
    between = (covariance - torch.diag(variances)).square().sum()
    within = (variances - 1).square().sum()
    loss = passed.nll + passed.kl + off_diagonal * between + diagonal * within
    return passed.terms(loss, covariance_off_diagonal=between, covariance_diagonal=within)
