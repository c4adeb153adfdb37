"""Resolve the names of devices and precisions, including `auto`."""

import re

import torch

from sbvae_cli.config.names import Precision
from sbvae_cli.errors import SbvaeError


def resolve_device(name: str) -> torch.device:
    """Return the device of this name; `auto` is the first GPU, or the CPU without a GPU.

    Args:
        name: `auto`, `cpu`, `mps`, `cuda` or `cuda:INDEX`.

    Raises:
        SbvaeError: If the name is unknown, or PyTorch finds no such device.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda", 0)
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    if not re.fullmatch(r"cpu|mps|cuda(:\d{1,3})?", name):
        raise SbvaeError(f"unknown device {name!r}; use auto, cpu, cuda, cuda:INDEX or mps")
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


def resolve_precision(name: Precision, device: torch.device) -> Precision:
    """Return the precision of this name; `auto` is `bf16` if the device supports it natively.

    These are NVIDIA GPUs from Ampere on, and CPUs with AVX512-BF16 or AMX. On any other device,
    where bfloat16 would be slower or PyTorch cannot tell, `auto` is `fp32`.

    Args:
        name: `auto`, `fp32`, `tf32` or `bf16`.
        device: Device of the run.
    """
    if name != "auto":
        return name
    return "bf16" if _multiplies_bfloat16(device) else "fp32"


def _multiplies_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        ampere = (8, 0)
        return torch.version.hip is None and torch.cuda.get_device_capability(device) >= ampere
    onednn = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if device.type == "cpu" and onednn:
        # These functions are private; without them, the CPU is assumed to have neither.
        names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
        return any(getattr(torch.cpu, name)() for name in names if hasattr(torch.cpu, name))
    return False
