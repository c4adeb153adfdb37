"""`sbvae figure table`: its formats, by name or ending, from scores that are made up."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from sbvae_cli.runs import scores
from sbvae_cli.runs.scores import RunScores

Sbvae = Callable[..., object]
ELBO = {"broadcast": [329.0, 331.0], "deconv": [340.0, 344.0]}


def scored(decoder: str, seed: int, names: Sequence[str]) -> RunScores:
    settings = {"model.decoder.kind": decoder, "model.likelihood.kind": "bernoulli"}
    name = f"runs/{decoder}/{seed}"
    own = (
        name,
        f"sprites-{decoder}",
        seed,
        500,
        Path(name),
        settings,
        "sprites",
        "sprites",
        "paper",
    )
    values = {name: ELBO[decoder][seed] / (1 + i) for i, name in enumerate(names)}
    return RunScores(*own, values=values, factors={})


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Scores of two replicas of each decoder in place of computed ones; names that were wanted."""
    wanted: list[list[str]] = []

    def score_runs(
        targets: Sequence[Path], names: Sequence[str], optional: Sequence[str], **_: Any
    ) -> list[RunScores]:
        names = [*names, *optional]
        wanted.append(names)
        runs = [scored("broadcast", seed, names) for seed in range(2)]
        return runs + [scored("deconv", seed, names) for seed in range(2)]

    monkeypatch.setattr(scores, "score_runs", score_runs)
    return wanted


def test_the_table_of_the_paper_is_printed(sbvae: Sbvae, made: list[list[str]]) -> None:
    done = sbvae("figure", "table", "runs")
    assert done.code == 0, done.err
    assert made == [["neg_elbo", "nll", "kl", "latents_used", "mig", "factor_vae"]]
    for text in ("broadcast", "* 330.0 ± 1.4", "342.0 ± 2.8", "165.00 ± 0.71", "latents used"):
        assert text in done.out
    assert "Mean ± std over 2 replicas" in done.out and "* the lowest ELBO." in done.out


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("t.md", "| model | ELBO | MIG |\n| --- | ---: | ---: |\n| broadcast | **330.0 ± 1.4** |"),
        ("t.tex", "% Mean ± std over 2 replicas"),
        ("t.csv", "model,neg_elbo_mean,neg_elbo_std,neg_elbo_median,neg_elbo_n,mig_mean"),
    ],
)
def test_a_file_has_the_format_of_its_ending(
    sbvae: Sbvae, made: list[list[str]], name: str, start: str
) -> None:
    options = ["--scores", "neg_elbo,mig"]
    done = sbvae("figure", "table", "runs", *options, "--out", name)
    assert (done.code, done.out) == (0, f"wrote {name}\n"), done.err
    text = Path(name).read_text(encoding="utf-8")
    assert text.startswith(start)
    written = {".md": "markdown", ".tex": "latex", ".csv": "csv"}[Path(name).suffix]
    to_stdout = [*options, "--format", written]
    assert sbvae("figure", "table", "runs", *to_stdout).out == text
    assert sbvae("figure", "table", "runs", *to_stdout, "--out", "-").out == text
    assert not Path("-").exists()


def test_what_no_run_has_is_left_out_unless_it_is_asked_for(
    sbvae: Sbvae, write_codes: Callable[..., Path]
) -> None:
    codes = write_codes(Path("codes.npz"))
    done = sbvae("figure", "table", codes, "--protocol", "quick", "--format", "csv")
    assert done.code == 0, done.err
    assert done.out.startswith("model,mig_mean,mig_std,mig_median,mig_n,factor_vae_mean")
    assert "note: no run has neg_elbo, nll, kl, latents_used: left out" in done.err
    done = sbvae("figure", "table", codes, "--scores", "mig,nll")
    assert done.code == 1 and "rates cannot be computed: a model is needed" in done.err


def test_a_pair_of_factors_may_stand_among_scores(sbvae: Sbvae, made: list[list[str]]) -> None:
    names = "kl, x,y:affine_r2,mig,shape,x:tear"
    assert sbvae("figure", "table", "runs", "--scores", names, "--format", "csv").code == 0
    assert made == [["kl", "x,y:affine_r2", "mig", "shape,x:tear"]]


def test_slips_are_told_of_before_anything_is_computed(sbvae: Sbvae, made: list[list[str]]) -> None:
    Path("folder").mkdir()
    Path("picture.tex").write_bytes(b"\x89PNG\r\n\x1a\n\0")
    for words, line in {
        ("--out", "t.doc"): "--out t.doc: end it in .md, .tex or .csv, or name the --format",
        ("--out", "t.md", "--format", "csv"): "--out t.md: its ending is not that of --format",
        ("--out", "t.md", "--format", "terminal"): "--format terminal is printed; leave --out t.md",
        ("--out", "folder"): "--out folder: is a folder; name a file in it, as folder/table.md",
        ("--out", "picture.tex"): "--out picture.tex: the existing file is not text",
    }.items():
        done = sbvae("figure", "table", "runs", *words)
        assert done.code == 1 and done.err.startswith(f"error: {line}"), done.err
    assert made == []
