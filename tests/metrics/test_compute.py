"""Every metric of codes, by name, on perfect codes and noise."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from sbvae_cli.config.metrics import METRICS
from sbvae_cli.metrics.compute import COMPUTE, compute
from sbvae_cli.metrics.dci import dci_scores, forest
from sbvae_cli.metrics.labelled_codes import LabelledCodes, Votes, train_share
from sbvae_cli.metrics.protocol import Protocol

WITHOUT_INTERVAL = {"mig_quantile", "mig_subspace", "modularity", "irs", "infom", "infoc"}
PROTOCOL = Protocol(images=600, test_images=300, votes_train=60, votes_eval=60, vote_images=16)


def sample(**changes: object) -> LabelledCodes:
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 4, (900, 2)).astype(np.float64)
    codes = np.column_stack([factors + 0.1 * rng.normal(size=(900, 2)), rng.normal(size=900)])
    given = LabelledCodes(codes, factors, ("x", "y"), frozenset(), "file", 600)
    return replace(given, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("metric", COMPUTE)
def test_a_metric_gives_the_scores_of_its_record_with_intervals(metric: str) -> None:
    function = partial(dci_scores, model=forest) if metric == "dci" else COMPUTE[metric]
    found = function(sample(), PROTOCOL)
    assert list(found) == [name for name in METRICS[metric].scores if name != "present_information"]
    for name, score in found.items():
        assert score.value is not None and score.population == "file"
        if name not in WITHOUT_INTERVAL:
            assert score.low is not None and score.high is not None
            assert score.low <= score.value <= score.high
        else:
            assert score.low is score.high is None


def test_votes_of_their_own_images_take_the_place_of_shared_ones() -> None:
    rng = np.random.default_rng(1)
    fixed = rng.integers(0, 2, 120)
    codes = rng.normal(size=(120, 16, 3))
    codes[np.arange(120), :, 1 - fixed] = 0.5  # unlike in the sample, latent 1 is factor 0
    of_their_own = sample(votes=Votes(codes, fixed))
    for metric in ("factor-vae", "beta-vae"):
        (found,) = compute(metric, of_their_own, PROTOCOL).values()
        assert found.value == 1 and found.details["train"] == 1
    assert compute("factor-vae", of_their_own, PROTOCOL)["factor_vae"].details["classifier"] == {
        "0": "y", "1": "x", "2": "x"
    }  # fmt: skip


@pytest.mark.parametrize("metric", ["factor-vae", "beta-vae"])
def test_a_factor_without_two_equal_values_is_not_voted_on(metric: str) -> None:
    measured = np.arange(40.0)  # a row for each value; codes that know nothing
    shape, colour = np.tile([0.0, 1.0], 20), np.repeat([0.0, 1.0, 0.0, 1.0], 10)
    codes = 1e-3 * np.random.default_rng(0).normal(size=(40, 3))
    of = sample(codes=codes, images=40, most_levels=None, kinds={"x": "discrete"})

    two = replace(of, factors=np.column_stack([measured, shape]), names=("x", "shape"))
    (found,) = compute(metric, two, PROTOCOL).values()
    assert found.value is found.low is found.high is None
    assert found.details["not_voted_on"] == ["x"] and "share a value of x" in found.details["why"]

    columns, names = np.column_stack([measured, shape, colour]), ("x", "shape", "colour")
    (found,) = compute(metric, replace(of, factors=columns, names=names), PROTOCOL).values()
    assert found.details["chance"] == 1 / 2 and found.details["not_voted_on"] == ["x"]
    assert found.value == pytest.approx(0.5, abs=0.25)


def test_dead_latents_alone_have_a_factor_vae_score_of_0_in_the_study_of_2018() -> None:
    dead = sample(codes=0.01 * sample().codes, unit=0.01)
    for name, score, alive in [("paper", 1.0, 3), ("dlib", 0.0, 0)]:
        (found,) = compute("factor-vae", dead, replace(PROTOCOL, name=name)).values()
        assert found.value == score and len(found.details["classifier"]) == alive


def test_too_few_rows_for_parts_give_no_interval() -> None:
    few = sample(images=60).at(slice(90))
    for metric in ("irs", "infomec", "sap", "explicitness"):
        assert all(score.low is None for score in compute(metric, few, PROTOCOL).values())


def test_rows_that_train_are_the_protocols_images_or_two_thirds() -> None:
    assert train_share(PROTOCOL, 900) == pytest.approx(2 / 3)
    assert train_share(replace(PROTOCOL, images=800, test_images=100), 900) == pytest.approx(8 / 9)
    assert train_share(replace(PROTOCOL, images=800, test_images=100), 300) == pytest.approx(2 / 3)


def test_the_first_rows_decide_on_bins_whatever_follows() -> None:
    rng = np.random.default_rng(0)
    factors = np.append(rng.uniform(size=(600, 2)), np.full((300, 2), 5.0), axis=0)
    whole = sample(factors=factors)
    assert whole.binned == ["x", "y"]
    assert whole.classes[:600].tolist() == whole.first_rows.classes.tolist()
    assert set(whole.classes[600:].ravel().tolist()) == {19}
