"""Spaces against Table 3 and the public datasets, and what each renderer can draw."""

import math
from typing import get_args

import numpy as np
import pytest

from sbvae_cli.config.catalogue import RENDERERS, check_space, evenly, with_levels
from sbvae_cli.config.dataset_names import known_names, named_space
from sbvae_cli.config.edit_space import customise
from sbvae_cli.config.names import PROCEDURAL_DATASETS, CirclesPreset, PaperDataset, choice
from sbvae_cli.config.renderer import HSV, RGB
from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.data.factor_grid import factor_grid
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.renderers import RENDER
from sbvae_cli.data.source import source_from_space
from sbvae_cli.errors import SbvaeError


def test_every_renderer_has_a_record_and_a_function() -> None:
    assert set(RENDER) == set(RENDERERS)
    assert {record.paper for record in RENDERERS.values()} == set(get_args(PaperDataset))
    for name, record in RENDERERS.items():
        assert record.name == name
        assert {space.renderer for space in record.spaces.values()} == {name}
        assert set(record.space.names) <= set(record.limits)


def test_the_command_line_offers_the_presets_of_circles() -> None:
    assert set(RENDERERS["circles"].spaces) == set(get_args(CirclesPreset))


def test_datasets_that_need_no_file_are_listed_in_help_too() -> None:
    assert known_names() == choice(PROCEDURAL_DATASETS) == "circles:PRESET, sprites, room or chairs"


def test_an_unknown_renderer_is_refused() -> None:
    space = named_space("sprites").model_copy(update={"renderer": "sprite"})
    with pytest.raises(SbvaeError, match=r"^renderer sprite is unknown; did you mean sprites\?$"):
        check_space(space)
    with pytest.raises(SbvaeError, match="renderer sprite is unknown"):
        source_from_space(space, "sprite")


# Table 3: X, Y, size, then the three colour columns.
TABLE_3 = {
    "xy": (RGB, (0.2, 0.8), (0.2, 0.8), 0.2, 1, 1, 1),
    "xh": (HSV, (0.2, 0.8), 0.5, 0.3, (0.2, 0.8), 1, 1),
    "rg": (RGB, 0.5, 0.5, 0.5, (0.4, 0.8), (0.4, 0.8), 1),
    "xyh-small": (HSV, (0.2, 0.8), (0.2, 0.8), 0.1, (0.2, 0.8), 1, 1),
    "xyh-tiny": (HSV, (0.2, 0.8), (0.2, 0.8), 0.075, (0.2, 0.8), 1, 1),
}


# A.3: half of the range of each of the two factors, in the middle or in the corner.
HELD_OUT = {
    "xy-hole": {"x": (0.35, 0.65), "y": (0.35, 0.65)},
    "xy-corner": {"x": (0.5, 0.8), "y": (0.5, 0.8)},
    "xh-hole": {"x": (0.35, 0.65), "hue": (0.35, 0.65)},
    "xh-corner": {"x": (0.5, 0.8), "hue": (0.5, 0.8)},
    "rg-hole": {"red": (0.5, 0.7), "green": (0.5, 0.7)},
    "rg-corner": {"red": (0.6, 0.8), "green": (0.6, 0.8)},
}


@pytest.mark.parametrize("preset", get_args(CirclesPreset))
def test_a_preset_has_the_ranges_of_table_3(preset: CirclesPreset) -> None:
    colours, *ranges = TABLE_3[preset] if preset in TABLE_3 else TABLE_3[preset.split("-")[0]]

    space = named_space(f"circles:{preset}")
    factors = [factor for factor in space.factors if factor.name != "present"]

    assert tuple(f.name for f in factors) == ("x", "y", "diameter", *colours)
    assert [f.bounds for f in factors] == [r if isinstance(r, tuple) else (r, r) for r in ranges]


@pytest.mark.parametrize("preset", get_args(CirclesPreset))
def test_a_preset_holds_out_the_quarter_that_its_name_says(preset: CirclesPreset) -> None:
    expected = (HELD_OUT[preset],) if preset in HELD_OUT else ()
    assert named_space(f"circles:{preset}").held_out == expected


@pytest.mark.parametrize("preset", get_args(CirclesPreset))
def test_only_the_blank_preset_has_blank_images(preset: CirclesPreset) -> None:
    space = named_space(f"circles:{preset}")
    is_blank = preset == "xh-blank"
    assert space.blank == (0.5 if is_blank else 0)
    assert (space.names[-1] == "present") == is_blank


@pytest.mark.parametrize("preset", get_args(CirclesPreset))
def test_a_preset_survives_json_and_passes_its_own_check(preset: CirclesPreset) -> None:
    space = named_space(f"circles:{preset}")
    check_space(space)
    assert SpaceConfig.model_validate_json(space.model_dump_json()) == space


