"""What a serial space refuses: correlations, factors drawn online, complete grids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sbvae_cli.config.space import CorrelationConfig, FactorConfig, SpaceConfig

X = FactorConfig(name="x", low=0, high=1)
Y = FactorConfig(name="y", kind="discrete", levels=(0, 1, 2))
HUE = FactorConfig(name="hue", low=0, high=1, period=1)
VALUE = FactorConfig(name="value", low=0.2, high=0.9)
FIXED = FactorConfig(name="fixed", low=3, high=3)
LONE = FactorConfig(name="lone", kind="discrete", levels=(4,))
PRESENT = FactorConfig(name="present", kind="discrete", levels=(0, 1))
FACTORS = (X, Y, HUE, VALUE, FIXED, LONE)


def correlation(first: str, second: str, std: float = 0.2) -> CorrelationConfig:
    return CorrelationConfig(factors=(first, second), std=std)


def refusal(**fields: object) -> str:
    with pytest.raises(ValidationError) as caught:
        SpaceConfig(**{"factors": FACTORS, **fields})
    return caught.value.errors()[0]["msg"].removeprefix("Value error, ")


@pytest.mark.parametrize("std", [0, -0.1, float("nan"), float("inf")])
def test_a_deviation_is_positive_and_finite(std: float) -> None:
    with pytest.raises(ValidationError, match="std"):
        correlation("x", "y", std)


@pytest.mark.parametrize("names", [("x",), ("x", "y", "hue"), ()])
def test_a_correlation_has_two_names(names: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError, match="factors"):
        CorrelationConfig(factors=names, std=0.2)


@pytest.mark.parametrize("name", ["fixed", "lone", "unknown", "present"])
@pytest.mark.parametrize("place", [0, 1])
def test_correlated_factors_vary(name: str, place: int) -> None:
    pair = ("x", name) if place else (name, "x")
    found = refusal(
        correlated=[correlation(*pair)],
        **({"factors": (*FACTORS, PRESENT), "blank": 0.5} if name == "present" else {}),
    )
    assert found == f"correlated factor {name} does not vary; there are x, y, hue, value"


def test_a_correlation_where_nothing_varies_says_so() -> None:
    found = refusal(factors=(FIXED, LONE), correlated=[correlation("fixed", "lone")])
    assert found == "correlated factor fixed does not vary; there are none"


def test_a_factor_is_not_correlated_with_itself() -> None:
    found = refusal(correlated=[correlation("x", "x")])
    assert found == "a correlation needs two factors, found x twice"


def test_every_correlation_is_checked() -> None:
    pairs = [correlation("x", "y"), correlation("y", "hue"), correlation("fixed", "x")]
    assert refusal(correlated=pairs).startswith("correlated factor fixed does not vary")


def test_online_factors_are_known() -> None:
    found = refusal(online=("hue", "hew"))
    assert found == "online factor hew is not one of x, y, hue, value, fixed, lone"


@pytest.mark.parametrize("what", ["held_out", "correlated"])
def test_nothing_joins_what_is_stored_and_what_is_not(what: str) -> None:
    joint = {
        "held_out": [{"x": (0, 0.5)}, {"hue": (0.2, 0.4), "x": (0.1, 0.3)}],
        "correlated": [correlation("x", "y"), correlation("hue", "x")],
    }
    assert refusal(online=("hue", "value"), **{what: joint[what]}) == (
        "hue is drawn when a stored image is read, x is stored; "
        "hold out or correlate them separately, or train without a file"
    )
    SpaceConfig(factors=FACTORS, **{what: joint[what]})


def test_regions_and_correlations_of_either_kind_alone_are_fine() -> None:
    space = SpaceConfig(
        factors=FACTORS,
        online=("hue", "value"),
        held_out=({"x": (0, 0.5), "y": (0, 1)}, {"hue": (0.2, 0.4), "value": (0.3, 0.4)}),
        correlated=(correlation("x", "y"), correlation("value", "hue")),
    )
    assert space.stored == ("x", "y", "fixed", "lone")
    assert space.names == ("x", "y", "hue", "value", "fixed", "lone")


def test_everything_is_stored_unless_told_otherwise() -> None:
    space = SpaceConfig(factors=FACTORS)
    assert space.stored == space.names
    assert (space.correlated, space.online, space.complete_grid) == ((), (), False)


def test_a_complete_grid_is_yes_or_no() -> None:
    assert SpaceConfig(factors=(Y,), complete_grid=True).complete_grid
    with pytest.raises(ValidationError, match="complete_grid"):
        SpaceConfig(factors=(Y,), complete_grid="perhaps")


def test_values_that_single_precision_does_not_hold_need_double() -> None:
    far = FactorConfig(name="x", low=-1e39, high=0.0)
    with pytest.raises(ValidationError, match=r"x reaches 1e\+39, more than float32 holds; scale"):
        SpaceConfig(factors=(far,))
    assert SpaceConfig(factors=(far,), dtype="float64").factors == (far,)


def test_unknown_keys_are_refused() -> None:
    with pytest.raises(ValidationError, match="complete_gird"):
        SpaceConfig(factors=(Y,), complete_gird=True)
    with pytest.raises(ValidationError, match="strength"):
        CorrelationConfig(factors=("x", "y"), std=0.1, strength=1)


@given(
    st.lists(
        st.tuples(st.permutations(["x", "y", "hue", "value"]), st.floats(1e-3, 1e6)), max_size=4
    ),
    st.booleans(),
    st.sets(st.sampled_from(["fixed", "lone"])),
)
def test_a_space_survives_json(
    pairs: list[tuple[list[str], float]], complete: bool, online: set[str]
) -> None:
    space = SpaceConfig(
        factors=FACTORS,
        correlated=tuple(correlation(*names[:2], std) for names, std in pairs),
        complete_grid=complete,
        online=tuple(online),
    )
    assert SpaceConfig.model_validate_json(space.model_dump_json()) == space


@pytest.mark.parametrize(
    ("levels", "period", "circular"),
    [
        ((0, 90, 180, 270), 360, True),
        ((0, 90, 180), 360, False),
        ((0, 120, 240, 360), 360, True),
        ((10, 250, 130), 360, True),
        ((0,), 360, False),
        ((0, 90, 180, 270), None, False),
    ],
)
def test_levels_that_go_all_around_are_circular(
    levels: tuple[float, ...], period: float | None, circular: bool
) -> None:
    factor = FactorConfig(name="angle", kind="discrete", levels=levels, period=period)
    assert factor.circular is circular


def named(*names: str, levels: tuple[float, ...] = (1, 2, 3)) -> FactorConfig:
    return FactorConfig(name="shape", kind="discrete", levels=levels, level_names=names)


def test_a_level_and_its_name_lead_to_each_other() -> None:
    factor = named("square", "ellipse", "heart", levels=(3, 1, 2))

    for level, name in ((3.0, "square"), (1.0, "ellipse"), (2.0, "heart")):
        assert factor.name_of(level) == factor.name_of(level + 0.4) == name
        assert factor.level_of(name) == level
    assert factor.level_of("Heart") is None
    assert Y.name_of(1) is None and Y.level_of("1") is None and X.name_of(0.5) is None


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("square", "heart"), "level_names of shape are 2, its levels 3; name each once"),
        ((), "level_names of shape are 0, its levels 3; name each once"),
        (("a", "b", "a"), "level_names of shape has a twice"),
        (("a", "", "b"), "shape has a level called ''; write a word"),
        (("a", " b", "c"), "shape has a level called ' b'; write a word"),
        (("a", "b\n", "c"), "shape has a level called 'b\\n'; write a word"),
        (("a", "b\u200bb", "c"), "shape has a level called 'b\\u200bb'; write a word"),
    ],
)
def test_names_of_levels_are_one_printable_word_each(names: tuple[str, ...], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        named(*names)
    assert caught.value.errors()[0]["msg"] == f"Value error, {message}"


def test_a_range_has_no_names_of_levels() -> None:
    with pytest.raises(ValidationError, match="level_names of x are 1, its levels 0"):
        FactorConfig(name="x", low=0, high=1, level_names=("a",))


def test_a_space_without_names_of_levels_still_opens() -> None:
    space = SpaceConfig(factors=(named("a", "b", "c"),))
    tree = space.model_dump(mode="json")
    assert SpaceConfig.model_validate_json(space.model_dump_json()) == space
    del tree["factors"][0]["level_names"]
    assert SpaceConfig.model_validate(tree).factors[0].level_names is None
