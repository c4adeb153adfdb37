"""Resolve options, files and presets to one complete configuration."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from sbvae_cli.config.dataset_names import is_procedural
from sbvae_cli.config.load import build_config, build_space, merge, parse_settings, read_yaml
from sbvae_cli.config.names import DecoderKind, ModelKind, PaperDataset, Profile
from sbvae_cli.config.presets import QUICK_SIZE, differences, paper_dataset, paper_preset, profile
from sbvae_cli.config.schema import Config, DataConfig
from sbvae_cli.data.fingerprint import fingerprint
from sbvae_cli.data.source import Source, open_source, source_from_space
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.derived_settings import complete_objective, complete_preset, resize_decoder
from sbvae_cli.runs.naming import EXECUTION_SETTINGS
from sbvae_cli.runs.tensorboard import require_tensorboard

# Settings that can differ from the preset without changing its model.
SAME_MODEL = {f"training.{name}" for name in ("seed", "precision", "shuffle", *EXECUTION_SETTINGS)}


@dataclass(frozen=True)
class Request:
    """Settings that a user asked for, each attribute overriding those before it.

    Attributes:
        profile: Name of the profile, which modifies the paper's preset.
        config: Path of a YAML file.
        settings: Settings by key, such as `training.steps=1000`.
        options: Values of named options, as a tree with the keys of the configuration.
        depth: Number of convolutions of the decoder, as in `resize_decoder`.
        mlp_depth: Number of fully connected layers of the decoder, as in `resize_decoder`.
    """

    profile: Profile | None = None
    config: Path | None = None
    settings: Sequence[str] = ()
    options: dict[str, Any] = field(default_factory=dict)
    depth: int | None = None
    mlp_depth: int | None = None


def resolve(request: Request) -> tuple[Config, Source]:
    """Merge preset, profile, file, settings and options, and open their data.

    The header of the data is read first, because it determines the images' size and factors.

    Raises:
        SbvaeError: If a key or value is unknown, or the data cannot be used.
    """
    wanted, data = _wanted(request)
    text = data["source"]
    source = _open(text, data, QUICK_SIZE if _profile(request, wanted) == "quick" else None)
    return _completed(request, wanted, describe_data(text, source)), source


def resolve_recorded(request: Request, recorded: DataConfig) -> Config:
    """Do as `resolve` for a data file that is gone, by what a run has recorded of it.

    Raises:
        SbvaeError: If a key or value is unknown.
    """
    return _completed(request, _wanted(request)[0], recorded.model_dump(mode="json"))


def _wanted(request: Request) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return all settings of a request, and the checked section of its data."""
    wanted = _layered(
        read_yaml(request.config) if request.config else {},
        parse_settings(request.settings),
        request.options,
    )
    data = _section(wanted, "data")
    if not data.get("source"):
        raise SbvaeError("no data; give `source=circles:xy-hole`, or a file that gen-data wrote")
    # Reports errors before data are opened, and converts numbers that were written as text.
    sections = {"data": data, "preset": _section(wanted, "preset")}
    checked = build_config(sections, str(request.config or "")).data
    return wanted, {k: v for k, v in checked.model_dump(mode="json").items() if k in data}


def _profile(request: Request, wanted: dict[str, Any]) -> Profile:
    found: Profile = request.profile or _section(wanted, "preset").get("profile", "paper")
    return found


def _completed(request: Request, wanted: dict[str, Any], described: dict[str, Any]) -> Config:
    """Return the whole configuration on data that are described as `describe_data` does."""
    where, name = str(request.config or ""), _profile(request, wanted)
    own = paper_dataset(described["space"]["renderer"], described["name"])
    dataset = _section(wanted, "preset").get("dataset") or own
    paper = _paper(wanted, dataset)
    likelihood = _section(wanted, "model", "likelihood").get("kind", "bernoulli")
    below = merge(paper, profile(name, paper, likelihood))
    tree = merge(below, wanted, {"preset": below["preset"], "data": described})
    tree["objective"] = complete_objective(
        _section(tree, "objective"), _section(tree, "training"), described["count"]
    )
    decoder = _section(tree, "model", "decoder")
    tree["model"]["decoder"] = resize_decoder(
        decoder, _section(tree, "model", "encoder"), request.depth, request.mlp_depth
    )
    config = build_config(tree, where)
    whole = config.as_dict()
    if config.training.tensorboard:
        require_tensorboard()
    others = differences(complete_preset(paper, config), whole)
    changed = [name for name in others if name not in SAME_MODEL]
    return build_config(merge(whole, {"preset": {"changed": changed}}))


def _paper(wanted: dict[str, Any], dataset: PaperDataset | None) -> dict[str, Any]:
    """Return the paper's settings; an unknown kind is replaced here and refused later."""
    model = _section(wanted, "objective").get("kind", "vae")
    decoder = _section(wanted, "model", "decoder").get("kind", "broadcast")
    return paper_preset(
        model if model in get_args(ModelKind) else "vae",
        dataset,
        decoder if decoder in get_args(DecoderKind) else "broadcast",
    )


def describe_data(text: str, source: Source) -> dict[str, Any]:
    """Return a complete `data` section of a configuration, with the absolute path of a file."""
    return {
        "source": text if is_procedural(text) else str(Path(text).resolve()),
        **fingerprint(source),
    }


def _layered(*trees: dict[str, Any]) -> dict[str, Any]:
    """Merge layers; a layer with another data source drops the data section of earlier ones."""
    merged: dict[str, Any] = {}
    for tree in trees:
        other_data = _changes(tree, merged, "data", "source")
        if other_data:
            merged.pop("data")
        rows = any(_changes(tree, merged, "training", key) for key in ("validation", "fixed_set"))
        if other_data or rows:
            _section(merged, "objective").pop("dataset_size", None)  # training images change
        merged = merge(merged, tree)
    return merged


def _changes(tree: dict[str, Any], former: dict[str, Any], section: str, key: str) -> bool:
    """Return whether a layer changes a setting that the layers before it have."""
    new, old = _section(tree, section), _section(former, section)
    return key in new and key in old and new[key] != old[key]


def _open(text: str, data: dict[str, Any], default_size: int | None) -> Source:
    procedural = is_procedural(text)
    size = default_size if procedural else None
    height, width = data.get("height", size), data.get("width", size)
    if procedural and data.get("space"):
        name = data.get("name", "custom")
        return source_from_space(build_space(data["space"]), name, height, width)
    return open_source(text, height, width)


def _section(tree: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return a nested section, or an empty one if it is missing."""
    section: Any = tree
    for depth, name in enumerate(names, start=1):
        section = section.get(name)
        if section is None:
            return {}
        if not isinstance(section, dict):
            where = ".".join(names[:depth])
            raise SbvaeError(f"{where} is {section!r}; it is a section of names and values")
    found: dict[str, Any] = section
    return found
