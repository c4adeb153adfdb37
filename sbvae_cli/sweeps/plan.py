"""Plan the runs of a sweep: first one seed of every setting, then the next seed, and so on."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sbvae_cli.config.dataset_names import is_procedural
from sbvae_cli.config.load import build_config, read_yaml
from sbvae_cli.config.schema import Config, DataConfig
from sbvae_cli.config.sweep import LAYERS, Cell, SweepConfig, cells, settings_of_cell
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.runs.naming import flat_settings, group_name
from sbvae_cli.runs.own_data import open_own_data
from sbvae_cli.runs.replicas import Replica
from sbvae_cli.runs.resolve import Request, resolve, resolve_recorded

_LONGEST = 160  # longest text of a combination in a message, in characters


@dataclass(frozen=True)
class SweepPlan:
    """All runs of a sweep.

    Attributes:
        sweep: Settings, grid and seeds of the sweep.
        replicas: All runs: first those of the first seed, then those of the second, and so on.
    """

    sweep: SweepConfig
    replicas: tuple[Replica, ...]

    @property
    def groups(self) -> dict[str, list[Replica]]:
        """Runs that differ only in the seed, by the name of their group, in the grid's order."""
        found: dict[str, list[Replica]] = {}
        for each in self.replicas:
            found.setdefault(group_of(each), []).append(each)
        return found


def group_of(replica: Replica) -> str:
    """Return the group of a run: the name of the folder that contains its run folder."""
    return replica.folder.path.parent.name


def name_of(replica: Replica) -> str:
    """Return the name of a run in its sweep, such as `xy-hole-broadcast-quick/0`."""
    return f"{group_of(replica)}/{replica.folder.path.name}"


def plan_sweep(sweep: SweepConfig, runs: Path) -> SweepPlan:
    """Resolve every combination of a sweep once, without writing.

    A data file that is gone is known from the runs that have been trained on it.

    Args:
        sweep: Settings, grid and seeds.
        runs: Folder for the runs, each in `GROUP/SEED`.

    Raises:
        SbvaeError: If a combination cannot be trained, or two are the same; the message has their
            keys and values.
    """
    found: dict[str, tuple[Cell, Config]] = {}
    recorded = _RecordedData(runs)
    for cell in cells(sweep):
        config = _resolve(sweep, cell, recorded)
        name = group_name(config)
        if name in found:
            raise _equal_names_error(name, *found[name], cell, config)
        found[name] = cell, config
    seeds = range(sweep.seed, sweep.seed + sweep.replicas)
    return SweepPlan(
        sweep,
        tuple(
            Replica(with_training(config, seed=seed), RunFolder(runs / name / str(seed)))
            for seed in seeds
            for name, (_, config) in found.items()
        ),
    )


def with_training(config: Config, **settings: Any) -> Config:
    """Return the configuration with other, valid settings of `training`."""
    return config.model_copy(update={"training": config.training.model_copy(update=settings)})


class _RecordedData:
    """What runs below a folder have recorded of data files, read once when one is gone."""

    def __init__(self, runs: Path) -> None:
        self._runs = runs
        self._found: dict[str, DataConfig] | None = None

    def of(self, source: str) -> DataConfig | None:
        """Return what a run has recorded of a missing file; None of what is there or unknown."""
        # `os.path.exists` is False for a name that no file can have.
        if is_procedural(source) or "\0" in source or os.path.exists(source):
            return None
        if self._found is None:
            files = sorted(self._runs.glob("*/*/config.yaml"))
            known = (build_config(read_yaml(file), str(file)).data for file in files)
            self._found = {each.source: each for each in known}
        return self._found.get(os.path.realpath(source))


def require_data(replicas: Sequence[Replica]) -> None:
    """Require the data files of runs that are to be trained or scored.

    Raises:
        SbvaeError: If one is gone, and not found near the runs.
    """
    firsts = {each.config.data.source: each for each in replicas}
    for source, each in firsts.items():
        if each.config.data.count is None or os.path.exists(source):
            continue
        try:
            found = open_own_data(each.config.data, each.folder.path)
        except SbvaeError as error:
            several = f"{len(replicas)} runs need" if len(replicas) > 1 else "1 run needs"
            place = f"FOLDER/{Path(source).name}"
            todo = f"put it back, or write its new path in the plan, as data.source: {place}"
            gone = f"{source}: no longer exists, and {several} it"
            raise SbvaeError(f"{gone}; {todo}") from error
        if found.file:
            found.file.close()


def _resolve(sweep: SweepConfig, cell: Cell, recorded: _RecordedData) -> Config:
    """Return the configuration of a combination for the first seed."""
    options = settings_of_cell(sweep, cell)
    data = options.get("data") or {}
    # A `data` that is no section is reported later.
    if isinstance(data, Mapping) and not data.get("source"):
        raise SbvaeError("no data; write source: circles:xy-hole under data, under settings")
    layers = {name: options.pop(name, None) for name in LAYERS}
    request = Request(options=options, **layers)
    known = recorded.of(str(data.get("source"))) if isinstance(data, Mapping) else None
    try:
        config = _resolved(request) if known is None else resolve_recorded(request, known)
    except SbvaeError as error:
        raise SbvaeError(_describe_fault(cell, error) + error.line) from error
    if config.training.precision != "auto":
        return config
    from sbvae_cli.training.build import with_own_precision  # loads PyTorch

    return with_own_precision(config)


def _resolved(request: Request) -> Config:
    config, source = resolve(request)
    if source.file:
        source.file.close()
    return config


def _describe_fault(cell: Cell, error: SbvaeError) -> str:
    """Return the beginning of a message: the combination, the keys at fault first."""
    named = [key for key in cell if key in error.line or key.rpartition(".")[2] == error.field]
    ordered = {key: cell[key] for key in (*named, *cell)}
    return f"grid, {_written(ordered)}: " if cell else ""


def _written(cell: Mapping[str, Any]) -> str:
    text = ", ".join(f"{key}={value}" for key, value in cell.items()) or "the settings alone"
    text = " ".join(text.split())  # a value may have several lines
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 4]} ..."


def _equal_names_error(
    name: str, cell: Cell, config: Config, other: Cell, another: Config
) -> SbvaeError:
    """Return the error for two combinations that would be trained in one folder."""
    if flat_settings(config, 0) == flat_settings(another, 0):
        return SbvaeError(
            f"grid, {_written(cell)} and {_written(other)} are the same runs, {name}: leave one out"
        )
    return SbvaeError(
        f"grid, {_written(cell)} and {_written(other)} are different runs of one name, {name}: "
        "give their data files different names"
    )
