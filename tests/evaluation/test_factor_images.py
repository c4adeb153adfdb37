"""Images that a model is looked at with again: codes of all latents, as an embedding has of two."""

from pathlib import Path

import numpy as np
import pytest

from sbvae_cli.config.model import BroadcastDecoderConfig, EncoderConfig, ModelConfig
from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.source import Source, open_source
from sbvae_cli.data.write import write_dataset
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.factor_images import factor_images
from sbvae_cli.evaluation.stored_embedding import embed_factors
from sbvae_cli.models.build import build_vae
from sbvae_cli.models.vae import VAE


def model() -> VAE:
    encoder = EncoderConfig(hidden_channels=(4,), hidden_units=(8,))
    decoder = BroadcastDecoderConfig(hidden_channels=(4,))
    return build_vae(ModelConfig(latent_dim=4, encoder=encoder, decoder=decoder), (3, 8, 8))


def stored(path: Path) -> Source:
    """Five by four points with three images each, which nothing can draw."""
    rng = np.random.default_rng(0)
    grid = np.stack(np.meshgrid(range(5), range(4), range(3), indexing="ij"), axis=-1)
    rows = rng.permutation(grid.reshape(-1, 3)).astype(np.float32)[:, :2]
    images = rng.integers(0, 256, (len(rows), 8, 8, 3), np.uint8)
    factors = [FactorConfig(name="x", low=0, high=4), FactorConfig(name="y", low=0, high=3)]
    space = FactorSpace(SpaceConfig(factors=tuple(factors)))
    write_dataset(path, [(rows, images)], space=space, name="own", shape=(8, 8, 3))
    return open_source(path)


@pytest.mark.parametrize("data", ["circles:xy-hole", "file"])
def test_codes_are_those_of_an_embedding(data: str, tmp_path: Path) -> None:
    source = stored(tmp_path / "own.h5") if data == "file" else open_source(data, 8, 8)
    vae = model()
    images = factor_images(source, size=6)
    expected = embed_factors(vae, source, size=6)
    codes = images.encode(vae)
    assert codes.means.shape == ((5, 4, 4) if data == "file" else (6, 6, 4))
    np.testing.assert_allclose(codes.means[..., expected.choice.latents], expected.codes)
    assert codes.stds is not None and expected.stds is not None
    np.testing.assert_allclose(codes.stds.reshape(-1, 4).mean(axis=0), expected.stds)
    np.testing.assert_array_equal(images.points.values, expected.points.values)
    np.testing.assert_array_equal(images.points.held_out, expected.points.held_out)
    assert bool(images.points.held_out.any()) == (data != "file")


def test_a_large_grid_of_a_file_is_thinned_to_one_image_a_point(tmp_path: Path) -> None:
    source = stored(tmp_path / "own.h5")
    assert len(factor_images(source, size=2, most_rows=60).images) == 60
    found = factor_images(source, size=2, most_rows=59)
    np.testing.assert_array_equal(found.points.values[..., 0], [[0, 0], [3, 3]])
    np.testing.assert_array_equal(found.points.values[..., 1], [[0, 2], [0, 2]])
    assert source.file is not None and found.stored is not None
    shown = source.file.read_factors(found.stored.rows)
    np.testing.assert_array_equal(shown, found.points.values.reshape(-1, 2)[found.stored.point])
    np.testing.assert_array_equal(found.images, source.file.read_rows(found.stored.rows)[0])
    assert found.encode(model()).means.shape == (2, 2, 4)


def test_a_blank_image_has_its_code_where_the_data_has_one() -> None:
    source, vae = open_source("circles:xh-blank", 8, 8), model()
    blank = factor_images(source, size=4).embed(vae).blank
    assert blank is not None
    np.testing.assert_allclose(blank, embed_factors(vae, source, size=4).blank)


def test_one_factor_is_too_few(tmp_path: Path) -> None:
    space = FactorSpace(SpaceConfig(factors=(FactorConfig(name="x", low=0, high=1),)))
    rows, images = np.array([[0.0], [1.0]], np.float32), np.zeros((2, 8, 8, 3), np.uint8)
    path = tmp_path / "own.h5"
    write_dataset(path, [(rows, images)], space=space, name="own", shape=(8, 8, 3))
    with pytest.raises(SbvaeError, match="needs two factors that vary, this data has x"):
        factor_images(open_source(path), size=6)
