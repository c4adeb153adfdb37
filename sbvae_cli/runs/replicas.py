"""Plan, find and clear replicas: runs that differ only in the seed, each in a folder of it."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sbvae_cli.commands import command
from sbvae_cli.config.load import build_config, merge, read_yaml
from sbvae_cli.config.schema import Config
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.runs.naming import flat_settings

_LONGEST = 120  # longest text about a setting in a message, in characters


@dataclass(frozen=True)
class Replica:
    """One of several runs that differ only in the seed.

    Attributes:
        config: Configuration of the run.
        folder: Folder of the run, named by the seed.
    """

    config: Config
    folder: RunFolder

    @property
    def seed(self) -> int:
        """Root seed of the run."""
        return self.config.training.seed


def plan_replicas(config: Config, count: int, group: Path) -> list[Replica]:
    """Plan `count` runs with consecutive seeds, from the seed of the configuration.

    Args:
        config: Complete configuration of the first run.
        count: Number of runs, 1 or more.
        group: Folder that contains the run folders.

    Raises:
        SbvaeError: If a seed is larger than allowed.
    """
    found = []
    for seed in range(config.training.seed, config.training.seed + count):
        own = build_config(merge(config.as_dict(), {"training": {"seed": seed}}))
        found.append(Replica(own, RunFolder(group / str(seed))))
    return found


def find_replicas(path: Path) -> list[Replica]:
    """Return the replicas in a folder, ordered by seed.

    If a process was killed before it had begun all replicas, the folders of the others have only
    locks, and get the settings of the first replica.

    Returns:
        An empty list if the folder is itself a run, contains no runs, or contains runs that differ
        in more than the seed and the number of steps.
    """
    if not os.path.isdir(path) or is_run(path):  # `isdir` is False for a name that is too long
        return []
    found = []
    for folder in filter(is_run, path.iterdir()):
        try:
            config = build_config(read_yaml(folder / "config.yaml"))
        except SbvaeError:  # the file is missing or damaged
            return []
        if folder.name != str(config.training.seed):
            return []
        found.append(Replica(config, RunFolder(folder)))
    if any(_model(each.config) != _model(found[0].config) for each in found):
        return []
    if found:
        for folder in filter(_has_only_locks, path.iterdir()):
            own = merge(found[0].config.as_dict(), {"training": {"seed": int(folder.name)}})
            found.append(Replica(build_config(own), RunFolder(folder)))
    return sorted(found, key=lambda replica: replica.seed)


def _has_only_locks(path: Path) -> bool:
    return path.name.isdecimal() and path.is_dir() and RunFolder(path).has_only_locks()


@contextmanager
def reserved(replicas: Sequence[Replica]) -> Iterator[None]:
    """Hold the folders of all replicas for this process and those that it starts.

    Raises:
        BusyError: If another process holds one or trains in it; then no folder is created.
        SbvaeError: If one cannot be created; then none is.
    """
    there = [each.folder for each in replicas if each.folder.path.exists()]
    others = [each.folder for each in replicas if not each.folder.path.exists()]
    with ExitStack() as stack:
        for folder in (*there, *others):
            stack.enter_context(folder.reserved())
        yield


def clear_folders(
    replicas: Sequence[Replica],
    group: Path,
    *,
    force: bool,
    on_note: Callable[[str], None] = lambda line: None,
) -> None:
    """Begin runs in reserved folders: leave only the new configuration in each.

    Args:
        replicas: Runs to begin.
        group: Folder that contains the run folders.
        force: Whether existing runs are replaced.
        on_note: Called with a line for each existing run without a checkpoint, which is replaced.

    Raises:
        SbvaeError: If `force` is false, and a folder holds a run or other files.
    """
    trained = [str(each.seed) for each in replicas if each.folder.checkpoint.exists()]
    if trained and not force:
        them = "it" if len(trained) == 1 else "them"
        raise SbvaeError(
            f"{group}: holds {'replica' if len(trained) == 1 else 'replicas'} "
            f"{', '.join(trained)} already; resume {them} with {command('train', resume=group)}, "
            f"choose other seeds by `seed`, replace {them} with `force`, or choose "
            "another `out`"
        )
    for each in replicas:
        if not force:
            each.folder.refuse_if_used()
    for each in replicas:
        each.folder.begin(each.config, on_note)


def refuse_other_runs(replicas: Sequence[Replica], group: Path, *, force: bool) -> None:
    """Refuse a folder that is a run, or contains runs that differ in more than seed and steps.

    Args:
        replicas: Runs to begin.
        group: Folder that will contain the run folders.
        force: Whether existing runs of the same seeds are replaced, and are therefore not compared.

    Raises:
        SbvaeError: If it does; the message names the run, and the first setting that differs.
    """
    if is_run(group):
        raise SbvaeError(f"{group}: is the folder of a run; choose another `out` for replicas")
    if not group.is_dir():
        return
    own = {each.folder.path.name: each.folder.checkpoint for each in replicas}
    for folder in sorted(filter(is_run, group.iterdir())):
        replaced = folder.name in own and (force or not own[folder.name].exists())
        difference = None if replaced else _difference(folder, _model(replicas[0].config))
        if difference:
            raise SbvaeError(
                f"{group}: holds runs that differ in more than the seed: {folder.name}, where "
                f"{difference}; choose another `out`"
            )


def _difference(folder: Path, wanted: Mapping[str, object]) -> str | None:
    """Return how a run in a folder differs from replicas of these settings, or None."""
    try:
        config = build_config(read_yaml(folder / "config.yaml"))
    except SbvaeError:
        return "config.yaml is missing or damaged"
    if folder.name != str(config.training.seed):
        return f"training.seed is {config.training.seed}, not the folder's name"
    return first_difference(_model(config), wanted)


def first_difference(found: Mapping[str, object], wanted: Mapping[str, object]) -> str | None:
    """Describe the first setting whose value is not the wanted one, or return None."""
    for key in dict.fromkeys([*wanted, *found]):
        there, here = found.get(key), wanted.get(key)
        if there != here:
            difference = f"{key} is {there}, not {here}"
            return difference if len(difference) <= _LONGEST else f"{key} differs"
    return None


def is_run(path: Path) -> bool:
    """Return whether a folder is a run, with or without a checkpoint."""
    return (path / "ckpt.pt").is_file() or (path / "config.yaml").is_file()


def _model(config: Config) -> dict[str, object]:
    """Return the settings that define the model, without the seed and the number of steps."""
    return {k: v for k, v in flat_settings(config, 0).items() if k != "training.steps"}
