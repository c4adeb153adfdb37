"""Resolve targets of the command line to models, files of codes and run folders."""

import os
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

from sbvae_cli.data.importers.natural_order import natural_order
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.runs.replicas import find_replicas, is_run


def resolve_targets(targets: Sequence[Path], on_note: Callable[[str], None]) -> list[Path]:
    """Resolve targets to checkpoints and files, each once.

    Args:
        targets: Run folders, folders of replicas (resolved in the order of seeds) or of several
            runs, checkpoints, and NPZ files of codes; they need not exist.
        on_note: Called with a line for each one that is left out.

    Raises:
        SbvaeError: If a folder contains runs, but none of them has a checkpoint yet.
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
    """Return the runs and folders of replicas in a folder that is neither, else the path itself."""
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
    """Resolve targets to run folders, each once, with or without a checkpoint.

    Args:
        targets: Run folders, their checkpoints or logs, and folders of replicas or of runs.

    Raises:
        SbvaeError: If a target is not a run and contains none.
    """
    found: dict[str, RunFolder] = {}
    for target in targets:
        for folder in _folders(target):
            found.setdefault(os.path.realpath(folder.path), folder)
    return list(found.values())


def _folders(path: Path) -> list[RunFolder]:
    """Return the folder of a run, or those of the runs in a folder."""
    if path.name in ("ckpt.pt", "log.jsonl") and path.is_file():
        path = path.parent
    if not os.path.isdir(path):
        reason = "is not a run folder" if path.exists() else "there is no such folder"
        raise SbvaeError(f"{path}: {reason}; name a run folder, as runs/first")
    if is_run(path) or (path / "log.jsonl").is_file():
        return [RunFolder(path)]
    found = [each.folder for each in find_replicas(path)]
    found = found or [run for _, runs in _inside(path) for run in runs]
    if not found:
        raise SbvaeError(f"{path}: is not a run folder and holds none; name a run, as runs/first")
    return found


def _inside(path: Path) -> list[tuple[Path, list[RunFolder]]]:
    """Return the runs and folders of replicas in a folder, in natural order, each with its runs."""
    inner = [path / name for name in natural_order(os.listdir(path))]
    runs = [[RunFolder(p)] if is_run(p) else [r.folder for r in find_replicas(p)] for p in inner]
    return [pair for pair in zip(inner, runs, strict=True) if pair[1]]


def _with_replicas(path: Path, on_note: Callable[[str], None]) -> list[Path]:
    """Return the replicas in a folder that have a checkpoint, or the path itself if it has none.

    Raises:
        SbvaeError: If no replica has a checkpoint.
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
    """Return a key that identifies a file through all links to it."""
    file = path / "ckpt.pt" if os.path.isdir(path) else path
    try:
        found = os.stat(file)
    except OSError:  # opening the file will raise an explained error
        return os.path.abspath(file)
    return found.st_dev, found.st_ino
