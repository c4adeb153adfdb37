"""Variational autoencoder: encoder, decoder and pixel likelihood."""

import torch
from torch import Tensor, nn

from sbvae_cli.models.likelihoods import Likelihood


class VAE(nn.Module):
    """VAE with a diagonal Gaussian posterior and a pixel likelihood.

    Args:
        encoder: Network from images (B, C, H, W) to posterior mean and log-variance, each (B, K).
        decoder: Network from latents (B, K) to the likelihood's parameter, (B, C, H, W).
        likelihood: Likelihood of the pixels.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, likelihood: Likelihood) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = likelihood

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return the posterior mean and log-variance, each (B, K), of images in [0, 1].

        They have the dtype of the images, even if convolutions compute in another one.
        """
        mean, logvar = self.encoder(images)
        return mean, logvar

    def decode(self, z: Tensor) -> Tensor:
        """Return the likelihood's parameter, (B, C, H, W), in the dtype of the latents."""
        output: Tensor = self.decoder(z)
        return output.to(z.dtype)  # likelihoods sum over thousands of pixels, which needs precision

    def render(self, z: Tensor) -> Tensor:
        """Return the expected images, (B, C, H, W), of latents (B, K)."""
        return self.likelihood.mean(self.decode(z))


def reparameterize(mean: Tensor, logvar: Tensor, noise: Tensor) -> Tensor:
    """Return posterior samples (B, K), made from standard normal noise of the same shape."""
    return mean + torch.exp(0.5 * logvar) * noise
