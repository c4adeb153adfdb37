"""Counts the CPU cores that this process may use."""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from sbvae_cli.control_groups import control_groups, read_text

_SLURM = ("SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE")  # the first variable that is set is used


def usable_cores() -> int:
    """Return the number of CPU cores of the affinity mask, or of a lower container or job quota."""
    return min(affine_cores(), _granted() or affine_cores())


def affine_cores() -> int:
    """Return the number of CPU cores in this process's affinity mask, without regard to quotas."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _granted() -> int | None:
    limits = [found for found in (slurm_cores(os.environ), quota_cores()) if found]
    return min(limits, default=None)


def slurm_cores(environment: Mapping[str, str]) -> int | None:
    """Return the number of CPU cores of a Slurm task, or None outside Slurm.

    Not every Slurm cluster binds a task to its cores, so the affinity mask may be larger.
    """
    for name in _SLURM:
        text = environment.get(name, "")
        if text.isdecimal() and int(text) > 0:
            return int(text)
    return None


def quota_cores(root: Path = Path("/")) -> int | None:
    """Return the quota of the control groups in whole CPU cores, at least 1, or None without one.

    Control groups of v1 and v2 are read, and their parent groups. Fractions of a core are dropped:
    threads that wait for each other would all wait for the one that the quota pauses.

    Args:
        root: Folder that contains `proc` and `sys`.
    """
    quotas = [
        quota for folder in control_groups(root, "cpu") if (quota := _quota(folder)) is not None
    ]
    return max(1, int(min(quotas))) if quotas else None


def _quota(group: Path) -> float | None:
    """Return the quota of a control group in cores, or None if it sets no limit."""
    numbers = read_text(group / "cpu.max").split() or [
        read_text(group / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period")
    ]
    try:
        quota, period = map(int, numbers)
    except ValueError:  # "max", or no such file
        return None
    return quota / period if quota > 0 and period > 0 else None
