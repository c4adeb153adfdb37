"""What a device does at most, measured: matrix products in each precision, and copies."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch

from sbvae_cli.config.names import Precision
from sbvae_cli.models.compute_settings import cpu_threads, tf32
from sbvae_cli.training.devices import resolve_precision

_SIDES = {"cpu": 1_024, "cuda": 8_192}  # of the matrices; on other devices 4,096
_COPIED = {"cpu": 1 << 28, "cuda": 1 << 30}  # bytes; on other devices 2 ** 28
_SECONDS = 0.5  # that each product and copy is repeated for

CeilingName = Literal["fp32", "tf32", "bf16", "copy"]


@dataclass(frozen=True)
class Ceiling:
    """The most that a device was seen to do.

    Attributes:
        name: Precision of a product of square matrices, or `copy` within the device's memory.
        threads: Number of CPU threads; None on other devices.
        rate: Floating-point operations a second, or bytes read and written a second; None where
            it was left out.
        left_out: Why it was left out; empty where it was not.
    """

    name: CeilingName
    threads: int | None
    rate: float | None
    left_out: str = ""


def measure_ceilings(
    device: torch.device, threads: int | None, seconds: float = _SECONDS
) -> list[Ceiling]:
    """Measure what a device does at most, the best of repeated calls.

    Args:
        device: Where to compute.
        threads: Number of CPU threads; None on other devices.
        seconds: Time that each product and copy is repeated for.
    """
    with cpu_threads(threads):
        products = [
            Ceiling(name, threads, None, why)
            if (why := _why_not(name, device))
            else Ceiling(name, threads, _product_rate(name, device, seconds))
            for name in ("fp32", "tf32", "bf16")
            if name != "tf32" or device.type == "cuda"
        ]
        return [*products, Ceiling("copy", threads, _copy_rate(device, seconds))]


def _why_not(name: Precision, device: torch.device) -> str:
    if name == "bf16" and resolve_precision("auto", device) != "bf16":
        return "this device has no native bf16"
    if name == "tf32" and torch.cuda.get_device_capability(device) < (8, 0):
        return "this device has no tf32"
    return ""


def _product_rate(precision: Precision, device: torch.device, seconds: float) -> float:
    side = _SIDES.get(device.type, 4_096)
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    # Not of zeros, which some devices multiply faster.
    factor = torch.linspace(-1, 1, side * side, device=device).sin().view(side, side).to(dtype)
    with tf32(device, allowed=precision == "tf32"), torch.no_grad():
        fastest = _fastest(lambda: factor @ factor, device, seconds)
    return 2 * side**3 / fastest


def _copy_rate(device: torch.device, seconds: float) -> float:
    size = _COPIED.get(device.type, 1 << 28)
    origin = torch.ones(size, dtype=torch.uint8, device=device)
    target = torch.zeros_like(origin)
    return 2 * size / _fastest(lambda: target.copy_(origin), device, seconds)


def _fastest(call: Callable[[], object], device: torch.device, seconds: float) -> float:
    """Seconds of the fastest call, of two at least; the first one is not among them."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        began = time.perf_counter()
        call()
        synchronize(device)
        times.append(time.perf_counter() - began)
    return min(times[1:])


def synchronize(device: torch.device) -> None:
    """Wait until a device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
