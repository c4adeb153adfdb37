"""Scores of many runs by name, from JSON files and computed."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sbvae_cli.cli.evaluation_tables import as_json
from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.runs.evaluate import evaluate_targets
from sbvae_cli.runs.scores import RunScores, require_comparable, score_runs

Write = Callable[..., Path]


def result(name: str, seed: int, **changed: Any) -> dict[str, Any]:
    """What `sbvae eval` writes of a run, as far as scores are concerned."""
    settings = {
        "data.name": "xy",
        "model.decoder.kind": "deconv",
        "model.likelihood.kind": "bernoulli",
        "training.steps": 100,
        "step": 100,
        **changed.get("settings", {}),
    }
    grid = {"affine_r2": 0.9, "affine_r2_by_latent": [0.8, 1.0], "tear": None}
    return {
        "step": settings["step"],
        "protocol": {"name": "paper", "images": 10_000, **changed.get("protocol", {})},
        "scores": {
            "nll": {"value": 30.0 + seed},
            "mig": {"value": changed.get("mig", seed / 10)},
        },
        "geometry": changed.get("geometry", {"x,y": {"scores": grid}}),
        "run": {
            "name": name,
            "group": changed.get("group", "xy-deconv"),
            "seed": seed,
            "data": settings["data.name"],
            "images": changed.get("images", "a1"),
            "settings": settings,
        },
    }


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(*results: dict[str, Any], name: str = "scores.json") -> Path:
        (tmp_path / name).write_text(json.dumps({"results": results}))
        return tmp_path / name

    return write


def test_scores_of_a_file_come_by_the_names_that_were_asked_for(write: Write) -> None:
    runs = score_runs([write(result("a/0", 0), result("a/3", 3))], ["MIG", "affine-r2", "nll"])
    assert [(run.name, run.seed, run.step, run.group) for run in runs] == [
        ("a/0", 0, 100, "xy-deconv"),
        ("a/3", 3, 100, "xy-deconv"),
    ]
    assert dict(runs[1].values) == {"MIG": 0.3, "affine-r2": 0.9, "nll": 33.0}
    assert dict(runs[1].factors) == {"affine-r2": "x,y"}
    assert (runs[0].decoder, runs[0].likelihood, runs[0].data) == ("deconv", "bernoulli", "xy")


def test_a_pair_of_factors_is_found_in_either_order_and_else_the_first(write: Write) -> None:
    pairs = {"x,hue": {"scores": {"tear": 2.0}}, "x,y": {"scores": {"tear": 1.0}}}
    (run,) = score_runs([write(result("a", 0, geometry=pairs))], ["y,x:tear", "tear"])
    assert run.values == {"y,x:tear": 1.0, "tear": 2.0}
    assert run.factors == {"y,x:tear": "x,y", "tear": "x,hue"}
    with pytest.raises(SbvaeError, match="no run has y,hue:tear; its pairs are x,hue and x,y"):
        score_runs([write(result("a", 0, geometry=pairs))], ["y,hue:tear"])


def test_a_slip_in_a_name_is_told_of_before_files_are_read() -> None:
    with pytest.raises(SbvaeError, match="score mgi is unknown; did you mean mig"):
        score_runs([Path("none.json")], ["mgi"])


def test_runs_of_other_settings_or_steps_are_other_groups(write: Write) -> None:
    notes: list[str] = []
    runs = score_runs(
        [
            write(
                result("a", 0),
                result("b", 1, settings={"step": 40}),
                result("c", 0, settings={"model.decoder.kind": "broadcast"}, group="broadcast"),
                result("d", 0),
            )
        ],
        ["mig"],
        on_note=notes.append,
    )
    assert [run.group for run in runs] == [
        *("xy-deconv, step 100", "xy-deconv, step 40", "broadcast", "xy-deconv, step 100"),
    ]
    assert notes == [
        "b is at step 40 of 100, and grouped only with runs at that step",
        "a, d have the same seed and settings and may be copies of one run",
    ]


def test_a_run_that_two_files_have_counts_once(write: Write) -> None:
    notes: list[str] = []
    files = [write(result("a", 0, mig=0.5)), write(result("a", 0, mig=0.7), name="again.json")]
    (run,) = score_runs(files, ["mig"], on_note=notes.append)
    assert run.values == {"mig": 0.5}
    assert notes == ["a is scored twice; the first scores count"]


def test_runs_that_two_folders_call_alike_are_two(write: Write) -> None:
    other = result("runs/0", 0, mig=0.7, settings={"model.decoder.kind": "broadcast"})
    files = [write(result("runs/0", 0, mig=0.5)), write(other, name="other.json")]
    runs = score_runs(files, ["mig"], on_note=pytest.fail)
    assert [(run.decoder, run.values["mig"]) for run in runs] == [
        ("deconv", 0.5),
        ("broadcast", 0.7),
    ]


def test_a_run_without_the_score_is_told_of_and_a_score_of_none_is_refused(write: Write) -> None:
    notes: list[str] = []
    other = result("b", 1, mig=None, protocol={"name": "quick", "images": 2000})
    runs = score_runs([write(result("a", 0), other)], ["mig"], on_note=notes.append)
    assert [dict(run.values) for run in runs] == [{"mig": 0.0}, {}]
    assert notes == [
        "b has no mig and is left out",
        "scores were computed by different protocols: paper (10,000 images) and "
        "quick (2,000 images)",
    ]
    with pytest.raises(SbvaeError, match=r"no run has kl: .* metrics=rates json=FILE"):
        score_runs([write(result("a", 0))], ["kl"])


def test_a_run_whose_step_is_not_known_is_at_none(write: Write) -> None:
    notes: list[str] = []
    own = {**result("a", 0), "step": None}
    score_runs([write(own)], ["mig"], on_note=notes.append)
    assert notes == ["a is at step 0 of 100, and grouped only with runs at that step"]


def test_a_score_that_is_not_finite_is_none(write: Write) -> None:
    bad = [result(name, 1, mig=value) for name, value in (("b", float("nan")), ("c", -math.inf))]
    runs = score_runs([write(result("a", 3), *bad)], ["mig", "nll"])
    assert [run.values.get("mig") for run in runs] == [0.3, None, None]
    assert all("nll" in run.values for run in runs)


def changed_result(**changes: Any) -> str:
    return json.dumps({"results": [result("a", 0, **changes)]})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "or is cut short; write it by `sbvae eval RUNS json=/[^ ]*/scores.json`"),
        ('{"models": []}', "has no results of `sbvae eval`"),
        ("[1]", "has no results"),
        ('{"results": [{"scores": {}}]}', "was written by an earlier version, without settings"),
        ('{"results": [{"run": {}, "scores": 3}]}', "is damaged or was changed"),
        (json.dumps({"results": [{**result("a", 0), "step": [1]}]}), "is damaged or was changed"),
        (json.dumps({"results": [result("a\0b", 0)]}), "is damaged or was changed"),
        (json.dumps({"results": [result("\ud800", 0)]}), "is damaged or was changed"),
        (changed_result(settings={"training.steps": "many"}), "is damaged or was changed"),
        (changed_result(settings={"objective.beta": [4.0]}), "is damaged or was changed"),
        (changed_result(settings={"model.decoder.hidden_units": 8}), "is damaged or was changed"),
        (changed_result(mig=1e101), "is damaged or was changed"),
        (changed_result(mig=10**400), "is damaged or was changed"),
    ],
)
def test_other_files_say_what_would_do(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "scores.json"
    path.write_text(text)
    with pytest.raises(SbvaeError, match=message):
        score_runs([path], ["mig"])
    with pytest.raises(SbvaeError, match="there is no such file; write one by"):
        score_runs([tmp_path / "none.json"], ["mig"])


def test_scores_that_were_written_are_those_that_are_computed(tmp_path: Path) -> None:
    codes = tmp_path / "codes.npz"
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 3, (300, 2))
    noisy = np.column_stack([factors, rng.normal(size=(300, 1))])
    np.savez(codes, codes=noisy, factors=factors, names=["x", "y"])
    wanted = ["mig", "x,y:affine_r2"]
    (computed,) = score_runs([codes], wanted)
    protocol = Protocol(metrics=("mig", "geometry"))
    written = tmp_path / "scores.json"
    written.write_text(json.dumps(as_json(evaluate_targets([codes], protocol))))
    assert score_runs([written], wanted) == [computed]
    assert computed.group == "codes" and computed.seed is None and computed.values["mig"] > 0.5


def scored(name: str, images: str, likelihood: str, **values: float) -> RunScores:
    settings = {"model.likelihood.kind": likelihood}
    own = (name, "g", 0, 1, Path(name), settings, images.strip("+"), images, "")
    return RunScores(*own, values=values, factors={})


def test_only_scores_on_the_same_data_compare_and_nlls_of_one_likelihood() -> None:
    one = scored("a", "xy", "bernoulli", nll=1.0)
    require_comparable([one, scored("b", "xy", "bernoulli", nll=1.0), scored("c", "", "", mig=1.0)])
    require_comparable([scored("a", "xy", "bernoulli"), scored("b", "xy", "gaussian", mig=0.1)])
    with pytest.raises(SbvaeError, match=r"b: is scored on data xh, a on xy: .* by `data`"):
        require_comparable([one, scored("b", "xh", "bernoulli")])
    with pytest.raises(SbvaeError, match="b: is scored on images of xy with another size or"):
        require_comparable([one, scored("b", "xy+", "bernoulli")])
    with pytest.raises(SbvaeError, match="b: has the likelihood gaussian, a bernoulli: their NLLs"):
        require_comparable([one, scored("b", "xy", "gaussian", nll_validation=2.0)])
