"""Two ways to do the same, timed in turns; ratios are taken pair by pair, for noisy machines.

A turn is several calls, so that neither way pays for the caches that the other one filled.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Comparison:
    """Times of two ways, in seconds, and the ratios of each pair, sorted."""

    first: float
    second: float
    ratios: Sequence[float]

    def __str__(self) -> str:
        return (
            f"{1e3 * self.first:.1f} ms against {1e3 * self.second:.1f} ms, ratio "
            f"{statistics.median(self.ratios):.3f} ({self.ratios[0]:.3f} to {self.ratios[-1]:.3f})"
        )


def compare(
    first: Callable[[], object],
    second: Callable[[], object],
    pairs: int,
    device: torch.device | str = "cpu",
    calls: int = 5,
) -> Comparison:
    """Warm up, then time them in turns of some calls each."""
    _seconds(first, device, calls)
    _seconds(second, device, calls)
    times = [
        (_seconds(first, device, calls), _seconds(second, device, calls)) for _ in range(pairs)
    ]
    return Comparison(
        statistics.median(a for a, _ in times),
        statistics.median(b for _, b in times),
        sorted(a / b for a, b in times),
    )


def _seconds(step: Callable[[], object], device: torch.device | str, calls: int) -> float:
    """Of one call, on average."""
    began = time.perf_counter()
    for _ in range(calls):
        step()
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - began) / calls
