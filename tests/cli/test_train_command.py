"""The command that trains such a model again gives its settings."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sbvae_cli.checkpoint import load_checkpoint
from sbvae_cli.cli.train_command import train_command


@pytest.mark.parametrize(
    "words",
    [
        "--data circles:xy-hole --decoder broadcast --profile quick --seed 3",
        "--data circles:xh --model beta-vae --decoder deconv --size 12x8 --seed 0",
        "--data circles:xy --decoder broadcast --likelihood gaussian "
        "--set training.clip_grad=1.5 --set model.encoder.hidden_channels=[4,4] --seed 1",
    ],
)
def test_it_gives_the_same_settings(words: str, sbvae: Callable[..., Any], tmp_path: Path) -> None:
    small = ["--steps", "1", "--batch-size", "2", "--device", "cpu"]
    assert sbvae("train", *shlex.split(words), *small, "--out", "first").code == 0
    config = load_checkpoint(tmp_path / "first" / "ckpt.pt").config
    command = train_command(config, tmp_path / "first")
    assert sbvae(*shlex.split(command)[1:], "--device", "cpu", "--out", "again").code == 0
    again = load_checkpoint(tmp_path / "again" / "ckpt.pt").config

    assert again.data == config.data
    assert again.model == config.model
    assert again.objective == config.objective
    assert again.training == config.training
