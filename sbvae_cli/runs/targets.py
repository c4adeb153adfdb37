"""Models and files of codes as they are named on a line."""

import os
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path


def each_once(targets: Sequence[Path], on_note: Callable[[str], None]) -> list[Path]:
    """The targets without those that are the same checkpoint or file as one before them.

    Args:
        targets: Run folders, checkpoints, and NPZ files of codes; they need not exist.
        on_note: Called with a line on each that is left out.
    """
    first: dict[Hashable, Path] = {}
    notes: dict[str, None] = {}
    for path in targets:
        known = first.setdefault(_file(path), path)
        if known is not path:
            again = "named more than once" if known == path else f"{known} again"
            notes[f"{path} is {again}; it counts once"] = None
    for note in notes:
        on_note(note)
    return list(first.values())


def _file(path: Path) -> Hashable:
    """What tells the file from others, whichever links lead to it."""
    file = path / "ckpt.pt" if os.path.isdir(path) else path
    try:
        found = os.stat(file)
    except OSError:  # whoever opens it says what is wrong
        return os.path.abspath(file)
    return found.st_dev, found.st_ino
