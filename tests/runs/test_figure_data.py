"""Scores of runs as figures take them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.figure_data import beta_sweeps, data_names, score_groups
from sbvae_cli.runs.scores import RunScores


def run(group: str, seed: int | None, settings: dict[str, Any], **values: float) -> RunScores:
    usual = {"model.decoder.kind": "broadcast", "objective.kind": "beta-vae"}
    own = (f"{group}/{seed}", group, seed, 5, Path(group), usual | settings, "sprites", "a", "")
    return RunScores(*own, values=values, factors={})


DECONV = {"model.decoder.kind": "deconv"}


def test_runs_are_grouped_with_the_seeds_of_those_that_have_a_score() -> None:
    runs = [
        run("d", 3, DECONV, mig=0.1, nll=10.0),
        run("b", 0, {}, mig=0.2, nll=11.0),
        run("d", 5, DECONV, nll=12.0),
    ]
    first, second = score_groups(runs, ["mig", "nll"])
    assert (first.name, first.decoder, second.name) == ("deconv", "deconv", "broadcast")
    assert first.of("mig").tolist() == [0.1] and first.seeds["mig"] == [3]
    assert first.of("nll").tolist() == [10.0, 12.0] and first.seeds["nll"] == [3, 5]
    assert data_names(runs) == "sprites"


def test_runs_are_sorted_by_model_and_beta_and_a_vae_has_beta_1() -> None:
    runs = [
        run("b4", 0, {"objective.beta": 4.0}, nll=14.0, kl=4.0, mig=0.4),
        run("b1", 0, {"objective.beta": 1.0, "objective.kind": "vae"}, nll=11.0, kl=7.0, mig=0.1),
        run("d4", 0, {"objective.beta": 4.0, **DECONV}, nll=15.0, kl=5.0),
        run("b4", 1, {"objective.beta": 4.0}, nll=16.0, kl=2.0, mig=0.6),
        run("lacks", 2, {"objective.beta": 2.0, **DECONV}, kl=5.0),
    ]
    broadcast, deconv = beta_sweeps(runs)
    assert (broadcast.name, broadcast.decoder, deconv.name) == ("broadcast",) * 2 + ("deconv",)
    one, four = broadcast.points
    assert (one.beta, four.beta) == (1.0, 4.0)
    assert four.nll.tolist() == [14.0, 16.0] and four.kl.tolist() == [4.0, 2.0]
    np.testing.assert_allclose(four.mig, [0.4, 0.6])
    (only,) = deconv.points  # a beta without an NLL has no dot
    assert only.beta == 4.0 and np.isnan(only.mig).all()


def test_models_that_differ_in_more_than_beta_have_curves_of_their_own() -> None:
    runs = [
        run(f"{rate}-{beta}", 0, {"objective.beta": beta, "training.learning_rate": rate},
            nll=1.0, kl=1.0)
        for rate in (1e-3, 1e-4)
        for beta in (1.0, 2.0)
    ]  # fmt: skip
    assert [sweep.name for sweep in beta_sweeps(runs)] == ["lr 0.001", "lr 0.0001"]


def test_codes_and_models_without_a_beta_are_refused() -> None:
    annealed = run("a", 0, {"objective.kind": "annealed-vae"}, nll=1.0, kl=1.0)
    with pytest.raises(SbvaeError, match="a/0: is a run of annealed-vae, which has no beta"):
        beta_sweeps([annealed])
    own = ("codes.npz", "codes", None, None, Path("codes.npz"), {}, "", "", "")
    codes = RunScores(*own, values={}, factors={})
    with pytest.raises(SbvaeError, match=r"codes.npz: has codes, which have no beta"):
        beta_sweeps([codes])
    assert data_names([codes]) == "codes.npz"
