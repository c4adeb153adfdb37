"""What a weight or a learning rate is at a step."""

import math

from sbvae_cli.config.names import LearningRateSchedule


def decayed(schedule: LearningRateSchedule, step: int, steps: int) -> float:
    """Share of the first learning rate that an update has.

    Args:
        schedule: `constant`; `linear` or `cosine` fall to zero after `steps`.
        step: Updates made before, from 0.
        steps: Updates of the whole run.
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
    """On a straight line from `start` at step 0 to `end` at step `steps`, then `end`."""
    return start + (end - start) * min(step / steps, 1.0)


def pulse(weight: float, peak: float, step: int, after: int, steps: int) -> float:
    """`weight`, but at step `after` it is `peak`, and on a line back to `weight` at `steps`."""
    return weight if step < after else linear(peak, weight, step - after, steps - after)


def cyclic(start: float, end: float, step: int, steps: int, rising: float) -> float:
    """Linear over the share `rising` of each cycle of `steps`, then level (Fu et al. 2019)."""
    return linear(start, end, step % steps, max(1, round(rising * steps)))
