"""Runs that differ in the seed alone, side by side in folders that are called by their seeds."""

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

_LONGEST = 120  # characters that a message takes for a setting, such as a list of factors


@dataclass(frozen=True)
class Replica:
    """One of several runs that differ in the seed alone.

    Attributes:
        config: Its configuration.
        folder: Its folder, whose name is the seed.
    """

    config: Config
    folder: RunFolder

    @property
    def seed(self) -> int:
        """Root seed of the run."""
        return self.config.training.seed


def plan_replicas(config: Config, count: int, group: Path) -> list[Replica]:
    """So many runs, of the configuration's seed and those that follow it.

    Args:
        config: Configuration of the first one, complete.
        count: Number of runs, 1 or more.
        group: Folder that theirs stand in.

    Raises:
        SbvaeError: If there are not so many seeds.
    """
    found = []
    for seed in range(config.training.seed, config.training.seed + count):
        own = build_config(merge(config.as_dict(), {"training": {"seed": seed}}))
        found.append(Replica(own, RunFolder(group / str(seed))))
    return found


def find_replicas(path: Path) -> list[Replica]:
    """The replicas in a folder, by seed.

    Returns:
        None of a folder that is a run itself, holds no runs, or holds runs that differ in more
        than the seed and how long they are trained.
    """
    if not os.path.isdir(path) or is_run(path):  # False of a name that is too long
        return []
    found = []
    for folder in filter(is_run, path.iterdir()):
        try:
            config = build_config(read_yaml(folder / "config.yaml"))
        except SbvaeError:  # it has none, or one that is damaged
            return []
        if folder.name != str(config.training.seed):
            return []
        found.append(Replica(config, RunFolder(folder)))
    if any(_model(each.config) != _model(found[0].config) for each in found):
        return []
    return sorted(found, key=lambda replica: replica.seed)


@contextmanager
def reserved(replicas: Sequence[Replica]) -> Iterator[None]:
    """Hold the folders of all for this process, which trains in them or has others do so.

    Raises:
        BusyError: If another process holds one or trains in it; then no folder has been made.
        SbvaeError: If one cannot be created; nor has any been made then.
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
    """Begin runs whose folders are reserved: in each there is its configuration alone.

    Args:
        replicas: Runs to begin.
        group: Folder that theirs stand in.
        force: Whether runs that are there are replaced.
        on_note: Called with a line on each that had no checkpoint, and is replaced anyway.

    Raises:
        SbvaeError: If `force` is false, and a folder holds a run or other files.
    """
    trained = [str(each.seed) for each in replicas if each.folder.checkpoint.exists()]
    if trained and not force:
        raise SbvaeError(
            f"{group}: holds {'replica' if len(trained) == 1 else 'replicas'} "
            f"{', '.join(trained)} already; go on with {command('train', resume=group)}, choose "
            "seeds that are not there by `seed`, replace them with `force`, or choose another `out`"
        )
    for each in replicas:
        if not force:
            each.folder.refuse_if_used()
    for each in replicas:
        each.folder.begin(each.config, on_note)


def refuse_other_runs(replicas: Sequence[Replica], group: Path, *, force: bool) -> None:
    """Refuse a folder that is a run, or holds runs that differ in more than seed and length.

    Args:
        replicas: Runs to begin.
        group: Folder that theirs are to stand in.
        force: Whether runs that are there of the same seeds are replaced, and make no difference.

    Raises:
        SbvaeError: With what stands there, or the first setting that differs.
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
    """What tells a run in a folder from replicas of these settings; None where nothing does."""
    try:
        config = build_config(read_yaml(folder / "config.yaml"))
    except SbvaeError:
        return "config.yaml is missing or damaged"
    if folder.name != str(config.training.seed):
        return f"training.seed is {config.training.seed}, not the folder's name"
    return first_difference(_model(config), wanted)


def first_difference(found: Mapping[str, object], wanted: Mapping[str, object]) -> str | None:
    """The first setting that a run has otherwise than is wanted, in words; None where none is."""
    for key in dict.fromkeys([*wanted, *found]):
        there, here = found.get(key), wanted.get(key)
        if there != here:
            told = f"{key} is {there}, not {here}"
            return told if len(told) <= _LONGEST else f"{key} is another"
    return None


def is_run(path: Path) -> bool:
    """Whether a folder is that of a run, be it one without a checkpoint yet."""
    return (path / "ckpt.pt").is_file() or (path / "config.yaml").is_file()


def _model(config: Config) -> dict[str, object]:
    """What makes the model, but for the seed and the length of its training."""
    return {k: v for k, v in flat_settings(config, 0).items() if k != "training.steps"}
