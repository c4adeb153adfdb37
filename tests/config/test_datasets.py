"""Spaces of sprites, rooms and chairs against the levels of the public datasets."""

import math

import numpy as np
import pytest

from sbvae_cli.config.datasets import chairs_space, check_space, dataset_space, discrete, evenly
from sbvae_cli.config.names import Renderer
from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.config.spaces import circles_space, customise
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.renderers.chair_parts import FACTORS
from sbvae_cli.data.source import source_from_space
from sbvae_cli.errors import SbvaeError

RENDERERS: tuple[Renderer, ...] = ("circles", "sprites", "room", "chairs")
# dSprites' README: 737,280 images, the last factor fastest.
DSPRITES = {
    "shape": [1, 2, 3],
    "scale": [0.5, 0.6, 0.7, 0.8, 0.9, 1.0],
    "orientation": [2 * math.pi * i / 39 for i in range(40)],
    "x": [i / 31 for i in range(32)],
    "y": [i / 31 for i in range(32)],
}
# 3D Shapes' README: 480,000 images.
TENTHS = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
SHAPES_3D = {
    "floor_hue": TENTHS,
    "wall_hue": TENTHS,
    "object_hue": TENTHS,
    "scale": [0.75 + i / 14 for i in range(8)],
    "shape": [0, 1, 2, 3],
    "orientation": [60 * i / 14 - 30 for i in range(15)],
}


def factor_of(space: SpaceConfig, name: str) -> FactorConfig:
    return space.factors[space.names.index(name)]


def levels_of(space: SpaceConfig) -> dict[str, tuple[float, ...]]:
    return {factor.name: factor.levels for factor in space.factors if factor.levels}


