"""One forward pass with NLL and KL, which every objective starts from, and those of the VAEs.

The VAE, the beta-VAE, and the one whose KL follows a capacity (Burgess et al. 2018).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from sbvae_cli.models.vae import VAE, reparameterize

Terms = dict[str, Tensor]
Weight = float | Tensor  # of a term; a scalar tensor where it changes while a graph is replayed


@dataclass(frozen=True)
class Forward:
    """A minibatch once through the model; all that the objectives are made of.

    Attributes:
        mean: Means of the posteriors, shape (B, K).
        logvar: Their log-variances, shape (B, K).
        z: A sample of each posterior, shape (B, K).
        nll: Negative log likelihood, averaged over the images, nats.
        kl: KL of the posteriors from the prior, averaged over the images, nats.
        learned: What the likelihood has learned, for the log.
    """

    mean: Tensor
    logvar: Tensor
    z: Tensor
    nll: Tensor
    kl: Tensor
    learned: Terms

    def terms(self, loss: Tensor, **others: Tensor) -> Terms:
        """Named terms: the loss, what the VAE's is made of, others, and what was learned."""
        return {"loss": loss, "nll": self.nll, "kl": self.kl, **others, **self.learned}


def forward(vae: VAE, images: Tensor, noise: Tensor) -> Forward:
    """Encode, sample, decode.

    Args:
        vae: The model.
        images: Shape (B, C, H, W), in [0, 1].
        noise: Standard normal, shape (B, K).
    """
    mean, logvar = vae.encode(images)
    z = reparameterize(mean, logvar, noise)
    nll = vae.likelihood.nll(vae.decode(z), images).mean()
    kl = gaussian_kl(mean, logvar).sum(1).mean()
    return Forward(mean, logvar, z, nll, kl, vae.likelihood.learned())


def gaussian_kl(mean: Tensor, logvar: Tensor) -> Tensor:
    """KL of each diagonal Gaussian from the standard normal, by latent.

    Args:
        mean: Shape (B, K).
        logvar: Log-variance, shape (B, K).

    Returns:
        Nats, shape (B, K).
    """
    return 0.5 * (mean.square() + logvar.exp() - 1 - logvar)


def elbo(vae: VAE, images: Tensor, noise: Tensor, beta: Weight) -> Terms:
    """NLL + beta * KL (Section A.1; Higgins et al. 2017).

    Args:
        vae: The model.
        images: Shape (B, C, H, W), in [0, 1].
        noise: Standard normal, shape (B, K).
        beta: Weight of the KL.

    Returns:
        `loss`, `nll` summed over pixels and channels, and `kl`; means over the images, nats.
    """
    passed = forward(vae, images, noise)
    return passed.terms(passed.nll + beta * passed.kl)


def annealed_vae(vae: VAE, images: Tensor, noise: Tensor, gamma: Weight, capacity: Weight) -> Terms:
    """NLL + gamma * |KL - capacity|, whose capacity grows while training (Burgess et al. 2018).

    Args:
        vae: The model.
        images: Shape (B, C, H, W), in [0, 1].
        noise: Standard normal, shape (B, K).
        gamma: Weight of the distance.
        capacity: Nats at this step.

    Returns:
        As `elbo`, and `capacity`.
    """
    passed = forward(vae, images, noise)
    loss = passed.nll + gamma * (passed.kl - capacity).abs()
    return passed.terms(loss, capacity=torch.zeros_like(passed.kl) + capacity)
