"""Prepare the resumption of a run: read its folder, settings, checkpoint and data."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sbvae_cli.checkpoint import Checkpoint, load_checkpoint
from sbvae_cli.commands import command
from sbvae_cli.config.load import build_config, flat, merge, nested
from sbvae_cli.config.schema import Config, DataConfig
from sbvae_cli.cores import usable_cores
from sbvae_cli.data.fingerprint import fingerprint
from sbvae_cli.data.source import Source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.folder import KEPT_CHECKPOINT, RunFolder
from sbvae_cli.runs.naming import EXECUTION_SETTINGS
from sbvae_cli.runs.own_data import compare_data, open_own_data, open_same_data
from sbvae_cli.runs.replicas import Replica, find_replicas, is_run
from sbvae_cli.runs.tensorboard import require_tensorboard
from sbvae_cli.training.devices import resolve_device

# Settings that may change when a run is resumed.
CHANGEABLE = {f"training.{name}" for name in ("steps", *EXECUTION_SETTINGS)}

_MAX_RUNS = 20  # number of runs, or folders of replicas, that are listed

Notify = Callable[[str], None]


@dataclass(frozen=True)
class Resumption:
    """A run that can be resumed.

    Attributes:
        folder: Folder of the run.
        config: Configuration with the changed settings.
        checkpoint: Checkpoint of the run.
        source: Data of the run.
        threads: Number of CPU threads.
    """

    folder: RunFolder
    config: Config
    checkpoint: Checkpoint
    source: Source
    threads: int


@dataclass(frozen=True)
class RunProgress:
    """Progress of a run.

    Attributes:
        path: Folder of the run.
        step: Number of updates made.
        steps: Number of updates planned.
    """

    path: Path
    step: int
    steps: int


@dataclass(frozen=True)
class GroupProgress:
    """Progress of the replicas in a folder.

    Attributes:
        path: Path of the folder.
        count: Number of replicas.
        step: Number of updates of the replica that has made the fewest, without diverged ones.
        steps: Number of updates planned for that replica.
    """

    path: Path
    count: int
    step: int
    steps: int


def prepare_resumption(
    folder: RunFolder,
    wanted: Mapping[str, Any] | None = None,
    names: Mapping[str, str] | None = None,
    on_note: Notify = lambda line: None,
) -> Resumption:
    """Read what is needed to resume a run, and check the settings that are to change.

    Args:
        folder: Folder of the run.
        wanted: Settings by key, such as `training.steps`; one equal to the run's changes nothing.
            `data.source` is the current path of the run's own file.
        names: Names of settings in messages, where they are not the keys.
        on_note: Called with each line about something unexpected.

    Raises:
        SbvaeError: If there is no checkpoint, no step is left, a setting may not change, or the
            data are missing or different.
    """
    if not folder.checkpoint.exists():
        raise _without_checkpoint(folder)
    checkpoint, wanted = load_checkpoint(folder.checkpoint), dict(wanted or {})
    place = wanted.pop("data.source", None)
    config = changed_config(folder, checkpoint.config, wanted, names or {})
    if checkpoint.step >= config.training.steps:
        more = command("train", resume=folder.path, steps=str(2 * checkpoint.step))
        asked = config.training.steps
        of = "all of the" if checkpoint.step == asked else "more than the"
        raise SbvaeError(
            f"{folder.path}: has made {checkpoint.step:,} steps, {of} {asked:,} requested; "
            f"train more with {more}"
        )
    own = config.data
    if place in (None, own.source):
        source = _unchanged(own, open_own_data(own, folder.path, on_note))
    else:
        source = open_same_data(own, place, on_note)
    if source.file:
        data = {"source": str(source.file.path.resolve()), **fingerprint(source)}
        config = build_config(merge(config.as_dict(), {"data": data}))
    threads = wanted.get("training.threads")
    _note_what_differs(checkpoint, config, threads, on_note)
    return Resumption(folder, config, checkpoint, source, threads or checkpoint.threads)


def _without_checkpoint(folder: RunFolder) -> SbvaeError:
    kept = folder.kept_steps()
    if kept:
        return SbvaeError(
            f"{folder.path}: holds no ckpt.pt; copy {folder.kept(kept[-1])} to it to go on from it"
        )
    if folder.config.exists():
        again = command("train", config=folder.config, out=folder.path)
        return SbvaeError(f"{folder.path}: has no checkpoint yet; start it again: {again}")
    return SbvaeError(f"{folder.path}: holds no ckpt.pt; start the run without `resume`")


def run_folder(path: Path) -> RunFolder:
    """Return the folder of a run from its path or that of its `ckpt.pt`.

    Raises:
        SbvaeError: If the path is neither.
    """
    if not path.exists():
        raise SbvaeError(f"{path}: there is no such folder; name that of a run")
    if path.is_dir():
        return RunFolder(path)
    folder = RunFolder(path.parent)
    if path.name == folder.checkpoint.name:
        return folder
    if KEPT_CHECKPOINT.fullmatch(path.name):
        raise SbvaeError(
            f"{path}: is a kept checkpoint; a run is resumed from its ckpt.pt: copy this one "
            f"to {folder.checkpoint} to go back to it, then {command('train', resume=folder.path)}"
        )
    raise SbvaeError(f"{path}: is a file; name the folder of a run")


def list_runs(path: Path) -> list[RunProgress]:
    """List the runs in a folder that is not itself a run, last changed first, at most 20."""
    if not path.is_dir() or (path / "ckpt.pt").exists():
        return []
    files = sorted(path.glob("*/ckpt.pt"), key=lambda file: file.stat().st_mtime, reverse=True)
    found = []
    for file in files[:_MAX_RUNS]:
        with suppress(SbvaeError):  # the file is damaged or of another kind
            checkpoint = load_checkpoint(file)
            steps = checkpoint.config.training.steps
            found.append(RunProgress(file.parent, checkpoint.step, steps))
    return found


def list_replica_folders(path: Path) -> list[GroupProgress]:
    """List the folders of replicas in a folder that is not itself a run, by name, at most 20."""
    if not path.is_dir() or is_run(path):
        return []
    found: list[GroupProgress] = []
    for folder in sorted(each for each in path.iterdir() if each.is_dir()):
        replicas = find_replicas(folder) if len(found) < _MAX_RUNS else []
        if replicas:
            going = [
                each for each in replicas if "diverged" not in (each.folder.last_record() or {})
            ]
            far = min(_progress(each) for each in going or replicas)
            found.append(GroupProgress(folder, len(replicas), *far))
    return found


def _progress(replica: Replica) -> tuple[int, int]:
    """Return the numbers of updates made and planned; 0 made without a readable checkpoint."""
    steps = replica.config.training.steps
    try:
        checkpoint = load_checkpoint(replica.folder.checkpoint)
    except SbvaeError:
        return 0, steps
    return checkpoint.step, checkpoint.config.training.steps


def changed_config(
    folder: RunFolder, config: Config, wanted: Mapping[str, Any], names: Mapping[str, str]
) -> Config:
    """Return the configuration with the changed settings.

    Args:
        folder: Folder of the run.
        config: Configuration of the run.
        wanted: Settings by key, such as `training.steps`.
        names: Names of settings in messages, where they are not the keys.

    Raises:
        SbvaeError: If a setting may not change; the message names the first one.
    """
    tree = config.as_dict()
    own = flat(tree)
    # The run's precision is what `auto` was resolved to.
    wanted = {k: v for k, v in wanted.items() if (k, v) != ("training.precision", "auto")}
    for key, value in wanted.items():
        if key not in CHANGEABLE and own.get(key, value) != value:
            name = names.get(key, key)
            had = (
                f"without {name}, not with" if own[key] is None else f"with {name} {own[key]}, not"
            )
            raise SbvaeError(
                f"{folder.path}: was trained {had} {value}; a resumed run keeps its settings; "
                f"only {', '.join(f'`{one}`' for one in ('steps', *EXECUTION_SETTINGS))} and the "
                "path of its `source` may change"
            )
    changed = build_config(merge(tree, nested(wanted)))
    if changed.training.tensorboard:
        require_tensorboard()
    return changed


def _unchanged(own: DataConfig, source: Source) -> Source:
    """Return the source if its data are those that the run was trained on.

    Raises:
        SbvaeError: If they are not; the message names the differences.
    """
    differences = compare_data(own, source).differences
    if differences:
        raise SbvaeError(
            f"{own.source}: is no longer the file that the run was trained on: "
            f"{'; '.join(differences)}; name that one by `source=FILE`, or start a new run"
        )
    return source


def _note_what_differs(
    checkpoint: Checkpoint, config: Config, threads: int | None, on_note: Notify
) -> None:
    """Note where weights may differ from those of an uninterrupted run, and a slow setting."""
    before, now = checkpoint.config.training.device, config.training.device
    if now != before:
        on_note(f"`device` was {before}; on another one the last digits of weights may differ")
    if resolve_device(now).type != "cpu":
        return
    if threads and threads != checkpoint.threads:
        on_note(
            f"`threads` was {checkpoint.threads}; with {threads} the last digits of weights may "
            "differ from those of a run that never stopped"
        )
    if threads is None and checkpoint.threads > usable_cores():
        on_note(
            f"continues with the {checkpoint.threads} threads that it began with, for the same "
            f"weights to the last digit; `threads={usable_cores()}` is faster here"
        )
