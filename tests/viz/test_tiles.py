"""Tiles: their size, a frame around the image, and grids in reading order."""

import numpy as np
import pytest

from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.primitives import Picture, Rectangle
from sbvae_cli.viz.theme import FAINT, MARK
from sbvae_cli.viz.tiles import draw_tile, draw_tiles, fitted, tile_size


@pytest.mark.parametrize("shape", [(16, 16), (64, 48), (7, 90), (90, 7), (300, 200), (97, 31)])
@pytest.mark.parametrize("side", [64, 96, 130])
def test_tiles_have_the_size_of_images_enlarged_or_averaged(
    shape: tuple[int, int], side: int
) -> None:
    size = tile_size(shape, side)

    found = fitted(np.zeros((*shape, 1), np.uint8), size).shape[:2]
    zoom = size[0] / found[0]
    assert zoom == int(zoom) >= 1 and size == (zoom * found[0], zoom * found[1])
    assert max(size) <= side < max(size) + max(found)
    assert found == shape or zoom == 1


def test_images_are_averaged_by_whole_factors() -> None:
    image = np.random.default_rng(0).integers(0, 256, (4, 6, 1), dtype=np.uint8)

    small = fitted(image, tile_size(image.shape, 5))

    assert small.shape == (2, 3, 3)
    means = image.reshape(2, 2, 3, 2).mean(axis=(1, 3))
    assert np.abs(small - means[..., None]).max() <= 0.5 + 1e-9


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
