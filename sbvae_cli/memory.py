"""How much of the host's memory this process may still take."""

from contextlib import suppress
from pathlib import Path

import psutil

from sbvae_cli.control_groups import control_groups, read_text

# Of both versions of control groups: the limit, what is used of it, and of that what the system
# gives back when asked, the files that it keeps in memory.
_FILES = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def free_memory() -> int:
    """Bytes: those that the system can give, less where a container's or job's limit is nearer."""
    available = int(psutil.virtual_memory().available)
    granted = granted_memory()
    return available if granted is None else min(available, granted)


def granted_memory(root: Path = Path("/")) -> int | None:
    """Bytes that the control groups still grant; None where they set no limit.

    Args:
        root: Where `proc` and `sys` are.
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
