"""The spatial broadcast as Algorithm 1 has it, and layers that compute the same for less."""

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
    """Weights over latents and coordinates, biases, and the coordinates themselves.

    Args:
        shape: Shape of the weights, whose inputs are the latents, then the grid's channels.
        out_channels: Channels of the output.
        features: Number of latents K, or of what an MLP makes of them.
        grid: Coordinate channels, shape (D, h, w).
        keep_grid: Whether the state dict holds the grid.
        generator: Draws the weights.
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

    A convolution of a constant plane differs from its middle value only where the kernel reaches
    over the border. So the latents' part is computed on a plane no larger than the kernel and its
    middle is stretched; the coordinates' part is the same for the whole batch. Equal to
    `same_conv2d(spatial_broadcast(z, grid), weight, bias)` up to rounding.

    Args:
        features: Number of latents K, or of what an MLP makes of them.
        out_channels: Channels of the output.
        kernel_size: Side of the square kernel, pixels.
        grid: Coordinate channels, shape (D, H, W).
        keep_grid: Whether the state dict holds the grid, as one that was shuffled.
        generator: Draws the weights, whose fan-in counts the coordinates; biases are zero.
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
        """(B, K) to (B, C, H, W)."""
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

    Away from the borders its output repeats every two pixels, so a small plane holds all of it.
    Equal to `same_conv_transpose2d(spatial_broadcast(z, grid), weight, bias, output_size)` up to
    rounding.

    Args:
        features: Number of latents K, or of what an MLP makes of them.
        out_channels: Channels of the output.
        kernel_size: Side of the square kernel, pixels, 2 or more.
        grid: Coordinate channels, shape (D, h, w).
        output_size: [H, W], each twice the grid's or one less.
        keep_grid: Whether the state dict holds the grid.
        generator: Draws the weights; biases are zero.
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
        """(B, K) to (B, C, H, W)."""
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
        """Outputs before and after those that no border reaches, for each axis.

        The number of those between them is even.
        """
        found = []
        for size in self.output_size:
            before, _ = same_padding(size, self.weight.shape[2], 2)
            head = self.weight.shape[2] - 1 - before
            found.append((head + (size - head - before) % 2, before))
        return found

    def fitting_size(self) -> list[int]:
        """[H, W] of the smallest output that holds all that differs."""
        pairs = zip(self.output_size, self.margins(), strict=True)
        return [min(size, before + 2 + after) for size, (before, after) in pairs]


def constant_planes(z: Tensor, size: list[int]) -> Tensor:
    """(B, K) to (B, K, h, w), without a copy."""
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
    """Repeat the middle of a small plane up to a size, and add what does not depend on the batch.

    Args:
        small: Shape (B, C, h, w).
        full: Shape (1, C, H, W), which has the bias in it; None adds the bias alone.
        bias: Shape (C,).
        size: [H, W].
        margins: For each axis the rows or columns at its start and end that stay as they are.
        period: Number of those between them, which are repeated.

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