@pytest.mark.parametrize(
    ("renderer", "expected", "count"),
    [("sprites", DSPRITES, 737_280), ("room", SHAPES_3D, 480_000)],
)
def test_levels_are_those_of_the_public_dataset(
    renderer: Renderer, expected: dict[str, list[float]], count: int
) -> None:
    levels = levels_of(dataset_space(renderer))
    assert list(levels) == list(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(levels[name], values, atol=1e-11)
    assert math.prod(map(len, levels.values())) == count


def test_only_the_colours_of_sprites_are_ranges_and_those_of_the_paper() -> None:
    space = dataset_space("sprites")
    ranges = {f.name: f.bounds for f in space.factors if f.levels is None}
    assert ranges == {"hue": (0, 1), "saturation": (0.3, 0.7), "value": (0.3, 0.7)}
    assert space.names[5:] == tuple(ranges)
    assert all(factor.levels for factor in dataset_space("room").factors)


def test_chairs_are_seen_from_62_sides() -> None:
    space = chairs_space()
    views = levels_of(space)
    assert views["elevation"] == (20, 30)
    assert len(views["azimuth"]) * len(views["elevation"]) == 62
    np.testing.assert_allclose(views["azimuth"], np.arange(31) * 360 / 31, atol=1e-9)


def test_chairs_have_the_factors_that_their_renderer_builds() -> None:
    space = chairs_space()
    assert space.names == tuple(FACTORS)
    for factor in space.factors:
        kind, values = FACTORS[factor.name]
        found = factor.bounds if kind == "range" else factor.levels
        assert (factor.levels is None) == (kind == "range")
        assert found == pytest.approx(values, abs=1e-9), factor.name


@pytest.mark.parametrize("renderer", RENDERERS)
def test_a_space_passes_its_own_check_and_survives_json(renderer: Renderer) -> None:
    space = dataset_space(renderer)
    check_space(space)
    assert space.renderer == renderer
    assert SpaceConfig.model_validate_json(space.model_dump_json()) == space


@pytest.mark.parametrize("renderer", RENDERERS)
def test_the_renderer_draws_the_ends_and_a_random_row_of_its_space(renderer: Renderer) -> None:
    source = source_from_space(dataset_space(renderer), renderer, 16, 24)
    ends = np.array([factor.bounds for factor in source.space.config.factors], np.float32).T
    drawn = source.render(np.concatenate([ends, source.sample(np.random.default_rng(0), 1)[1]]))
    assert drawn.shape == (3, 16, 24, source.channels)
    assert source.channels == (1 if renderer == "chairs" else 3)
    for image in drawn:
        assert np.ptp(image) > 20


@pytest.mark.parametrize(
    ("renderer", "name", "circular"),
    [
        ("sprites", "orientation", True),
        ("sprites", "hue", True),
        ("chairs", "azimuth", True),
        ("room", "orientation", False),
        ("sprites", "x", False),
        ("chairs", "elevation", False),
    ],
)
def test_what_goes_all_around_is_circular(renderer: Renderer, name: str, circular: bool) -> None:
    assert factor_of(dataset_space(renderer), name).circular is circular


@pytest.mark.parametrize(
    ("renderer", "name", "half"),
    [("sprites", "orientation", (0, 3.2)), ("chairs", "azimuth", (0, 180))],
)
def test_half_a_turn_is_not_circular(
    renderer: Renderer, name: str, half: tuple[float, float]
) -> None:
    space = customise(dataset_space(renderer), ranges={name: half})
    factor = factor_of(space, name)
    assert len(factor.levels) in (16, 20)
    assert not factor.circular


def test_the_orientation_of_sprites_may_leave_its_last_level_out() -> None:
    """Its ends look the same, so that 39 levels go around as 40 do."""
    space = customise(dataset_space("sprites"), ranges={"orientation": (0, 6.2)})
    assert len(factor_of(space, "orientation").levels) == 39
    assert factor_of(space, "orientation").circular


def test_units_are_written_down() -> None:
    units = {
        renderer: {f.name: f.unit for f in dataset_space(renderer).factors}
        for renderer in ("sprites", "room", "chairs")
    }
    assert units["sprites"]["orientation"] == "radian"
    assert units["room"]["orientation"] == units["chairs"]["azimuth"] == "degree"
    assert units["chairs"]["elevation"] == "degree"
    assert units["sprites"]["hue"] == units["room"]["wall_hue"] == "turn"
    assert units["chairs"]["seat_width"] == "frame side"


@pytest.mark.parametrize(
    ("renderer", "ranges", "message"),
    [
        ("sprites", {"saturation": (0.3, 1.1)}, "saturation = 0.3..1.1 is outside of 0..1"),
        ("sprites", {"value": (-0.1, 0.5)}, "value = -0.1..0.5 is outside of 0..1"),
        ("chairs", {"seat_width": (0.3, 0.5)}, "seat_width = 0.3..0.5 is outside of 0.36..0.5"),
        ("chairs", {"leg_height": (0.3, 0.3)}, "leg_height = 0.3 is outside of 0.18..0.28"),
    ],
)
def test_ranges_that_cannot_be_drawn_are_refused(
    renderer: Renderer, ranges: dict, message: str
) -> None:
    space = customise(dataset_space(renderer), ranges=ranges)
    with pytest.raises(SbvaeError) as caught:
        check_space(space)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("renderer", "name", "change", "message"),
    [
        ("sprites", "shape", {"levels": (1, 4)}, "shape = 1..4: shape is one of 1, 2, 3"),
        ("sprites", "shape", {"levels": (2.5,)}, "shape = 2.5: shape is one of 1, 2, 3"),
        ("sprites", "scale", {"levels": (0.05, 1)}, "scale = 0.05..1 is outside of 0.1..1"),
        ("sprites", "x", {"low": -0.1, "high": 0.5}, "x = -0.1..0.5 is outside of 0..1"),
        ("sprites", "shape", {"low": 1, "high": 2}, "shape = 1..2: shape is one of 1, 2, 3"),
        ("room", "shape", {"levels": (0, 4)}, "shape = 0..4: shape is one of 0, 1, 2, 3"),
        ("room", "scale", {"low": 0.75, "high": 1.26}, "scale = 0.75..1.26 is outside of 0.5..1.2"),
        ("room", "orientation", {"levels": (0, 31)}, "orientation = 0..31 is outside of -30..30"),
        ("chairs", "arms", {"low": 0, "high": 1}, "arms = 0..1: arms is one of 0, 1"),
        ("chairs", "arms", {"levels": (0.5,)}, "arms = 0.5: arms is one of 0, 1"),
        ("chairs", "elevation", {"levels": (10, 20)}, "elevation = 10..20 is outside of 20..30"),
    ],
)
def test_levels_that_cannot_be_drawn_are_refused(
    renderer: Renderer, name: str, change: dict, message: str
) -> None:
    with pytest.raises(SbvaeError) as caught:
        check_space(replaced(dataset_space(renderer), name, change))
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("renderer", "name", "change"),
    [
        ("sprites", "shape", {"low": 2, "high": 2}),
        ("sprites", "scale", {"low": 0.1, "high": 1}),
        ("sprites", "orientation", {"low": -7, "high": 70}),
        ("sprites", "hue", {"low": -3, "high": 2}),
        ("room", "floor_hue", {"low": -3, "high": 2}),
        ("room", "scale", {"low": 0.5, "high": 1.25}),
        ("room", "orientation", {"low": -30, "high": 30}),
        ("chairs", "azimuth", {"low": -400, "high": 400}),
        ("chairs", "elevation", {"low": 20, "high": 30}),
        ("chairs", "back_style", {"levels": (2, 0)}),
    ],
)
def test_what_can_be_drawn_at_the_limits_is_drawn(
    renderer: Renderer, name: str, change: dict
) -> None:
    space = replaced(dataset_space(renderer), name, change)
    check_space(space)
    source = source_from_space(space, renderer, 32, 32)
    low, high = factor_of(space, name).bounds
    rows = source.sample(np.random.default_rng(0), 2)[1]
    rows[:, space.names.index(name)] = low, high
    assert source.render(rows).any((1, 2, 3)).all()


