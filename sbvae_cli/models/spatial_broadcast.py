"""The spatial broadcast of Algorithm 1, and equivalent layers that compute it faster."""

import math

import torch
from torch import Tensor, nn

from sbvae_cli.models.layers import (
    initialize_,
    same_conv2d,
    same_conv_transpose2d,
    same_padding,
)


def spatial_broadcast(z: Tensor, grid: Tensor) -> Tensor:
    """Tile latents over space and append the coordinate channels (Algorithm 1).

    Args:
        z: Latent samples, shape (B, K).
        grid: Coordinate channels, shape (D, H, W); two in the paper.

    Returns:
        Shape (B, K + D, H, W): K constant planes, then the coordinates.

    Raises:
        ValueError: If `z` is not two-dimensional.
    """
    if z.ndim != 2:
        raise ValueError(f"z must have shape (batch, latents), got {tuple(z.shape)}")
    tiled = z[:, :, None, None].expand(-1, -1, *grid.shape[1:])
    return torch.cat([tiled, grid.expand(z.shape[0], -1, -1, -1)], dim=1)


class _BroadcastLayer(nn.Module):
    """Base class with weights for latents and coordinates, biases, and the coordinate channels.

    Args:
        shape: Shape of the weights, whose inputs are the latents, then the grid's channels.
        out_channels: Number of output channels.
        features: Number of latents K, or of outputs of an MLP before the broadcast.
        grid: Coordinate channels, shape (D, h, w).
        keep_grid: Whether the state dict contains the grid.
        generator: Random number generator of the weights.
    """

    grid: Tensor

    def __init__(
        self,
        shape: tuple[int, int, int, int],
        out_channels: int,
        features: int,
        grid: Tensor,
        *,
        keep_grid: bool,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.features = features
        self.weight = nn.Parameter(torch.empty(shape))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        initialize_(self.weight, (features + len(grid)) * shape[2] * shape[3], generator)
        self.register_buffer("grid", grid, persistent=keep_grid)


class BroadcastConv2d(_BroadcastLayer):
    """Same-padded convolution of the spatial broadcast, without the broadcast.

    The convolution of a constant plane is constant, except where the kernel extends over the
    border. Therefore the latents' part is computed on a plane no larger than the kernel, whose
    middle is then repeated. The coordinates' part is computed once for the batch. The result equals
    `same_conv2d(spatial_broadcast(z, grid), weight, bias)` up to rounding.

    Args:
        features: Number of latents K, or of outputs of an MLP before the broadcast.
        out_channels: Number of output channels.
        kernel_size: Side of the square kernel, in pixels.
        grid: Coordinate channels, shape (D, H, W).
        keep_grid: Whether the state dict contains the grid, as for a shuffled grid.
        generator: Random number generator of the weights, whose fan-in includes the coordinates;
            biases are zero.
    """

    def __init__(
        self,
        features: int,
        out_channels: int,
        kernel_size: int,
        grid: Tensor,
        *,
        keep_grid: bool = False,
        generator: torch.Generator,
    ) -> None:
        shape = (out_channels, features + len(grid), kernel_size, kernel_size)
        super().__init__(
            shape, out_channels, features, grid, keep_grid=keep_grid, generator=generator
        )

    def forward(self, z: Tensor) -> Tensor:
        """Map latents (B, K) to (B, C, H, W)."""
        sizes, kernel = self.grid.shape[1:], self.weight.shape[2]
        of_z, of_grid = self.weight[:, : self.features], self.weight[:, self.features :]
        margins = [same_padding(size, kernel, 1) for size in sizes]
        small = constant_planes(z, [min(size, kernel) for size in sizes])
        full = same_conv2d(self.grid[None], of_grid, self.bias) if len(self.grid) else None
        return stretch_add(
            same_conv2d(small, of_z, None), full, self.bias, list(sizes), margins, period=1
        )


class BroadcastConvTranspose2d(_BroadcastLayer):
    """Transposed convolution of stride 2 of the spatial broadcast, without the broadcast (F.3).

    Away from the borders, the latents' part of the output repeats every two pixels, so that it is
    computed on a small plane. The result equals
    `same_conv_transpose2d(spatial_broadcast(z, grid), weight, bias, output_size)` up to rounding.

    Args:
        features: Number of latents K, or of outputs of an MLP before the broadcast.
        out_channels: Number of output channels.
        kernel_size: Side of the square kernel, in pixels, 2 or more.
        grid: Coordinate channels, shape (D, h, w).
        output_size: [H, W], each twice the grid's or one less.
        keep_grid: Whether the state dict contains the grid.
        generator: Random number generator of the weights; biases are zero.
    """

    def __init__(
        self,
        features: int,
        out_channels: int,
        kernel_size: int,
        grid: Tensor,
        output_size: list[int],
        *,
        keep_grid: bool = False,
        generator: torch.Generator,
    ) -> None:
        shape = (features + len(grid), out_channels, kernel_size, kernel_size)
        super().__init__(
            shape, out_channels, features, grid, keep_grid=keep_grid, generator=generator
        )
        self.output_size = output_size

    def forward(self, z: Tensor) -> Tensor:
        """Map latents (B, K) to (B, C, H, W)."""
        of_z, of_grid = self.weight[: self.features], self.weight[self.features :]
        margins, fitting = self.margins(), self.fitting_size()
        small = constant_planes(z, [math.ceil(size / 2) for size in fitting])
        full = (
            same_conv_transpose2d(self.grid[None], of_grid, self.bias, self.output_size)
            if len(self.grid)
            else None
        )
        return stretch_add(
            same_conv_transpose2d(small, of_z, None, fitting),
            full,
            self.bias,
            self.output_size,
            margins,
            period=2,
        )

    def margins(self) -> list[tuple[int, int]]:
        """Return the number of outputs at the start and end of each axis that a border affects.

        The start is one longer if necessary to make the number of unaffected outputs even.
        """
        found = []
        for size in self.output_size:
            before, _ = same_padding(size, self.weight.shape[2], 2)
            head = self.weight.shape[2] - 1 - before
            found.append((head + (size - head - before) % 2, before))
        return found

    def fitting_size(self) -> list[int]:
        """Return [H, W] of the smallest output with both margins and one period between them."""
        pairs = zip(self.output_size, self.margins(), strict=True)
        return [min(size, before + 2 + after) for size, (before, after) in pairs]


def constant_planes(z: Tensor, size: list[int]) -> Tensor:
    """Expand (B, K) to (B, K, h, w) without a copy."""
    return z[:, :, None, None].expand(-1, -1, *size)


def stretch_add(
    small: Tensor,
    full: Tensor | None,
    bias: Tensor,
    size: list[int],
    margins: list[tuple[int, int]],
    *,
    period: int,
) -> Tensor:
    """Enlarge a small plane by repeating its middle, and add the part common to the batch.

    Args:
        small: Small plane, shape (B, C, h, w).
        full: Part common to the batch, including the bias, shape (1, C, H, W); None adds the bias.
        bias: Shape (C,).
        size: [H, W] of the result.
        margins: Number of rows or columns at the start and end of each axis that do not repeat.
        period: Number of rows or columns between them, which are repeated.

    Returns:
        Shape (B, C, H, W).
    """
    if full is None:
        small = small + bias[:, None, None]
    for axis, (length, (before, after)) in enumerate(zip(size, margins, strict=True), start=2):
        if small.shape[axis] == length:
            continue
        head, middle, tail = torch.split(small, [before, period, after], dim=axis)
        repeated = list(middle.shape)
        repeated.insert(axis, (length - before - after) // period)
        middle = middle.unsqueeze(axis).expand(repeated).flatten(axis, axis + 1)
        small = torch.cat([head, middle, tail], dim=axis)
    return small if full is None else small + full
