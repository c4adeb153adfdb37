"""DIP-VAE, which pulls the covariance of the latents towards identity (Kumar et al. 2018)."""

import torch
from torch import Tensor

from sbvae_cli.models.vae import VAE
from sbvae_cli.objectives.elbo import Terms, forward


def covariance_of_means(mean: Tensor) -> Tensor:
    """Return the covariance of posterior means over a minibatch, normalised by B.

    Args:
        mean: Posterior means, shape (B, K).

    Returns:
        Shape (K, K).
    """
    centred = mean - mean.mean(0)
    # A matrix product would be rounded by TF32.
    return (centred[:, :, None] * centred[:, None, :]).mean(0)


def covariance_of_samples(mean: Tensor, logvar: Tensor) -> Tensor:
    """Return the covariance of posterior samples: that of the means plus the mean variances.

    Args:
        mean: Posterior means, shape (B, K).
        logvar: Posterior log-variances, shape (B, K).

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
    """Compute NLL + KL + the weighted squared distance of a covariance from the identity.

    Args:
        vae: The model.
        images: Minibatch, shape (B, C, H, W), in [0, 1].
        noise: Standard normal noise, shape (B, K).
        off_diagonal: Weight of the squared covariances of different latents.
        diagonal: Weight of the squared differences of the variances from 1.
        of_samples: Whether to use the covariance of posterior samples (DIP-VAE-II) rather than that
            of posterior means (DIP-VAE-I).

    Returns:
        Terms of `elbo`, and the unweighted sums of squares `covariance_off_diagonal` and
        `covariance_diagonal`.
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
