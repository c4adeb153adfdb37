"""Define a sweep: settings common to its runs, a grid of others, seeds and metrics."""

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

Cell = dict[str, Any]  # one combination of the grid: values by keys such as `training.steps`

# Numbers of layers, which are options of `train` but not settings, with the smallest of each.
LAYERS = {"depth": 2, "mlp_depth": 0}
_MAX_LAYERS = 32
_MAX_RUNS = 100_000


class SweepConfig(Frozen):
    """Configuration of a sweep, whose runs are trained and scored.

    Attributes:
        settings: Settings common to all runs: a tree of sections as in a run's YAML file, which may
            have `depth` and `mlp_depth` too.
        grid: Maps from keys of settings, such as `model.decoder.kind`, to lists of values. Runs
            have all combinations of each map's values.
        replicas: Number of runs per combination, with consecutive seeds.
        seed: Root seed of the first replica.
        metrics: Names of the metrics; None for those that the paper reports.
        protocol: Name of the protocol of the metrics.
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
        """Convert a single map to a list of maps, and single values to lists of values."""
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
        if runs > _MAX_RUNS:
            raise ValueError(f"{runs:,} runs are more than {_MAX_RUNS:,}; make several sweeps")
        for cell in (flat(settings_of_cell(self, cell)) for cell in cells(self)):
            if "training.seed" in cell or "seed" in cell:
                raise ValueError("seeds are set by seed and replicas; leave training.seed out")
            for name, least in LAYERS.items():
                value = cell.get(name, least)
                if isinstance(value, bool) or not isinstance(value, int) or value < least:
                    raise ValueError(f"{name} is {value!r}; give a number of layers from {least}")
                if value > _MAX_LAYERS:
                    raise ValueError(f"{name} is {value}; the most layers are {_MAX_LAYERS}")
        return self

    def as_dict(self) -> dict[str, Any]:
        """Return plain containers for YAML, with absolute paths of dataset files."""
        plain = self.model_dump(mode="json")
        grid = [
            {key: [_placed(value, key) for value in values] for key, values in each.items()}
            for each in plain["grid"]
        ]
        return {**plain, "settings": _placed(plain["settings"]), "grid": grid}


def read_sweep(path: Path) -> SweepConfig:
    """Read the YAML file of a sweep.

    Raises:
        SbvaeError: If the file cannot be read or is not valid; the message has the first fault.
    """
    return build_sweep(read_yaml(path), str(path))


def build_sweep(tree: Mapping[str, Any], where: str = "") -> SweepConfig:
    """Check the tree of a sweep and build its configuration.

    Args:
        tree: Nested mapping, as in a YAML file.
        where: Start of error messages, such as the file of the tree.

    Raises:
        SbvaeError: If the tree is not valid; the message has the key and value of the first fault.
    """
    return check(SweepConfig, tree, where)


def cells(sweep: SweepConfig) -> list[Cell]:
    """Return all combinations of the grid's values; the last key of a map varies fastest."""
    return [
        dict(zip(each, values, strict=True))
        for each in sweep.grid
        for values in itertools.product(*each.values())
    ]


def settings_of_cell(sweep: SweepConfig, cell: Mapping[str, Any]) -> dict[str, Any]:
    """Return all settings of a combination as a tree, including `depth` and `mlp_depth`."""
    return merge(sweep.settings, nested(cell))


def _placed(value: Any, key: str = "") -> Any:
    """Return a setting or tree of settings in which the path of a dataset file is absolute."""
    if isinstance(value, Mapping):
        above = f"{key}." if key else ""
        return {name: _placed(each, above + name) for name, each in value.items()}
    if key != "data.source" or not isinstance(value, str) or is_procedural(value):
        return value
    return str(Path(value).resolve())
