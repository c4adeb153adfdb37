"""Two ways to do the same, timed in turns; ratios are taken pair by pair, for noisy machines."""

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
) -> Comparison:
    """Warm up three times each, then time them in turns."""
    for _ in range(3):
        _seconds(first, device)
        _seconds(second, device)
    times = [(_seconds(first, device), _seconds(second, device)) for _ in range(pairs)]
    return Comparison(
        statistics.median(a for a, _ in times),
        statistics.median(b for _, b in times),
        sorted(a / b for a, b in times),
    )


def _seconds(step: Callable[[], object], device: torch.device | str) -> float:
    began = time.perf_counter()
    step()
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - began
