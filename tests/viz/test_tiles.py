"""Tiles: the size that `fit_tiles` gives, and a frame around the image."""

import numpy as np
import pytest

from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.image_grid import fit_tiles
from sbvae_cli.viz.primitives import Picture, Rectangle
from sbvae_cli.viz.theme import FAINT, MARK
from sbvae_cli.viz.tiles import draw_tile, tile_size


@pytest.mark.parametrize("shape", [(16, 16), (64, 48), (7, 90), (90, 7), (300, 200), (97, 31)])
@pytest.mark.parametrize("side", [64, 96, 130])
def test_tiles_have_the_size_of_fitted_images(shape: tuple[int, int], side: int) -> None:
    fitted = fit_tiles(np.zeros((*shape, 1), np.uint8), side)

    assert tile_size(shape, side) == fitted.shape[:2]


def test_a_frame_goes_around_an_image_and_a_large_one_is_averaged() -> None:
    canvas = Canvas(200, 200)
    image = np.random.default_rng(0).integers(0, 256, (40, 20, 3), np.uint8)

    draw_tile(canvas, image, (50, 60), (40, 20))
    draw_tile(canvas, image, (100, 60), (20, 10), MARK, 3.0)

    line, first, frame, second = canvas.shapes
    assert isinstance(first, Picture) and isinstance(second, Picture)
    assert line == Rectangle(49, 59, 22, 42, FAINT)
    assert frame == Rectangle(97, 57, 16, 26, MARK)
    assert first.image.tobytes() == image.tobytes()
    assert second.image.size == (10, 20)
    average = image.astype(float).reshape(20, 2, 10, 2, 3).mean(axis=(1, 3))
    assert np.abs(np.asarray(second.image) - average).max() <= 1
