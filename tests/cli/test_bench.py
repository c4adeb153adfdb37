"""`sbvae bench`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sbvae_cli.runs import bench, ceilings

Sbvae = Callable[..., Any]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Images of 16 pixels a side, one network on one thread, and small matrices."""
    monkeypatch.setattr(bench, "SIZE", 16)
    monkeypatch.setattr(bench, "NETWORKS", bench.NETWORKS[:2])
    monkeypatch.setattr(bench, "usable_cores", lambda: 1)
    monkeypatch.setitem(ceilings._SIDES, "cpu", (64,))
    monkeypatch.setattr(ceilings, "_CONVOLVED", (2, 8, 10, 3))
    monkeypatch.setattr(bench, "_load", lambda: 99.0)
    monkeypatch.setitem(ceilings._COPIED, "cpu", 1 << 16)


def test_a_machine_is_measured(sbvae: Sbvae) -> None:
    options = ("--device", "cpu", "--seconds", 1, "--precision", "tf32", "--json", "speed.json")
    done = sbvae("bench", *options)
    assert done.code == 0, done.err
    assert "note: --precision tf32 has no effect: a CPU has no tf32" in done.err
    for words in ("1 thread", "GFLOP", "images/s", "sprites, vae coordconv", "1,500,000"):
        assert words in done.out, words
    assert max(map(len, done.out.splitlines())) <= 80
    assert "note: other processes seem to have been busy" in done.err
    assert "measuring" in done.err and "vae broadcast" in done.err + done.out
    content = json.loads(Path("speed.json").read_text())
    assert content["device"] == "cpu" and content["precision"] == "fp32" and content["busy"]
    broadcast = content["speeds"][0]
    shown = f"{1e3 * broadcast['seconds']:,.2f}"
    assert shown in done.out
    run = content["paper_runs"][0]
    assert run["seconds"] == pytest.approx(run["steps"] * broadcast["seconds"])


def test_json_on_stdout_stands_alone(sbvae: Sbvae) -> None:
    done = sbvae("bench", "--device", "cpu", "--seconds", 1, "--json", "-", "--quiet")
    assert (done.code, done.err) == (0, "")
    assert set(json.loads(done.out)) >= {"ceilings", "speeds", "paper_runs", "torch"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--device", "cuda:7"), "device cuda:7: PyTorch finds none here"),
        (("--device", "tpu"), "unknown device 'tpu'; use auto, cpu"),
        (("--seconds", 0), "--seconds"),
        (("--json", "speed.png"), "speed.png"),
    ],
)
def test_what_it_cannot_take_is_one_line(
    sbvae: Sbvae, options: tuple[Any, ...], words: str
) -> None:
    done = sbvae("bench", *options)
    assert done.code in (1, 2) and done.out == ""
    assert words in done.err and len(done.err.splitlines()) == 1
