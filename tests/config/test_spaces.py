"""Circle spaces against Table 3, and the options that change them."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbvae_cli.config.names import CirclesPreset
from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.config.spaces import (
    check_circles,
    circles_space,
    customise,
    parse_assignments,
    parse_interval,
    parse_value,
)
from sbvae_cli.errors import SbvaeError

HSV = ("hue", "saturation", "value")
RGB = ("red", "green", "blue")
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

    space = circles_space(preset)
    factors = [factor for factor in space.factors if factor.name != "present"]

    assert tuple(f.name for f in factors) == ("x", "y", "diameter", *colours)
    assert [f.bounds for f in factors] == [r if isinstance(r, tuple) else (r, r) for r in ranges]


@pytest.mark.parametrize("preset", get_args(CirclesPreset))
def test_a_preset_holds_out_the_quarter_that_its_name_says(preset: CirclesPreset) -> None:
    expected = (HELD_OUT[preset],) if preset in HELD_OUT else ()
    assert circles_space(preset).held_out == expected


@pytest.mark.parametrize("preset", get_args(CirclesPreset))
def test_only_the_blank_preset_has_blank_images(preset: CirclesPreset) -> None:
    space = circles_space(preset)
    is_blank = preset == "xh-blank"
    assert space.blank == (0.5 if is_blank else 0)
    assert (space.names[-1] == "present") == is_blank


@pytest.mark.parametrize("preset", get_args(CirclesPreset))
def test_a_preset_survives_json_and_passes_its_own_check(preset: CirclesPreset) -> None:
    space = circles_space(preset)
    check_circles(space)
    assert SpaceConfig.model_validate_json(space.model_dump_json()) == space


def test_units_and_the_period_of_hue_are_written_down() -> None:
    factors = {factor.name: factor for factor in circles_space("xh").factors}
    assert factors["x"].unit == factors["diameter"].unit == "frame width"
    assert factors["y"].unit == "frame height"
    assert (factors["hue"].unit, factors["hue"].period) == ("turn", 1.0)
    assert not factors["hue"].circular


def test_hue_over_the_full_turn_is_circular() -> None:
    space = customise(circles_space("xh"), ranges={"hue": (0.0, 1.0)})
    assert space.factors[space.names.index("hue")].circular


def test_ranges_holes_and_blanks_change_a_space() -> None:
    space = customise(
        circles_space("xy"),
        ranges={"x": (0.1, 0.9), "diameter": (0.3, 0.3)},
        holes=[{"x": (0.4, 0.6)}],
        blank=0.25,
    )

    bounds = {factor.name: factor.bounds for factor in space.factors}
    assert bounds["x"] == (0.1, 0.9)
    assert bounds["diameter"] == (0.3, 0.3)
    assert bounds["y"] == (0.2, 0.8)
    assert space.held_out == ({"x": (0.4, 0.6)},)
    assert (space.blank, space.names[-1]) == (0.25, "present")


def test_no_blanks_takes_the_factor_present_away() -> None:
    assert customise(circles_space("xh-blank"), blank=0) == circles_space("xh")


def test_a_hole_is_added_to_those_of_the_preset() -> None:
    space = customise(circles_space("xy-hole"), holes=[{"x": (0.2, 0.3)}])
    assert space.held_out == (HELD_OUT["xy-hole"], {"x": (0.2, 0.3)})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ranges": {"diamter": (0.1, 0.2)}}, "factor diamter is unknown; did you mean diameter?"),
        (
            {"ranges": {"hue": (0.1, 0.2)}},
            "factor hue is unknown; there are x, y, diameter, red, green, blue",
        ),
        ({"holes": [{"z": (0.1, 0.2)}]}, "factor z is unknown"),
        ({"ranges": {"x": (0.8, 0.2)}}, "x = 0.8..0.2 is empty; write the lower end first"),
        ({"holes": [{"x": (0.5, 0.5)}]}, "a hole at x = 0.5 is empty"),
        ({"holes": [{"x": (0.85, 0.95)}]}, "the hole at x = 0.85..0.95 lies outside of 0.2..0.8"),
        ({"holes": [{"x": (0.1, 0.2)}]}, "the hole at x = 0.1..0.2 lies outside of 0.2..0.8"),
        ({"ranges": {"x": (0.0, float("nan"))}}, "x = 0..nan is not finite"),
        ({"blank": 1.0}, "blank = 1 is not a share of images in [0, 1)"),
        ({"blank": -0.1}, "blank = -0.1 is not a share"),
        ({"ranges": {"present": (1, 1)}}, "factor present follows from the share of blank images"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(change: dict, message: str) -> None:
    with pytest.raises(SbvaeError) as caught:
        customise(circles_space("xy"), **change)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("preset", "ranges", "message"),
    [
        ("xy", {"x": (-0.01, 0.5)}, "x = -0.01..0.5 lies outside of the frame"),
        ("xy", {"y": (0.5, 1.01)}, "y = 0.5..1.01 lies outside of the frame"),
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
        check_circles(customise(circles_space(preset), ranges=ranges))
    assert str(caught.value).startswith(message)


def test_factors_on_the_edge_of_what_is_allowed_pass() -> None:
    check_circles(
        customise(
            circles_space("xyh-tiny"),
            ranges={"x": (0, 1), "y": (0, 1), "diameter": (0.01, 1), "hue": (-0.3, 0.7)},
        )
    )


def test_a_space_without_a_factor_that_circles_need_is_refused() -> None:
    space = circles_space("xy")
    with pytest.raises(SbvaeError, match="circles need a factor blue"):
        check_circles(space.model_copy(update={"factors": space.factors[:-1]}))


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(0, 1e6))
def test_an_interval_is_read_back_as_it_was_written(low: float, width: float) -> None:
    assert parse_interval(f"{low!r}..{low + width!r}") == (low, low + width)
    assert parse_interval(f" {low!r} ") == (low, low)


@pytest.mark.parametrize(
    "text", ["", "a", "1..", "..1", "0.2...", "1..2..3", "nan", "0..inf", "2..1"]
)
def test_what_is_no_interval_is_refused(text: str) -> None:
    with pytest.raises(SbvaeError) as caught:
        parse_interval(text)
    assert repr(text)[1:-1] in str(caught.value)


def test_assignments_are_read() -> None:
    assert parse_assignments("x=0.35..0.65, y=0.5") == {"x": (0.35, 0.65), "y": (0.5, 0.5)}


@pytest.mark.parametrize("text", ["", "x", "=1", "x=1,,y=2", "x=1,x=2", "x=1..0"])
def test_what_are_no_assignments_is_refused(text: str) -> None:
    with pytest.raises(SbvaeError):
        parse_assignments(text)


SHAPE = FactorConfig(
    name="shape", kind="discrete", levels=(1, 2, 3), level_names=("a square", "a..b", "7")
)


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        ("a square", (1, 1)),
        ("a..b", (2, 2)),
        ("7", (3, 3)),
        ("a square..7", (1, 3)),
        ("2", (2, 2)),
        ("1..7", (1, 3)),
    ],
)
def test_a_name_of_a_level_stands_for_it(text: str, interval: tuple[float, float]) -> None:
    assert parse_interval(text, SHAPE) == interval
    assert parse_assignments(f"x=0.5,shape={text}", [SHAPE]) == {"x": (0.5, 0.5), "shape": interval}


def test_a_value_is_a_number_or_a_name() -> None:
    assert parse_value("a..b", SHAPE) == 2
    assert parse_value("0.5", SHAPE) == parse_value("0.5") == 0.5
    with pytest.raises(SbvaeError, match=r"^shape a squre is unknown; did you mean a square\?"):
        parse_value("a squre", SHAPE)
    with pytest.raises(SbvaeError, match=r"^'heart' is not a number$"):
        parse_value("heart")


def test_names_belong_to_their_factor() -> None:
    with pytest.raises(SbvaeError, match="'a square' is not a number or a range"):
        parse_assignments("shape=7,x=a square", [SHAPE])
