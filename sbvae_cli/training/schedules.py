"""Compute weights and learning rates at a step."""

import math

from sbvae_cli.config.names import LearningRateSchedule


def decayed(schedule: LearningRateSchedule, step: int, steps: int) -> float:
    """Return the learning rate at a step as a share of the initial one, in [0, 1].

    Args:
        schedule: `constant`; or `linear` or `cosine`, which decay to zero at `steps`.
        step: Number of previous updates, from 0.
        steps: Number of updates of the whole run.
    """
    done = min(step / steps, 1.0)
    match schedule:
        case "constant":
            return 1.0
        case "linear":
            return 1 - done
        case "cosine":
            return 0.5 * (1 + math.cos(math.pi * done))


def linear(start: float, end: float, step: int, steps: int) -> float:
    """Return the value at `step` of a line from `start` at 0 to `end` at `steps`, then `end`."""
    return start + (end - start) * min(step / steps, 1.0)


def pulse(weight: float, peak: float, step: int, after: int, steps: int) -> float:
    """Return `weight` before step `after`, then a line from `peak` back to `weight` at `steps`."""
    return weight if step < after else linear(peak, weight, step - after, steps - after)


def cyclic(start: float, end: float, step: int, steps: int, rising: float) -> float:
    """Return a line over the share `rising` of each cycle, then `end` (Fu et al. 2019)."""
    return linear(start, end, step % steps, max(1, round(rising * steps)))
