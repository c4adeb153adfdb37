"""What a run's folder is called: its data, its model, and all that was chosen besides."""

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
_HASHED = 8  # hexadecimal digits in place of what a name has no room for

# Settings of training that change how a run goes, and make no other model of it.
OF_RUN = (
    *("device", "threads", "data_on", "compile"),
    *("checkpoint_every", "log_every", "keep_checkpoints", "preview", "tensorboard"),
)
_UNNAMED = {f"training.{name}" for name in ("seed", *OF_RUN)}
_BESIDE = {*_UNNAMED, "data.source"}  # that is where a file lies
_SHORT = {
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
    """The folder of a run that was given none."""
    return Path("runs") / run_name(config)


def default_group_folder(config: Config) -> Path:
    """The folder of replicas that were given none; each has a folder of its seed in it."""
    return Path("runs") / group_name(config)


def run_name(config: Config) -> str:
    """Name of a run by its complete configuration, such as `xy-hole-broadcast-beta2-lr0.001-0`.

    Data, model and seed stand in every name, and whatever else changes the model where it is not
    what data, kinds and profile bring along. Runs of one name would learn the same, or their data
    files lie in different folders. The name is a file name of at most `LONGEST` bytes; where that
    is too short, or the text has what file names cannot hold, a hash of it stands before the seed.
    """
    parts = [_data_name(config.data), *config.kinds]
    if config.preset.profile != "paper":
        parts.append(config.preset.profile)
    parts += [*_chosen_data(config), *_chosen_settings(config)]
    return _as_file_name("-".join(parts), str(config.training.seed))


def group_name(config: Config) -> str:
    """Name of the runs that differ from this one in the seed alone.

    The length of the seed, which may decide where a long name is cut, changes nothing.
    """
    training = config.training.model_copy(update={"seed": 0})
    return run_name(config.model_copy(update={"training": training})).rpartition("-")[0]


def flat_settings(config: Config, step: int) -> dict[str, Any]:
    """Settings that make a model, but for the seed, by names such as `training.batch_size`."""
    found: dict[str, Any] = {}

    def walk(tree: Mapping[str, Any], path: str) -> None:
        for key, value in tree.items():
            name = f"{path}{key}"
            if isinstance(value, Mapping) and name != "data.space":
                walk(value, f"{name}.")
            elif name not in _BESIDE:
                found[name] = value

    tree = config.as_dict()
    walk({section: tree[section] for section in ("data", "model", "objective", "training")}, "")
    return {**found, "step": step}


def _data_name(data: DataConfig) -> str:
    """Name of drawn data, or a file's own name, so written that it is never that of drawn data."""
    if data.count is None:
        return data.name
    file = Path(data.source)
    return file.name if file.stem == data.name and data.space.renderer else file.stem


def _chosen_data(config: Config) -> list[str]:
    """Size and space of images that are drawn, and the dataset whose preset was asked for."""
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
    """Whether the space is the one that the data's name stands for."""
    try:
        return named_space(data.source) == data.space
    except SbvaeError:  # a name that stands for none
        return False


def _chosen_settings(config: Config) -> list[str]:
    """Settings that are not those of the same kinds and profile, each as label and value."""
    chosen = chosen_settings(config)
    return [setting_label(name) + _write(value) for name, value in chosen.items()]


def chosen_settings(config: Config) -> dict[str, Any]:
    """Settings that are not those of the same kinds and profile, kinds of schedules first."""
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
    """A setting in a word: `lr` of `training.learning_rate`."""
    section, _, rest = name.partition(".")
    rest = re.sub(r"^(decoder|likelihood)\.", "", rest) if section == "model" else rest
    return _SHORT.get(name, rest.replace(".", "_") or name)


def _value(tree: Mapping[str, Any], name: str) -> Any:
    value: Any = tree
    for key in name.split("."):
        value = value[key]
    return value


def _write(value: Any) -> str:
    """A value beside its label: a number or numbers as they are, a word after a line."""
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
    """A file name of text and seed, with a hash of the text where it does not fit as it is."""
    name = re.sub(r"[^A-Za-z0-9._+-]", "_", text)
    room = LONGEST - len(seed) - 1
    if name != text or len(name) > room:
        name = f"{name[: room - _HASHED - 1]}-{_hash(text)}"
    return f"{name}-{seed}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_HASHED]
