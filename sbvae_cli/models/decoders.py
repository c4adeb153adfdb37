"""Spatial Broadcast, deconvolutional and CoordConv decoders (Table 1, Appendix D)."""

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sbvae_cli.config.names import Coordinates
from sbvae_cli.models.coordinates import coordinate_channels, coordinate_grid
from sbvae_cli.models.layers import SameConv2d, SameConvTranspose2d, mlp
from sbvae_cli.models.spatial_broadcast import BroadcastConv2d, BroadcastConvTranspose2d


def halvings(height: int, width: int, count: int) -> list[list[int]]:
    """Return the sizes [h, w] of an image after `count`, ..., 1, 0 halvings, rounded up."""
    return [[math.ceil(height / 2**k), math.ceil(width / 2**k)] for k in reversed(range(count + 1))]


class BroadcastDecoder(nn.Module):
    """Spatial broadcast, then convolutions of stride 1 (Section 2, Table 1) and its variants.

    Args:
        image_shape: Shape (C, H, W) of an image.
        latent_dim: Number of latents K.
        hidden_channels: Channels of each layer before the output layer, from the broadcast on.
        kernel_size: Side of the square kernels, in pixels.
        hidden_units: Units of fully connected layers before the broadcast (Tables 7 and 9).
        upscales: Number of first layers that are transposed convolutions of stride 2 (Table 10);
            each halves the size of the broadcast.
        coordinates: Kind of the coordinate channels.
        cosines: Number of cosines along each axis, if `coordinates` is `cosine`.
        generator: Random number generator of the weights and of shuffled coordinates.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        latent_dim: int,
        hidden_channels: Sequence[int],
        kernel_size: int,
        *,
        hidden_units: Sequence[int] = (),
        upscales: int = 0,
        coordinates: Coordinates = "linear",
        cosines: int = 4,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        channels, height, width = image_shape
        sizes = halvings(height, width, upscales)
        grid = coordinate_channels(coordinates, sizes[0], cosines, generator)
        self.hidden = mlp([latent_dim, *hidden_units], generator=generator)
        features = [latent_dim, *hidden_units][-1]
        widths = [*hidden_channels, channels]
        first = (features, widths[0], kernel_size, grid)
        kept = coordinates == "shuffled"
        self.broadcast = (
            BroadcastConvTranspose2d(*first, sizes[1], keep_grid=kept, generator=generator)
            if upscales
            else BroadcastConv2d(*first, keep_grid=kept, generator=generator)
        )
        layers: list[nn.Module] = []
        for i, (n_in, n_out) in enumerate(itertools.pairwise(widths), start=1):
            size = sizes[i + 1] if i < upscales else None
            layers += [nn.ReLU(), _layer(n_in, n_out, kernel_size, size, generator)]
        self.convolutions = nn.Sequential(*layers)

    def forward(self, z: Tensor) -> Tensor:
        """Map latents (B, K) to the likelihood's parameter, shape (B, C, H, W)."""
        output: Tensor = self.convolutions(self.broadcast(self.hidden(z)))
        return output


def _layer(
    n_in: int, n_out: int, kernel_size: int, size: list[int] | None, generator: torch.Generator
) -> nn.Module:
    """Make a transposed convolution to `size`, or a convolution that keeps the size if None."""
    if size is None:
        return SameConv2d(n_in, n_out, kernel_size, generator=generator)
    return SameConvTranspose2d(n_in, n_out, kernel_size, size, generator=generator)


class DeconvDecoder(nn.Module):
    """Fully connected layers, a reshape, then transposed convolutions of stride 2 (Table 1).

    At 64x64 the five layers of Table 1 start from a 2x2 feature map, six layers from 1x1. At any
    size, the feature maps have the sizes of the image after each halving, rounded up.

    Args:
        image_shape: Shape (C, H, W) of an image.
        latent_dim: Number of latents K.
        hidden_channels: Channels of each transposed convolution before the output layer.
        kernel_size: Side of the square kernels, in pixels.
        hidden_units: Units of each fully connected layer before the reshaped one (Table 8).
        start_channels: Channels of the first feature map.
        append_coordinates: Whether every transposed convolution has the two coordinate channels as
            additional input, as in the decoder of a CoordConv VAE (Appendix D).
        generator: Random number generator of the weights.
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
        append_coordinates: bool = False,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        channels, height, width = image_shape
        self.sizes = halvings(height, width, len(hidden_channels) + 1)
        self.start_channels = start_channels
        units = start_channels * self.sizes[0][0] * self.sizes[0][1]
        self.hidden = mlp([latent_dim, *hidden_units, units], generator=generator)
        widths = [start_channels, *hidden_channels, channels]
        self.deconvolutions = nn.ModuleList(
            SameConvTranspose2d(
                widths[i] + 2 * append_coordinates,
                widths[i + 1],
                kernel_size,
                self.sizes[i + 1],
                generator=generator,
            )
            for i in range(len(widths) - 1)
        )
        self.grids: list[str] = []
        for i, size in enumerate(self.sizes[:-1] if append_coordinates else []):
            self.grids.append(f"grid_{i}")
            self.register_buffer(self.grids[-1], coordinate_grid(*size), persistent=False)

    def forward(self, z: Tensor) -> Tensor:
        """Map latents (B, K) to the likelihood's parameter, shape (B, C, H, W)."""
        x: Tensor = self.hidden(z).unflatten(1, (self.start_channels, *self.sizes[0]))
        for i, layer in enumerate(self.deconvolutions):
            if i:
                x = torch.relu(x)
            if self.grids:
                grid = self.get_buffer(self.grids[i])  # (2, h, w)
                x = torch.cat([x, grid.to(x.dtype).expand(x.shape[0], -1, -1, -1)], dim=1)
            x = layer(x)
        return x
