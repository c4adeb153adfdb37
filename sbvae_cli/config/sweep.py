"""A sweep: settings that all its runs have, a grid over others, seeds, and what is scored."""

import itertools
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from sbvae_cli.config.dataset_names import is_procedural
from sbvae_cli.config.frozen import Frozen
from sbvae_cli.config.load import check, flat, merge, nested, read_yaml
from sbvae_cli.config.metrics import METRICS
from sbvae_cli.config.names import ProtocolName
from sbvae_cli.config.score_names import metrics_named
from sbvae_cli.errors import SbvaeError

Cell = dict[str, Any]  # values of a combination by the keys of settings

# Counts of layers that are no settings themselves, as options of `train`, and the fewest of each.
LAYERS = {"depth": 2, "mlp_depth": 0}
_MOST_LAYERS = 32
_MOST_RUNS = 100_000


class SweepConfig(Frozen):
    """Runs that a sweep trains and scores.

    Attributes:
        settings: Settings that all runs have: a tree of sections as a run's file has it, and
            `depth` and `mlp_depth`.
        grid: Values by the keys of settings, such as `model.decoder.kind`: every combination of a
            map's values, and one map after the other.
        replicas: Runs of each combination, of the seeds from `seed` on.
        seed: Root seed of the first of them.
        metrics: What is scored; None is what the paper reports.
        protocol: Sample sizes of the scores.
    """

    settings: dict[str, Any] = Field(default_factory=dict)
    grid: tuple[dict[str, tuple[Any, ...]], ...] = ({},)
    replicas: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 1
    seed: Annotated[int, Field(strict=True, ge=0, lt=2**62)] = 0
    metrics: tuple[str, ...] | None = None
    protocol: ProtocolName = "paper"

    @field_validator("grid", mode="before")
    @classmethod
    def _as_lists(cls, grid: Any) -> Any:
        """One map is a list of one, and a single value a list of one."""
        maps = [grid] if isinstance(grid, Mapping) else grid
        if not isinstance(maps, list | tuple):
            raise ValueError(f"found {grid!r}; write a map of settings to lists of values")
        if not maps or (isinstance(grid, Mapping) and not grid):
            raise ValueError("is empty; name a setting and its values, or leave it out")
        found = []
        for each in maps:
            if not isinstance(each, Mapping):
                raise ValueError(f"found {each!r}; write a map of settings to lists of values")
            own = {str(k): v if isinstance(v, list | tuple) else [v] for k, v in each.items()}
            for key in [key for key, values in own.items() if not values]:
                raise ValueError(f"{key} has no values; give it some, or leave it out")
            found.append(own)
        return found

    @field_validator("metrics", mode="before")
    @classmethod
    def _known_metrics(cls, metrics: Any) -> Any:
        if metrics is None:
            return None
        names = metrics.split(",") if isinstance(metrics, str) else metrics
        if not isinstance(names, list | tuple) or not names:
            raise ValueError(f"found {metrics!r}; write a list of names, or leave it out")
        try:
            names = [str(name).strip().lower() for name in names]
            found = metrics_named(names)
        except SbvaeError as error:
            raise ValueError(str(error)) from error
        alone = tuple(name for name in found if METRICS[name].source != "models")
        if alone != found and "all" not in names:
            raise ValueError("udr compares models, and each run is scored alone; leave it out")
        return alone

    @model_validator(mode="after")
    def _check_cells(self) -> "SweepConfig":
        sizes = [math.prod(len(values) for values in each.values()) for each in self.grid]
        runs = self.replicas * sum(sizes)
        if runs > _MOST_RUNS:
            raise ValueError(f"{runs:,} runs are more than {_MOST_RUNS:,}; make several sweeps")
        for cell in (flat(settings_of_cell(self, cell)) for cell in cells(self)):
            if "training.seed" in cell or "seed" in cell:
                raise ValueError("seeds are set by seed and replicas; leave training.seed out")
            for name, least in LAYERS.items():
                value = cell.get(name, least)
                if isinstance(value, bool) or not isinstance(value, int) or value < least:
                    raise ValueError(f"{name} is {value!r}; give a number of layers from {least}")
                if value > _MOST_LAYERS:
                    raise ValueError(f"{name} is {value}; the most layers are {_MOST_LAYERS}")
        return self

    def as_dict(self) -> dict[str, Any]:
        """Plain containers for YAML; the path of a file of data is absolute."""
        plain = self.model_dump(mode="json")
        grid = [
            {key: [_placed(value, key) for value in values] for key, values in each.items()}
            for each in plain["grid"]
        ]
        return {**plain, "settings": _placed(plain["settings"]), "grid": grid}


def read_sweep(path: Path) -> SweepConfig:
    """Read a sweep's YAML file.

    Raises:
        SbvaeError: If it cannot be read, or with the first fault in it and what would do.
    """
    return build_sweep(read_yaml(path), str(path))


def build_sweep(tree: Mapping[str, Any], where: str = "") -> SweepConfig:
    """Check a sweep's tree.

    Args:
        tree: Nested mapping, as a YAML file has it.
        where: What an error names first: the file that the tree came from.

    Raises:
        SbvaeError: With the full key, what was found and what would do, for the first fault.
    """
    return check(SweepConfig, tree, where)


def cells(sweep: SweepConfig) -> list[Cell]:
    """Every combination of the grid's values, in order; the last key of a map changes first."""
    return [
        dict(zip(each, values, strict=True))
        for each in sweep.grid
        for values in itertools.product(*each.values())
    ]


def settings_of_cell(sweep: SweepConfig, cell: Mapping[str, Any]) -> dict[str, Any]:
    """All settings of a combination as a tree of sections, with `depth` and `mlp_depth`."""
    return merge(sweep.settings, nested(cell))


def _placed(value: Any, key: str = "") -> Any:
    """A setting, or settings below a key, with the absolute path of a file of data."""
    if isinstance(value, Mapping):
        above = f"{key}." if key else ""
        return {name: _placed(each, above + name) for name, each in value.items()}
    if key != "data.source" or not isinstance(value, str) or is_procedural(value):
        return value
    return str(Path(value).resolve())
