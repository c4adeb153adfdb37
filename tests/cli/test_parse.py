"""Names of metrics and groups as they are typed, and what is said of those that are none."""

import pytest

from sbvae_cli.cli.parse import parse_groups, parse_latents, parse_metrics, parse_range
from sbvae_cli.config.metrics import METRICS
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
def test_a_score_is_traced_to_the_metric_that_computes_it(name: str, metric: str) -> None:
    message = f"^{name} is computed by {metric}; write --metrics {metric}$"
    for text in (name, f"irs,{name}"):
        with pytest.raises(SbvaeError, match=message):
            parse_metrics(text)


def test_metrics_are_known_in_capitals_too() -> None:
    assert parse_metrics("MIG") == ("mig",)
    assert parse_metrics("Factor-VAE, SAP") == ("factor-vae", "sap")
    assert parse_metrics("ALL") == parse_metrics("all")
    with pytest.raises(SbvaeError, match=r"^mig_subspace is computed by mig; write --metrics mig$"):
        parse_metrics("MIG_subspace")
    with pytest.raises(SbvaeError, match="metric migg is unknown; did you mean mig"):
        parse_metrics("MIGG")


def test_names_of_metrics_are_read_in_any_order_and_the_nearest_is_named() -> None:
    assert parse_metrics("mig, rates") == ("rates", "mig")
    everything = parse_metrics("all")
    assert "dci" in everything and "udr" in everything and "dci-fast" not in everything
    assert "dci-fast" in parse_metrics("all,dci-fast")
    with pytest.raises(SbvaeError, match="metric geometri is unknown; did you mean geometry"):
        parse_metrics("rates,geometri")
    with pytest.raises(SbvaeError, match="names none; choose from rates, mig"):
        parse_metrics(" , ")


def test_groups_are_refused_where_mig_is_not_computed() -> None:
    for metrics in (("sap",), ("rates", "geometry")):
        with pytest.raises(SbvaeError, match="--group is of mig_subspace, a part of mig; add mig"):
            parse_groups(["x,y"], metrics)
        assert parse_groups([], metrics) is None
    for metrics in (None, ("mig",), tuple(METRICS)):
        assert parse_groups(["x,y"], metrics) == (("x", "y"),)


@pytest.mark.parametrize(
    ("text", "latents"),
    [("8", 8), ("all", None), ("0,3,5", (0, 3, 5)), ("3,", (3,)), ("1, 2", (1, 2))],
)
def test_latents_are_read(text: str, latents: object) -> None:
    assert parse_latents(text) == latents


@pytest.mark.parametrize("text", ["", ",", "-1", "1.5", "1,,2", "1,x", "9" * 12])
def test_latents_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(SbvaeError, match="--latents"):
        parse_latents(text)


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
