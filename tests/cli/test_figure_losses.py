"""`sbvae figure losses`, of runs that are made of their logs alone."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from sbvae_cli.config.load import build_config, to_yaml

Sbvae = Callable[..., object]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run that trains: no checkpoint, and a last line that is half-written."""
    folder = tmp_path / "runs/first"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(to_yaml(build_config({}).as_dict()))
    lines = [json.dumps({"step": 10 * i, "loss": 100.0 / i, "kl": 1.0 * i}) for i in range(1, 9)]
    (folder / "log.jsonl").write_text("\n".join([*lines, '{"step": 9']))
    return folder


def test_a_run_that_trains_is_drawn_as_far_as_it_is(sbvae: Sbvae, run: Path) -> None:
    done = sbvae("figure", "losses", "runs/first")
    assert done.code == 0 and done.out == "wrote losses.png: 1 run\n", done.err
    assert sbvae("figure", "losses", "runs", "--terms", "kl", "--out", "kl.png").code == 0
    with Image.open("losses.png") as both, Image.open("kl.png") as one:
        assert one.width < both.width


def test_slips_are_told_of_in_a_line(sbvae: Sbvae, run: Path) -> None:
    Path("empty").mkdir()
    for words, line in {
        ("empty",): "empty: is not a run folder and holds none; name a run, as runs/first",
        ("runs/frist",): "runs/frist: there is no such folder; name a run folder",
        ("runs/first", "--terms", "nll"): "term nll: no run has logged it; ",
        ("runs/first", "--out", "x.csv"): "--out x.csv: this option writes PNG or SVG",
    }.items():
        done = sbvae("figure", "losses", *words)
        assert done.code == 1 and done.err.startswith(f"error: {line}"), done.err
        assert not Path("losses.png").exists()
