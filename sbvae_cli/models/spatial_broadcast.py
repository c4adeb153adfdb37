"""The spatial broadcast as Algorithm 1 has it, and a layer that computes the same for less."""

import torch
from torch import Tensor, nn

from sbvae_cli.models.layers import initialize_, same_conv2d, same_padding


def coordinate_grid(height: int, width: int) -> Tensor:
    """The two coordinate channels (Algorithm 1).

    Returns:
        Shape (2, H, W): x from -1 to 1 across the width, then y from -1 to 1 down the height.
        A single row or column has the coordinate 0, the middle.
    """
    x = torch.linspace(-1, 1, width) if width > 1 else torch.zeros(1)
    y = torch.linspace(-1, 1, height) if height > 1 else torch.zeros(1)
    return torch.stack([x.expand(height, width), y[:, None].expand(height, width)])


def spatial_broadcast(z: Tensor, grid: Tensor) -> Tensor:
    """Tile latents over space and append the coordinate channels (Algorithm 1).

    Args:
        z: Latent samples, shape (B, K).
        grid: Coordinate channels, shape (2, H, W).

    Returns:
        Shape (B, K + 2, H, W): K constant planes, then the x plane, then the y plane.

    Raises:
        ValueError: If `z` is not two-dimensional.
    """
    if z.ndim != 2:
        raise ValueError(f"z must have shape (batch, latents), got {tuple(z.shape)}")
    tiled = z[:, :, None, None].expand(-1, -1, *grid.shape[1:])
    return torch.cat([tiled, grid.expand(len(z), -1, -1, -1)], dim=1)


class BroadcastConv2d(nn.Module):
    """Same-padded convolution of the spatial broadcast, without the broadcast.

    A convolution of a constant plane differs from its middle value only where the kernel reaches
    over the border. So the latents' part is computed on a plane no larger than the kernel and its
    middle is stretched; the coordinates' part is the same for the whole batch. Equal to
    `same_conv2d(spatial_broadcast(z, grid), weight, bias)` up to rounding.

    Args:
        latent_dim: Number of latents K.
        out_channels: Channels of the output.
        kernel_size: Side of the square kernel, pixels.
        grid: Coordinate channels, shape (2, H, W).
        generator: Draws the weights, whose fan-in counts the coordinates; biases are zero.
    """

    grid: Tensor

    def __init__(
        self,
        latent_dim: int,
        out_channels: int,
        kernel_size: int,
        grid: Tensor,
        *,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.weight = nn.Parameter(
            torch.empty(out_channels, latent_dim + 2, kernel_size, kernel_size)
        )
        self.bias = nn.Parameter(torch.zeros(out_channels))
        initialize_(self.weight, (latent_dim + 2) * kernel_size**2, generator)
        self.register_buffer("grid", grid, persistent=False)

    def forward(self, z: Tensor) -> Tensor:
        """(B, K) to (B, C, H, W)."""
        height, width = self.grid.shape[1:]
        kernel = self.weight.shape[2]
        of_grid = same_conv2d(self.grid[None], self.weight[:, self.latent_dim :], self.bias)
        small = z[:, :, None, None].expand(-1, -1, min(height, kernel), min(width, kernel))
        of_z = same_conv2d(small, self.weight[:, : self.latent_dim], None)
        return stretch_add(of_z, of_grid, kernel)


def stretch_add(small: Tensor, full: Tensor, kernel_size: int) -> Tensor:
    """Stretch the middle row and column of a small plane to the size of `full`, and add.

    Args:
        small: Shape (B, C, h, w), h = min(H, kernel_size), w likewise.
        full: Shape (1, C, H, W).
        kernel_size: Of the convolution whose border rows and columns stay as they are.

    Returns:
        Shape (B, C, H, W).
    """
    for axis in (2, 3):
        before, after = same_padding(full.shape[axis], kernel_size, 1)
        size, length = small.shape[axis], full.shape[axis]
        if size == length:
            continue
        head, middle, tail = torch.split(small, [before, 1, after], dim=axis)
        shape = list(small.shape)
        shape[axis] = length - before - after
        small = torch.cat([head, middle.expand(shape), tail], dim=axis)
    return small + full
