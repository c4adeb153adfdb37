"""Training on a GPU agrees with training on the CPU."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import get_args

import pytest
import torch

from sbvae_cli.checkpoint import load_checkpoint
from sbvae_cli.config.load import build_config
from sbvae_cli.config.names import ModelKind
from sbvae_cli.data.source import open_source
from sbvae_cli.training.build import (
    build_maker,
    build_updater,
    images_per_update,
    noise_shape,
    scheduled_weights,
)
from sbvae_cli.training.rounds import Rounds

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


@pytest.mark.parametrize("replicas", [1, 3])
@pytest.mark.parametrize("model", get_args(ModelKind))
def test_an_update_never_waits_for_the_device(model: str, replicas: int) -> None:
    tree = {"objective": {"kind": model}, "training": {"device": "cuda"}}
    config = build_config(tree)
    updater = build_updater(config, range(replicas))
    images = torch.rand(replicas, images_per_update(config), 3, 64, 64, device="cuda")
    noise = torch.randn(replicas, *noise_shape(config), device="cuda")
    one = torch.ones((), device="cuda")
    weights = dict.fromkeys(scheduled_weights(config.objective), one)
    updater.update(images, noise, weights, one)
    torch.cuda.set_sync_debug_mode("error")
    try:
        updater.update(images, noise, weights, one)
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("model", ["vae", "factor-vae", "beta-tcvae"])
def test_captured_rounds_are_those_of_the_cpu(model: str, compiled: bool) -> None:
    weights = []
    for device in ("cpu", "cuda"):
        training = {"device": device, "batch_size": 8, "precision": "fp32"}
        data = {"height": 16, "width": 16}
        config = build_config({"objective": {"kind": model}, "training": training, "data": data})
        updater = build_updater(config, [0, 1])
        source = open_source("circles:xy", 16, 16)
        with closing(build_maker(config, source, [0, 1], updater.device)) as maker:
            on_cuda = device == "cuda"
            rounds = Rounds(updater, maker, maker.block(0, 5), compiled=compiled and on_cuda)
            for _ in range(5):
                rounds.run()
        assert updater.updates_made() == [5, 5]
        weights.append(updater.learners[0].stack.weights.cpu())
    torch.testing.assert_close(weights[1], weights[0], atol=2 * 5 * 3e-4, rtol=0)
    assert (weights[1] - weights[0]).abs().mean() < 1e-5


@pytest.mark.parametrize("model", ["vae", "factor-vae"])
@pytest.mark.parametrize("decoder", ["broadcast", "deconv"])
def test_compiled_replicas_in_bfloat16_are_those_that_are_not(model: str, decoder: str) -> None:
    tree = {
        "objective": {"kind": model},
        "model": {"decoder": {"kind": decoder}},
        "training": {"device": "cuda", "precision": "bf16"},
    }
    config = build_config(tree)
    losses = []
    for compiled in (False, True):
        updater = build_updater(config, range(3))
        source = open_source("circles:xy")
        with closing(build_maker(config, source, range(3), updater.device)) as maker:
            rounds = Rounds(updater, maker, maker.block(0, 20), compiled=compiled)
            assert rounds.note == ""
            for _ in range(20):
                rounds.run()
        assert updater.failures() == [None] * 3
        losses.append([totals["loss"] / 20 for totals in updater.read_totals()])
    assert losses[1] == pytest.approx(losses[0], rel=0.02)


def test_a_poisoned_replica_freezes_alone_in_a_graph() -> None:
    config = build_config({"training": {"device": "cuda", "precision": "bf16"}})
    updater = build_updater(config, range(3))
    with torch.no_grad():
        updater.learners[0].stack.weights[1].fill_(torch.nan)
    source = open_source("circles:xy")
    with closing(build_maker(config, source, range(3), updater.device)) as maker:
        rounds = Rounds(updater, maker, maker.block(0, 9))
        for _ in range(9):
            rounds.run()
    assert updater.updates_made() == [9, 0, 9]
    assert updater.weights_are_finite() == [True, False, True]


@pytest.mark.parametrize("place", ["device", "memory", "stream"])
def test_replicas_of_a_file_train_wherever_its_images_lie(
    sbvae: Callable[..., object], tiny: list[str], place: str
) -> None:
    made = ["circles", "--preset", "xy", "--count", 40, "--size", 16, "--out", "d.h5"]
    assert sbvae("gen-data", *made).code == 0
    options = ["--data", "d.h5", *tiny[4:], "--device", "cuda", "--data-on", place]
    done = sbvae("train", *options, "--replicas", 3, "--steps", 6, "--out", "group")
    assert done.code == 0, done.err
    assert sbvae("train", "--resume", "group", "--steps", 9).code == 0
    assert load_checkpoint(Path("group/2/ckpt.pt")).step == 9


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
