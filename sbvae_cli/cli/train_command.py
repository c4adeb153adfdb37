"""Builds the command that trains a model with given settings."""

from pathlib import Path

from sbvae_cli.commands import as_typed
from sbvae_cli.config.presets import QUICK_SIZE, paper_dataset
from sbvae_cli.config.schema import Config
from sbvae_cli.data.source import DEFAULT_SIZE
from sbvae_cli.runs.naming import chosen_settings, has_own_space

_OWN_FLAGS = {"training.steps": "--steps"}


def train_command(config: Config, run: Path) -> str:
    """Return the command that trains a run again, with only the settings that are not defaults.

    Args:
        config: Settings of the run.
        run: Run folder; its `config.yaml` is used for a rendered dataset without a name.
    """
    data = config.data
    if data.count is None and not has_own_space(data):
        return as_typed(["train", "--config", run / "config.yaml"])
    words: list[str | Path] = ["train", "--data", data.source]
    if config.objective.kind != "vae":
        words += ["--model", config.objective.kind]
    words += ["--decoder", config.model.decoder.kind]
    if config.model.likelihood.kind != "bernoulli":
        words += ["--likelihood", config.model.likelihood.kind]
    if config.preset.profile != "paper":
        words += ["--profile", config.preset.profile]
    if config.preset.dataset not in (None, paper_dataset(data.space.renderer, data.name)):
        words += ["--preset", config.preset.dataset]
    usual = QUICK_SIZE if config.preset.profile == "quick" else DEFAULT_SIZE
    if data.count is None and (data.height, data.width) != (usual, usual):
        words += ["--size", f"{data.height}x{data.width}"]
    for name, value in chosen_settings(config).items():
        plain = ",".join(map(str, value)) if isinstance(value, list) else str(value)
        text = f"[{plain}]" if isinstance(value, list) else plain
        words += [_OWN_FLAGS[name], text] if name in _OWN_FLAGS else ["--set", f"{name}={text}"]
    return as_typed([*words, "--seed", str(config.training.seed)])
