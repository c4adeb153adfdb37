"""What it takes to go on with a run: its folder, its settings, its checkpoint and its data."""

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
from sbvae_cli.runs.folder import KEPT, RunFolder
from sbvae_cli.runs.naming import OF_RUN
from sbvae_cli.runs.own_data import match, open_own_data, open_same_data
from sbvae_cli.runs.replicas import Replica, find_replicas, is_run
from sbvae_cli.runs.tensorboard import require_tensorboard
from sbvae_cli.training.devices import resolve_device

# Settings that may change when a run goes on.
CHANGEABLE = {f"training.{name}" for name in ("steps", *OF_RUN)}

_MOST_RUNS = 20  # or folders of replicas, that are listed

Notify = Callable[[str], None]


@dataclass(frozen=True)
class Resumption:
    """A run that can go on.

    Attributes:
        folder: Folder of the run.
        config: Its configuration, with what changes.
        checkpoint: Its checkpoint.
        source: Its data.
        threads: Number of CPU threads to go on with.
    """

    folder: RunFolder
    config: Config
    checkpoint: Checkpoint
    source: Source
    threads: int


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes:
        path: Folder of the run.
        step: Updates made.
        steps: Updates planned.
    """

    path: Path
    step: int
    steps: int


@dataclass(frozen=True)
class GroupProgress:
    """How far the replicas in a folder are.

    Attributes:
        path: The folder.
        count: Number of replicas.
        step: Updates that the one has made that has made the fewest, but for those that diverged.
        steps: Updates planned of that one.
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
    """Read what a run needs to go on, and check what is to change.

    Args:
        folder: Folder of the run.
        wanted: Settings by their keys, such as `training.steps`. One that the run has anyway
            changes nothing; `data.source` is where the run's own file lies now.
        names: What messages call a setting, where that is not its key.
        on_note: Called with each line on what may be other than expected.

    Raises:
        SbvaeError: If there is nothing to go on with or nothing left to do, a setting may not
            change, or the data are gone or others.
    """
    if not folder.checkpoint.exists():
        raise _without_checkpoint(folder)
    checkpoint, wanted = load_checkpoint(folder.checkpoint), dict(wanted or {})
    place = wanted.pop("data.source", None)
    config = changed_config(folder, checkpoint.config, wanted, names or {})
    if checkpoint.step >= config.training.steps:
        more = command("train", resume=folder.path, steps=str(2 * checkpoint.step))
        raise SbvaeError(
            f"{folder.path}: has made {checkpoint.step:,} steps, of {config.training.steps:,} that "
            f"are asked for; go on with more, as {more}"
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
    """The folder of the run that a path means: the folder itself, or its `ckpt.pt`.

    Raises:
        SbvaeError: If it is neither.
    """
    if not path.exists():
        raise SbvaeError(f"{path}: there is no such folder; name that of a run")
    if path.is_dir():
        return RunFolder(path)
    folder = RunFolder(path.parent)
    if path.name == folder.checkpoint.name:
        return folder
    if KEPT.fullmatch(path.name):
        raise SbvaeError(
            f"{path}: is a checkpoint that was kept; a run goes on from its ckpt.pt: copy this one "
            f"to {folder.checkpoint} to go back to it, then {command('train', resume=folder.path)}"
        )
    raise SbvaeError(f"{path}: is a file; name the folder of a run")


def list_runs(path: Path) -> list[Progress]:
    """Runs in a folder that is none itself, the last that changed first, at most 20."""
    if not path.is_dir() or (path / "ckpt.pt").exists():
        return []
    files = sorted(path.glob("*/ckpt.pt"), key=lambda file: file.stat().st_mtime, reverse=True)
    found = []
    for file in files[:_MOST_RUNS]:
        with suppress(SbvaeError):  # of a file that is damaged, or something else
            checkpoint = load_checkpoint(file)
            steps = checkpoint.config.training.steps
            found.append(Progress(file.parent, checkpoint.step, steps))
    return found


def list_replica_folders(path: Path) -> list[GroupProgress]:
    """Folders of replicas in a folder that is no run itself, by name, at most 20."""
    if not path.is_dir() or is_run(path):
        return []
    found: list[GroupProgress] = []
    for folder in sorted(each for each in path.iterdir() if each.is_dir()):
        replicas = find_replicas(folder) if len(found) < _MOST_RUNS else []
        if replicas:
            going = [
                each for each in replicas if "diverged" not in (each.folder.last_record() or {})
            ]
            far = min(_progress(each) for each in going or replicas)
            found.append(GroupProgress(folder, len(replicas), *far))
    return found


def _progress(replica: Replica) -> tuple[int, int]:
    """Updates made and planned; none are made where there is no checkpoint that can be read."""
    steps = replica.config.training.steps
    try:
        checkpoint = load_checkpoint(replica.folder.checkpoint)
    except SbvaeError:
        return 0, steps
    return checkpoint.step, checkpoint.config.training.steps


def changed_config(
    folder: RunFolder, config: Config, wanted: Mapping[str, Any], names: Mapping[str, str]
) -> Config:
    """The configuration with the settings that may change.

    Args:
        folder: Folder of the run.
        config: Its configuration.
        wanted: Settings by their keys, such as `training.steps`.
        names: What messages call a setting, where that is not its key.

    Raises:
        SbvaeError: With the first setting that may not.
    """
    tree = config.as_dict()
    own = flat(tree)
    # What the precision `auto` became is the run's own.
    wanted = {k: v for k, v in wanted.items() if (k, v) != ("training.precision", "auto")}
    for key, value in wanted.items():
        if key not in CHANGEABLE and own.get(key, value) != value:
            name = names.get(key, key)
            had = (
                f"without {name}, not with" if own[key] is None else f"with {name} {own[key]}, not"
            )
            raise SbvaeError(
                f"{folder.path}: was trained {had} {value}; a run goes on with its own settings; "
                f"only {', '.join(f'`{one}`' for one in ('steps', *OF_RUN))} and where its "
                "`source` lies may change"
            )
    changed = build_config(merge(tree, nested(wanted)))
    if changed.training.tensorboard:
        require_tensorboard()
    return changed


def _unchanged(own: DataConfig, source: Source) -> Source:
    """The same source, if it is what the run was trained on.

    Raises:
        SbvaeError: With what differs.
    """
    differences = match(own, source).differences
    if differences:
        raise SbvaeError(
            f"{own.source}: is not the file any more that the run was trained on: "
            f"{'; '.join(differences)}; name that one by `source=FILE`, or start a new run"
        )
    return source


def _note_what_differs(
    checkpoint: Checkpoint, config: Config, threads: int | None, on_note: Notify
) -> None:
    """Say where weights will not be those of a run that never stopped, and what takes long."""
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
            f"goes on with the {checkpoint.threads} threads that it began with, for the same "
            f"weights to the last digit; `threads={usable_cores()}` is faster here"
        )
