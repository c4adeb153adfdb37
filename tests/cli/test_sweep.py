"""`sbvae sweep`: what runs, what is left of it after any end, and what it says."""

import errno
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from sbvae_cli.cli import processes, sweep_runner
from sbvae_cli.cli.sweep_view import choose_shown, short_names, summary, table_of
from sbvae_cli.config.load import to_yaml
from sbvae_cli.config.sweep import build_sweep
from sbvae_cli.sweeps.folder import RunState, SweepFolder
from sbvae_cli.sweeps.plan import name_of, plan_sweep

Sbvae = Callable[..., Any]
Write = Callable[..., Path]

SMALL: dict[str, Any] = {
    "settings": {
        "data": {"source": "circles:xy-hole", "height": 16, "width": 16},
        "model": {
            "latent_dim": 3,
            "encoder": {"hidden_channels": [4], "hidden_units": [8]},
            "decoder": {"hidden_channels": [4]},
        },
        "training": {"steps": 4, "batch_size": 4, "device": "cpu"},
    },
    "grid": {"objective.kind": "beta-vae", "objective.beta": [1, 2, 3]},
    "metrics": ["rates"],
    "protocol": "quick",
}
# A job of few lines: it does as the word of the beta in its run's name says.
PROGRAM = """
import json, os, signal, sys, time
words, name = json.loads(sys.argv[1]), sys.argv[-1]
folder = os.path.join(sys.argv[-2], name)
word = next((each for beta, each in words.items() if f"-beta{beta}-" in name), "end")
os.makedirs(folder, exist_ok=True)
def log(**record):
    with open(f"{folder}/log.jsonl", "a") as file:
        print(json.dumps(record), file=file)
def save(number, frame):
    sys.exit(128 + number)
signal.signal(signal.SIGINT, save)
with open(f"{folder}/.job.json", "w") as file:
    json.dump({"what": "training", "why": "", "host": "gone", "process": None}, file)
log(step=1, loss=3.5, images_per_second=8.0)
if word == "wait":
    for _ in range(600):  # a signal that comes just before a sleep waits for its end
        time.sleep(0.05)
if word == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
if word == "full":
    print(f"error: {folder}/ckpt.pt: cannot be written: No space left", file=sys.stderr)
    sys.exit(1)
if word == "diverge":
    log(step=2, diverged=["kl"], kl="nan")
    sys.exit(0)
log(step=4, loss=1.5, images_per_second=8.0)
open(f"{folder}/ckpt.pt", "w").close()
scores = {"nll": {"value": 2.5}}
result = {"step": 4, "protocol": {"name": "quick"}, "asked": ["rates"], "scores": scores}
run = {"name": name, "group": name, "seed": 0, "settings": {}, "data": "", "images": ""}
with open(f"{folder}/scores.json", "w") as file:
    json.dump({**result, "geometry": {}, "run": run, "diagnosis": []}, file)
"""


