"""Sources to codes, block by block."""

from pathlib import Path

import numpy as np
import pytest
import torch

from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.model import EncoderConfig, ModelConfig
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.generate import DatasetPlan, write_plan
from sbvae_cli.data.source import Source, open_source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.encode import encode
from sbvae_cli.evaluation.represent import (
    count_images,
    represent,
)
from sbvae_cli.models.build import build_vae
from sbvae_cli.models.vae import VAE

CIRCLES = Source("xy-hole", FactorSpace(named_space("circles:xy-hole")), 6, 10)


@pytest.fixture(scope="module")
def vae() -> VAE:
    config = ModelConfig(latent_dim=3, encoder=EncoderConfig(hidden_channels=(4,)))
    return build_vae(config, (3, 6, 10), seed=1).eval()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Source:
    path = tmp_path_factory.mktemp("codes") / "xy.h5"
    plan = DatasetPlan(CIRCLES.space, 150, 6, 10, CIRCLES.render)
    write_plan(path, plan, name="xy-hole", seed=3)
    return open_source(path)


def test_a_files_rows_are_encoded_in_order_as_the_model_does_it_one_by_one(
    vae: VAE, file: Source
) -> None:
    done: list[int] = []

    codes = represent(vae, file, 140, on_progress=done.append, most_images=100)  # blocks of 64

    assert done == [64, 128, 140]
    assert len(codes.rows) == 140 and (np.diff(codes.rows) > 0).all()
    images, factors = file.file.read_rows(codes.rows)
    np.testing.assert_array_equal(codes.factors, factors)
    assert codes.names == ("x", "y", "diameter", "red", "green", "blue")
    assert codes.codes.dtype == codes.stds.dtype == np.float32
    for row, image in enumerate(images):
        tensor = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
        with torch.no_grad():
            mean, logvar = vae.encode(tensor)
        np.testing.assert_allclose(codes.codes[row], mean[0], atol=1e-6)
        np.testing.assert_allclose(codes.stds[row], (logvar[0] / 2).exp(), atol=1e-6)


def test_memory_is_bounded_in_bytes_too(vae: VAE, file: Source) -> None:
    done: list[int] = []

    represent(vae, file, 150, on_progress=done.append, most_bytes=1)

    assert done == [64, 128, 150]


def test_a_file_has_so_many_images_and_what_is_drawn_ten_thousand(file: Source) -> None:
    assert count_images(file, None) == 150
    assert count_images(file, 7) == 7
    assert count_images(file, None, "full") == count_images(CIRCLES, None) == 10_000
    with pytest.raises(SbvaeError, match="holds 150 images, not 151"):
        count_images(file, 151)


@pytest.mark.parametrize("logvar", [float("nan"), float("inf"), -5_000.0, 5_000.0])
def test_deviations_that_are_no_positive_numbers_are_named(vae: VAE, logvar: float) -> None:
    images, _ = CIRCLES.images(0, 4)
    damaged = build_vae(
        ModelConfig(latent_dim=3, encoder=EncoderConfig(hidden_channels=(4,))), (3, 6, 10)
    )
    damaged.encoder.output.bias.data[4] = logvar  # of latent 1

    encode(vae, images)
    with pytest.raises(SbvaeError, match=r"4 of 4 images; it may have diverged"):
        encode(damaged, images)


def test_a_damaged_file_is_named(vae: VAE, file: Source, tmp_path: Path) -> None:
    content = bytearray(file.file.path.read_bytes())
    found = content.index(b"\x78\x01", len(content) // 10)  # a zlib header
    content[found : found + 40] = bytes(40)
    (tmp_path / "bad.h5").write_bytes(content)

    with pytest.raises(SbvaeError, match="damaged"):
        represent(vae, open_source(tmp_path / "bad.h5"), 150)
