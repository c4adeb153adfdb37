"""Where the images lie, and sets that are rendered once, from the command line."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from sbvae_cli.checkpoint import load_checkpoint

Sbvae = Callable[..., object]


def weights(run: str) -> dict[str, torch.Tensor]:
    return dict(load_checkpoint(Path(run, "ckpt.pt")).model)


def assert_same_weights(one: str, other: str) -> None:
    first, second = weights(one), weights(other)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_run_goes_on_to_the_bit_wherever_its_images_lie(
    sbvae: Sbvae, tiny: list[str], circles_file: str
) -> None:
    """25 steps: several blocks, with a stop within one."""
    options = ["--data", circles_file, *tiny[4:], "--shuffle", "all"]
    assert sbvae("train", *options, "--steps", 25, "--out", "whole").code == 0
    part = [*options, "--data-on", "device", "--out", "part"]
    assert sbvae("train", *part, "--steps", 7).code == 0
    assert sbvae("train", "--resume", "part", "--steps", 25, "--data-on", "stream").code == 0
    assert_same_weights("whole", "part")


def test_a_fixed_set_trains_what_its_file_trains(
    sbvae: Sbvae, tiny: list[str], circles_file: str
) -> None:
    rest = [*tiny[4:], "--steps", 6, "--validation", 0.1, "--seed", 3]
    assert sbvae("train", "--data", circles_file, *rest, "--out", "file").code == 0
    drawn = ["--data", "circles:xy", "--size", 16, "--fixed-set", 40]
    assert sbvae("train", *drawn, *rest, "--out", "set").code == 0
    assert_same_weights("file", "set")
    assert Path("set/log.jsonl").read_text().count("nll_validation") == 1


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ("--data-on memory", "--data-on memory: the images need 0.0 GB, 0.0 GB are free in memory"),
        ("--fixed-set 40", "--fixed-set 40: the images need 0.0 GB, 0.0 GB are free in memory"),
    ],
)
def test_images_without_room_are_refused_before_a_run_is_replaced(
    sbvae: Sbvae,
    tiny: list[str],
    circles_file: str,
    options: str,
    found: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = ["--data", circles_file] if "on" in options else tiny[:4]
    assert sbvae("train", *own, *tiny[4:], "--steps", 1, "--out", "run").code == 0
    monkeypatch.setattr("sbvae_cli.data.placement.free_bytes", lambda device: 1_000)
    options = [*own, *tiny[4:], *options.split(), "--steps", 1, "--out", "run", "--force"]
    done = sbvae("train", *options)
    assert done.code == 1
    assert done.err.startswith(f"error: {found}") and len(done.err.splitlines()) == 1
    assert load_checkpoint(Path("run/ckpt.pt")).step == 1
    assert sbvae("train", *options, "--out", "new").code == 1
    assert not Path("new").exists()
    assert sbvae("train", *options, "--data-on", "stream").code == 0
