"""A variational autoencoder: encoder, decoder and the likelihood that joins them."""

import torch
from torch import Tensor, nn

from sbvae_cli.models.likelihoods import Likelihood


class VAE(nn.Module):
    """Encoder to a diagonal Gaussian, decoder to the parameter of a pixel likelihood.

    Args:
        encoder: Images (B, C, H, W) to mean and log-variance, each (B, K).
        decoder: Latents (B, K) to the likelihood's parameter, (B, C, H, W).
        likelihood: Likelihood of the pixels.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, likelihood: Likelihood) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = likelihood

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of the posterior, each (B, K), of images in [0, 1].

        In the images' dtype, whatever convolutions multiply in.
        """
        mean, logvar = self.encoder(images)
        return mean, logvar

    def decode(self, z: Tensor) -> Tensor:
        """The likelihood's parameter, (B, C, H, W), in the dtype of the latents."""
        output: Tensor = self.decoder(z)
        return output.to(z.dtype)  # likelihoods sum over thousands of pixels

    def render(self, z: Tensor) -> Tensor:
        """Expected images, (B, C, H, W), of latents (B, K)."""
        return self.likelihood.mean(self.decode(z))


def reparameterize(mean: Tensor, logvar: Tensor, noise: Tensor) -> Tensor:
    """Posterior samples (B, K) from standard normal noise of the same shape."""
    return mean + torch.exp(0.5 * logvar) * noise
