"""Options, files and presets to one complete configuration."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sbvae_cli.config.files import build_config, build_space, merge, parse_settings, read_yaml
from sbvae_cli.config.names import DecoderKind, Profile
from sbvae_cli.config.presets import QUICK_SIZE, paper_preset, profile
from sbvae_cli.config.schema import Config, DataConfig
from sbvae_cli.data.source import Source, open_source, source_from_space
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
    wanted = merge(
        read_yaml(request.config) if request.config else {},
        parse_settings(request.settings),
        request.options,
    )
    data = _section(wanted, "data")
    if "source" not in data:
        raise SbvaeError("no data; give --data circles:xy-hole, or a file that gen-data wrote")
    default_size = QUICK_SIZE if request.profile == "quick" else None
    source = _open(data, default_size)
    decoder = _section(_section(wanted, "model"), "decoder").get("kind", "broadcast")
    tree = merge(
        paper_preset(decoder),
        profile(request.profile, decoder) if decoder in ("broadcast", "deconv") else {},
        wanted,
        {"data": None},
    )
    tree["data"] = _describe(str(data["source"]), source)
    return build_config(tree, where=str(request.config or "")), source


def reopen_source(config: DataConfig) -> Source:
    """Open the data of a run again: drawn from its space, or the file that it was trained on."""
    if config.space.renderer and ":" in config.source:
        return source_from_space(config.space, config.name, config.height, config.width)
    return open_source(config.source, config.height, config.width)


def _open(data: dict[str, Any], default_size: int | None) -> Source:
    text = str(data["source"])
    procedural = _is_procedural(text)
    size = default_size if procedural else None
    height, width = data.get("height", size), data.get("width", size)
    if procedural and data.get("space"):
        space = build_space(data["space"])
        return source_from_space(space, data.get("name", "custom"), height or 64, width or 64)
    return open_source(text, height, width)


def _is_procedural(text: str) -> bool:
    return text.split(":")[0] == "circles" and not Path(text).exists()


def _section(tree: dict[str, Any], name: str) -> dict[str, Any]:
    section = tree.get(name) or {}
    if not isinstance(section, dict):
        raise SbvaeError(f"{name} is {section!r}; it is a section of names and values")
    return section


def _describe(text: str, source: Source) -> dict[str, Any]:
    return {
        "source": text,
        "name": source.name,
        "height": source.height,
        "width": source.width,
        "channels": source.channels,
        "space": source.space.config.model_dump(mode="json"),
    }


def default_folder(config: Config) -> Path:
    """`runs/` and the names of data and decoder and the seed."""
    kind: DecoderKind = config.model.decoder.kind
    return Path("runs") / f"{config.data.name}-{kind}-{config.training.seed}"
