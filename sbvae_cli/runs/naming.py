"""Name run folders by data, model, and every other setting that was chosen."""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.load import merge
from sbvae_cli.config.presets import QUICK_SIZE, differences, paper_dataset, paper_preset, profile
from sbvae_cli.config.schema import Config, DataConfig
from sbvae_cli.data.source import DEFAULT_SIZE
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.derived_settings import complete_preset

LONGEST = 120  # bytes; file systems take 255
_HASHED = 8  # hexadecimal digits of the hash that replaces the end of a long name

# Settings of training that change how a run is carried out, but not its model.
EXECUTION_SETTINGS = (
    *("device", "threads", "data_on", "compile"),
    *("checkpoint_every", "log_every", "keep_checkpoints", "preview", "tensorboard"),
)
_UNNAMED = {f"training.{name}" for name in ("seed", *EXECUTION_SETTINGS)}
_NOT_OF_MODEL = {*_UNNAMED, "data.source"}  # a file's path is not a setting of the model
_SHORT_LABELS = {
    "training.learning_rate": "lr",
    "training.learning_rate_schedule": "lr",
    "training.batch_size": "batch",
    "training.clip_grad": "clip",
    "model.encoder.hidden_channels": "encoder",
    "model.encoder.hidden_units": "encoder_mlp",
    "model.decoder.hidden_channels": "decoder",
    "model.decoder.hidden_units": "mlp",
    "objective.discriminator_learning_rate": "discriminator_lr",
    "objective.beta_schedule.kind": "beta",
    "objective.capacity_schedule.kind": "capacity",
}


def default_folder(config: Config) -> Path:
    """Return the default folder of a run."""
    return Path("runs") / run_name(config)


def default_group_folder(config: Config) -> Path:
    """Return the default folder of replicas; each has a subfolder named by its seed."""
    return Path("runs") / group_name(config)


def run_name(config: Config) -> str:
    """Name a run by its complete configuration, as in `xy-hole-broadcast-beta2-lr0.001-0`.

    Every name has data, model and seed, and each setting that changes the model and differs from
    the preset of these kinds and profile. Runs of equal name learn the same model, unless they
    read equally named files in different folders. The name is a valid file name of at most
    `LONGEST` bytes; a text that is too long, or has other characters, is shortened and gets a hash
    before the seed.
    """
    parts = [_data_name(config.data), *config.kinds]
    if config.preset.profile != "paper":
        parts.append(config.preset.profile)
    parts += [*_chosen_data(config), *_chosen_settings(config)]
    return _as_file_name("-".join(parts), str(config.training.seed))


def group_name(config: Config) -> str:
    """Name the group of runs that differ from this one only in the seed.

    The name does not depend on the number of digits of the seed.
    """
    training = config.training.model_copy(update={"seed": 0})
    return run_name(config.model_copy(update={"training": training})).rpartition("-")[0]


def flat_settings(config: Config, step: int) -> dict[str, Any]:
    """Return the settings that define the model, without the seed, by names such as `data.name`."""
    found: dict[str, Any] = {}

    def walk(tree: Mapping[str, Any], path: str) -> None:
        for key, value in tree.items():
            name = f"{path}{key}"
            if isinstance(value, Mapping) and name != "data.space":
                walk(value, f"{name}.")
            elif name not in _NOT_OF_MODEL:
                found[name] = value

    tree = config.as_dict()
    walk({section: tree[section] for section in ("data", "model", "objective", "training")}, "")
    return {**found, "step": step}


def _data_name(data: DataConfig) -> str:
    """Return the name of procedural data, or a file's name in a form that never equals one."""
    if data.count is None:
        return data.name
    file = Path(data.source)
    return file.name if file.stem == data.name and data.space.renderer else file.stem


def _chosen_data(config: Config) -> list[str]:
    """Return labels for image size and factor space of procedural data, and for another preset."""
    data, parts = config.data, []
    if data.count is None:
        usual = QUICK_SIZE if config.preset.profile == "quick" else DEFAULT_SIZE
        if (data.height, data.width) != (usual, usual):
            square = data.height == data.width
            parts.append(f"size{data.height}" + ("" if square else f"x{data.width}"))
        if not has_own_space(data):
            parts.append(f"space{_hash(json.dumps(data.space.model_dump(mode='json')))}")
    if config.preset.dataset != paper_dataset(data.space.renderer, data.name):
        parts.append(f"preset_{config.preset.dataset}")
    return parts


def has_own_space(data: DataConfig) -> bool:
    """Return whether the factor space is the one of the data's name."""
    try:
        return named_space(data.source) == data.space
    except SbvaeError:  # the name has no factor space
        return False


def _chosen_settings(config: Config) -> list[str]:
    """Return label and value of each setting that differs from the preset."""
    chosen = chosen_settings(config)
    return [setting_label(name) + _write(value) for name, value in chosen.items()]


def chosen_settings(config: Config) -> dict[str, Any]:
    """Return the settings that differ from the preset, kinds of schedules first."""
    tree = config.as_dict()
    paper = paper_preset(config.objective.kind, config.preset.dataset, config.model.decoder.kind)
    likelihood = config.model.likelihood.kind
    usual_of_profile = profile(config.preset.profile, paper, likelihood)
    kind = {"model": {"likelihood": {"kind": likelihood}}}
    plain = complete_preset(merge(paper, usual_of_profile, kind), config)
    schedules = {
        name: {"kind": value["kind"]}
        for name, value in tree["objective"].items()
        if name.endswith("_schedule")
    }
    usual = complete_preset(merge(plain, {"objective": schedules}), config)
    kinds = [name for name in differences(plain, tree) if name.endswith("_schedule.kind")]
    named = [name for name in (*kinds, *differences(usual, tree)) if name not in _UNNAMED]
    return {name: _value(tree, name) for name in named}


def setting_label(name: str) -> str:
    """Return a short label of a setting, such as `lr` for `training.learning_rate`."""
    section, _, rest = name.partition(".")
    rest = re.sub(r"^(decoder|likelihood)\.", "", rest) if section == "model" else rest
    return _SHORT_LABELS.get(name, rest.replace(".", "_") or name)


def _value(tree: Mapping[str, Any], name: str) -> Any:
    value: Any = tree
    for key in name.split("."):
        value = value[key]
    return value


def _write(value: Any) -> str:
    """Format a value behind its label: numbers directly, words after an underscore."""
    match value:
        case True:
            return ""
        case int() | float():
            return repr(value).removesuffix(".0")
        case list():
            return ".".join(map(str, value))
        case _:
            return f"_{value}".lower()


def _as_file_name(text: str, seed: str) -> str:
    """Join text and seed to a file name, with a hash of a text that is too long or not allowed."""
    name = re.sub(r"[^A-Za-z0-9._+-]", "_", text)
    room = LONGEST - len(seed) - 1
    if name != text or len(name) > room:
        name = f"{name[: room - _HASHED - 1]}-{_hash(text)}"
    return f"{name}-{seed}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_HASHED]
