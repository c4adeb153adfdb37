"""Options, files and presets to one complete configuration."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from sbvae_cli.config.files import build_config, build_space, merge, parse_settings, read_yaml
from sbvae_cli.config.names import DecoderKind, ModelKind, PaperDataset, Profile
from sbvae_cli.config.presets import QUICK_SIZE, paper_dataset, paper_preset, profile
from sbvae_cli.config.schema import Config, DataConfig
from sbvae_cli.data.procedural import is_procedural
from sbvae_cli.data.source import Source, open_source, source_from_space
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.derived_settings import complete_objective, differences, resize_decoder


@dataclass(frozen=True)
class Request:
    """What a user asked for, in rising precedence.

    Attributes:
        profile: Changes the paper's preset.
        config: A YAML file.
        settings: As `training.steps=1000`.
        options: A tree like the configuration's, of named options that were given.
        depth: Layers of the decoder; see `resize_decoder`.
        mlp_depth: Likewise.
    """

    profile: Profile | None = None
    config: Path | None = None
    settings: Sequence[str] = ()
    options: dict[str, Any] = field(default_factory=dict)
    depth: int | None = None
    mlp_depth: int | None = None


def resolve(request: Request) -> tuple[Config, Source]:
    """Merge preset, profile, file, settings and options, and open the data they name.

    The data's header is read first, since it fixes the images' size and factors.

    Raises:
        SbvaeError: If a key or value is unknown, or the data cannot be used.
    """
    wanted = _layered(
        read_yaml(request.config) if request.config else {},
        parse_settings(request.settings),
        request.options,
    )
    data = _section(wanted, "data")
    if not data.get("source"):
        raise SbvaeError("no data; give --data circles:xy-hole, or a file that gen-data wrote")
    where = str(request.config or "")
    preset = _section(wanted, "preset")
    build_config({"data": data, "preset": preset}, where)  # faults, before anything is opened
    text = str(data["source"])
    profile_name: Profile = request.profile or preset.get("profile", "paper")
    source = _open(text, data, QUICK_SIZE if profile_name == "quick" else None)
    dataset = preset.get("dataset") or paper_dataset(source.space.renderer, source.name)
    paper = _paper(wanted, dataset)
    below = merge(paper, profile(profile_name, paper))
    tree = merge(below, wanted, {"preset": below["preset"], "data": describe_data(text, source)})
    tree["objective"] = complete_objective(
        _section(tree, "objective"), _section(tree, "training").get("steps"), source.count
    )
    decoder = _section(tree, "model", "decoder")
    tree["model"]["decoder"] = resize_decoder(
        decoder, _section(tree, "model", "encoder"), request.depth, request.mlp_depth
    )
    config = build_config(tree, where)
    usual = merge(paper, {"data": tree["data"]})
    usual["objective"] = complete_objective(usual["objective"], config.training.steps, source.count)
    changed = differences(build_config(usual).as_dict(), config.as_dict())
    return build_config(merge(config.as_dict(), {"preset": {"changed": changed}})), source


def _paper(wanted: dict[str, Any], dataset: PaperDataset) -> dict[str, Any]:
    """The paper's settings; those of defaults where a kind is no kind."""
    model = _section(wanted, "objective").get("kind", "vae")
    decoder = _section(wanted, "model", "decoder").get("kind", "broadcast")
    return paper_preset(
        model if model in get_args(ModelKind) else "vae",
        dataset,
        decoder if decoder in get_args(DecoderKind) else "broadcast",
    )


def reopen_source(config: DataConfig) -> Source:
    """Open the data of a run again: drawn from its space, or the file that it was trained on."""
    if is_procedural(config.source):
        return source_from_space(config.space, config.name, config.height, config.width)
    return open_source(config.source, config.height, config.width)


def describe_data(text: str, source: Source) -> dict[str, Any]:
    """The section `data` of a configuration, complete; the path of a file is absolute in it."""
    return {
        "source": text if is_procedural(text) else str(Path(text).resolve()),
        **source.fingerprint,
    }


def _layered(*trees: dict[str, Any]) -> dict[str, Any]:
    """Merge; a layer that names other data starts that section anew, since the rest is read."""
    merged: dict[str, Any] = {}
    for tree in trees:
        data, former = _section(tree, "data"), _section(merged, "data")
        named = "source" in data and "source" in former
        if named and data["source"] != former["source"]:
            merged.pop("data", None)
            if isinstance(merged.get("objective"), dict):
                merged["objective"].pop("dataset_size", None)  # which followed from the data
        merged = merge(merged, tree)
    return merged


def _open(text: str, data: dict[str, Any], default_size: int | None) -> Source:
    procedural = is_procedural(text)
    size = default_size if procedural else None
    height, width = data.get("height", size), data.get("width", size)
    if procedural and data.get("space"):
        name = data.get("name", "custom")
        return source_from_space(build_space(data["space"]), name, height, width)
    return open_source(text, height, width)


def _section(tree: dict[str, Any], *names: str) -> dict[str, Any]:
    """A section within sections; empty where there is none."""
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


def default_folder(config: Config) -> Path:
    """`runs/` and the names of data, of the model where it is no plain VAE, decoder and seed.

    Upscales (Table 10) are named where there are any.
    """
    upscales = getattr(config.model.decoder, "upscales", 0)
    parts = [config.data.name, *config.kinds, *([f"upscales{upscales}"] if upscales else [])]
    return Path("runs") / "-".join([*parts, str(config.training.seed)])
