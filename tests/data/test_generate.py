"""What goes into a file: which rows, in which order, how they are stored, and that they are."""

import shutil
from collections.abc import Callable
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest

from sbvae_cli.cli.parse import parse_correlation
from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.edit_space import customise
from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.file import GZIP_LEVEL
from sbvae_cli.data.generate import MASK_LEVEL, DatasetPlan, plan_dataset
from sbvae_cli.data.renderers.chairs import render_chairs
from sbvae_cli.data.renderers.circles import render_circles
from sbvae_cli.data.renderers.room import render_room
from sbvae_cli.data.renderers.sprites import render_masks
from sbvae_cli.errors import SbvaeError

Write = Callable[..., Path]
SMALL = {
    "sprites": {"scale": (0.9, 1), "orientation": (0, 0.5), "x": (0, 0.1), "y": (0.5, 0.6)},
    "room": {
        "floor_hue": (0, 0.2),
        "wall_hue": (0, 0.1),
        "object_hue": (0.5, 0.5),
        "scale": (0.75, 1.0),
        "orientation": (-10, 10),
    },
}


def small(renderer: str, **changes: object) -> SpaceConfig:
    """A few hundred combinations."""
    return customise(named_space(renderer), ranges=SMALL[renderer], **changes)


def plan(space: SpaceConfig, count: int | None = None) -> DatasetPlan:
    return plan_dataset(space, "mine", count, 16, 24)


def product_of(space: SpaceConfig) -> np.ndarray:
    """All rows of a space's levels in order, by itertools."""
    levels = (factor.levels for factor in space.factors if factor.levels)
    return np.array(list(product(*levels)), np.float32)


@pytest.mark.parametrize("renderer", ["sprites", "room"])
def test_every_combination_comes_once_in_order(renderer: str) -> None:
    space = small(renderer)
    made = plan(space)
    expected = product_of(space)
    assert 100 < made.count == len(expected) < 1000
    np.testing.assert_array_equal(made.rows(0, made.count), expected)
    np.testing.assert_array_equal(made.rows(17, 40), expected[17:40])
    assert made.space.config.complete_grid
    assert (made.height, made.width) == (16, 24)


@pytest.mark.parametrize(("renderer", "count"), [("sprites", 737_280), ("room", 480_000)])
def test_the_whole_dataset_is_as_large_as_the_public_one(renderer: str, count: int) -> None:
    made = plan(named_space(renderer))
    assert made.count == count
    ends = [factor.bounds for factor in made.space.config.factors if factor.levels]
    first, last = np.array(ends, np.float32).T
    np.testing.assert_array_equal(made.rows(0, 1)[0], first)
    np.testing.assert_array_equal(made.rows(count - 1, count)[0], last)


@pytest.mark.parametrize(
    ("renderer", "holes"),
    [
        ("sprites", [{"x": (0, 0.04)}]),
        ("sprites", [{"shape": (2, 3), "scale": (0.95, 1)}, {"x": (0, 0.01), "shape": (1, 2)}]),
        ("room", [{"shape": (0.5, 2), "scale": (0.9, 1.1)}]),
        ("room", [{"floor_hue": (0.05, 0.3), "wall_hue": (-1, 0.05)}, {"shape": (2.5, 4)}]),
    ],
)
def test_what_is_held_out_is_left_out_and_the_rest_stays_in_order(
    renderer: str, holes: list
) -> None:
    space = small(renderer, holes=holes)
    made = plan(space)
    whole = product_of(space)
    share = FactorSpace(space).held_out_share
    assert 0.05 < share < 0.95
    assert made.count == round((1 - share) * len(whole))
    assert made.count == pytest.approx((1 - share) * len(whole), abs=1e-6)

    names = [factor.name for factor in space.factors if factor.levels]
    inside = np.zeros(len(whole), bool)
    for hole in holes:
        columns = [whole[:, names.index(name)] for name in hole]
        ends = zip(columns, hole.values(), strict=True)
        inside |= np.all([(c >= low) & (c <= high) for c, (low, high) in ends], axis=0)
    np.testing.assert_array_equal(made.rows(0, made.count), whole[~inside])
    np.testing.assert_array_equal(made.rows(5, 9), whole[~inside][5:9])


@pytest.mark.parametrize("renderer", ["sprites", "room"])
def test_a_grid_with_a_hole_or_of_random_rows_is_not_complete(renderer: str) -> None:
    hole = [{"shape": (0.5, 1.5)}]
    assert not plan(small(renderer, holes=hole)).space.config.complete_grid
    assert not plan(small(renderer), count=10).space.config.complete_grid
    assert plan(small(renderer)).space.config.complete_grid


def test_a_hole_in_colours_leaves_every_mask_in() -> None:
    made = plan(small("sprites", holes=[{"hue": (0.2, 0.6)}]))
    assert made.count == len(product_of(made.space.config))
    assert made.space.config.complete_grid
    assert made.space.config.held_out == ({"hue": (0.2, 0.6)},)