@pytest.fixture
def write_sweep(tmp_path: Path) -> Write:
    """Write a sweep of three tiny runs, with other keys laid over."""

    def write(**tree: Any) -> Path:
        path = tmp_path / "s.yaml"
        path.write_text(to_yaml({**SMALL, **tree}), encoding="utf-8")
        return path

    return write


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have jobs do what a word says that stands beside their beta; else they end well."""

    def use(**words: str) -> None:
        told = json.dumps({name.removeprefix("beta"): word for name, word in words.items()})
        monkeypatch.setattr(
            processes, "program", lambda w: [sys.executable, "-SEc", PROGRAM, told, *w]
        )
        monkeypatch.setattr(processes, "_POLL_SECONDS", 0.02)

    return use


def states(sbvae: Sbvae) -> list[str]:
    told = sbvae("sweep", "status", "d", "--json", "-")
    assert told.code == 0, told.err
    return [run["state"] for run in json.loads(told.out)["runs"]]


def test_a_sweep_trains_scores_and_then_has_nothing_to_do(sbvae: Sbvae, write_sweep: Write) -> None:
    grid = {"objective.kind": "beta-vae", "objective.beta": 2}
    run = ("sweep", "run", write_sweep(grid=grid), "--out", "d")

    done = sbvae(*run)

    assert done.code == 0, done.err
    assert done.out.splitlines()[0].startswith("1 run is done; they are in d, their scores in d/")
    assert states(sbvae) == ["finished"]
    (folder,) = Path("d").glob("*/0")
    assert json.loads((folder / "scores.json").read_text())["step"] == 4
    assert "train" not in (folder / ".job.json").name and not (folder / ".job.json").exists()
    (row,) = Path("d/scores.csv").read_text().splitlines()[1:]
    assert row.startswith(f"{folder.parent.name}/0,{folder.parent.name},0,finished,4,4,")
    before = (folder / "ckpt.pt").stat().st_mtime_ns
    again = sbvae(*run)
    assert again.code == 0 and again.err == ""
    assert (folder / "ckpt.pt").stat().st_mtime_ns == before


def test_a_killed_job_is_named_and_the_same_command_goes_on(
    sbvae: Sbvae, write_sweep: Write, play: Callable[..., None]
) -> None:
    run = ("sweep", "run", write_sweep(), "--out", "d")
    play(beta2="kill", beta3="diverge")

    done = sbvae(*run)

    assert done.code == 1
    lines = done.err.splitlines()
    (said,) = [line for line in lines if line.endswith("/0: failed: killed by SIGKILL")]
    (gone,) = [line for line in lines if line.endswith("diverged: kl was not finite in step 2")]
    assert "-beta2-" in said and "-beta3-" in gone
    name = said.partition(":")[0].removeprefix("d/")
    assert lines[-1] == (
        f"error: 1 run failed ({name}), see above; 2 of 3 runs are done; resume with "
        f"`sbvae sweep run {run[2]} --out d`"
    )
    assert states(sbvae) == ["finished", "failed", "diverged"]
    shown = sbvae("sweep", "status", "d").out
    assert f"d/{name}: failed: killed by SIGKILL" in " ".join(shown.split())
    play()
    assert sbvae(*run).code == 0
    assert states(sbvae) == ["finished", "finished", "diverged"]


def test_with_a_full_disk_no_further_job_begins(
    sbvae: Sbvae, write_sweep: Write, play: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_runner, "_is_full", lambda folder: True)
    play(beta1="full")

    done = sbvae("sweep", "run", write_sweep(), "--out", "d", "--jobs", 1)

    assert done.code == 1
    assert "/0: failed: ckpt.pt: cannot be written: No space left\n" in done.err
    assert "0 of 3 runs are done" in done.err.splitlines()[-1]
    assert done.err.endswith(" --out d --jobs 1`\n")
    assert states(sbvae) == ["failed", "waiting", "waiting"]


def test_a_folder_that_cannot_be_written_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not sweep_runner._is_full(tmp_path)
    assert not [*tmp_path.iterdir()]
    full = OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr("tempfile.TemporaryFile", Mock(side_effect=full))
    assert sweep_runner._is_full(tmp_path)


def test_a_command_that_goes_on_says_how_runs_are_trained() -> None:
    assert sweep_runner.resume_arguments(None, "auto") == {}
    assert sweep_runner.resume_arguments(2, "cpu") == {"jobs": "2", "device": "cpu"}


def test_ctrl_c_reaches_the_jobs_and_the_rest_waits(
    sbvae: Sbvae, write_sweep: Write, play: Callable[..., None], tmp_path: Path
) -> None:
    play(beta1="wait", beta2="wait")

    def interrupt() -> None:
        end = time.monotonic() + 20
        logs = "d/*/0/log.jsonl"  # which are there once the programs take signals
        while len([*tmp_path.glob(logs)]) < 2 and time.monotonic() < end:
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    asking = threading.Thread(target=interrupt)
    asking.start()
    done = sbvae("sweep", "run", write_sweep(), "--out", "d", "--jobs", 2)
    asking.join()

    assert done.code == 130
    assert done.err.splitlines()[-1].startswith("error: stopped and saved, 0 of 3 runs are done")
    assert not [*Path("d").glob("*beta3*/0/log.jsonl")]


def test_a_second_engine_and_another_plan_are_refused(
    sbvae: Sbvae, write_sweep: Write, play: Callable[..., None]
) -> None:
    play()
    run = ("sweep", "run", write_sweep(), "--out", "d")
    assert sbvae(*run).code == 0
    with SweepFolder(Path("d")).locked():
        held = sbvae(*run)
    assert held.err == (
        "error: d: another process runs this sweep; wait for it, or choose another --out\n"
    )
    write_sweep(grid={"objective.kind": "beta-vae", "objective.beta": [1, 3]})
    other = sbvae(*run)
    assert other.code == 1
    assert other.err.startswith(
        "error: d: belongs to another plan (its sweep.yaml), with runs that this"
    )
    assert "-beta2-" in other.err and len(other.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["run", "none.yaml"], "error: none.yaml: there is no such file; name another"),
        (["status", "none"], "error: none: holds no sweep; begin one by `sbvae sweep run CONFIG."),
        (["status", "s.yaml"], "error: s.yaml: is a file; name the folder of a sweep"),
        (["status", "d/part"], "error: d/part: is a part of a sweep; name its folder, /"),
        (["run", "bad.yaml"], "error: bad.yaml: grid, objective.bta=1: objective.bta is unknown"),
        (["run", "s.yaml", "--jobs", "0"], "error: --jobs 0"),
        (["run", "s.yaml", "--engine", "slurm"], "error: --engine"),
        (["job", "d", "a/0"], "error: run a/0 is unknown; there are xy-hole-beta-vae"),
    ],
)
def test_what_cannot_be_is_one_line(
    sbvae: Sbvae, write_sweep: Write, words: list[str], line: str
) -> None:
    path = write_sweep()
    folder = SweepFolder(Path("d").absolute())
    (folder.path / "part").mkdir(parents=True)
    Path("bad.yaml").write_text(to_yaml({**SMALL, "grid": {"objective.bta": [1]}}))
    folder.write_plan(plan_sweep(build_sweep(SMALL), folder.runs))
    assert path.exists()

    done = sbvae("sweep", *words)

    assert done.code in (1, 2)
    assert done.err.startswith(line), done.err
    assert len(done.err.splitlines()) == 1


def test_a_dry_run_prints_plan_and_cost_and_writes_nothing(
    sbvae: Sbvae, write_sweep: Write
) -> None:
    done = sbvae("sweep", "run", write_sweep(), "--out", "d", "--dry-run", "--jobs", 2)

    assert done.code == 0, done.err
    assert not Path("d").exists()
    rows = [line.split("│")[1:4] for line in done.out.splitlines() if "│" in line]
    assert [[cell.strip() for cell in row] for row in rows] == [
        [f"beta {beta}", "1", "4"] for beta in (1, 2, 3)
    ]
    assert "3 runs, 2 at once, take about" in " ".join(done.out.split())


def test_a_table_of_many_runs_fits_a_terminal(tmp_path: Path) -> None:
    grid = {"objective.kind": "beta-vae", "objective.beta": [*range(1, 201)]}
    plan = plan_sweep(build_sweep({**SMALL, "grid": grid}), tmp_path)
    of = {3: "finished", 50: "training", 60: "scoring", 70: "failed", 80: "diverged"}
    several = [
        RunState(each, of.get(place, "waiting"), 0, 4)  # type: ignore[arg-type]
        for place, each in enumerate(plan.replicas)
    ]

    shown = choose_shown(several, 8)
    names = short_names(plan)

    assert [each.state for each in shown] == [
        *("waiting", "waiting", "waiting", "training", "scoring", "failed", "diverged")
    ]
    assert [names[name_of(each.replica)] for each in shown[:4]] == [
        *("beta 1 / 0", "beta 2 / 0", "beta 3 / 0", "beta 51 / 0")
    ]
    assert choose_shown(several, 200) == several
    assert summary(several, 2) == (
        "200 runs: 1 finished, 1 diverged, 1 failed, 1 scoring, 1 training, 195 waiting"
    )
    table = table_of(shown, names, "foot", 193)
    assert table.row_count == 7
    assert table.caption == "and 193 more runs\nfoot"
