"""What users write, read back, and what is said of what cannot be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbvae_cli.cli.parse import (
    parse_assignments,
    parse_correlation,
    parse_factor_range,
    parse_groups,
    parse_latents,
    parse_levels,
    parse_metrics,
    parse_range,
    parse_size,
    parse_two_latents,
    parse_value,
)
from sbvae_cli.config.metrics import METRICS
from sbvae_cli.config.space import CorrelationConfig, FactorConfig
from sbvae_cli.errors import SbvaeError


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("mig_subspace", "mig"),
        ("mig_quantile", "mig"),
        ("present_information", "mig"),
        ("nll", "rates"),
        ("kl_validation", "rates"),
        ("neg_elbo", "rates"),
        ("latents_used_by_mean", "rates"),
        ("factor_vae", "factor-vae"),
        ("beta_vae", "beta-vae"),
        ("dci_disentanglement", "dci"),
        ("dci_fast_completeness", "dci-fast"),
        ("dci_fast", "dci-fast"),
        ("infom", "infomec"),
        ("infoc", "infomec"),
        ("affine_r2", "geometry"),
        ("tear", "geometry"),
        ("heldout_area_ratio", "geometry"),
        ("inverse_r2_by_factor", "geometry"),
        ("udr_spearman", "udr"),
        ("gaussian_wasserstein_normed", "unsupervised"),
    ],
)
def test_a_score_stands_for_the_metric_that_computes_it(name: str, metric: str) -> None:
    for text in (name, name.upper(), name.replace("_", "-"), f"{metric}, {name}"):
        assert parse_metrics(text) == (metric,)
    assert set(parse_metrics(f"explicitness,{name}")) == {"explicitness", metric}


def test_metrics_are_known_in_capitals_too() -> None:
    assert parse_metrics("MIG") == ("mig",)
    assert parse_metrics("Factor-VAE, SAP") == ("factor-vae", "sap")
    assert parse_metrics("ALL") == parse_metrics("all")
    assert parse_metrics("dci_fast,Beta_VAE") == ("beta-vae", "dci-fast")
    with pytest.raises(SbvaeError, match="metric afine_r2 is unknown; did you mean affine_r2"):
        parse_metrics("afine_r2")
    with pytest.raises(SbvaeError, match="metric MIGG is unknown; did you mean mig"):
        parse_metrics("MIGG")


def test_names_of_metrics_are_read_in_any_order_and_the_nearest_is_named() -> None:
    assert parse_metrics("mig, rates") == ("rates", "mig")
    everything = parse_metrics("all")
    assert "dci" in everything and "udr" in everything and "dci-fast" not in everything
    assert "dci-fast" in parse_metrics("all,dci-fast")
    with pytest.raises(SbvaeError, match="metric geometri is unknown; did you mean geometry"):
        parse_metrics("rates,geometri")
    with pytest.raises(SbvaeError, match="is empty; choose from rates, mig"):
        parse_metrics(" , ")


def test_groups_are_refused_where_mig_is_not_computed() -> None:
    for metrics in (("sap",), ("rates", "geometry")):
        with pytest.raises(
            SbvaeError, match="--group applies to mig_subspace, a part of mig; add mig"
        ):
            parse_groups(["x,y"], metrics)
        assert parse_groups([], metrics) is None
    for metrics in (None, ("mig",), tuple(METRICS)):
        assert parse_groups(["x,y"], metrics) == (("x", "y"),)


@pytest.mark.parametrize(
    ("text", "latents"),
    [("8", (8,)), ("all", None), ("All", None), ("9,3", (9, 3)), ("1, 2", (1, 2))],
)
def test_latents_are_read(text: str, latents: object) -> None:
    assert parse_latents(text) == latents


@pytest.mark.parametrize("text", ["", ",", "-1", "1.5", "1,,2", "3,", "1 2", "1,x", "9" * 12])
def test_latents_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(SbvaeError, match="--latents"):
        parse_latents(text)


@pytest.mark.parametrize("text", ["", "9", "9 3", "9,9", "9,3,0", "9,x", "-1,0"])
def test_two_latents_are_two_different_ones(text: str) -> None:
    assert parse_two_latents("9, 3") == (9, 3)
    with pytest.raises(SbvaeError, match=r"--latents .*: name two different ones, as 9,3"):
        parse_two_latents(text)


@pytest.mark.parametrize(
    ("text", "ends"),
    [("2", (-2, 2)), ("2.5", (-2.5, 2.5)), ("-3..1", (-3, 1)), ("0..1e3", (0, 1000))],
)
def test_ranges_are_read(text: str, ends: tuple[float, float]) -> None:
    assert parse_range(text) == ends


@pytest.mark.parametrize("text", ["", "0", "-2", "1..1", "inf", "0..1001", "..", "1..x"])
def test_ranges_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(SbvaeError, match="--range"):
        parse_range(text)


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(0, 1e6))
def test_an_interval_is_read_back_as_it_was_written(low: float, width: float) -> None:
    assert parse_factor_range(f"{low!r}..{low + width!r}") == (low, low + width)
    assert parse_factor_range(f" {low!r} ") == (low, low)


@pytest.mark.parametrize(
    "text", ["", "a", "1..", "..1", "0.2...", "1..2..3", "nan", "0..inf", "2..1"]
)
def test_what_is_no_interval_is_refused(text: str) -> None:
    with pytest.raises(SbvaeError) as caught:
        parse_factor_range(text)
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


X = FactorConfig(name="x", low=0, high=1)


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
    assert parse_factor_range(text, SHAPE) == interval
    found = parse_assignments(f"x=0.5,shape={text}", [X, SHAPE])
    assert found == {"x": (0.5, 0.5), "shape": interval}


def test_a_value_is_a_number_or_a_name() -> None:
    assert parse_value("a..b", SHAPE) == 2
    assert parse_value("0.5", SHAPE) == parse_value("0.5") == 0.5
    with pytest.raises(SbvaeError, match=r"^shape a squre is unknown; did you mean a square\?"):
        parse_value("a squre", SHAPE)
    with pytest.raises(SbvaeError, match=r"^'heart' is not a number$"):
        parse_value("heart")


def test_names_belong_to_their_factor() -> None:
    with pytest.raises(SbvaeError, match="'a square' is not a number or a range"):
        parse_assignments("shape=7,x=a square", [X, SHAPE])
    with pytest.raises(SbvaeError, match="factor shapes is unknown; did you mean shape"):
        parse_assignments("x=0.5,shapes=7", [X, SHAPE])


names = st.text(st.characters(exclude_characters=",=", categories=["L", "N", "P"]), min_size=1)


@given(names, names, st.floats(min_value=1e-3, allow_infinity=False), st.sampled_from(["", " "]))
def test_a_correlation_is_read_back_as_it_was_written(
    first: str, second: str, std: float, space: str
) -> None:
    if first == second:
        second += "2"
    pair = parse_correlation(f"{space}{first}{space},{space}{second} ={space}{std!r}{space}")
    assert pair == CorrelationConfig(factors=(first, second), std=std)


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "x,y", "x,y=", "x=0.2", "=0.2", ",=0.2", "x,=0.2", ",y=0.2", "x,y,z=0.2"),
        *("x,y=a", "x,y=0", "x,y=-1", "x,y=nan", "x,y=inf", "x,y=0.2=0.3", "x,y=0.1..0.2"),
    ],
)
def test_what_is_no_correlation_is_refused(text: str) -> None:
    with pytest.raises(SbvaeError) as caught:
        parse_correlation(text)
    assert str(caught.value) == f"{text!r} is not NAME,NAME=STD, such as x,y=0.2"


def test_a_correlation_of_one_factor_is_refused() -> None:
    with pytest.raises(SbvaeError) as caught:
        parse_correlation("x, x=0.2")
    assert str(caught.value) == "'x, x=0.2': a correlation needs two factors, found x twice"


def test_a_size_is_a_side_or_height_and_width() -> None:
    assert parse_size("64") == (64, 64)
    assert parse_size(" 48X64 ") == (48, 64)
    assert parse_size("4096") == (4096, 4096)


@pytest.mark.parametrize("text", ["", "0", "64x", "x64", "4097", "64x64x3", "6.4", "-1"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(SbvaeError, match=r"^--size"):
        parse_size(text)


@pytest.mark.parametrize("texts", [["x=0.5,shape=7"], ["x=0.5", "shape=7"]])
def test_values_of_factors_stand_between_commas_or_one_by_one(texts: list[str]) -> None:
    assert parse_levels(texts, [X, SHAPE]) == {"x": 0.5, "shape": 3}
