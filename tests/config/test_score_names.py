"""Scores by name, as figures are asked for."""

import pytest

from sbvae_cli.config.metrics import METRICS
from sbvae_cli.config.score_names import (
    depends_on_likelihood,
    metrics_of,
    requested_score,
    score_label,
)
from sbvae_cli.errors import SbvaeError


def test_every_score_of_one_number_is_found_by_its_name() -> None:
    for name, metric in METRICS.items():
        for score in metric.scores:
            if score.endswith(("_by_latent", "_by_factor")):
                continue
            pair = "x,y:" if metric.source == "grid" else ""
            found = requested_score(f"{pair}{score}")
            assert (found.name, found.metric, found.of_pair) == (score, name, bool(pair))


def test_a_score_that_two_metrics_have_is_of_no_pair_unless_one_is_named() -> None:
    assert requested_score("latents_used").metric == "rates"
    assert requested_score("y,x:latents_used") == ("latents_used", "y,x", "geometry", True)
    assert requested_score("Affine-R2") == ("affine_r2", "", "geometry", True)


def test_metrics_are_each_computed_once_in_the_order_of_the_table() -> None:
    names = ("affine_r2", "mig", "kl", "nll", "x,y:tear")
    assert metrics_of(map(requested_score, names)) == ("rates", "mig", "geometry")


def test_rates_of_pixels_depend_on_the_likelihood() -> None:
    dependent = [name for name in METRICS["rates"].scores if depends_on_likelihood(name)]
    assert dependent == ["neg_elbo", "nll", "nll_heldout", "nll_validation"]


def test_labels_have_units_and_pairs() -> None:
    assert score_label("NLL") == "NLL (nats an image)"
    assert score_label("kl_heldout") == "held-out KL (nats an image)"
    assert score_label("mig") == "MIG" and score_label("latents-used") == "latents used"
    assert score_label("x,y:affine_r2", "x,y") == "affine R² (x, y)"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mgi", "score mgi is unknown; did you mean mig"),
        ("elbo", "did you mean neg_elbo"),
        ("dci", "it is a metric; name dci_disentanglement or dci_completeness or"),
        ("x:affine_r2", "name a pair of factors before the colon, as x,y:affine_r2"),
        ("x,y:mig", "score of a pair of factors mig is unknown"),
        ("affine_r2_by_latent", "did you mean affine_r2"),
        ("zzz", "there are nll, kl, mig, factor_vae, affine_r2 and [0-9]+ more"),
    ],
)
def test_unknown_names_are_refused_with_what_would_do(name: str, message: str) -> None:
    with pytest.raises(SbvaeError, match=message):
        requested_score(name)
