"""Training on a GPU agrees with training on the CPU."""

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
import torch

from sbvae_cli.checkpoint import load_checkpoint
from sbvae_cli.config.load import build_config
from sbvae_cli.config.names import ModelKind
from sbvae_cli.training.build import build_updater, images_per_update, noise_shape

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


@pytest.mark.parametrize("model", get_args(ModelKind))
def test_an_update_never_waits_for_the_device(model: str) -> None:
    tree = {"objective": {"kind": model}, "training": {"device": "cuda"}}
    config = build_config(tree)
    updater = build_updater(config)
    images = torch.rand(images_per_update(config), 3, 64, 64, device="cuda")
    noise = torch.randn(noise_shape(config), device="cuda")
    updater.update(images, noise, 0)
    torch.cuda.set_sync_debug_mode("error")
    try:
        updater.update(images, noise, 1)
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("model", ["vae", "factor-vae"])
@pytest.mark.parametrize("precision", ["fp32", "tf32", "bf16"])
def test_a_run_goes_on_where_it_was_stopped(
    sbvae: Callable[..., object], tiny: list[str], precision: str, model: str
) -> None:
    options = [*tiny, "--device", "cuda", "--precision", precision, "--model", model]
    assert sbvae("train", *options, "--steps", 3, "--out", "run").code == 0
    assert sbvae("train", "--resume", "run", "--steps", 6).code == 0
    assert load_checkpoint(Path("run/ckpt.pt")).step == 6


@pytest.mark.parametrize("precision", ["fp32", "tf32"])
def test_a_run_leaves_the_switches_of_tf32_as_they_were(
    sbvae: Callable[..., object], tiny: list[str], precision: str
) -> None:
    matmul, convolution = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, convolution.allow_tf32
    options = [*tiny, "--device", "cuda", "--precision", precision, "--steps", 2]
    assert sbvae("train", *options, "--out", "run").code == 0
    assert sbvae("eval", "run", "--device", "cuda", "--metrics", "rates").code == 0
    assert (matmul.allow_tf32, convolution.allow_tf32) == before


def test_a_diverged_run_leaves_no_bad_checkpoint(
    sbvae: Callable[..., object], tiny: list[str]
) -> None:
    done = sbvae("train", *tiny, "--device", "cuda", "--lr", "1e30", "--steps", 50, "--out", "run")
    assert done.code == 3
    assert not Path("run/ckpt.pt").exists()
