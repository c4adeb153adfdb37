"""Codes and the images that they are of."""

from pathlib import Path

import numpy as np
import pytest

import sbvae_cli as sbvae
from sbvae_cli.errors import SbvaeError
from sbvae_cli.explorer.of_codes import payload_of_codes

pytest.importorskip("onnx")


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Five images."""
    path = tmp_path / "five.h5"
    sbvae.make_dataset(np.zeros((5, 6, 9, 3), np.uint8), path)
    return path


def test_rows_of_codes_may_name_the_last_image_and_none_after_it(
    images: Path, tmp_path: Path
) -> None:
    codes = np.arange(6.0).reshape(3, 2)
    np.savez(tmp_path / "codes.npz", codes=codes, rows=[4, 0, 2])
    assert payload_of_codes([tmp_path / "codes.npz"], images).image_shape == (3, 6, 9)

    np.savez(tmp_path / "codes.npz", codes=codes, rows=[5, 0, 2])
    with pytest.raises(SbvaeError, match="has 5 images, the codes 3 rows;"):
        payload_of_codes([tmp_path / "codes.npz"], images)


def test_codes_without_rows_are_of_all_images(images: Path, tmp_path: Path) -> None:
    for count in (4, 6):
        np.savez(tmp_path / "codes.npz", codes=np.arange(2.0 * count).reshape(count, 2))
        with pytest.raises(SbvaeError, match=f"has 5 images, the codes {count} rows;"):
            payload_of_codes([tmp_path / "codes.npz"], images)
