"""Measure the peak rates of a device: matrix products in each precision, and copies."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import torch
from torch import Tensor

from sbvae_cli.config.names import Precision
from sbvae_cli.models.compute_settings import cpu_threads, tf32
from sbvae_cli.training.devices import resolve_precision

# Sides of the square matrices; larger ones are tried while time is left. Which side is fastest
# differs: on a CPU with few cores it is one whose matrices fit in the caches.
_SIDES: dict[str, Sequence[int]] = {"cpu": (256, 512, 1_024, 2_048), "cuda": (4_096, 8_192)}
_OTHER_SIDES = (2_048, 4_096)
# Number of images, channels, side and kernel size of a convolution, which a CPU library may
# compute at a higher rate than any matrix product.
_CONVOLVED = (4, 64, 34, 3)
_COPIED = {"cpu": 1 << 28, "cuda": 1 << 30}  # bytes; on other devices 2 ** 28
_SECONDS = 0.5  # for which each product and the copy are repeated

CeilingName = Literal["fp32", "tf32", "bf16", "copy"]


@dataclass(frozen=True)
class Ceiling:
    """Highest rate that a device reached.

    Attributes:
        name: Precision of the fastest product of square matrices (on a CPU, possibly a
            convolution), or `copy` for copying within the device's memory.
        threads: Number of CPU threads; None on other devices.
        rate: Floating-point operations a second, or bytes read and written a second; None if it was
            not measured.
        left_out: Reason why it was not measured; "" if it was.
    """

    name: CeilingName
    threads: int | None
    rate: float | None
    left_out: str = ""


def measure_ceilings(
    device: torch.device, threads: int | None, seconds: float = _SECONDS
) -> list[Ceiling]:
    """Measure the peak rates of a device, each as the best of repeated calls.

    Args:
        device: Device to measure.
        threads: Number of CPU threads; None on other devices.
        seconds: Seconds for which the product of each precision, and the copy, are repeated.
    """
    with cpu_threads(threads):
        products = [
            Ceiling(name, threads, None, why)
            if (why := _reason_left_out(name, device))
            else Ceiling(name, threads, _product_rate(name, device, seconds))
            for name in ("fp32", "tf32", "bf16")
            if name != "tf32" or device.type == "cuda"
        ]
        return [*products, Ceiling("copy", threads, _copy_rate(device, seconds))]


def _reason_left_out(name: Precision, device: torch.device) -> str:
    if name == "bf16" and resolve_precision("auto", device) != "bf16":
        return "this device has no native bf16"
    if name == "tf32" and torch.cuda.get_device_capability(device) < (8, 0):
        return "this device has no tf32"
    return ""


def higher(ceilings: Sequence[Ceiling], again: Sequence[Ceiling]) -> list[Ceiling]:
    """Return the higher rate of each ceiling from two measurements in the same order."""
    return [
        replace(one, rate=max(one.rate, two.rate))
        if one.rate is not None and two.rate is not None
        else one
        for one, two in zip(ceilings, again, strict=True)
    ]


def _product_rate(precision: Precision, device: torch.device, seconds: float) -> float:
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    sides, most, end = _SIDES.get(device.type, _OTHER_SIDES), 0.0, time.perf_counter() + seconds
    share = seconds / (len(sides) + 1)
    with tf32(device, allowed=precision == "tf32"), torch.no_grad():
        for side in sides:
            factor = _waves(device, dtype, side, side)
            fastest = _fastest(partial(torch.matmul, factor, factor), device, share)
            most = max(most, 2 * side**3 / fastest)
            if time.perf_counter() + 3 * 8 * fastest > end:  # three calls at twice the side
                break
        if device.type == "cpu":
            most = max(most, _convolution_rate(device, dtype, share))
    return most


def _convolution_rate(device: torch.device, dtype: torch.dtype, seconds: float) -> float:
    count, channels, side, kernel = _CONVOLVED
    images = _waves(device, dtype, count, channels, side, side)
    weights = _waves(device, dtype, channels, channels, kernel, kernel)
    fastest = _fastest(partial(torch.conv2d, images, weights), device, seconds)
    return 2 * count * (channels * (side - kernel + 1) * kernel) ** 2 / fastest


def _waves(device: torch.device, dtype: torch.dtype, *shape: int) -> Tensor:
    """Return a tensor of varied values, as some devices multiply zeros faster."""
    return torch.linspace(-1, 1, math.prod(shape), device=device).sin().view(shape).to(dtype)


def _copy_rate(device: torch.device, seconds: float) -> float:
    size = _COPIED.get(device.type, 1 << 28)
    origin = torch.ones(size, dtype=torch.uint8, device=device)
    target = torch.zeros_like(origin)
    return 2 * size / _fastest(lambda: target.copy_(origin), device, seconds)


def _fastest(call: Callable[[], object], device: torch.device, seconds: float) -> float:
    """Return the seconds of the fastest of two or more calls, after one warm-up call."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        began = time.perf_counter()
        call()
        synchronize(device)
        times.append(time.perf_counter() - began)
    return min(times[1:])


def synchronize(device: torch.device) -> None:
    """Wait until a device has finished all queued work."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
