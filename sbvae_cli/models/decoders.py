"""The Spatial Broadcast decoder and the deconvolutional one (Table 1)."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sbvae_cli.models.layers import SameConv2d, SameConvTranspose2d, mlp
from sbvae_cli.models.spatial_broadcast import BroadcastConv2d, coordinate_grid


class BroadcastDecoder(nn.Module):
    """Spatial broadcast, then convolutions of stride 1 (Section 2, Table 1).

    Args:
        image_shape: (C, H, W).
        latent_dim: Number of latents K.
        hidden_channels: Of each convolution before the output layer, from the broadcast on.
        kernel_size: In pixels.
        generator: Draws the weights.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        latent_dim: int,
        hidden_channels: Sequence[int],
        kernel_size: int,
        *,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        channels, height, width = image_shape
        first, *rest = hidden_channels
        self.broadcast = BroadcastConv2d(
            latent_dim, first, kernel_size, coordinate_grid(height, width), generator=generator
        )
        layers: list[nn.Module] = [nn.ReLU()]
        for n_in, n_out in zip(hidden_channels, [*rest, channels], strict=True):
            layers += [SameConv2d(n_in, n_out, kernel_size, generator=generator), nn.ReLU()]
        self.convolutions = nn.Sequential(*layers[:-1])

    def forward(self, z: Tensor) -> Tensor:
        """(B, K) to the likelihood's parameter, shape (B, C, H, W)."""
        output: Tensor = self.convolutions(self.broadcast(z))
        return output


class DeconvDecoder(nn.Module):
    """Fully connected layers, a reshape, then transposed convolutions of stride 2 (Table 1).

    At 64x64 the stack starts from a 2x2 plane. At other sizes each layer's output has the size
    that the same number of stride-2 convolutions would meet on the way down.

    Args:
        image_shape: (C, H, W).
        latent_dim: Number of latents K.
        hidden_channels: Of each transposed convolution before the output layer.
        kernel_size: In pixels.
        hidden_units: Of each fully connected layer before the one that is reshaped.
        start_channels: Of the first plane.
        generator: Draws the weights.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        latent_dim: int,
        hidden_channels: Sequence[int],
        kernel_size: int,
        hidden_units: Sequence[int],
        start_channels: int,
        *,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        channels, height, width = image_shape
        depth = len(hidden_channels) + 1
        self.sizes = [
            [math.ceil(height / 2**k), math.ceil(width / 2**k)] for k in reversed(range(depth + 1))
        ]
        self.start_channels = start_channels
        units = start_channels * self.sizes[0][0] * self.sizes[0][1]
        self.hidden = mlp([latent_dim, *hidden_units, units], generator=generator)
        self.deconvolutions = nn.ModuleList(
            SameConvTranspose2d(n_in, n_out, kernel_size, generator=generator)
            for n_in, n_out in zip(
                [start_channels, *hidden_channels], [*hidden_channels, channels], strict=True
            )
        )

    def forward(self, z: Tensor) -> Tensor:
        """(B, K) to the likelihood's parameter, shape (B, C, H, W)."""
        x: Tensor = self.hidden(z).unflatten(1, (self.start_channels, *self.sizes[0]))
        for layer, size in zip(self.deconvolutions, self.sizes[1:], strict=True):
            x = layer(x, size)
            if layer is not self.deconvolutions[-1]:
                x = torch.relu(x)
        return x
