"""Discriminator of FactorVAE (Kim and Mnih 2018)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sbvae_cli.models.layers import linear


class Discriminator(nn.Module):
    """Classifier of joint samples of the latents and samples of the product of their marginals.

    It has fully connected layers with leaky ReLU of slope 0.2, and two output logits: the first for
    the joint, the second for the product.

    Args:
        latent_dim: Number of latents K.
        hidden_units: Units of each hidden layer; in the paper six layers of 1,000.
        generator: Random number generator of the weights; biases are zero.
    """

    def __init__(
        self, latent_dim: int, hidden_units: Sequence[int], *, generator: torch.Generator
    ) -> None:
        super().__init__()
        widths = [latent_dim, *hidden_units]
        layers: list[nn.Module] = []
        for n_in, n_out in zip(widths, hidden_units, strict=False):
            layers += [linear(n_in, n_out, generator=generator), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, linear(widths[-1], 2, generator=generator))

    def forward(self, codes: Tensor) -> Tensor:
        """Map latents (B, K) to logits (B, 2)."""
        logits: Tensor = self.layers(codes)
        return logits
