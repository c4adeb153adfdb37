"""Images that training never sees, and what the log says of them."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from sbvae_cli.checkpoint import load_checkpoint
from sbvae_cli.data.feed import Feed
from sbvae_cli.data.source import open_source
from sbvae_cli.data.validation_split import validation_rows
from sbvae_cli.errors import SbvaeError

Sbvae = Callable[..., object]


def test_the_share_is_held_out_and_follows_from_the_seed(circles_file: str) -> None:
    source = open_source(circles_file)
    rows = validation_rows(source, 0.25, 3)
    assert len(rows) == len(set(rows.tolist())) == 10
    assert np.array_equal(rows, validation_rows(source, 0.25, 3))
    assert not np.array_equal(rows, validation_rows(source, 0.25, 4))
    assert len(validation_rows(source, 0.001, 3)) == 1


def test_minibatches_never_have_what_is_held_out(circles_file: str) -> None:
    source = open_source(circles_file)
    rows = validation_rows(source, 0.25, 3)
    hidden = {image.tobytes() for image in source.file.read_rows(rows)[0]}
    block = Feed(source, 15, [3], validation=0.25).block(0, 4).images.numpy()
    seen = [image.tobytes() for image in block.reshape(60, 16, 16, 3)]
    assert not hidden & set(seen)
    assert len(set(seen)) == 30


def test_every_checkpoint_logs_what_plain_pytorch_finds(
    sbvae: Sbvae, tiny: list[str], circles_file: str
) -> None:
    options = ["--data", circles_file, *tiny[4:], "--validation", 0.25, "--checkpoint-every", 4]
    assert sbvae("train", *options, "--steps", 6, "--out", "run").code == 0
    log = [json.loads(line) for line in Path("run/log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log if "nll_validation" in line] == [4, 6]
    source = open_source(circles_file)
    images, _ = source.file.read_rows(validation_rows(source, 0.25, 0))
    vae = load_checkpoint(Path("run/ckpt.pt")).build_vae()
    with torch.no_grad():
        mean, logvar = vae.encode(torch.from_numpy(images).permute(0, 3, 1, 2) / 255)
    kl = 0.5 * (mean**2 + logvar.exp() - 1 - logvar).sum(1).mean()
    assert log[-1]["kl_validation"] == pytest.approx(kl.item(), rel=1e-5)
    assert log[-1]["nll_validation"] > 0


def test_a_run_with_a_validation_goes_on_as_if_it_had_not_stopped(
    sbvae: Sbvae, tiny: list[str], circles_file: str
) -> None:
    options = ["--data", circles_file, *tiny[4:], "--validation", 0.25]
    assert sbvae("train", *options, "--steps", 8, "--out", "whole").code == 0
    assert sbvae("train", *options, "--steps", 3, "--out", "part").code == 0
    assert sbvae("train", "--resume", "part", "--steps", 8).code == 0
    whole, part = (load_checkpoint(Path(run, "ckpt.pt")).model for run in ("whole", "part"))
    assert all(torch.equal(whole[name], part[name]) for name in whole)


def test_images_drawn_as_needed_cannot_be_held_out(sbvae: Sbvae, tiny: list[str]) -> None:
    done = sbvae("train", *tiny, "--validation", 0.1, "--steps", 2, "--out", "run")
    assert done.code == 1
    assert "renders images anew for each minibatch" in done.err


def test_something_must_be_left(circles_file: str) -> None:
    with pytest.raises(SbvaeError, match="leave none to train on"):
        validation_rows(open_source(circles_file), 0.99, 0)


@pytest.mark.parametrize("rate", ["1e30", "1e39"])  # weights that are numbers yet, or no more
def test_weights_are_checked_before_anything_is_measured_with_them(
    sbvae: Sbvae, tiny: list[str], circles_file: str, rate: str
) -> None:
    options = ["--data", circles_file, *tiny[4:], "--validation", 0.2, "--checkpoint-every", 1]
    done = sbvae("train", *options, "--lr", rate, "--steps", 9, "--out", "run")
    assert done.code == 3
    assert done.err.splitlines()[-1].startswith("error: diverged in step 1: its ")
    record = json.loads(Path("run/log.jsonl").read_text().splitlines()[-1])
    assert record["step"] == 1
    assert record["diverged"] == ["nll_validation" if rate == "1e30" else "weights"]
    assert not Path("run/ckpt.pt").exists()
