"""What `sbvae eval` prints, on wide and on narrow terminals."""

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sbvae_cli.cli.console import print_table
from sbvae_cli.cli.evaluation_tables import as_dict, print_evaluations
from sbvae_cli.evaluation.findings.finding import Finding
from sbvae_cli.evaluation.result import Evaluation
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.runs.evaluate import Evaluated

FEW = ("--protocol", "quick", "--images", 200, "--votes", 20)
Sbvae = Callable[..., object]
WriteCodes = Callable[..., Path]


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        (35, ["score", "value"]),
        (60, ["score", "value", "low..high"]),
        (80, ["score", "value", "low..high", "population"]),
    ],
)
def test_a_narrow_terminal_gets_fewer_columns_and_every_value(
    sbvae: Sbvae,
    tiny: list[str],
    width: int,
    columns: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert sbvae("train", *tiny, "--steps", 1, "--out", "run").code == 0
    on_a_terminal(monkeypatch, width)
    done = sbvae("eval", "run", *FEW, "--json", "s.json")
    out = plain(done.out)
    headings = [line for line in out.splitlines() if line.startswith("┃")]
    assert [cell.strip() for cell in headings[0].strip("┃").split("┃")] == columns
    assert "…" not in out
    assert all(len(line) <= width for line in out.splitlines() if line[:1] in "┃│┏└")
    for score in json.loads(Path("s.json").read_text())["scores"].values():
        assert f" {score['value']:.4f} " in out


def test_several_on_a_narrow_terminal_get_a_table_each(
    sbvae: Sbvae, tiny: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("bernoulli", "gaussian"):
        train = ("train", *tiny, "--steps", 1, "--likelihood", name, "--out", name)
        assert sbvae(*train).code == 0
    on_a_terminal(monkeypatch, 40)
    command = ("eval", "bernoulli", "gaussian", *FEW, "--metrics", "rates,mig", "--json", "s.json")
    out = plain(sbvae(*command).out)
    headings = [line for line in out.splitlines() if line.startswith("┃")]
    assert [[cell.strip() for cell in h.strip("┃").split("┃")] for h in headings] == [
        ["score", "bernoulli"],
        ["score", "gaussian"],
    ]
    assert "…" not in out and all(len(line) <= 40 for line in out.splitlines() if "│" in line)
    for each in json.loads(Path("s.json").read_text())["results"]:
        for score in each["scores"].values():
            assert f" {score['value']:.4f} " in out


def test_a_note_of_several_stands_once_with_their_names(
    sbvae: Sbvae, write_codes: WriteCodes
) -> None:
    names = [f"c{i}.npz" for i in range(5)]
    for name in names:
        write_codes(Path(name), codes=np.random.default_rng(1).normal(size=(300, 3)))
    write_codes(Path("d.npz"), factors=np.random.default_rng(1).normal(size=(300, 2)))
    done = sbvae("eval", *names, "d.npz", "--metrics", "factor-vae", *FEW)
    assert done.code == 0
    notes = lines(done.err)
    assert len(notes) == len({note.rsplit(": ", 1)[-1] for note in notes})
    (shared,) = [note for note in notes if "votes share rows" in note]
    assert shared.startswith("note: c0.npz, c1.npz, c2.npz and 3 more: ")
    assert any(note.startswith("note: d.npz: ") for note in notes)


def test_scores_that_there_are_not_stand_in_json_alone(sbvae: Sbvae, tiny: list[str]) -> None:
    options = ["--data", "circles:xy", *tiny[2:]]
    assert sbvae("train", *options, "--steps", 1, "--out", "run").code == 0
    done = sbvae("eval", "run", *FEW, "--metrics", "rates", "--json", "s.json")
    found = json.loads(Path("s.json").read_text())["scores"]
    assert found["nll_heldout"]["value"] is None
    assert "nll_heldout" not in done.out and "kl_heldout" not in done.out and "kl" in done.out
    shutil.copytree("run", "again")
    done = sbvae("eval", "run", "again", *FEW, "--metrics", "rates")
    assert "nll_heldout" not in done.out and "kl" in done.out


@pytest.mark.parametrize("names", [["x", "y"], ["x", "y", "z"]])
def test_what_a_pair_of_circular_factors_lacks_is_left_out(
    sbvae: Sbvae, write_codes: WriteCodes, names: list[str]
) -> None:
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 4, (300, len(names)))
    codes = factors + 0.1 * rng.normal(size=factors.shape)
    write_codes(Path("c.npz"), codes=codes, factors=factors, names=names, circular=names)
    done = sbvae("eval", "c.npz", "--metrics", "geometry", "--json", "s.json")
    pair = json.loads(Path("s.json").read_text())["geometry"]["x,y"]["scores"]
    assert pair["affine_r2"] is None and pair["fold_fraction"] is None
    assert "affine_r2" not in done.out and "fold_fraction" not in done.out
    assert f"{pair['tear']:.4f}" in done.out and f"{pair['inverse_r2']:.4f}" in done.out


def test_why_there_is_no_score_stays_in_sight(sbvae: Sbvae, write_codes: WriteCodes) -> None:
    factors = np.random.default_rng(0).integers(0, 3, (300, 3))
    three = {"factors": factors, "names": ["x", "y", "z"], "circular": ["z"]}
    path = write_codes(Path("c.npz"), codes=factors[:, :2], **three)
    done = sbvae("eval", path, "--metrics", "mig", "--json", "s.json")
    score = json.loads(Path("s.json").read_text())["scores"]["mig_subspace"]
    assert score["value"] is None and f"- mig_subspace: {score['why']}" in done.out
    (row,) = [line for line in done.out.splitlines() if line.startswith("│ mig_subspace")]
    assert row.split("│")[2].strip() == "-"


@pytest.mark.parametrize("width", [100, None], ids=["terminal", "pipe"])
def test_a_long_name_over_a_column_is_broken_into_lines_on_a_terminal(
    width: int | None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sbvae_cli.cli.console.terminal_width", lambda: width)
    name = "a run that somebody has called by all of its settings and then some more"
    print_table("", ["score", name], [["mig", "0.1"]])
    lines = capsys.readouterr().out.splitlines()
    assert (max(map(len, lines)) < 60) == bool(width)
    words = " ".join(line.split("┃")[2].strip() for line in lines if line.startswith("┃"))
    assert words == name


def test_a_name_in_brackets_stands_in_the_table(sbvae: Sbvae, write_codes: WriteCodes) -> None:
    done = sbvae("eval", write_codes(Path("[bold]:smile:.npz")), "--metrics", "mig")
    assert done.code == 0 and "[bold]:smile:.npz, 300 rows" in done.out


def test_columns_that_are_left_out_are_named_under_the_table(
    sbvae: Sbvae, write_codes: WriteCodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = write_codes(Path("c.npz"))
    for width, missing in [(35, "low..high and population"), (45, "population"), (80, None)]:
        on_a_terminal(monkeypatch, width)
        out = plain(sbvae("eval", codes, *FEW, "--metrics", "mig,irs").out)
        said = " ".join(out.split())
        assert ("on a wider terminal" in said) == bool(missing)
        assert not missing or f"({missing}: on a wider terminal, or in --json)" in said


def test_a_long_diagnosis_is_cut_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    for count, shown, more in [(12, 12, None), (13, 12, "1 more line"), (40, 12, "28 more lines")]:
        each = diagnosed("c.npz", count)
        print_evaluations([each])
        said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("- ")]
        assert said == [
            *(f"- {shared(i)}" for i in range(shown)),
            *([f"- ... and {more} (--json has all)"] if more else []),
        ]
        assert len(as_dict(each)["diagnosis"]) == len(as_dict(each)["findings"]) == count


def test_several_show_four_lines_of_diagnosis_each(capsys: pytest.CaptureFixture[str]) -> None:
    print_evaluations([diagnosed(name, 6) for name in ("a.npz", "b.npz")])
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("- ")]
    for name in ("a.npz", "b.npz"):
        own = [line.removeprefix(f"- {name}: ") for line in said if name in line]
        assert own == [*(shared(i) for i in range(4)), "... and 2 more lines (--json has all)"]


def shared(latent: int) -> str:
    return f"latent {latent} encodes both x and y; longer training or other seeds may help"


def diagnosed(name: str, count: int) -> Evaluated:
    findings = tuple(Finding("shared", ("x", "y"), (i,)) for i in range(count))
    return Evaluated(name, name, Evaluation(Protocol(), {}, {}, findings, of_model=False), {})


def test_a_note_on_many_pairs_is_one_line_that_counts_them(
    sbvae: Sbvae, write_codes: WriteCodes
) -> None:
    rows = np.random.default_rng(0).integers(0, 4, (30, 15))
    arrays = {"names": [f"f{i}" for i in range(15)], "factors": rows, "codes": rows + 0.5}
    codes = write_codes(Path("c.npz"), **arrays)
    done = sbvae("eval", codes, *FEW, "--metrics", "geometry", "--json", "s.json")
    assert done.code == 0 and len(done.err.splitlines()) <= 14
    assert "note: geometry of f0,f1 f0,f2 f0,f3 and " in done.err
    assert len(json.loads(Path("s.json").read_text())["geometry"]) == 15 * 14 // 2
