"""Make coordinate channels: linear, shuffled or cosines (Algorithm 1, Appendix B)."""

import math

import torch
from torch import Tensor

from sbvae_cli.config.names import Coordinates


def coordinate_grid(height: int, width: int) -> Tensor:
    """Return the two linear coordinate channels (Algorithm 1).

    Returns:
        Shape (2, H, W): x from -1 to 1 across the width, then y from -1 to 1 down the height.
        A single row or column has the coordinate 0.
    """
    x = torch.linspace(-1, 1, width) if width > 1 else torch.zeros(1)
    y = torch.linspace(-1, 1, height) if height > 1 else torch.zeros(1)
    return torch.stack([x.expand(height, width), y[:, None].expand(height, width)])


def coordinate_channels(
    kind: Coordinates, size: list[int], cosines: int, generator: torch.Generator
) -> Tensor:
    """Return the coordinate channels that a decoder appends to its latents.

    Args:
        kind: `linear`; `shuffled`, the (x, y) pairs at randomly permuted pixels (Appendix B);
            `cosine`, cos(n pi (x + 1) / 2) for n from 1 to `cosines`, then the same of y; `none`.
        size: [H, W], in pixels.
        cosines: Number of cosines along each axis.
        generator: Random number generator of the permutation.

    Returns:
        Shape (D, H, W), D = 2, 2, 2 * `cosines` or 0.
    """
    grid = coordinate_grid(*size)  # (2, H, W)
    match kind:
        case "linear":
            return grid
        case "shuffled":
            order = torch.randperm(grid[0].numel(), generator=generator)
            return grid.flatten(1)[:, order].view_as(grid)
        case "cosine":
            waves = torch.arange(1, cosines + 1)[:, None, None] * (math.pi / 2)  # (n, 1, 1)
            return torch.cat([torch.cos(waves * (axis + 1)) for axis in grid])
        case "none":
            return grid[:0]
