"""Forward pass with NLL and KL for all objectives, and the objectives of three VAEs.

These are the VAE, the beta-VAE, and the annealed VAE (Burgess et al. 2018).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from sbvae_cli.models.vae import VAE, reparameterize

Terms = dict[str, Tensor]
Weight = float | Tensor  # weight of a term; a scalar tensor if a CUDA graph must read its changes


@dataclass(frozen=True)
class Forward:
    """Results of a forward pass of a minibatch, from which objectives are computed.

    Attributes:
        mean: Posterior means, shape (B, K).
        logvar: Posterior log-variances, shape (B, K).
        z: One sample of each posterior, shape (B, K).
        nll: Negative log likelihood in nats, averaged over the images.
        kl: KL divergence of the posterior from the prior in nats, averaged over the images.
        learned: Learned parameters of the likelihood, for the log.
    """

    mean: Tensor
    logvar: Tensor
    z: Tensor
    nll: Tensor
    kl: Tensor
    learned: Terms

    def terms(self, loss: Tensor, **others: Tensor) -> Terms:
        """Return named terms: loss, NLL, KL, `others`, and learned parameters."""
        return {"loss": loss, "nll": self.nll, "kl": self.kl, **others, **self.learned}


def forward(vae: VAE, images: Tensor, noise: Tensor) -> Forward:
    """Encode images, sample latents and decode them.

    Args:
        vae: The model.
        images: Minibatch, shape (B, C, H, W), in [0, 1].
        noise: Standard normal noise, shape (B, K).
    """
    mean, logvar = vae.encode(images)
    z = reparameterize(mean, logvar, noise)
    nll = vae.likelihood.nll(vae.decode(z), images).mean()
    kl = gaussian_kl(mean, logvar).sum(1).mean()
    return Forward(mean, logvar, z, nll, kl, vae.likelihood.learned())


def gaussian_kl(mean: Tensor, logvar: Tensor) -> Tensor:
    """Return the KL divergence of diagonal Gaussians from the standard normal, by latent.

    Args:
        mean: Means, shape (B, K).
        logvar: Log-variances, shape (B, K).

    Returns:
        KL in nats, shape (B, K).
    """
    return 0.5 * (mean.square() + logvar.exp() - 1 - logvar)


def elbo(vae: VAE, images: Tensor, noise: Tensor, beta: Weight) -> Terms:
    """Compute NLL + beta * KL (Section A.1; Higgins et al. 2017).

    Args:
        vae: The model.
        images: Minibatch, shape (B, C, H, W), in [0, 1].
        noise: Standard normal noise, shape (B, K).
        beta: Weight of the KL.

    Returns:
        `loss`, `nll` (summed over pixels and channels) and `kl`, averaged over the images, in nats.
    """
    passed = forward(vae, images, noise)
    return passed.terms(passed.nll + beta * passed.kl)


def annealed_vae(vae: VAE, images: Tensor, noise: Tensor, gamma: Weight, capacity: Weight) -> Terms:
    """Compute NLL + gamma * |KL - capacity|, with increasing capacity (Burgess et al. 2018).

    Args:
        vae: The model.
        images: Minibatch, shape (B, C, H, W), in [0, 1].
        noise: Standard normal noise, shape (B, K).
        gamma: Weight of the distance between KL and capacity.
        capacity: Capacity at this step, in nats.

    Returns:
        Terms of `elbo`, and `capacity`.
    """
    passed = forward(vae, images, noise)
    loss = passed.nll + gamma * (passed.kl - capacity).abs()
    return passed.terms(loss, capacity=torch.zeros_like(passed.kl) + capacity)