def test_units_and_the_period_of_hue_are_written_down() -> None:
    factors = {factor.name: factor for factor in named_space("circles:xh").factors}
    assert factors["x"].unit == factors["diameter"].unit == "frame width"
    assert factors["y"].unit == "frame height"
    assert (factors["hue"].unit, factors["hue"].period) == ("turn", 1.0)
    assert not factors["hue"].circular


@pytest.mark.parametrize(
    ("preset", "ranges", "message"),
    [
        ("xy", {"x": (-0.01, 0.5)}, "x = -0.01..0.5 is outside of 0..1"),
        ("xy", {"y": (0.5, 1.01)}, "y = 0.5..1.01 is outside of 0..1"),
        ("xy", {"diameter": (0.0, 0.5)}, "diameter = 0..0.5 is outside of (0, 1]"),
        ("xy", {"diameter": (1.01, 1.01)}, "diameter = 1.01 is outside of (0, 1]"),
        ("rg", {"red": (0.5, 1.01)}, "red = 0.5..1.01 is outside of 0..1"),
        ("xh", {"value": (-0.01, 1.0)}, "value = -0.01..1 is outside of 0..1"),
        ("xh", {"hue": (-0.3, 0.71)}, "hue = -0.3..0.71 spans more than one turn"),
    ],
)
def test_factors_outside_the_frame_are_refused(
    preset: CirclesPreset, ranges: dict, message: str
) -> None:
    with pytest.raises(SbvaeError) as caught:
        check_space(customise(named_space(f"circles:{preset}"), ranges=ranges))
    assert str(caught.value).startswith(message)


def test_factors_on_the_edge_of_what_is_allowed_pass() -> None:
    check_space(
        customise(
            named_space("circles:xyh-tiny"),
            ranges={"x": (0, 1), "y": (0, 1), "diameter": (0.01, 1), "hue": (-0.3, 0.7)},
        )
    )


