"""Tiles in reading order."""

import numpy as np
import pytest

from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.image_grid import draw_tiles
from sbvae_cli.viz.primitives import Picture


def tiles(images: np.ndarray, side: float) -> tuple[list[Picture], float]:
    canvas = Canvas(200, 200)
    bottom = draw_tiles(canvas, images, 10, 20, side)
    return [shape for shape in canvas.shapes if isinstance(shape, Picture)], bottom


def test_images_stand_in_reading_order_with_gaps_between() -> None:
    images = np.arange(5, dtype=np.uint8)[:, None, None, None] + np.zeros((5, 4, 6, 3), np.uint8)

    drawn, bottom = tiles(images, 123)

    assert [int(np.asarray(picture.image).max()) for picture in drawn] == [0, 1, 2, 3, 4]
    places = [(picture.left, picture.top) for picture in drawn[:4]]
    np.testing.assert_allclose(places, [(10, 20), (52, 20), (94, 20), (10, 49)])
    assert all(picture.width == 39 and picture.height == 26 for picture in drawn)
    assert bottom == pytest.approx(75)


@pytest.mark.parametrize("shape", [(16, 8, 8, 1), (3, 90, 30, 3), (1, 30, 90, 1), (7, 5, 5, 3)])
def test_all_images_fill_a_square_in_one_direction(shape: tuple[int, ...]) -> None:
    drawn, bottom = tiles(np.full(shape, 7, np.uint8), 100)

    right = max(picture.left + picture.width for picture in drawn)
    assert len(drawn) == shape[0]
    assert max(right - 10, bottom - 20) == pytest.approx(100)
    assert {picture.image.getpixel((0, 0)) for picture in drawn} == {(7, 7, 7)}


@pytest.mark.parametrize("shape", [(0, 4, 4, 3), (3, 4, 4), (3, 4, 4, 2)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="must have shape"):
        draw_tiles(Canvas(9, 9), np.zeros(shape, np.uint8), 0, 0, 9)


def test_floats_are_refused() -> None:
    with pytest.raises(ValueError, match="must be uint8, got float64"):
        draw_tiles(Canvas(9, 9), np.zeros((1, 4, 4, 3)), 0, 0, 9)