def test_a_large_grid_with_a_hole_is_counted_in_parts() -> None:
    space = customise(named_space("room"), holes=[{"floor_hue": (0, 0.45), "shape": (0, 1)}])
    made = plan(space)
    assert made.count == 480_000 * 3 // 4
    rows = made.rows(0, made.count)
    assert not FactorSpace(space).held_out_mask(rows).any()
    place = np.lexsort(rows.T[::-1])
    np.testing.assert_array_equal(place, np.arange(made.count))


def test_sprites_are_stored_as_masks_without_their_colours() -> None:
    made = plan(small("sprites"))
    assert made.space.config.online == ("hue", "saturation", "value")
    assert made.space.config.stored == ("shape", "scale", "orientation", "x", "y")
    rows = made.rows(0, 50)
    images = made.render(rows)
    assert rows.shape == (50, 5)
    assert images.shape == (50, 16, 24, 1)
    np.testing.assert_array_equal(images, render_masks(rows, made.space.config.stored, 16, 24))
    assert np.unique(images).tolist() == [0, 255]
    assert made.gzip_level == MASK_LEVEL


def test_red_green_and_blue_of_sprites_are_not_stored_either() -> None:
    tree = small("sprites").model_dump()
    channels = [{"name": name, "low": 0, "high": 1} for name in ("red", "green", "blue")]
    tree["factors"] = [*tree["factors"][:5], *channels]
    made = plan(SpaceConfig.model_validate(tree))
    assert made.space.config.online == ("red", "green", "blue")
    assert made.rows(0, 3).shape == (3, 5)


def test_a_room_is_stored_in_colour() -> None:
    made = plan(small("room"))
    rows = made.rows(0, 4)
    assert made.space.config.online == ()
    np.testing.assert_array_equal(
        made.render(rows), render_room(rows, made.space.config.stored, 16, 24)
    )
    assert made.gzip_level == GZIP_LEVEL


@pytest.mark.parametrize("renderer", ["circles", "sprites", "room", "chairs"])
def test_a_count_gives_random_rows(renderer: str) -> None:
    made = plan(named_space(renderer), count=123)
    assert made.count == 123
    assert made.rows is None


@pytest.mark.parametrize("blank", [0.0, 0.5])
def test_chairs_are_grey_and_white_where_there_is_none(blank: float) -> None:
    made = plan(customise(named_space("chairs"), blank=blank), count=20)
    rows = made.space.sample(np.random.default_rng(0), 20)
    images = made.render(rows)
    assert images.shape == (20, 16, 24, 1)
    np.testing.assert_array_equal(images, render_chairs(rows, made.space.names, 16, 24))
    white = (images == 255).all((1, 2, 3))
    np.testing.assert_array_equal(white, np.isnan(rows[:, 0]))


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (
            named_space("circles:xyh-small"),
            "mine: with continuous x, y, ",
        ),
        (
            named_space("chairs"),
            "mine: with continuous seat_width, seat_depth, leg_height, back_height the number "
            "of images is not fixed; give `count`",
        ),
        (
            small("sprites", blank=0.5),
            "mine: with blank images the number of images is not fixed; give `count`",
        ),
        (
            small("room", correlations=[parse_correlation("shape,scale=0.3")]),
            "mine: with correlated factors the number of images is not fixed; give `count`",
        ),
        (
            small("sprites", correlations=[parse_correlation("x,y=0.3")]),
            "mine: with correlated factors the number of images is not fixed; give `count`",
        ),
    ],
)
def test_without_a_count_there_must_be_a_list(space: SpaceConfig, message: str) -> None:
    with pytest.raises(SbvaeError) as caught:
        plan(space)
    assert str(caught.value).startswith(message)
    assert "give `count`" in str(caught.value)
    made = plan(space, count=5)
    assert (made.count, made.rows) == (5, None)
    assert made.space.config.correlated == space.correlated


def test_more_combinations_than_anybody_wants_are_refused() -> None:
    tree = small("sprites").model_dump()
    for factor in tree["factors"][3:5]:  # x and y; beside them are 24 combinations
        factor["levels"] = tuple(np.linspace(0, 1, 1500).tolist())
    space = SpaceConfig.model_validate(tree)
    with pytest.raises(SbvaeError, match=r"^mine: has 54,000,000 combinations of levels; give"):
        plan(space)


@pytest.mark.parametrize("count", [None, 5])
def test_what_cannot_be_drawn_is_refused(count: int | None) -> None:
    tree = small("room").model_dump()
    tree["factors"][3]["levels"] = (2.0,)
    with pytest.raises(SbvaeError, match=r"^scale = 2 is outside of 0\.5\.\.1\.25$"):
        plan(SpaceConfig.model_validate(tree), count)
    with pytest.raises(SbvaeError, match="mine: its images are stored;"):
        plan(small("room").model_copy(update={"renderer": None}), count)


