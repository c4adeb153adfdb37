"""Names of metrics and groups as they are typed, and what is said of those that are none."""

import re
from pathlib import Path

import pytest

from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.protocol import (
    METRICS,
    Protocol,
    parse_groups,
    parse_metrics,
    possible_metrics,
)

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


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


def test_every_score_of_the_readme_is_a_metric_or_is_traced_to_one() -> None:
    table = README.split("| score | meaning |")[1].split("\n\n")[0]
    names = re.findall(r"^\| `([a-z0-9_-]+)`|`([a-z0-9]+_[a-z0-9_]+)`", table, re.MULTILINE)
    names = [first or other for first, other in names]
    assert len(names) >= 35
    for name in names:
        try:
            assert parse_metrics(name) == (name,)
        except SbvaeError as error:
            assert f"{name} is computed by " in str(error)


def test_metrics_are_known_in_capitals_too() -> None:
    assert parse_metrics("MIG") == ("mig",)
    assert parse_metrics("Factor-VAE, SAP") == ("factor-vae", "sap")
    assert parse_metrics("ALL") == parse_metrics("all")
    with pytest.raises(SbvaeError, match=r"^mig_subspace is computed by mig; write --metrics mig$"):
        parse_metrics("MIG_subspace")
    with pytest.raises(SbvaeError, match="metric migg is unknown; did you mean mig"):
        parse_metrics("MIGG")


def test_groups_are_refused_where_mig_is_not_computed() -> None:
    for metrics in (("sap",), ("rates", "geometry")):
        with pytest.raises(SbvaeError, match="--group is of mig_subspace, a part of mig; add mig"):
            parse_groups(["x,y"], metrics)
        assert parse_groups([], metrics) is None
    for metrics in (None, ("mig",), METRICS):
        assert parse_groups(["x,y"], metrics) == (("x", "y"),)


def test_what_would_do_for_the_data_at_hand_is_named() -> None:
    def refused(metric: str, latents: int, factors: tuple[str, ...], with_model: bool) -> str:
        with pytest.raises(SbvaeError) as caught:
            possible_metrics(Protocol((metric,)), latents, factors, "d", with_model)  # type: ignore[arg-type]
        return str(caught.value)

    ending = "; these can: factor-vae, beta-vae, modularity, explicitness and irs"
    assert refused("mig", 1, ("x", "y"), False).endswith(ending)
    assert refused("mig", 1, ("x", "y"), True).endswith(ending.replace(": f", ": rates, f"))
    assert refused("dci", 3, ("x",), False).endswith(
        "these can: mig, sap, explicitness, irs and unsupervised"
    )
    assert refused("irs", 1, (), False).endswith("has no factors that vary")  # nothing can
    assert refused("rates", 3, ("x", "y"), False).endswith("they need a model")
    assert refused("udr", 1, ("x", "y"), False).endswith("name two checkpoints or more")