def test_a_space_without_a_factor_that_circles_need_is_refused() -> None:
    space = named_space("circles:xy")
    with pytest.raises(SbvaeError, match="circles: need a factor blue"):
        check_space(space.model_copy(update={"factors": space.factors[:-1]}))


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
    renderer: str, expected: dict[str, list[float]], count: int
) -> None:
    levels = levels_of(named_space(renderer))
    assert list(levels) == list(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(levels[name], values, atol=1e-11)
    assert math.prod(map(len, levels.values())) == count


def test_only_the_colours_of_sprites_are_ranges_and_those_of_the_paper() -> None:
    space = named_space("sprites")
    ranges = {f.name: f.bounds for f in space.factors if f.levels is None}
    assert ranges == {"hue": (0, 1), "saturation": (0.3, 0.7), "value": (0.3, 0.7)}
    assert space.names[5:] == tuple(ranges)
    assert all(factor.levels for factor in named_space("room").factors)


def test_chairs_are_seen_from_62_sides() -> None:
    space = named_space("chairs")
    views = levels_of(space)
    assert views["elevation"] == (20, 30)
    assert len(views["azimuth"]) * len(views["elevation"]) == 62
    np.testing.assert_allclose(views["azimuth"], np.arange(31) * 360 / 31, atol=1e-9)


def test_chairs_have_the_factors_that_their_renderer_builds() -> None:
    space = named_space("chairs")
    assert space.names == tuple(RENDERERS["chairs"].limits)


@pytest.mark.parametrize("renderer", list(RENDERERS))
def test_a_space_passes_its_own_check_and_survives_json(renderer: str) -> None:
    space = named_space(renderer)
    check_space(space)
    assert space.renderer == renderer
    assert SpaceConfig.model_validate_json(space.model_dump_json()) == space


@pytest.mark.parametrize("renderer", list(RENDERERS))
def test_the_renderer_draws_the_ends_and_a_random_row_of_its_space(renderer: str) -> None:
    source = source_from_space(named_space(renderer), renderer, 16, 24)
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
def test_what_goes_all_around_is_circular(renderer: str, name: str, circular: bool) -> None:
    assert factor_of(named_space(renderer), name).circular is circular


@pytest.mark.parametrize(
    ("renderer", "name", "half"),
    [("sprites", "orientation", (0, 3.2)), ("chairs", "azimuth", (0, 180))],
)
def test_half_a_turn_is_not_circular(renderer: str, name: str, half: tuple[float, float]) -> None:
    space = customise(named_space(renderer), ranges={name: half})
    factor = factor_of(space, name)
    assert len(factor.levels) in (16, 20)
    assert not factor.circular


def test_the_orientation_of_sprites_may_leave_its_last_level_out() -> None:
    """Its ends look the same, so that 39 levels go around as 40 do."""
    space = customise(named_space("sprites"), ranges={"orientation": (0, 6.2)})
    assert len(factor_of(space, "orientation").levels) == 39
    assert factor_of(space, "orientation").circular


def test_units_are_written_down() -> None:
    units = {
        renderer: {f.name: f.unit for f in named_space(renderer).factors}
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
def test_ranges_that_cannot_be_drawn_are_refused(renderer: str, ranges: dict, message: str) -> None:
    space = customise(named_space(renderer), ranges=ranges)
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
    renderer: str, name: str, change: dict, message: str
) -> None:
    with pytest.raises(SbvaeError) as caught:
        check_space(replaced(named_space(renderer), name, change))
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
def test_what_can_be_drawn_at_the_limits_is_drawn(renderer: str, name: str, change: dict) -> None:
    space = replaced(named_space(renderer), name, change)
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


@pytest.mark.parametrize("renderer", list(RENDERERS))
def test_a_factor_that_is_missing_is_named(renderer: str) -> None:
    space = named_space(renderer)
    for name in space.names:
        if name in ("red", "hue"):  # without a hue the colours are red, green and blue
            continue
        rest = tuple(factor for factor in space.factors if factor.name != name)
        with pytest.raises(SbvaeError, match=rf"^{renderer}: need a factor {name}; there are "):
            check_space(space.model_copy(update={"factors": rest}))


def test_sprites_may_have_red_green_and_blue() -> None:
    space = named_space("sprites")
    channels = tuple(FactorConfig(name=name, low=0, high=1) for name in ("red", "green", "blue"))
    check_space(space.model_copy(update={"factors": space.factors[:5] + channels}))
    with pytest.raises(SbvaeError, match=r"^sprites: need a factor blue; there are shape, scale"):
        check_space(space.model_copy(update={"factors": space.factors[:5] + channels[:2]}))


def test_sprites_need_no_colours() -> None:
    space = named_space("sprites")
    check_space(space.model_copy(update={"factors": space.factors[:5]}))
    room = named_space("room")
    with pytest.raises(SbvaeError, match=r"^room: need a factor floor_hue"):
        check_space(room.model_copy(update={"factors": room.factors[3:]}))


def test_a_space_without_a_renderer_passes() -> None:
    check_space(SpaceConfig(factors=(FactorConfig(name="anything", low=-9, high=9),)))


def test_circles_are_those_of_x_and_y() -> None:
    assert named_space("circles") == named_space("circles:xy")


def test_levels_are_even_and_have_both_ends() -> None:
    assert evenly(0.5, 1.0, 6) == (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
    assert evenly(-30, 30, 3) == (-30, 0, 30)


def test_a_public_file_s_factor_is_ours_at_its_levels() -> None:
    chairs, room = named_space("chairs"), named_space("room")
    found = with_levels(chairs, "azimuth", (0.0, 180.0))
    assert (found.levels, found.unit, found.period) == ((0, 180), "degree", 360)
    assert with_levels(room, "shape", (0.0, 1.0, 2.0, 3.0)) == room.factor("shape")
    assert with_levels(room, "shape", (0.0, 1.0)).level_names is None
    model = with_levels(chairs, "model", (1.0, 2.0))
    assert (model.levels, model.unit, model.period) == ((1, 2), "", None)


@pytest.mark.parametrize("renderer", ["sprites", "room", "chairs"])
def test_grids_of_levels_are_shown_whole(renderer: str) -> None:
    space = FactorSpace(named_space(renderer))
    first, second = [name for name, levels in levels_of(space.config).items()][:2]
    grid = factor_grid(space, (first, second), 2)
    levels = levels_of(space.config)
    assert grid.shape == (len(levels[first]), len(levels[second]))


def test_levels_have_the_names_of_the_public_datasets() -> None:
    found = {
        renderer: {f.name: f.level_names for f in named_space(renderer).factors if f.level_names}
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
    space = named_space("chairs")
    row = [f.level_of(words[f.name]) if f.name in words else f.bounds[0] for f in space.factors]
    rows = np.tile(np.array(row, np.float32), (31, 1))
    rows[:, space.names.index("azimuth")] = factor_of(space, "azimuth").levels
    return int((source_from_space(space, "chairs", 64, 64).render(rows) < 255).sum())


def test_names_of_shapes_are_what_is_drawn() -> None:
    still = {"orientation": 0.0, "scale": 1.0}
    space = named_space("sprites")
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
