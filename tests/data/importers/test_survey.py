"""What a few images tell of a collection, and what images are like."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sbvae_cli.data.importers.levels import MASK
from sbvae_cli.data.importers.open_images import open_images
from sbvae_cli.data.importers.survey import (
    count_appearances,
    evenly_spaced,
    find_levels,
    typical_image,
)
from sbvae_cli.data.importers.tally import Counted, Tally
from sbvae_cli.errors import SbvaeError

Save = Callable[[list[np.ndarray]], Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def save(images: list[np.ndarray]) -> Path:
        for i, image in enumerate(images):
            Image.fromarray(image).save(tmp_path / f"{i:04}.png")
        return tmp_path

    return save


def full(value: int, dtype: type = np.uint8) -> np.ndarray:
    return np.full((3, 4), value, dtype)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0] * 50 + [1], MASK),
        ([1, 0, 1], MASK),
        ([0] * 40, None),  # nothing to be scaled
        ([0] * 37 + [2] + [1] * 3, None),
        ([200], None),
    ],
)
@pytest.mark.parametrize("workers", [1, 3])
def test_masks_are_those_of_which_no_value_is_larger(
    values: list[int], expected: object, workers: int, save: Save
) -> None:
    with open_images(save([full(value) for value in values])) as images:
        assert find_levels(images, workers) == expected


def test_a_mask_may_be_in_colours_or_a_palette(save: Save, tmp_path: Path) -> None:
    red = Image.new("P", (4, 3), 1)
    red.putpalette([0, 0, 0, 255, 0, 0])  # its numbers are 0 and 1, its colours are not
    red.save(tmp_path / "red.png")
    with open_images(tmp_path) as images:
        assert find_levels(images) is None
    with open_images(save([full(1)])) as images:
        assert find_levels(images) is None
    (tmp_path / "red.png").unlink()
    with open_images(tmp_path) as images:
        assert find_levels(images) == MASK


def test_the_range_of_deep_images_is_that_of_all(save: Save) -> None:
    values = np.random.default_rng(0).integers(200, 30_000, 60)
    path = save([full(value, np.uint16) for value in values])
    with (
        open_images(path) as images,
        pytest.raises(SbvaeError, match=f"16-bit grey, with values {min(values)}..{max(values)};"),
    ):
        find_levels(images)


def test_the_range_of_many_images_says_how_many_were_looked_at(
    save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sbvae_cli.data.importers.survey._MANY", 20)
    path = save([full(100 + i, np.uint16) for i in range(60)])
    with (
        open_images(path) as images,
        pytest.raises(SbvaeError, match=r"values 100\.\.157 in 20 of 60 that were looked at;"),
    ):
        find_levels(images)


def test_a_few_deep_images_among_others_refuse_nothing(save: Save) -> None:
    deep = [full(300, np.uint16)] * 8
    with open_images(save([*deep, *[full(200)] * 12])) as images:
        assert find_levels(images) is None


def test_few_numbers_are_evenly_spread() -> None:
    assert evenly_spaced(5, 16) == [0, 1, 2, 3, 4]
    assert evenly_spaced(100, 4) == [0, 25, 50, 75]
    assert evenly_spaced(0, 4) == []


def test_most_images_are_like_the_usual_one(save: Save) -> None:
    """Where seven of ten are alike, up to some noise."""
    rng = np.random.default_rng(0)
    picture = rng.integers(50, 200, (6, 8, 3))
    images = [picture + rng.integers(4, size=picture.shape) for _ in range(7)]
    images = [*images[:3], *rng.integers(256, size=(3, 6, 8, 3)), *images[3:]]
    stacked = np.array(images, np.uint8)
    with open_images(save(list(stacked))) as collection:
        usual = typical_image(collection, lambda i: stacked[i])
    tally = Tally()
    count_appearances(stacked, usual, tally)
    assert tally[Counted.ALIKE] == 7
    assert tally[Counted.CONSTANT] == 0


def test_two_images_have_no_usual_one(save: Save) -> None:
    with open_images(save([full(3), full(4)])) as collection:
        assert typical_image(collection, lambda i: full(i)) is None


def test_what_is_hardly_seen_is_nearly_constant() -> None:
    images = np.zeros((4, 6, 8, 3), np.uint8)
    images[1, 2, 2] = 7
    images[2, 2, 2] = 8
    images[3] = 90
    tally = Tally()
    count_appearances(images, None, tally)
    assert tally[Counted.CONSTANT] == 3
    assert tally[Counted.DARKEST, 0] == tally[Counted.BRIGHTEST, 90] == 1
