"""Tables and files of several evaluations."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sbvae_cli.cli.several_tables import column_names

FEW = ("--protocol", "quick", "--images", 200, "--votes", 20, "--metrics", "mig,irs")
Sbvae = Callable[..., object]
WriteCodes = Callable[..., Path]


@pytest.mark.parametrize(
    ("names", "short", "shared"),
    [
        (["runs/a", "runs/b"], ["a", "b"], "runs/..."),
        (["a.npz", "b.npz"], ["a.npz", "b.npz"], ""),
        (["runs/xy-hole-broadcast-0", "runs/xy-hole-broadcast-beta4-0"], ["0", "beta4-0"],
         "runs/xy-hole-broadcast-..."),
        (["runs/xy-hole-broadcast-10", "runs/xy-hole-broadcast-12"], ["10", "12"],
         "runs/xy-hole-broadcast-..."),
        (["a/ckpt.pt", "a/ckpt.pt"], ["a/ckpt.pt", "a/ckpt.pt (2)"], ""),
        (["a/", "a/b"], ["a/", "a/b"], ""),
    ],
)  # fmt: skip
def test_names_of_columns_are_short_and_tell_runs_apart(
    names: list[str], short: list[str], shared: str
) -> None:
    assert column_names(names) == (short, shared)


@pytest.fixture
def seeds(sbvae: Sbvae, write_codes: WriteCodes) -> list[Path]:
    rng = np.random.default_rng(0)
    return [write_codes(Path(f"{i}.npz"), codes=rng.normal(size=(300, 3))) for i in range(3)]


def values(name: str, score: str) -> list[float]:
    return [
        each["scores"][score]["value"] for each in json.loads(Path(name).read_text())["results"]
    ]


def test_scores_are_rows_and_runs_are_columns(sbvae: Sbvae, seeds: list[Path]) -> None:
    done = sbvae("eval", *seeds, *FEW, "--json", "s.json")
    assert done.code == 0
    heading, *rows = [
        [cell.strip() for cell in line.strip("┃│").replace("┃", "│").split("│")]
        for line in done.out.splitlines()
        if line[:1] in ("┃", "│")
    ]
    assert heading == ["score", "0.npz", "1.npz", "2.npz"]
    found = {row[0]: row[1:] for row in rows}
    assert list(found) == ["mig", "mig_quantile", "mig_subspace", "irs"]
    assert found["irs"] == [f"{value:.4f}" for value in values("s.json", "irs")]


def test_a_summary_has_mean_std_and_median(sbvae: Sbvae, seeds: list[Path]) -> None:
    command = ("eval", *seeds, *FEW, "--summary")
    done = sbvae(*command, "--json", "s.json")
    assert done.code == 0 and "codes: 3 runs\n" in done.out
    irs = values("s.json", "irs")
    expected = [np.mean(irs), np.std(irs, ddof=1), np.median(irs)]
    (row,) = [line for line in done.out.splitlines() if line.startswith("│ irs")]
    assert [cell.strip() for cell in row.strip("│").split("│")[1:]] == [
        f"{value:.4f}" for value in expected
    ]
    (group,) = json.loads(Path("s.json").read_text())["summary"]
    assert group["runs"] == ["0.npz", "1.npz", "2.npz"]
    assert list(group["scores"]["irs"].values()) == pytest.approx([3, *expected])
    rows = list(csv.DictReader(io.StringIO(sbvae(*command, "--csv", "-").out)))
    (row,) = [row for row in rows if row["score"] == "irs"]
    assert float(row["std"]) == pytest.approx(expected[1])


def test_csv_has_a_row_for_each_run_and_score(sbvae: Sbvae, seeds: list[Path]) -> None:
    done = sbvae("eval", *seeds, *FEW, "--csv", "s.csv", "--json", "s.json")
    assert done.code == 0 and "wrote s.csv\n" in done.out
    rows = list(csv.DictReader(Path("s.csv").read_text().splitlines()))
    assert len(rows) == 3 * 4
    found = [float(row["value"]) for row in rows if row["score"] == "irs"]
    assert found == values("s.json", "irs")


def test_two_files_for_stdout_or_one_of_another_format_are_refused(sbvae: Sbvae) -> None:
    done = sbvae("eval", "none.npz", "--csv", "-", "--json", "-")
    assert done.code == 1 and "--json and --csv cannot both be on stdout" in done.err
    done = sbvae("eval", "none.npz", "--csv", "scores.json")
    assert done.code == 1 and "--csv scores.json: this option writes CSV" in done.err


def test_a_grid_that_has_collapsed_is_called_so_beside_others(
    sbvae: Sbvae, write_codes: WriteCodes
) -> None:
    flat = np.random.default_rng(0).integers(0, 3, (300, 2)).astype(float)
    for name, scale in [("a", 1.0), ("b", 2.0), ("dead", 1e-3)]:
        write_codes(Path(f"{name}.npz"), codes=scale * flat, stds=np.full((300, 2), 0.1))
    command = ("eval", "a.npz", "b.npz", "dead.npz", *FEW[:-1], "geometry", "--json", "s.json")
    done = sbvae(*command)
    assert done.code == 0 and "folded" not in done.err
    (row,) = [line for line in done.out.splitlines() if "grid of x and y" in line]
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert cells == ["grid of x and y", "flat", "flat", "collapsed to a point"]
    done = sbvae(*command, "--summary")
    assert "- grid of x and y: 2 flat, 1 collapsed to a point\n" in done.out
    found = json.loads(Path("s.json").read_text())
    assert found["summary"][0]["verdicts"] == {"x,y": {"flat": 2, "collapsed to a point": 1}}
    assert found["results"][2]["geometry"]["x,y"]["verdict"] == "collapsed to a point"