def replaced(space: SpaceConfig, name: str, change: dict) -> SpaceConfig:
    kind = "discrete" if "levels" in change else "continuous"
    factor = FactorConfig(name=name, kind=kind, **change)
    factors = tuple(factor if f.name == name else f for f in space.factors)
    return space.model_copy(update={"factors": factors})


@pytest.mark.parametrize("renderer", RENDERERS)
def test_a_factor_that_is_missing_is_named(renderer: Renderer) -> None:
    space = dataset_space(renderer)
    for name in space.names:
        if name in ("red", "hue"):  # without a hue the colours are red, green and blue
            continue
        rest = tuple(factor for factor in space.factors if factor.name != name)
        with pytest.raises(SbvaeError, match=rf"^{renderer}:? need a factor {name}; there are "):
            check_space(space.model_copy(update={"factors": rest}))


def test_sprites_may_have_red_green_and_blue() -> None:
    space = dataset_space("sprites")
    channels = tuple(FactorConfig(name=name, low=0, high=1) for name in ("red", "green", "blue"))
    check_space(space.model_copy(update={"factors": space.factors[:5] + channels}))
    with pytest.raises(SbvaeError, match=r"^sprites: need a factor red; there are shape, scale"):
        check_space(space.model_copy(update={"factors": space.factors[:5]}))


def test_a_space_without_a_renderer_passes() -> None:
    check_space(SpaceConfig(factors=(FactorConfig(name="anything", low=-9, high=9),)))


def test_circles_are_those_of_x_and_y() -> None:
    assert dataset_space("circles") == circles_space("xy")


def test_levels_are_even_and_have_both_ends() -> None:
    assert evenly(0.5, 1.0, 6) == (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
    assert evenly(-30, 30, 3) == (-30, 0, 30)


def test_a_period_follows_from_the_name_or_the_unit() -> None:
    assert discrete("azimuth", (0, 180)).period == 360
    assert discrete("orientation", (0, 1), "radian").period == 2 * math.pi
    assert discrete("orientation", (-30, 30)).period is None


@pytest.mark.parametrize("renderer", ["sprites", "room", "chairs"])
def test_grids_of_levels_are_shown_whole(renderer: Renderer) -> None:
    space = FactorSpace(dataset_space(renderer))
    first, second = [name for name, levels in levels_of(space.config).items()][:2]
    grid = space.grid((first, second), 2)
    levels = levels_of(space.config)
    assert grid.shape == (len(levels[first]), len(levels[second]))


def test_levels_have_the_names_of_the_public_datasets() -> None:
    found = {
        renderer: {f.name: f.level_names for f in dataset_space(renderer).factors if f.level_names}
        for renderer in RENDERERS
    }
    assert found == {  # in the order of both READMEs
        "circles": {},
        "sprites": {"shape": ("square", "ellipse", "heart")},
        "room": {"shape": ("cube", "cylinder", "sphere", "pill")},
        "chairs": {
            "back_style": ("solid", "slats", "ladder"),
            "leg_style": ("legs", "pedestal", "panels"),
            "arms": ("no", "yes"),
        },
    }


def covered(**words: str) -> int:
    """Pixels of a chair, seen from all sides, other factors at their lowest."""
    space = dataset_space("chairs")
    row = [f.level_of(words[f.name]) if f.name in words else f.bounds[0] for f in space.factors]
    rows = np.tile(np.array(row, np.float32), (31, 1))
    rows[:, space.names.index("azimuth")] = factor_of(space, "azimuth").levels
    return int((source_from_space(space, "chairs", 64, 64).render(rows) < 255).sum())


def test_names_of_shapes_are_what_is_drawn() -> None:
    still = {"orientation": 0.0, "scale": 1.0}
    space = dataset_space("sprites")
    names = space.factors[0].level_names or ()
    rows = [
        [still.get(f.name, level if f.name == "shape" else f.bounds[1]) for f in space.factors]
        for level in space.factors[0].levels or ()
    ]
    images = source_from_space(space, "sprites", 64, 64).render(np.array(rows, np.float32))
    boxes = {}
    for name, image in zip(names, images.any(-1), strict=True):
        tall, wide = (np.ptp(np.flatnonzero(image.any(axis))) + 1 for axis in (1, 0))
        boxes[name] = (tall / wide, image.sum() / (tall * wide))
    assert boxes["square"] == (1, 1)
    assert boxes["ellipse"][0] < 0.8
    assert boxes["ellipse"][1] == pytest.approx(math.pi / 4, abs=0.05)
    assert 0.5 < boxes["heart"][1] < 0.75


def test_names_of_parts_of_chairs_are_what_is_drawn() -> None:
    assert covered(arms="yes") > covered(arms="no")
    solid, *open_backs = (covered(back_style=word) for word in ("solid", "slats", "ladder"))
    assert solid > max(open_backs)
    panels, *others = (covered(leg_style=word) for word in ("panels", "legs", "pedestal"))
    assert panels > max(others)
