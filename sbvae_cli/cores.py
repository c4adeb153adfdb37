"""How many CPU cores this process may use."""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from sbvae_cli.control_groups import control_groups, read_text

_SLURM = ("SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE")  # the first that is set counts


def usable_cores() -> int:
    """Number of CPU cores: those it may run on, less where a container's or job's quota is less."""
    return min(affine_cores(), _granted() or affine_cores())


def affine_cores() -> int:
    """Number of CPU cores that the system lets this process run on, whatever its quota."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _granted() -> int | None:
    limits = [found for found in (slurm_cores(os.environ), quota_cores()) if found]
    return min(limits, default=None)


def slurm_cores(environment: Mapping[str, str]) -> int | None:
    """CPU cores of a task of Slurm, which does not bind tasks everywhere; None without one."""
    for name in _SLURM:
        text = environment.get(name, "")
        if text.isdecimal() and int(text) > 0:
            return int(text)
    return None


def quota_cores(root: Path = Path("/")) -> int | None:
    """Whole CPU cores, at least 1, that the control groups grant; None where they grant all.

    Both versions of control groups are read, and of a group those above it too. A share of a core
    counts for nothing: threads that wait for each other all wait for the one that is paused.

    Args:
        root: Where `proc` and `sys` are.
    """
    quotas = [
        quota for folder in control_groups(root, "cpu") if (quota := _quota(folder)) is not None
    ]
    return max(1, int(min(quotas))) if quotas else None


def _quota(group: Path) -> float | None:
    """Cores of a control group; None where it sets no limit."""
    numbers = read_text(group / "cpu.max").split() or [
        read_text(group / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period")
    ]
    try:
        quota, period = map(int, numbers)
    except ValueError:  # "max", or no such file
        return None
    return quota / period if quota > 0 and period > 0 else None
