"""Options, files and presets to one complete configuration."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from sbvae_cli.config.files import build_config, build_space, merge, parse_settings, read_yaml
from sbvae_cli.config.names import DecoderKind, Profile
from sbvae_cli.config.presets import QUICK_SIZE, paper_preset, profile
from sbvae_cli.config.schema import Config, DataConfig
from sbvae_cli.data.source import (
    FileSource,
    Source,
    is_procedural,
    open_source,
    source_from_space,
)
from sbvae_cli.errors import SbvaeError


@dataclass(frozen=True)
class Request:
    """What a user asked for, in rising precedence.

    Attributes:
        profile: Changes the paper's preset.
        config: A YAML file.
        settings: As `training.steps=1000`.
        options: A tree like the configuration's, of named options that were given.
    """

    profile: Profile = "paper"
    config: Path | None = None
    settings: Sequence[str] = ()
    options: dict[str, Any] = field(default_factory=dict)


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
    if "source" not in data:
        raise SbvaeError("no data; give --data circles:xy-hole, or a file that gen-data wrote")
    where = str(request.config or "")
    build_config({"data": data}, where)  # unknown keys and wrong values, before anything is opened
    text = str(data["source"])
    source = _open(text, data, QUICK_SIZE if request.profile == "quick" else None)
    decoder = _section(_section(wanted, "model"), "decoder").get("kind", "broadcast")
    known = decoder in get_args(DecoderKind)
    tree = merge(paper_preset(decoder), profile(request.profile, decoder) if known else {}, wanted)
    tree["data"] = describe_data(text, source)
    return build_config(tree, where), source


def reopen_source(config: DataConfig) -> Source:
    """Open the data of a run again: drawn from its space, or the file that it was trained on."""
    if is_procedural(config.source):
        return source_from_space(config.space, config.name, config.height, config.width)
    return open_source(config.source, config.height, config.width)


def describe_data(text: str, source: Source) -> dict[str, Any]:
    """The section `data` of a configuration, complete; the path of a file is absolute in it."""
    return {
        "source": text if is_procedural(text) else str(Path(text).resolve()),
        "name": source.name,
        "height": source.height,
        "width": source.width,
        "channels": source.channels,
        "count": source.count,
        "seed": source.file.seed if isinstance(source, FileSource) else None,
        "space": source.space.config.model_dump(mode="json"),
    }


def _layered(*trees: dict[str, Any]) -> dict[str, Any]:
    """Merge; a layer that names other data starts that section anew, since the rest is read."""
    merged: dict[str, Any] = {}
    for tree in trees:
        data, former = _section(tree, "data"), _section(merged, "data")
        named = "source" in data and "source" in former
        if named and data["source"] != former["source"]:
            merged.pop("data", None)
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


def _section(tree: dict[str, Any], name: str) -> dict[str, Any]:
    section = tree.get(name) or {}
    if not isinstance(section, dict):
        raise SbvaeError(f"{name} is {section!r}; it is a section of names and values")
    return section


def default_folder(config: Config) -> Path:
    """`runs/` and the names of data and decoder and the seed."""
    kind: DecoderKind = config.model.decoder.kind
    return Path("runs") / f"{config.data.name}-{kind}-{config.training.seed}"
