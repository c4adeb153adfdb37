"""Tiles in reading order."""

import numpy as np
import pytest

from sbvae_cli.viz.image_grid import tile_images


def test_images_stand_in_reading_order_with_padding_between() -> None:
    images = np.arange(5, dtype=np.uint8)[:, None, None, None] + np.zeros((5, 4, 6, 3), np.uint8)

    tiled = np.asarray(tile_images(images))

    assert tiled.shape == (2 * 4 + 3 * 2, 3 * 6 + 4 * 2, 3)
    for index in range(5):
        row, column = divmod(index, 3)
        tile = tiled[2 + row * 6 :, 2 + column * 8 :][:4, :6]
        assert (tile == index).all()
    assert (tiled != 255).any(axis=-1).sum() == 5 * 24


def test_sixteen_images_make_a_square_and_grey_ones_are_drawn() -> None:
    tiled = tile_images(np.full((16, 8, 8, 1), 7, np.uint8))

    assert tiled.size == (42, 42)
    assert (np.asarray(tiled) == 7).sum() == 3 * 16 * 64


@pytest.mark.parametrize("shape", [(0, 4, 4, 3), (3, 4, 4), (3, 4, 4, 2)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="must have shape"):
        tile_images(np.zeros(shape, np.uint8))


def test_floats_are_refused() -> None:
    with pytest.raises(ValueError, match="must be uint8, got float64"):
        tile_images(np.zeros((1, 4, 4, 3)))
