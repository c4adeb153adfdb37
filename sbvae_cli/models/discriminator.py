"""The discriminator of FactorVAE (Kim and Mnih 2018)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sbvae_cli.models.layers import linear


class Discriminator(nn.Module):
    """Tells joint samples of the latents from samples of the product of their marginals.

    Fully connected layers with leaky ReLU of slope 0.2, then two logits: the first for the joint,
    the second for the product.

    Args:
        latent_dim: Number of latents K.
        hidden_units: Units of each hidden layer; the paper's are six of 1,000.
        generator: Draws the weights; biases are zero.
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
        """(B, K) to logits (B, 2)."""
        logits: Tensor = self.layers(codes)
        return logits
