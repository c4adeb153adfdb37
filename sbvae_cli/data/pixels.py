"""Convert stored bytes to the model's input on the device, and back."""

import torch
from torch import Tensor

from sbvae_cli.data.file import Images


def planes(images: Tensor, colours: Tensor | None = None) -> Tensor:
    """Scale bytes to [0, 1] and paint masks, without synchronising host and device.

    Args:
        images: Shape (..., H, W, C), uint8.
        colours: Colours of one-channel masks, shape (..., 3), in [0, 1]; the painted values are
            rounded to multiples of 1/255, as a file would store them.

    Returns:
        Shape (..., C, H, W), float32 in [0, 1], contiguous.
    """
    levels = images.movedim(-1, -3).to(torch.float32, memory_format=torch.contiguous_format)
    levels = levels.div_(255)
    if colours is None:
        return levels
    return (levels * (colours[..., None, None] * 255)).round_().div_(255)


def grey_levels(images: Tensor) -> Tensor:
    """Convert images of any shape from [0, 1] to rounded bytes, clipping other values."""
    return images.clamp(0, 1).mul(255).round().to(torch.uint8)


def to_device(images: Images, device: torch.device | str) -> Tensor:
    """Move images to a device as bytes and scale them there.

    Args:
        images: Shape (B, H, W, C).
        device: Target device; for CUDA the copy goes through pinned memory and is asynchronous.

    Returns:
        Shape (B, C, H, W), float32 in [0, 1], contiguous.
    """
    found = torch.from_numpy(images)
    if torch.device(device).type == "cuda":
        return planes(found.pin_memory().to(device, non_blocking=True))
    return planes(found.to(device))
