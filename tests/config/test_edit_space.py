"""What options change of a space, and what they refuse."""

import math

import pytest

from sbvae_cli.cli.parse import parse_correlation
from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.edit_space import customise
from sbvae_cli.config.space import CorrelationConfig, FactorConfig, SpaceConfig
from sbvae_cli.errors import SbvaeError


def test_hue_over_the_full_turn_is_circular() -> None:
    space = customise(named_space("circles:xh"), ranges={"hue": (0.0, 1.0)})
    assert space.factors[space.names.index("hue")].circular


def test_ranges_holes_and_blanks_change_a_space() -> None:
    space = customise(
        named_space("circles:xy"),
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
    assert space.factors[-1].levels == (0, 1)


def test_no_blanks_takes_the_factor_present_away() -> None:
    assert customise(named_space("circles:xh-blank"), blank=0) == named_space("circles:xh")


def test_a_hole_is_added_to_those_of_the_preset() -> None:
    space = customise(named_space("circles:xy-hole"), holes=[{"x": (0.2, 0.3)}])
    assert space.held_out == ({"x": (0.35, 0.65), "y": (0.35, 0.65)}, {"x": (0.2, 0.3)})


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
        customise(named_space("circles:xy"), **change)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def levels_of(space: SpaceConfig, name: str) -> tuple[float, ...] | None:
    return space.factors[space.names.index(name)].levels


@pytest.mark.parametrize(
    ("name", "interval", "expected"),
    [
        ("shape", (1, 2), (1, 2)),
        ("shape", (3, 3), (3,)),
        ("scale", (0.6, 0.8), (0.6, 0.7, 0.8)),
        ("scale", (0.55, 0.79), (0.6, 0.7)),
        ("scale", (0.5, 1), (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)),
        ("orientation", (0, 0.2), (0.0, round(2 * math.pi / 39, 12))),
    ],
)
def test_a_range_keeps_the_levels_within_it(
    name: str, interval: tuple[float, float], expected: tuple[float, ...]
) -> None:
    before = named_space("sprites")
    space = customise(before, ranges={name: interval})
    assert levels_of(space, name) == expected
    assert space.names == before.names
    others = [f for f in space.factors if f.name != name]
    assert others == [f for f in before.factors if f.name != name]


def test_a_range_past_the_levels_is_refused() -> None:
    with pytest.raises(SbvaeError, match=r"scale = 0..9 lies outside of its levels, 0.5..1"):
        customise(named_space("sprites"), ranges={"scale": (0, 9)})


def test_a_level_is_found_by_what_info_prints_of_it() -> None:
    space = customise(named_space("room"), ranges={"scale": (1.036, 1.036)})
    assert levels_of(space, "scale") == (round(0.75 + 4 / 14, 12),)


def test_what_a_user_writes_for_a_level_need_not_be_its_last_digit() -> None:
    space = customise(named_space("sprites"), ranges={"x": (1 / 31, 2 / 31)})
    assert levels_of(space, "x") == pytest.approx((1 / 31, 2 / 31), abs=1e-11)


def test_levels_keep_their_names() -> None:
    space = customise(named_space("sprites"), ranges={"shape": (2, 3), "scale": (0.5, 0.6)})
    shape, scale = space.factors[:2]
    assert (shape.level_names, scale.level_names) == (("ellipse", "heart"), None)
    assert shape.name_of(3) == "heart"


def test_levels_keep_their_unit_and_period() -> None:
    before = named_space("chairs")
    after = customise(before, ranges={"azimuth": (0, 100)})
    one, two = (space.factors[space.names.index("azimuth")] for space in (before, after))
    assert (two.unit, two.period, two.kind) == (one.unit, one.period, "discrete")


@pytest.mark.parametrize(
    ("name", "interval", "message"),
    [
        (
            "shape",
            (0, 0),
            "shape = 0 contains no level; the levels are 1 square, 2 ellipse, 3 heart",
        ),
        (
            "shape",
            (1.2, 1.8),
            "shape = 1.2..1.8 contains no level; the levels are 1 square, 2 ellipse, 3 heart",
        ),
        (
            "x",
            (1.5, 2),
            "x = 1.5..2 contains no level; the levels are 0, 0.0322581, 0.0645161, 0.0967742, "
            "0.129032, 0.16129, 0.193548, 0.225806, ...",
        ),
    ],
)
def test_a_range_without_levels_is_refused(
    name: str, interval: tuple[float, float], message: str
) -> None:
    with pytest.raises(SbvaeError) as caught:
        customise(named_space("sprites"), ranges={name: interval})
    assert str(caught.value) == message


def test_correlations_are_added_to_those_of_the_space() -> None:
    first, second = parse_correlation("x,y=0.2"), parse_correlation("scale,hue=1")
    space = customise(named_space("sprites"), correlations=[first])
    assert space.correlated == (first,)
    assert customise(space, correlations=[second]).correlated == (first, second)
    assert customise(space).correlated == (first,)


def test_levels_and_ranges_are_correlated_alike() -> None:
    pair = CorrelationConfig(factors=("shape", "hue"), std=0.1)
    assert customise(named_space("sprites"), correlations=[pair]).correlated == (pair,)


@pytest.mark.parametrize(
    ("text", "ranges", "message"),
    [
        ("x,yy=0.2", {}, "factor yy is unknown; did you mean y?"),
        ("hew,x=0.2", {}, "factor hew is unknown; did you mean hue?"),
        ("x,diameter=0.2", {}, "diameter is constant; a correlation needs two factors that vary"),
        ("x,y=0.2", {"y": (0.5, 0.5)}, "y is constant; a correlation needs two factors that vary"),
        ("x,present=1", {}, "factor present follows from the share of blank images"),
    ],
)
def test_a_correlation_that_makes_no_sense_is_refused(
    text: str, ranges: dict, message: str
) -> None:
    with pytest.raises(SbvaeError) as caught:
        customise(
            named_space("circles:xyh-small"), ranges=ranges, correlations=[parse_correlation(text)]
        )
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_factor_of_one_level_left_is_constant() -> None:
    with pytest.raises(SbvaeError, match=r"^shape is constant"):
        customise(
            named_space("sprites"),
            ranges={"shape": (2, 2)},
            correlations=[parse_correlation("shape,x=0.3")],
        )


def test_holes_of_levels_lie_within_what_is_left() -> None:
    space = named_space("sprites")
    region = {"shape": (1, 2), "scale": (0.75, 1.0)}
    assert customise(space, holes=[region]).held_out == (region,)
    with pytest.raises(SbvaeError, match=r"^the hole at scale = 0\.75\.\.1 lies outside of 0\.5"):
        customise(space, ranges={"scale": (0.5, 0.7)}, holes=[region])


def test_blanks_keep_levels_and_correlations() -> None:
    pair = parse_correlation("x,y=0.2")
    space = customise(named_space("sprites"), correlations=[pair], blank=0.5)
    assert space.names[-1] == "present"
    assert space.correlated == (pair,)
    assert customise(space, blank=0) == customise(named_space("sprites"), correlations=[pair])


def test_nothing_changes_unless_told() -> None:
    for renderer in ("circles", "sprites", "room", "chairs"):
        assert customise(named_space(renderer)) == named_space(renderer)


def test_a_space_that_is_not_changed_is_not_touched() -> None:
    factor = FactorConfig(name="x", kind="discrete", levels=(0, 1, 2))
    before = SpaceConfig(factors=(factor,))
    customise(before, ranges={"x": (1, 2)})
    assert before.factors == (factor,)
