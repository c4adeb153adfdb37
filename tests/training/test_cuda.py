"""Training on a GPU agrees with training on the CPU."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from sbvae_cli.checkpoint import load_checkpoint

pytestmark = pytest.mark.cuda


@pytest.mark.parametrize(
    "kinds",
    [
        ["--decoder", "broadcast"],
        ["--decoder", "broadcast", "--upscales", 2, "--mlp-depth", 1],
        ["--decoder", "deconv"],
        ["--decoder", "coordconv"],
        ["--model", "factor-vae"],
        ["--model", "beta-tcvae"],
        ["--model", "dip-vae-ii"],
        ["--likelihood", "learned-gaussian"],
    ],
)
def test_weights_agree_after_some_steps(
    sbvae: Callable[..., object], tiny: list[str], kinds: list[object]
) -> None:
    options = [*tiny, *kinds, "--lr", "3e-4", "--steps", 5]
    for device in ("cpu", "cuda"):
        assert sbvae("train", *options, "--device", device, "--out", device).code == 0
    on_cpu = load_checkpoint(Path("cpu/ckpt.pt")).model
    on_gpu = load_checkpoint(Path("cuda/ckpt.pt")).model
    # Adam moves a weight by its learning rate even where rounding decides a gradient's sign.
    for name, weight in on_cpu.items():
        torch.testing.assert_close(on_gpu[name], weight, atol=2 * 5 * 3e-4, rtol=0)
        assert (on_gpu[name] - weight).abs().mean() < 1e-5


@pytest.mark.parametrize("model", ["vae", "factor-vae"])
@pytest.mark.parametrize("precision", ["fp32", "tf32", "bf16"])
def test_a_run_goes_on_where_it_was_stopped(
    sbvae: Callable[..., object], tiny: list[str], precision: str, model: str
) -> None:
    options = [*tiny, "--device", "cuda", "--precision", precision, "--model", model]
    assert sbvae("train", *options, "--steps", 3, "--out", "run").code == 0
    assert sbvae("train", "--resume", "run", "--steps", 6).code == 0
    assert load_checkpoint(Path("run/ckpt.pt")).step == 6


def test_a_diverged_run_leaves_no_bad_checkpoint(
    sbvae: Callable[..., object], tiny: list[str]
) -> None:
    done = sbvae("train", *tiny, "--device", "cuda", "--lr", "1e30", "--steps", 50, "--out", "run")
    assert done.code == 3
    assert not Path("run/ckpt.pt").exists()
