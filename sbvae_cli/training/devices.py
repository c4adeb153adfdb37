"""Which device computes."""

import re

import torch

from sbvae_cli.errors import SbvaeError


def resolve_device(name: str) -> torch.device:
    """The device of that name; `auto` is the first GPU there is, else the CPU.

    Args:
        name: `auto`, `cpu`, `mps`, `cuda` or `cuda:INDEX`.

    Raises:
        SbvaeError: If PyTorch finds no such device here.
    """
    if name == "auto":
        if torch.cuda.is_available():
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
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise SbvaeError("device mps: PyTorch finds none here; use cpu or auto")
    return device
