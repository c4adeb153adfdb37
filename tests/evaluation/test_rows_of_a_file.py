"""Rows that are drawn from a file in order, where neighbours are alike, are independent."""

import h5py
import numpy as np
import pytest

from sbvae_cli.config.model import BroadcastDecoderConfig, EncoderConfig, ModelConfig
from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.source import Source, open_source
from sbvae_cli.data.write import write_dataset
from sbvae_cli.evaluation.cost import estimate_cost
from sbvae_cli.evaluation.evaluate_model import evaluate_model
from sbvae_cli.evaluation.images import nonblank_images
from sbvae_cli.evaluation.plan import make_plan
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.models.build import build_vae
from sbvae_cli.models.vae import VAE

ROWS, LEVELS, DRAWN, SEEDS = 64_000, 16, 256, 24


@pytest.fixture(scope="module", params=["small chunks", "huge chunks"])
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Source:
    """Grey images of 6x6 that become brighter from the first row to the last."""
    level = np.arange(ROWS) * LEVELS // ROWS
    noise = np.random.default_rng(0).integers(0, 10, (ROWS, 6, 6, 1))
    images = (15 * level[:, None, None, None] + noise).astype(np.uint8)
    factor = FactorConfig(name="level", kind="discrete", levels=tuple(map(float, range(LEVELS))))
    path = tmp_path_factory.mktemp("rows") / "d.h5"
    chunks = [(level[:, None].astype(np.float32), images)]
    space = FactorSpace(SpaceConfig(factors=(factor,)))
    write_dataset(path, chunks, space=space, name="d", shape=(6, 6, 1))
    if request.param == "huge chunks":  # cut across images too, as the public 3dshapes.h5 is
        with h5py.File(path, "a") as file:
            del file["images"]
            file.create_dataset("images", data=images, chunks=(1_000, 3, 3, 1), compression=1)
    return open_source(path)


@pytest.fixture(scope="module")
def vae() -> VAE:
    config = ModelConfig(
        latent_dim=2,
        encoder=EncoderConfig(hidden_channels=(2,), hidden_units=(4,)),
        decoder=BroadcastDecoderConfig(hidden_channels=(2,)),
    )
    return build_vae(config, (1, 6, 6), seed=1).eval()


def test_rates_spread_over_seeds_as_their_interval_says(source: Source, vae: VAE) -> None:
    values, halves = [], []
    for seed in range(SEEDS):
        protocol = Protocol(("rates",), "train", seed=seed, images=DRAWN)
        nll = evaluate_model(vae, source, protocol).scores["nll"]
        values.append(nll.value)
        halves.append((nll.high - nll.low) / 2)
    # A std of 24 values is off by 14 %; rows of 32 chunks spread two to three times as far.
    assert 0.6 < np.std(values, ddof=1) / (np.mean(halves) / 1.96) < 1.5


def test_images_of_the_metrics_of_factors_spread_as_independent_ones(source: Source) -> None:
    means = []
    for seed in range(SEEDS):
        protocol = Protocol(("mig",), "train", seed=seed, images=DRAWN, test_images=1)
        images, factors = nonblank_images(source, protocol, DRAWN)
        assert len(images) == DRAWN
        means.append(factors.mean())
    expected = np.arange(LEVELS).std() / np.sqrt(DRAWN)
    assert 0.6 < np.std(means, ddof=1) / expected < 1.5


def test_the_cost_of_an_evaluation_has_that_of_reading_all_over_the_file(
    source: Source, vae: VAE
) -> None:
    cost = estimate_cost(vae, make_plan(vae, source, Protocol(("rates",), images=20_000)))
    assert 0 < cost.reading < cost.seconds and cost.quick < cost.seconds
