"""Which device computes."""

import re

import torch

from sbvae_cli.errors import SbvaeError


def allow_tf32(allowed: bool) -> None:
    """Let CUDA's matrix products and convolutions round their inputs to TF32, or not."""
    torch.backends.cuda.matmul.allow_tf32 = allowed
    torch.backends.cudnn.allow_tf32 = allowed


def resolve_device(name: str) -> torch.device:
    """The device of that name; `auto` is the first GPU there is, else the CPU.

    On CUDA, TF32 is off until `allow_tf32` is called: PyTorch's convolutions use it by default.

    Args:
        name: `auto`, `cpu`, `mps`, `cuda` or `cuda:INDEX`.

    Raises:
        SbvaeError: If PyTorch finds no such device here.
    """
    if name == "auto":
        if torch.cuda.is_available():
            allow_tf32(False)
            return torch.device("cuda", 0)
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    if not re.fullmatch(r"cpu|mps|cuda(:\d{1,3})?", name):
        raise SbvaeError(f"device {name}: is none; use auto, cpu, cuda, cuda:INDEX or mps")
    device = torch.device(name)
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (device.index or 0) >= count:
            found = f"{count} of them" if count else "none"
            build = "" if torch.version.cuda else " (this PyTorch is a build without CUDA)"
            raise SbvaeError(f"device {name}: PyTorch finds {found} here{build}; use cpu or auto")
        allow_tf32(False)
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise SbvaeError("device mps: PyTorch finds none here; use cpu or auto")
    return device
