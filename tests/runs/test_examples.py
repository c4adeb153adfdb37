"""Every example builds and takes a step; the paper's models are all there."""

from pathlib import Path

import numpy as np
import pytest
import torch

from sbvae_cli.config.load import build_config
from sbvae_cli.data.batches import Batches, to_device
from sbvae_cli.runs.resolve import Request, resolve
from sbvae_cli.training.build import build_updater, images_per_update, noise_shape

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_builds_and_takes_a_step(path: Path) -> None:
    config, source = resolve(Request(config=path, options={"training": {"device": "cpu"}}))
    assert build_config(config.as_dict()) == config
    updater = build_updater(config)
    before = torch.cat([p.detach().flatten() for p in updater.vae.parameters()])
    images = to_device(Batches(source, images_per_update(config), 0).batch(0), "cpu")
    noise = np.random.default_rng(0).standard_normal(noise_shape(config), np.float32)
    terms = updater.update(images, torch.from_numpy(noise), 0)
    assert updater.failure() is None
    assert torch.isfinite(terms["loss"])
    after = torch.cat([p.detach().flatten() for p in updater.vae.parameters()])
    assert (after != before).float().mean() > 0.5


def test_the_first_line_says_how_an_example_is_run() -> None:
    for path in EXAMPLES:
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith("# ")
        assert f"sbvae train --config examples/{path.name}" in first


def test_every_model_of_the_paper_is_there() -> None:
    found = set()
    for path in EXAMPLES:
        config, _ = resolve(Request(config=path))
        coordinates = getattr(config.model.decoder, "coordinates", "linear")
        found.add((config.objective.kind, config.model.decoder.kind, coordinates))
    decoders = ("broadcast", "deconv")
    expected = {(m, d, "linear") for m in ("vae", "beta-vae", "factor-vae") for d in decoders}
    expected |= {("vae", "coordconv", "linear"), ("vae", "broadcast", "shuffled")}
    assert found >= expected
