"""Images to start from, by number or file."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.source import Source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.examples import start_image


def circles(preset: str = "xy") -> Source:
    return Source(preset, FactorSpace(named_space(f"circles:{preset}")), 8, 12)


def test_an_image_has_the_number_that_the_source_counts(tmp_path: Path) -> None:
    images, factors = circles().images(1200, 1201, 5)

    start = start_image(circles(), 1200, 5)

    assert start.name == "1,200"
    np.testing.assert_array_equal(start.pixels, images[0])
    np.testing.assert_array_equal(start.factors, factors[0])


def test_without_a_number_it_is_the_first_that_shows_something() -> None:
    source = circles("xh-blank")
    for seed in range(4):
        _, factors = source.images(0, 64, seed)
        first = int(np.flatnonzero(~np.isnan(factors[:, 0]))[0])
        assert start_image(source, None, seed).name == str(first)


def test_a_file_is_taken_as_it_is_and_its_factors_are_not_known(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (8, 12, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "my cat.png")

    start = start_image(circles(), tmp_path / "my cat.png")

    assert start.name == "my cat.png"
    np.testing.assert_array_equal(start.pixels, pixels)
    assert np.isnan(start.factors).all()


def test_a_file_of_another_size_is_refused(tmp_path: Path) -> None:
    Image.new("RGB", (12, 9)).save(tmp_path / "a.png")

    with pytest.raises(SbvaeError, match=r"a.png: is of 9x12 pixels, the model takes 8x12"):
        start_image(circles(), tmp_path / "a.png")
