"""What is collected of a sweep: states, scores by name, and the files at its root."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from statistics import fmean, median, stdev
from typing import Any

import pytest

from sbvae_cli.config.schema import Config
from sbvae_cli.runs.scores_file import read_records
from sbvae_cli.sweeps.collect import Collected, collect, write_collected
from sbvae_cli.sweeps.folder import SweepFolder

SWEEP: dict[str, Any] = {
    "settings": {"preset": {"profile": "quick"}, "data": {"source": "circles:xy"}},
    "grid": {"model.decoder.kind": ["deconv", "broadcast"], "depth": [2, 3]},
    "replicas": 3,
}
Write = Callable[..., SweepFolder]


def scores(config: Config) -> dict[str, float] | str | None:
    """The seed in the first digit, the decoder in the second; a run of each other state too."""
    kind, seed = config.model.decoder.kind, config.training.seed
    layers = len(config.model.decoder.hidden_channels) + 1
    if kind == "deconv" and seed == 2:
        return {2: "diverged", 3: None}[layers]
    if kind == "broadcast" and layers == 3 and seed:
        return {1: "trained", 2: "training"}[seed]
    return {"mig": seed + (0.5 if kind == "broadcast" else 0.0), "x,y:affine_r2": layers / 10}


@pytest.fixture
def folder(tmp_path: Path, written_sweep: Write) -> SweepFolder:
    return written_sweep(tmp_path / "sweep", SWEEP, scores)


@pytest.fixture
def found(folder: SweepFolder) -> Collected:
    return collect(folder, folder.open_plan())


def test_every_run_has_its_state_and_those_that_are_finished_their_scores(
    found: Collected,
) -> None:
    states = {group.label: [run.state for run in group.runs] for group in found.groups}

    assert states == {
        "deconv, depth 2": ["finished", "finished", "diverged"],
        "deconv, depth 3": ["finished", "finished", "waiting"],
        "broadcast, depth 2": ["finished"] * 3,
        "broadcast, depth 3": ["finished", "trained", "training"],
    }
    assert found.groups[2].values("mig") == {0: 0.5, 1: 1.5, 2: 2.5}
    assert found.groups[0].values("mig") == {0: 0.0, 1: 1.0}
    assert found.groups[3].values("x,y:affine_r2") == {0: 0.3}


def test_a_group_has_mean_std_and_median_over_its_replicas(found: Collected) -> None:
    summary = found.groups[2].summaries["mig"]

    values = [0.5, 1.5, 2.5]
    assert (summary.n, summary.mean) == (3, fmean(values))
    assert (summary.std, summary.median) == (stdev(values), median(values))


def test_groups_are_found_by_any_of_their_settings(found: Collected) -> None:
    assert len(found.select({})) == 4
    assert [g.label for g in found.select({"depth": 3})] == [
        "deconv, depth 3",
        "broadcast, depth 3",
    ]
    assert len(found.select({"model.decoder.kind": "broadcast", "depth": 2.0})) == 1
    assert (
        len(found.select({"data.source": "circles:xy", "model.decoder.hidden_channels": [32]})) == 2
    )
    assert found.select({"objective.gamma": 35}) == []


def test_a_score_is_found_by_what_it_is_called_on_the_command_line(found: Collected) -> None:
    assert found.find("MIG") == "mig"
    assert found.find("affine-r2") == found.find("y,x:affine_r2") == "x,y:affine_r2"
    assert found.find("x,hue:affine_r2") is None
    assert found.find("nll") is None


def test_the_csv_has_a_row_for_each_run(folder: SweepFolder, found: Collected) -> None:
    write_collected(folder, found)

    with folder.csv.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12
    assert list(rows[0]) == [
        *("run", "group", "seed", "model.decoder.kind", "depth"),
        *("state", "step", "steps", "mig", "x,y:affine_r2"),
    ]
    by_name = {row["run"]: row for row in rows}
    group = found.groups[2].name
    row = by_name[f"{group}/1"]
    assert (row["group"], row["seed"], row["depth"]) == (group, "1", "2")
    assert (row["state"], row["step"], row["steps"], row["mig"]) == (
        *("finished", "1000", "1000", "1.5"),
    )
    gone = by_name[f"{found.groups[0].name}/2"]
    assert (gone["state"], gone["step"], gone["mig"]) == ("diverged", "1500", "")


def test_the_json_is_what_figures_read_with_the_state_of_each_run(
    folder: SweepFolder, found: Collected
) -> None:
    write_collected(folder, found)

    records = read_records(folder.json)
    assert [record.name for record in records] == [r.name for r in found.runs if r.result]
    assert records[0].numbers["", "mig"] == 0.0
    tree = json.loads(folder.json.read_text(encoding="utf-8"))
    assert [run["state"] for run in tree["runs"]].count("finished") == 8
    assert "not finite in step 1,500" in tree["runs"][2]["why"]
    assert tree["summary"][2]["scores"]["mig"]["median"] == 1.5
    assert tree["summary"][0]["states"] == {"finished": 2, "diverged": 1}
    assert tree["summary"][2]["verdicts"] == {"x,y": {"flat": 3}}


def test_the_same_sweep_gives_the_same_files_wherever_it_lies(
    tmp_path: Path, folder: SweepFolder, found: Collected, written_sweep: Write
) -> None:
    other = written_sweep(tmp_path / "deeper" / "other", SWEEP, scores)
    write_collected(folder, found)
    write_collected(other, collect(other, other.open_plan()))

    assert other.csv.read_bytes() == folder.csv.read_bytes()
    assert other.json.read_bytes() == folder.json.read_bytes()


def test_only_settings_that_differ_are_columns(tmp_path: Path, written_sweep: Write) -> None:
    tree = {**SWEEP, "grid": {"model.decoder.kind": "broadcast", "depth": [2, 3]}}
    folder = written_sweep(tmp_path / "sweep", tree, lambda config: None)

    found = collect(folder, folder.open_plan())

    assert found.keys == ("depth",)
    assert found.csv_rows()[1][3:] == [2, "waiting", 0, 1000]
