"""`sbvae sweep collect` on folders at any point of a sweep."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sbvae_cli.config.schema import Config
from sbvae_cli.sweeps.folder import SweepFolder

Sbvae = Callable[..., Any]
Write = Callable[..., SweepFolder]
SWEEP: dict[str, Any] = {
    "settings": {"preset": {"profile": "quick"}, "data": {"source": "circles:xy"}},
    "grid": {"model.decoder.kind": ["deconv", "broadcast"]},
    "replicas": 6,
}


def scores(config: Config) -> dict[str, float] | str | None:
    """Broadcast has the higher MIG in every run; the last deconv run diverged."""
    broadcast, seed = config.model.decoder.kind == "broadcast", config.training.seed
    if not broadcast and seed == 5:
        return "diverged"
    return {"neg_elbo": 50.0 - broadcast + seed / 10, "mig": 0.1 + 0.5 * broadcast + seed / 100}


@pytest.fixture
def folder(tmp_path: Path, written_sweep: Write) -> SweepFolder:
    return written_sweep(tmp_path / "sweep", SWEEP, scores)


def row_of(text: str, start: str) -> list[str]:
    """Cells of the first row of a table that begins so."""
    line = next(line for line in text.splitlines() if line.startswith(f"│ {start} "))
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_groups_and_the_probability_are_printed_and_the_files_written(
    sbvae: Sbvae, folder: SweepFolder
) -> None:
    done = sbvae("sweep", "collect", "sweep")

    assert done.code == 0, done.err
    assert "12 runs of 2 settings: 11 finished, 1 diverged" in done.out
    assert "1 of the runs diverged: they are counted, but not in any mean" in done.err
    row = row_of(done.out, "deconv")
    assert row[:2] == ["deconv", "5 of 6, 1 diverged"]
    assert row[3] == "0.120 ± 0.016 [0.120]"  # of 0.10 to 0.14
    assert row_of(done.out, "MIG") == ["MIG", "higher", "1.00", "0.60..1.00", "yes"]
    assert "a run of broadcast scores lower or higher than one of deconv (6 and 5 runs)" in done.out
    assert row_of(done.out, "negative ELBO")[1] == "lower"
    with folder.csv.open(newline="", encoding="utf-8") as file:
        assert len(list(csv.reader(file))) == 13
    assert len(json.loads(folder.json.read_text(encoding="utf-8"))["results"]) == 11


def test_a_folder_that_cannot_be_written_is_read_all_the_same(
    sbvae: Sbvae, folder: SweepFolder
) -> None:
    for file in (folder.csv, folder.json):
        file.mkdir()

    done = sbvae("sweep", "collect", "sweep")

    assert done.code == 0
    assert row_of(done.out, "MIG")[4] == "yes"
    assert "note: sweep/scores.csv: is a folder" in done.err


def test_a_sweep_half_done_says_so(sbvae: Sbvae, tmp_path: Path, written_sweep: Write) -> None:
    written_sweep(tmp_path / "sweep", SWEEP, lambda c: scores(c) if c.training.seed == 0 else None)

    done = sbvae("sweep", "collect", "sweep")

    assert done.code == 0, done.err
    assert "12 runs of 2 settings: 10 waiting, 2 finished" in done.out
    assert "10 of the runs have no scores yet" in done.err
    assert row_of(done.out, "MIG")[2:] == ["1.00", "0.00..1.00", "undecided"]


def test_a_sweep_without_scores_has_no_tables(
    sbvae: Sbvae, tmp_path: Path, written_sweep: Write
) -> None:
    written_sweep(tmp_path / "sweep", SWEEP, lambda config: None)

    done = sbvae("sweep", "collect", "sweep", "--scores", "mig")

    assert done.code == 0, done.err
    assert "12 waiting" in done.out and "┃" not in done.out


def test_the_best_settings_are_printed_and_written(
    sbvae: Sbvae, tmp_path: Path, written_sweep: Write
) -> None:
    tree = {**SWEEP, "grid": {**SWEEP["grid"], "training.learning_rate": [0.001, 0.002]}}
    written_sweep(
        tmp_path / "sweep",
        {**tree, "replicas": 1},
        lambda config: {"neg_elbo": 1000 * config.training.learning_rate, "mig": 0.5},
    )

    done = sbvae("sweep", "collect", "sweep", "--best", "neg_elbo", "--out", "best.yaml")

    assert done.code == 0, done.err
    assert "best of broadcast: broadcast, lr 0.001, mean negative ELBO 1.0000, of 2" in done.out
    assert "training.learning_rate: 0.001" in done.out
    assert "wrote best-broadcast.yaml; train it by sbvae train --config best-broadcast" in done.out
    dry = sbvae("train", "--config", "best-deconv.yaml", "--dry-run")
    assert dry.code == 0 and "learning_rate: 0.001" in dry.out and "kind: deconv" in dry.out
    by_mig = sbvae("sweep", "collect", "sweep", "--best", "mig")
    assert "these are chosen by mig; the paper chose its settings by neg_elbo, not" in by_mig.err


def test_values_of_any_setting_are_compared(sbvae: Sbvae, folder: SweepFolder) -> None:
    named = ("--compare", "model.decoder.kind=deconv,broadcast", "--scores", "mig")

    done = sbvae("sweep", "collect", "sweep", *named, "--json", "-")

    assert done.code == 0, done.err
    (found,) = json.loads(done.out)["comparisons"]
    assert (found["value"], found["against"], found["probability"]) == ("deconv", "broadcast", 0)
    assert found["runs"] == [5, 6]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--compare", "objective.beta"), "does not differ in this sweep; what does: model.dec"),
        (("--compare", "model.decoder.kind=deconv"), "name two of its values, deconv, broadcast"),
        (("--best", "kl"), "no run has it yet; wait for one, or add rates to the sweep's metrics"),
        (("--out", "best.yaml"), "add --best neg_elbo"),
        (("--scores", "nll"), "no run has nll; there are neg_elbo, mig"),
        (("--best", "mgi"), "did you mean mig?"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    sbvae: Sbvae, folder: SweepFolder, options: tuple[str, ...], line: str
) -> None:
    done = sbvae("sweep", "collect", "sweep", *options)

    assert done.code == 1
    assert line in done.err and done.err.count("\n") == 1
    assert not folder.csv.exists()


def test_a_folder_without_a_plan_is_no_sweep(sbvae: Sbvae) -> None:
    done = sbvae("sweep", "collect", ".")

    assert done.code == 1 and "holds no sweep; begin one by" in done.err
