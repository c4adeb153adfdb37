"""Options, files and presets to one complete configuration."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from sbvae_cli.config.files import build_config, build_space, merge, parse_settings, read_yaml
from sbvae_cli.config.model import BroadcastDecoderConfig
from sbvae_cli.config.names import DecoderKind, ModelKind, PaperDataset, Profile
from sbvae_cli.config.presets import QUICK_SIZE, paper_dataset, paper_preset, profile
from sbvae_cli.config.schema import Config, DataConfig
from sbvae_cli.data.procedural import is_procedural, source_from_space
from sbvae_cli.data.source import FileSource, Source, open_source
from sbvae_cli.errors import SbvaeError

ENDLESS_DATASET = 500_000  # images that data drawn as needed count as, as many as the paper drew
LONGEST_RISE = (
    100_000  # updates of a linear schedule, or half of a shorter run (Burgess et al. 2018)
)
CYCLES = 4  # of a cyclic schedule (Fu et al. 2019)


@dataclass(frozen=True)
class Request:
    """What a user asked for, in rising precedence.

    Attributes:
        profile: Changes the paper's preset.
        config: A YAML file.
        settings: As `training.steps=1000`.
        options: A tree like the configuration's, of named options that were given.
        depth: Layers of the decoder; see `resized`.
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
    if "source" not in data:
        raise SbvaeError("no data; give --data circles:xy-hole, or a file that gen-data wrote")
    where = str(request.config or "")
    preset = _section(wanted, "preset")
    build_config({"data": data, "preset": preset}, where)  # faults, before anything is opened
    text = str(data["source"])
    profile_name: Profile = request.profile or preset.get("profile", "paper")
    source = _open(text, data, QUICK_SIZE if profile_name == "quick" else None)
    dataset = preset.get("dataset") or paper_dataset(source.space.config, source.name)
    below = _below(wanted, profile_name, dataset)
    tree = merge(below, wanted, {"preset": below["preset"], "data": describe_data(text, source)})
    tree["objective"] = _complete(
        _section(tree, "objective"), _section(tree, "training"), source.count
    )
    config = build_config(tree, where)
    return resized(config, request.depth, request.mlp_depth), source


def _below(wanted: dict[str, Any], name: Profile, dataset: PaperDataset) -> dict[str, Any]:
    """The paper's settings and the profile's; those of defaults where a kind is no kind."""
    model = _section(wanted, "objective").get("kind", "vae")
    decoder = _section(_section(wanted, "model"), "decoder").get("kind", "broadcast")
    preset = paper_preset(
        model if model in get_args(ModelKind) else "vae",
        dataset,
        decoder if decoder in get_args(DecoderKind) else "broadcast",
    )
    return merge(preset, profile(name, preset))


def _complete(
    objective: dict[str, Any], training: dict[str, Any], count: int | None
) -> dict[str, Any]:
    """Fill in what follows from the data and the length of the run, so that it is written down."""
    filled = dict(objective)
    if filled.get("kind") == "beta-tcvae":
        filled.setdefault("dataset_size", count or ENDLESS_DATASET)
    steps = training["steps"]
    for name in ("beta_schedule", "capacity_schedule"):
        schedule = filled.get(name)
        if isinstance(schedule, dict) and isinstance(steps, int):
            lengths = {"linear": min(LONGEST_RISE, steps // 2), "cyclic": steps // CYCLES}
            length = lengths.get(str(schedule.get("kind")))
            if length is not None:
                filled[name] = {"steps": max(1, length), **schedule}
    return filled


def resized(config: Config, depth: int | None, mlp_depth: int | None) -> Config:
    """The same configuration with more or fewer layers in the decoder.

    Args:
        config: Complete.
        depth: Of the convolutions, output layer included (Tables 5 and 6). Layers are taken away,
            or repeated, next to the latents.
        mlp_depth: Fully connected layers: before the broadcast (Tables 7 and 9), or, of the other
            decoders, up to the one that is reshaped (Table 8). They are as wide as the encoder's.

    Raises:
        SbvaeError: If there are too few.
    """
    decoder = config.model.decoder
    changes: dict[str, Any] = {}
    if depth is not None:
        widths = decoder.hidden_channels
        missing = depth - 1 - len(widths)
        changes["hidden_channels"] = widths[:1] * missing + widths[max(0, -missing) :]
    if mlp_depth is not None:
        before_reshape = 0 if isinstance(decoder, BroadcastDecoderConfig) else 1
        if mlp_depth < before_reshape:
            raise SbvaeError(
                f"--mlp-depth {mlp_depth}: a {decoder.kind} decoder has at least the layer that is "
                "reshaped; choose 1 or more"
            )
        width = (config.model.encoder.hidden_units or (256,))[-1]
        changes["hidden_units"] = (width,) * (mlp_depth - before_reshape)
    if not changes:
        return config
    return build_config(merge(config.as_dict(), {"model": {"decoder": changes}}))


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
    """`runs/` and the names of data, of the model where it is no plain VAE, decoder and seed."""
    return Path("runs") / "-".join([config.data.name, *config.kinds, str(config.training.seed)])
