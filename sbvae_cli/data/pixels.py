"""Stored bytes to what a model takes, on the device."""

import torch
from torch import Tensor


def planes(images: Tensor, colours: Tensor | None = None) -> Tensor:
    """Scale bytes, and paint masks; waits for nothing.

    Args:
        images: Shape (..., H, W, C), uint8.
        colours: Shape (..., 3), in [0, 1], of masks of one channel; these come out in levels
            rounded as a file would store them.

    Returns:
        Shape (..., C, H, W), float32 in [0, 1], contiguous.
    """
    levels = images.movedim(-1, -3).to(torch.float32, memory_format=torch.contiguous_format)
    levels = levels.div_(255)
    if colours is None:
        return levels
    return (levels * (colours[..., None, None] * 255)).round_().div_(255)
