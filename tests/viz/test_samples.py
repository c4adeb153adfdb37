"""The sheet of samples: images in reading order, notes beneath."""

from itertools import pairwise

import numpy as np
import pytest

from sbvae_cli.viz.samples import NOTE_SIZE, arrange, draw_noted_images
from sbvae_cli.viz.text import text_width


def flat(count: int, height: int, width: int, channels: int = 1) -> np.ndarray:
    """Image i is of grey level i + 1."""
    levels = np.arange(1, count + 1, dtype=np.uint8)
    return np.tile(levels[:, None, None, None], (1, height, width, channels))


def test_images_stand_in_reading_order_enlarged_by_a_whole_factor() -> None:
    pixels = np.asarray(draw_noted_images(flat(19, 24, 16, 3), [["1"]] * 19, ["x"]).raster())

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
    notes = [[""], ["0.25", "ellipse"], [""]]

    pixels = np.asarray(draw_noted_images(flat(3, 32, 32), notes, ["hue", "shape"]).raster())

    left = [np.nonzero((pixels == level).all(axis=-1))[1].min() for level in (1, 2, 3)]
    bottom = np.nonzero((pixels == 1).all(axis=-1))[0].max() + 2
    inked = np.flatnonzero((pixels[bottom:] < 200).any(axis=(0, 2)))
    assert left[1] <= inked.min() and inked.max() < left[2]
    assert inked.max() - inked.min() == pytest.approx(text_width("0.25, ellipse", NOTE_SIZE), abs=4)


def test_notes_break_at_the_same_places_in_as_few_lines_as_fit() -> None:
    rng = np.random.default_rng(0)
    notes = [
        ["heart" if rng.random() < 0.5 else "ellipse", *(f"{v:.2f}" for v in rng.random(7))]
        for _ in range(20)
    ]

    lines = arrange([*notes, ["blank"]], 8, 120)

    assert [i for line in lines for i in range(8)[line]] == list(range(8))
    widths = [[text_width(", ".join(texts[line]), NOTE_SIZE) for texts in notes] for line in lines]
    assert max(map(max, widths)) <= 120
    for line, following in pairwise(lines):  # one text more would not fit
        longer = slice(line.start, following.start + 1)
        assert max(text_width(", ".join(texts[longer]), NOTE_SIZE) for texts in notes) > 120
    assert 2 <= len(lines) <= 4


def test_a_text_wider_than_its_image_has_a_line_of_its_own_and_is_shortened() -> None:
    names = ["x", "a", "y"]
    assert arrange([["0.1", "far too long a name " * 9, "0.2"]], 3, 120) == [
        *(slice(0, 1), slice(1, 2), slice(2, 3))
    ]
    picture = draw_noted_images(
        flat(3, 32, 32), [["1", "word " * 99, "2"], ["blank"], ["blank"]], names
    ).raster()
    pixels = np.asarray(picture)
    left = [np.nonzero((pixels == level).all(axis=-1))[1].min() for level in (1, 2)]
    bottom = np.nonzero((pixels == 1).all(axis=-1))[0].max() + 26  # beneath the line of `blank`
    assert np.flatnonzero((pixels[bottom:] < 200).any(axis=(0, 2))).max() < left[1]


def test_the_names_stand_once_above_the_images() -> None:
    def top(names: list[str]) -> int:
        pixels = np.asarray(
            draw_noted_images(flat(3, 32, 32), [["0.5"] * len(names)] * 3, names).raster()
        )
        return int(np.nonzero((pixels == 1).all(axis=-1))[0].min())

    assert top(["x"]) == top(["x", "hue"])
    assert top(["x"]) < top(["a name of many words"] * 6) < top(["a name of many words"] * 18)


@pytest.mark.parametrize("size", [(1, 1), (8, 300), (700, 500)])
def test_any_size_and_a_single_image_fit(size: tuple[int, int]) -> None:
    picture = draw_noted_images(flat(1, *size), [["0.5"]], ["x " * 99], "a caption " * 30).raster()

    pixels = np.asarray(picture)

    assert max(picture.size) < 540
    for edge in (pixels[:8], pixels[-8:], pixels[:, :8], pixels[:, -8:]):
        assert (edge == 255).all()


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="must have shape"):
        draw_noted_images(np.zeros((2, 4, 4, 2), np.uint8), [[], []]).raster()
    with pytest.raises(ValueError, match="1 notes do not fit 2 images"):
        draw_noted_images(flat(2, 4, 4), [[]]).raster()
    with pytest.raises(ValueError, match="needs 3 texts or 1"):
        draw_noted_images(flat(1, 4, 4), [["1", "2"]], ["x", "y", "z"]).raster()
