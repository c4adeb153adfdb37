"""Runs that differ in the seed alone, and their scores on average."""

from dataclasses import replace
from typing import Any

import pytest

from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.model import ModelConfig
from sbvae_cli.config.schema import Config, DataConfig, TrainingConfig
from sbvae_cli.evaluation.pair_geometry import PairGeometry
from sbvae_cli.evaluation.result import Evaluation
from sbvae_cli.metrics.choose_latents import LatentChoice
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.score import Score
from sbvae_cli.runs.evaluate import Evaluated
from sbvae_cli.runs.groups import csv_rows, csv_rows_of_groups, groups_of
from sbvae_cli.runs.naming import flat_settings, group_name

SOURCE = "circles:xy"


def run(seed: int, mig: float | None, step: int = 5, latents: int = 10, **other: Any) -> Evaluated:
    """The evaluation of a run; a run elsewhere and on more threads is the same one."""
    data = DataConfig(source=SOURCE, name="xy", space=named_space(SOURCE))
    training = TrainingConfig(seed=seed, threads=1 + seed, log_every=10 + seed, **other)
    config = Config(data=data, model=ModelConfig(latent_dim=latents), training=training)
    scores = {"mig": Score(mig, 0.0, 1.0, "full"), "kl": Score(10.0 * seed, None, None, "train")}
    return Evaluated(
        f"runs/{latents}-{seed}",
        "",
        Evaluation(Protocol(), scores, {}),
        {},
        settings=flat_settings(config, step),
        seed=seed,
        group=group_name(config),
    )


def test_runs_that_differ_in_the_seed_alone_are_a_group() -> None:
    runs = [run(0, 0.1), run(0, 0.5, latents=4), run(1, 0.2), run(7, 0.6), run(1, None, latents=4)]
    ten, four = groups_of(runs)
    assert (ten.seeds, four.seeds) == ([0, 1, 7], [0, 1])
    assert (dict(ten.settings), dict(four.settings)) == (
        {"model.latent_dim": 10},
        {"model.latent_dim": 4},
    )
    assert ten.name != four.name and "latent_dim4" in four.name
    mig = ten.scores["", "mig"]
    assert (mig.n, mig.mean, mig.median) == (3, pytest.approx(0.3), 0.2)
    assert mig.std == pytest.approx(((0.2**2 + 0.1**2 + 0.3**2) / 2) ** 0.5)
    lone = four.scores["", "mig"]
    assert (lone.n, lone.mean, lone.std, lone.median) == (1, 0.5, None, 0.5)
    assert four.scores["", "kl"].std == pytest.approx(50**0.5)


def test_runs_of_another_precision_are_told_apart() -> None:
    runs = [run(seed, 0.1, precision=p) for seed, p in enumerate(("bf16", "fp32", "fp32"))]
    groups = groups_of(runs)
    assert [group.seeds for group in groups] == [[0], [1, 2]]
    assert dict(groups[0].settings) == {"training.precision": "bf16"}


def test_runs_of_other_steps_are_told_apart() -> None:
    groups = groups_of([run(0, 0.1), run(0, 0.2, step=1_000), run(1, 0.1)])
    assert [group.seeds for group in groups] == [[0, 1], [0]]
    assert [group.name.rpartition(", ")[2] for group in groups] == ["step 5", "step 1,000"]
    assert dict(groups[1].settings) == {"step": 1_000}


def test_a_row_of_csv_is_a_run_and_a_score_with_the_settings_that_differ() -> None:
    heading, first, *_, last = csv_rows([run(0, 0.1), run(2, None, batch_size=32)])
    assert heading == [
        *("run", "group", "seed", "training.batch_size", "metric", "score", "factors"),
        *("value", "low", "high", "population"),
    ]
    assert first[0] == "runs/10-0" and first[2:] == [0, 16, "mig", "mig", "", 0.1, 0.0, 1.0, "full"]
    assert last[2:] == [2, 32, "rates", "kl", "", 20.0, None, None, "train"]


def test_a_row_of_csv_may_be_a_group_and_a_score() -> None:
    heading, *rows = csv_rows_of_groups(groups_of([run(0, 0.1), run(2, 0.3)]))
    assert heading == ["group", "metric", "score", "factors", "n", "mean", "std", "median"]
    assert [row[1:6] for row in rows] == [
        ["mig", "mig", "", 2, 0.2],
        ["rates", "kl", "", 2, 10.0],
    ]


def test_one_name_of_two_scores_is_told_apart_by_the_metric() -> None:
    choice = LatentChoice((0, 1), "given", (0, 1), (0, 1))
    pair = PairGeometry(("x", "y"), (4, 4), choice, {"latents_used": 2})
    found = Evaluation(Protocol(), {"latents_used": Score(3.5)}, {"x,y": pair})
    each = Evaluated("a.npz", "", found, {})
    assert [row[3:7] for row in csv_rows([each])[1:]] == [
        ["rates", "latents_used", "", 3.5],
        ["geometry", "latents_used", "x,y", 2],
    ]


def test_runs_of_one_seed_in_a_group_are_told() -> None:
    names = [replace(run(seed, 0.1), name=name) for seed, name in [(0, "a"), (1, "b"), (0, "c")]]
    (group,) = groups_of(names)
    assert group.shared_seeds == [["a", "c"]]
    assert all(not group.shared_seeds for group in groups_of([run(0, 0.1), run(0, 0.1, step=9)]))


def test_files_of_codes_are_one_group() -> None:
    codes = [Evaluated(f"{i}.npz", "", Evaluation(Protocol(), {}, {}), {}) for i in range(3)]
    (group,) = groups_of(codes)
    assert (group.name, group.seeds, len(group.members)) == ("codes", [], 3)
