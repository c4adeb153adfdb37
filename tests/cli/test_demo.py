"""`sbvae demo` where something stands already: an interrupted one goes on, others are refused."""

import itertools
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sbvae_cli.checkpoint import load_checkpoint
from sbvae_cli.cli import demo as command
from sbvae_cli.cli import demo_runs
from sbvae_cli.cli.app import main
from sbvae_cli.cli.demo_runs import train_both
from sbvae_cli.cli.side_by_side import Job, TrainingEnd
from sbvae_cli.cli.signals import Interrupted
from sbvae_cli.config.load import to_yaml
from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.runs.resolve import Request, resolve
from sbvae_cli.runs.train import start_runs

Sbvae = Callable[..., object]


def begin(decoder: str, steps: int, stop_at: int, seed: int = 0) -> RunFolder:
    """A model of the demo, trained up to a step."""
    options = {
        "data": {"source": "circles:xy-hole"},
        "model": {"decoder": {"kind": decoder}},
        "training": {"steps": steps, "seed": seed, "device": "cpu", "threads": 1, "batch_size": 2},
    }
    config, source = resolve(Request("quick", options=options))
    folder = RunFolder(Path("demo") / decoder)
    asked = itertools.count()
    start_runs([config], source, [folder], stop=lambda: next(asked) == stop_at)
    return folder


def test_what_is_finished_stays_and_what_was_stopped_goes_on(
    sbvae: Sbvae, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(jobs: list[Job], *_: object) -> list[TrainingEnd]:
        """In this process, which has loaded PyTorch."""
        assert [main(["--quiet", *job.command]) for job in jobs] == [0] * len(jobs)
        return [TrainingEnd(job.folder, job.row) for job in jobs]

    monkeypatch.setattr(demo_runs, "run_side_by_side", run)
    finished = begin("broadcast", 2, 2, seed=5)
    stopped = begin("deconv", 6, 3, seed=5)
    before = finished.checkpoint.read_bytes()

    train_both(Path("demo"), None, None, force=False)

    said = capsys.readouterr().out.splitlines()
    assert said == [
        "demo/broadcast: is trained already, 2 steps",
        "demo/deconv: resumes at step 3 of 6",
        "$ sbvae train --resume demo/deconv",
    ]
    assert finished.checkpoint.read_bytes() == before
    assert load_checkpoint(stopped.checkpoint).step == 6


def test_what_has_no_checkpoint_yet_starts_again(
    sbvae: Sbvae, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = begin("deconv", 6, 3, seed=5)
    folder.checkpoint.unlink()
    started = []
    monkeypatch.setattr(demo_runs, "_train", lambda commands, *_: started.append(commands))
    train_both(Path("demo"), None, None, force=False)
    train_both(Path("demo"), 1, 3, force=True)
    for commands, seed, steps in zip(started, ("5", "1"), (["2", "6"], ["3", "9"]), strict=True):
        words = [commands[decoder] for decoder in ("broadcast", "deconv")]
        assert [each[each.index("--steps") + 1] for each in words] == steps
        assert {each[each.index("--seed") + 1] for each in words} == {seed}
        assert all("--resume" not in each for each in words)
    assert ["--force" in commands["deconv"] for commands in started] == [False, True]


def test_other_runs_and_other_files_are_refused(sbvae: Sbvae) -> None:
    folder = begin("broadcast", 2, 2)
    before = folder.checkpoint.read_bytes()
    for options, message in (
        (["--seed", 1], "demo/broadcast: is another run, its training.seed is 0, not 1; name"),
        (["--steps", 3], "its training.steps is 2, not 3; name another folder, or replace it with"),
    ):
        done = sbvae("demo", "demo", *options)
        assert done.code == 1 and message in done.err
    config, _ = resolve(Request("quick", options={"data": {"source": "circles:xh"}}))
    folder.checkpoint.unlink()
    folder.config.write_text(to_yaml(config.as_dict()))
    assert "its data.source is circles:xh, not circles:xy-hole" in sbvae("demo").err
    Path("mine").mkdir()
    Path("mine/thesis.tex").touch()
    done = sbvae("demo", "mine")
    assert "mine: holds other files, not a demo; name another folder" in done.err
    assert before and [path.name for path in Path("mine").iterdir()] == ["thesis.tex"]


def test_another_seed_has_a_folder_of_its_own_and_a_stop_says_how_to_go_on(
    sbvae: Sbvae, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = []

    def stop(folder: Path, *_: object) -> None:
        folders.append(str(folder))
        raise Interrupted(2)

    monkeypatch.setattr(demo_runs, "train_both", stop)
    monkeypatch.setattr(command, "_draw_and_score", lambda folder: None)
    for options, again in (
        ([], "sbvae demo demo"),
        (["--seed", 3], "sbvae demo demo-3 --seed 3"),
        (["my demo", "--steps", 9], 'sbvae demo "my demo" --steps 9'),
    ):
        done = sbvae("demo", *options)
        assert done.code == 130
        last = f"error: stopped; the training so far is saved; resume with: {again}\n"
        assert done.err == last
    assert folders == ["demo", "demo-3", "my demo"]


def test_a_command_of_it_that_fails_or_is_stopped_ends_it(
    sbvae: Sbvae, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_runs, "train_both", lambda *_: None)
    done = sbvae("demo")
    assert done.code == 1
    (line,) = done.err.splitlines()
    assert line.startswith("error: sbvae geometry failed: demo/broadcast: ")

    def stop(*_: object) -> None:
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr("sbvae_cli.runs.targets.resolve_targets", stop)
    done = sbvae("demo")
    assert done.code == 143 and done.err.endswith("resume with: sbvae demo demo\n")


@pytest.mark.slow
def test_a_signal_saves_both_models(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "sbvae_cli", "demo", "--steps", "1000000"]
    process = subprocess.Popen(
        words, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    logs = [tmp_path / "demo" / decoder / "log.jsonl" for decoder in ("broadcast", "deconv")]
    end = time.monotonic() + 120
    while not all(log.exists() for log in logs) and time.monotonic() < end:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert errors.splitlines()[-1].endswith("sbvae demo demo --steps 1000000")
    assert all(load_checkpoint(log.with_name("ckpt.pt")).step >= 10 for log in logs)