def test_a_plan_changes_nothing_of_the_space_it_is_made_from() -> None:
    space = small("sprites")
    before = space.model_dump()
    plan(space)
    assert space.model_dump() == before
    assert not space.complete_grid


# Its file


def contents(path: Path) -> tuple[np.ndarray, np.ndarray]:
    with h5py.File(path) as file:
        return file["images"][...], file["factors"][...]


def test_a_file_holds_what_was_drawn(small: Path) -> None:
    images, factors = contents(small)
    assert (images.shape, images.dtype) == ((150, 6, 10, 3), np.uint8)
    space = named_space("circles:xy-hole")
    np.testing.assert_array_equal(images, render_circles(factors, space.names, 6, 10))
    with h5py.File(small) as file:
        assert SpaceConfig.model_validate_json(file.attrs["space"]) == space
        found = [file.attrs[key] for key in ("name", "seed", "held_out_share")]
    assert found == ["xy-hole", 3, 0.25]


def test_factors_are_those_of_the_training_set(small: Path, tmp_path: Path, write: Write) -> None:
    factors = contents(small)[1]
    assert not FactorSpace(named_space("circles:xy-hole")).held_out_mask(factors).any()
    assert len(np.unique(factors[:, 0])) > 145
    blank = contents(write(tmp_path / "blank.h5", preset="xh-blank"))
    empty = np.isnan(blank[1][:, 0])
    assert 50 < empty.sum() < 100
    np.testing.assert_array_equal(blank[0].any((1, 2, 3)), ~empty)


def test_the_same_seed_gives_the_same_contents(small: Path, tmp_path: Path, write: Write) -> None:
    again = contents(write(tmp_path / "again.h5"))
    other = contents(write(tmp_path / "other.h5", seed=4))
    for first, second, third in zip(contents(small), again, other, strict=True):
        np.testing.assert_array_equal(first, second)
        assert (first != third).any()


def test_a_larger_set_begins_with_the_smaller_one(
    small: Path, tmp_path: Path, write: Write
) -> None:
    more = contents(write(tmp_path / "more.h5", count=5000))
    few = contents(write(tmp_path / "few.h5", count=10))
    for first, larger, smaller in zip(contents(small), more, few, strict=True):
        np.testing.assert_array_equal(first, larger[:150])
        np.testing.assert_array_equal(first[:10], smaller)


def test_factors_do_not_depend_on_the_size_of_images_or_chunks(
    small: Path, tmp_path: Path, write: Write
) -> None:
    space = named_space("circles:xy-hole")
    large = write(
        tmp_path / "large.h5",
        count=40,
        height=300,
        width=200,
        render=lambda factors: render_circles(factors, space.names, 300, 200),
    )
    with h5py.File(large) as file:
        assert file["images"].chunks[0] == 4
    np.testing.assert_array_equal(contents(large)[1], contents(small)[1][:40])


@pytest.mark.parametrize("changes", [{"count": 0}, {"height": 0}, {"width": -1}])
def test_nothing_to_write_is_refused(tmp_path: Path, write: Write, changes: dict) -> None:
    with pytest.raises(SbvaeError, match="would be an empty dataset"):
        write(tmp_path / "a.h5", **changes)


def test_what_the_disk_cannot_hold_is_refused_before_it_is_written(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = write(tmp_path / "whole.h5", count=20_000).stat().st_size
    assert size < 0.5 * 20_000 * 6 * 10 * 3  # so that the pixels' bytes would not do as a measure

    def with_free(share: float) -> Path:
        usage = SimpleNamespace(free=int(share * size))
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
        return write(tmp_path / f"{share}.h5", count=20_000)

    assert with_free(0.9).exists()
    free = f"{int(0.3 * size) / 1e6:,.1f} MB are free"
    with pytest.raises(SbvaeError, match=rf"20,000 images need about [\d.]*[1-9][\d.]* MB, {free}"):
        with_free(0.3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.9.h5", "whole.h5"]


def test_an_existing_file_is_kept_without_force(tmp_path: Path, write: Write) -> None:
    path = tmp_path / "a.h5"
    path.write_text("precious")
    drawn = []
    with pytest.raises(SbvaeError, match=r"a\.h5: exists; .*`force`"):
        write(path, render=drawn.append)
    assert (path.read_text(), drawn) == ("precious", [])
    assert len(contents(write(path, force=True))[0]) == 150


def test_a_number_of_images_beyond_any_disk_is_one_error(tmp_path: Path, write: Write) -> None:
    for count in (10**15, 10**30):
        with pytest.raises(
            SbvaeError, match=rf"{count:,} images need about .* MB are free; choose"
        ):
            write(tmp_path / "huge.h5", count=count)
    assert not list(tmp_path.iterdir())
