"""Encoder of Tables 1 and 2."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sbvae_cli.models.layers import SameConv2d, linear, mlp


class ConvEncoder(nn.Module):
    """Strided convolutions, then fully connected layers, to a diagonal Gaussian (Tables 1, 2).

    It accepts any image size: each convolution halves the sides, rounding up (same padding).

    Args:
        image_shape: Shape (C, H, W) of an image.
        latent_dim: Number of latents K.
        hidden_channels: Channels of each stride-2 convolution, from the image on.
        kernel_size: Side of the square kernels, in pixels.
        hidden_units: Units of each fully connected layer before the output.
        generator: Random number generator of the weights.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        latent_dim: int,
        hidden_channels: Sequence[int],
        kernel_size: int,
        hidden_units: Sequence[int],
        *,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        channels, height, width = image_shape
        layers: list[nn.Module] = []
        for n_in, n_out in zip([channels, *hidden_channels], hidden_channels, strict=False):
            layers += [
                SameConv2d(n_in, n_out, kernel_size, stride=2, generator=generator),
                nn.ReLU(),
            ]
            height, width = math.ceil(height / 2), math.ceil(width / 2)
        self.convolutions = nn.Sequential(*layers)
        sizes = [hidden_channels[-1] * height * width, *hidden_units]
        self.hidden = mlp(sizes, generator=generator)
        self.output = linear(sizes[-1], 2 * latent_dim, generator=generator)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return the posterior mean and log-variance of each image.

        Args:
            images: Shape (B, C, H, W), in [0, 1].

        Returns:
            Mean and log-variance, each of shape (B, K).
        """
        # Latents need full precision even if convolutions compute in bfloat16.
        features = self.convolutions(images).flatten(1).to(images.dtype)
        mean, logvar = self.output(self.hidden(features)).chunk(2, dim=1)
        return mean, logvar
