"""Models and files of codes as they are named on a line."""

import os
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

from sbvae_cli.data.importers.natural_order import natural_order
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.runs.replicas import find_replicas, is_run


def each_once(targets: Sequence[Path], on_note: Callable[[str], None]) -> list[Path]:
    """What the targets stand for, without what is the same checkpoint or file as one before it.

    Args:
        targets: Run folders, folders of replicas, which stand for these by seed, or of several
            runs, checkpoints, and NPZ files of codes; they need not exist.
        on_note: Called with a line on each that is left out.

    Raises:
        SbvaeError: If a folder has runs, and none of them has a checkpoint yet.
    """
    below = [path for target in targets for path in _runs_below(target, on_note)]
    targets = [path for target in below for path in _with_replicas(target, on_note)]
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


def _runs_below(path: Path, on_note: Callable[[str], None]) -> list[Path]:
    """The runs and folders of replicas in a folder that is neither; else the path itself."""
    if not os.path.isdir(path) or is_run(path) or find_replicas(path):
        return [path]
    found: list[Path] = []
    unsaved: list[Path] = []
    for inner, runs in _inside(path):
        saved = any(run.checkpoint.exists() for run in runs)
        (found if saved else unsaved).append(inner)
    if unsaved and not found:
        raise SbvaeError(f"{path}: its runs have saved no checkpoint yet; wait for one")
    for inner in unsaved:
        on_note(f"{inner} has no checkpoint yet and is left out")
    return found or [path]


def run_folders(targets: Sequence[Path]) -> list[RunFolder]:
    """Runs, each once, those too that have no checkpoint yet.

    Args:
        targets: Runs' folders, their checkpoints or logs, and folders of replicas or of runs.

    Raises:
        SbvaeError: If a target is no run and holds none.
    """
    found: dict[str, RunFolder] = {}
    for target in targets:
        for folder in _folders(target):
            found.setdefault(os.path.realpath(folder.path), folder)
    return list(found.values())


def _folders(path: Path) -> list[RunFolder]:
    """The run that was named, or the runs in a folder."""
    if path.name in ("ckpt.pt", "log.jsonl") and path.is_file():
        path = path.parent
    if not os.path.isdir(path):
        reason = "is no run folder" if path.exists() else "there is no such folder"
        raise SbvaeError(f"{path}: {reason}; name a run folder, as runs/first")
    if is_run(path) or (path / "log.jsonl").is_file():
        return [RunFolder(path)]
    found = [each.folder for each in find_replicas(path)]
    found = found or [run for _, runs in _inside(path) for run in runs]
    if not found:
        raise SbvaeError(f"{path}: is no run folder and holds none; name a run, as runs/first")
    return found


def _inside(path: Path) -> list[tuple[Path, list[RunFolder]]]:
    """The runs and folders of replicas in a folder, in natural order, each with its runs."""
    inner = [path / name for name in natural_order(os.listdir(path))]
    runs = [[RunFolder(p)] if is_run(p) else [r.folder for r in find_replicas(p)] for p in inner]
    return [pair for pair in zip(inner, runs, strict=True) if pair[1]]


def _with_replicas(path: Path, on_note: Callable[[str], None]) -> list[Path]:
    """The replicas in a folder that have a checkpoint; the path itself where it holds none.

    Raises:
        SbvaeError: If none has a checkpoint.
    """
    replicas = [each.folder for each in find_replicas(path)]
    trained = [folder.path for folder in replicas if folder.checkpoint.exists()]
    if not replicas:
        return [path]
    if not trained:
        raise SbvaeError(f"{path}: its replicas have saved no checkpoint yet; wait for one")
    for folder in replicas:
        if folder.path not in trained:
            on_note(f"{folder.path} has no checkpoint yet and is left out")
    return trained


def _file(path: Path) -> Hashable:
    """What tells the file from others, whichever links lead to it."""
    file = path / "ckpt.pt" if os.path.isdir(path) else path
    try:
        found = os.stat(file)
    except OSError:  # whoever opens it says what is wrong
        return os.path.abspath(file)
    return found.st_dev, found.st_ino
