"""Samples of the prior, images between two images, and reconstructions, by the decoder itself."""

from pathlib import Path

import numpy as np
import pytest
import torch

from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.model import BroadcastDecoderConfig, EncoderConfig, ModelConfig
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.source import Source, open_source
from sbvae_cli.data.write import write_dataset
from sbvae_cli.evaluation.decoded import even_shares, interpolate, prior_samples, reconstruct
from sbvae_cli.evaluation.examples import nonblank_rows, start_image
from sbvae_cli.models.build import build_vae
from sbvae_cli.models.vae import VAE

HOLE = named_space("circles:xy-hole")
SOURCE = Source("xy-hole", FactorSpace(HOLE), 8, 8)


@pytest.fixture(scope="module")
def vae() -> VAE:
    """Untrained, with weights large enough that each latent shows."""
    config = ModelConfig(
        latent_dim=3,
        encoder=EncoderConfig(hidden_channels=(4,)),
        decoder=BroadcastDecoderConfig(hidden_channels=(8,)),
    )
    model = build_vae(config, (3, 8, 8), seed=1).eval()
    for parameter in model.decoder.parameters():
        parameter.data.mul_(3)
    return model


def decoded(vae: VAE, codes: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        pixels = torch.sigmoid(vae.decoder(torch.from_numpy(codes).float()))
    return np.rint(255 * pixels.permute(0, 2, 3, 1).numpy())


def codes_of(vae: VAE, images: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return vae.encode(torch.from_numpy(images).permute(0, 3, 1, 2) / 255)[0].numpy()


def test_the_line_leads_from_one_code_to_the_other(vae: VAE) -> None:
    ends = start_image(SOURCE, 3), start_image(SOURCE, 8)
    a, b = codes_of(vae, np.stack([end.pixels for end in ends]))

    found = interpolate(vae, ends, 5)

    assert found.names == ("3", "8")
    np.testing.assert_array_equal(found.ends, [ends[0].pixels, ends[1].pixels])
    line = np.stack([a + share * (b - a) for share in (0, 0.25, 0.5, 0.75, 1)])
    assert np.abs(found.images - decoded(vae, line)).max() <= 1


def test_samples_are_the_same_for_a_seed_and_a_circle_leads_back(vae: VAE) -> None:
    one = prior_samples(vae, 3, 6, seed=2)
    around = prior_samples(vae, 3, 6, frames=8, seed=2)

    assert one.shape == (1, 6, 8, 8, 3) and around.shape == (8, 6, 8, 8, 3)
    np.testing.assert_array_equal(around[0], one[0])
    steps = np.abs(np.diff(around.astype(int), axis=0, append=around[:1])).mean(axis=(1, 2, 3, 4))
    assert steps.max() < 3 * steps.min()  # the last one is as long as the others
    assert (prior_samples(vae, 3, 6, seed=3) != one).any()


def test_codes_of_samples_have_the_priors_spread() -> None:
    class Keep(torch.nn.Module):
        """Draws a code as an image of one row."""

        def __init__(self) -> None:
            super().__init__()
            self.unit = torch.nn.Parameter(torch.ones(1))

        def forward(self, z: torch.Tensor) -> torch.Tensor:
            return self.unit * z[:, None, None, :]

    vae = build_vae(ModelConfig(latent_dim=2), (1, 8, 8))
    vae.decoder = Keep()
    levels = prior_samples(vae, 2, 4000, frames=3) / 255
    codes = np.log(levels / (1 - levels).clip(1e-3))[:, :, 0, :, 0]  # (3, 4000, 2)

    for frame in codes:
        assert np.abs(np.median(frame, axis=0)).max() < 0.08
        np.testing.assert_allclose(np.quantile(frame, 0.8413, axis=0), 1.0, atol=0.1)


def test_reconstructions_are_of_images_at_random_and_held_out_ones_are_last(vae: VAE) -> None:
    found = reconstruct(vae, SOURCE, HOLE, 9, seed=1)

    assert found.held_out.tolist() == [False] * 6 + [True] * 3
    assert len(np.unique(found.inputs.reshape(9, -1), axis=0)) == 9
    expected = decoded(vae, codes_of(vae, found.inputs))
    assert np.abs(found.reconstructions - expected).max() <= 1


def test_blank_images_are_not_reconstructed(vae: VAE) -> None:
    space = named_space("circles:xh-blank")

    found = reconstruct(vae, Source("b", FactorSpace(space), 8, 8), space, 12)

    assert len(found.inputs) == 12 and found.inputs.any(axis=(1, 2, 3)).all()


def test_a_file_with_blank_images_has_each_once(vae: VAE, tmp_path: Path) -> None:
    space = named_space("circles:xh-blank")
    images, factors = Source("b", FactorSpace(space), 8, 8).sample(np.random.default_rng(0), 40)
    rows = nonblank_rows(factors)[:5]
    pixels, values = np.zeros((12, 8, 8, 3), np.uint8), np.full((12, 7), np.nan, np.float32)
    pixels[:5], values[:5] = images[rows], factors[rows]
    path = tmp_path / "few.h5"
    write_dataset(path, [(values, pixels)], space=FactorSpace(space), name="few", shape=(8, 8, 3))

    found = reconstruct(vae, open_source(path), space, 12)

    assert len(found.inputs) == len({image.tobytes() for image in found.inputs}) == 5


def test_shares_of_a_swing_are_those_of_even_times() -> None:
    np.testing.assert_allclose(even_shares(3, False), [0, 0.5, 1])
    np.testing.assert_allclose(even_shares(5, True), [0, 0.1464466, 0.5, 0.8535534, 1])
