"""The sheet of samples: images in reading order, notes beneath."""

import numpy as np
import pytest

from sbvae_cli.viz.canvas import text_width
from sbvae_cli.viz.image_grid import fit_tiles
from sbvae_cli.viz.samples import NOTE_SIZE, draw_samples, wrap


def flat(count: int, height: int, width: int, channels: int = 1) -> np.ndarray:
    """Image i is of grey level i + 1."""
    levels = np.arange(1, count + 1, dtype=np.uint8)
    return np.tile(levels[:, None, None, None], (1, height, width, channels))


def test_images_stand_in_reading_order_enlarged_by_a_whole_factor() -> None:
    pixels = np.asarray(draw_samples(flat(19, 24, 16, 3), [["x 1"]] * 19))

    places = []
    for level in range(1, 20):
        rows, columns = np.nonzero((pixels == level).all(axis=-1))
        assert len(rows) == 24 * 16 * 25
        assert np.ptp(rows) == 24 * 5 - 1 and np.ptp(columns) == 16 * 5 - 1
        places.append((rows.min(), columns.min()))
    assert places == sorted(places)
    assert len({top for top, _ in places}) == 3
    assert len({left for _, left in places}) == 8


def test_notes_stand_beneath_their_image_only() -> None:
    notes = [[], ["hue 0.25", "x 0.5"], []]

    pixels = np.asarray(draw_samples(flat(3, 32, 32), notes))

    left = [np.nonzero((pixels == level).all(axis=-1))[1].min() for level in (1, 2, 3)]
    bottom = np.nonzero((pixels == 1).all(axis=-1))[0].max() + 2
    inked = np.flatnonzero((pixels[bottom:] < 200).any(axis=(0, 2)))
    assert left[1] <= inked.min() and inked.max() < left[2]
    assert inked.max() - inked.min() == pytest.approx(
        text_width("hue 0.25  x 0.5", NOTE_SIZE), abs=4
    )


def test_notes_are_broken_between_texts_and_stay_within_the_width() -> None:
    texts = ["x 0.12", "y 0.34", "hue 0.56", "a name that is far too long 0.25"]

    lines = wrap(texts, 120)

    assert lines[:2] == ["x 0.12  y 0.34", "hue 0.56"]
    assert lines[2].startswith("a name that") and lines[2].endswith("...")
    assert max(text_width(line, NOTE_SIZE) for line in lines) <= 120
    assert wrap([], 120) == []


@pytest.mark.parametrize("size", [(1, 1), (8, 300), (700, 500)])
def test_any_size_and_a_single_image_fit(size: tuple[int, int]) -> None:
    picture = draw_samples(flat(1, *size), [["x 0.5"]], "a caption " * 30)

    pixels = np.asarray(picture)

    assert max(picture.size) < 420
    for edge in (pixels[:8], pixels[-8:], pixels[:, :8], pixels[:, -8:]):
        assert (edge == 255).all()


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="must have shape"):
        draw_samples(np.zeros((2, 4, 4, 2), np.uint8), [[], []])
    with pytest.raises(ValueError, match="1 notes do not fit 2 images"):
        draw_samples(flat(2, 4, 4), [[]])


def test_tiles_are_repeated_or_averaged_by_whole_factors() -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 4, 6, 1), dtype=np.uint8)

    large, small = fit_tiles(images, 20), fit_tiles(images, 5)

    assert large.shape == (2, 3, 12, 18, 3) and small.shape == (2, 3, 2, 3, 3)
    np.testing.assert_array_equal(large[..., 1::3, 1::3, 2], images[..., 0])
    means = images.reshape(2, 3, 2, 2, 3, 2).mean(axis=(3, 5))
    assert np.abs(small[..., 0] - means).max() <= 0.5 + 1e-9
