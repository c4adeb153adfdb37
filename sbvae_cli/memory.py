"""Measures how much of the host's memory this process may still allocate."""

from contextlib import suppress
from pathlib import Path

import psutil

from sbvae_cli.control_groups import control_groups, read_text

# For control groups v2 and v1: the file of the limit, the file of the use, and the entry of
# memory.stat for cached files, which count as used but are freed on demand.
_FILES = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def free_memory() -> int:
    """Return the free memory in bytes, of the system or within the limit of a container or job."""
    available = int(psutil.virtual_memory().available)
    granted = granted_memory()
    return available if granted is None else min(available, granted)


def granted_memory(root: Path = Path("/")) -> int | None:
    """Return the bytes left within the limits of the control groups, or None without a limit.

    Args:
        root: Folder that contains `proc` and `sys`.
    """
    found = [
        _left_of(group, *names) for group in control_groups(root, "memory") for names in _FILES
    ]
    return min((left for left in found if left is not None), default=None)


def _left_of(group: Path, limit: str, used: str, given_back: str) -> int | None:
    lines = [line.split() for line in read_text(group / "memory.stat").splitlines()]
    kept = [int(line[1]) for line in lines if line[:1] == [given_back] and line[1].isdecimal()]
    with suppress(ValueError):  # "max", or no such file
        left = int(read_text(group / limit)) - int(read_text(group / used)) + sum(kept)
        return max(0, left)
    return None
