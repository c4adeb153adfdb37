"""Trainings side by side: which run, what they leave, and what a signal does to them."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from sbvae_cli.cli import processes
from sbvae_cli.cli.replica_ends import OtherReplicas, print_failure, report_end
from sbvae_cli.cli.several_runs import Row, line_of, seconds_left, table_of
from sbvae_cli.cli.side_by_side import Job, TrainingEnd, run_side_by_side
from sbvae_cli.cli.signals import StopRequest
from sbvae_cli.errors import DivergedError, SbvaeError, StoppedError
from sbvae_cli.runs.folder import RunFolder

# A training of few lines: it writes to its log, then does as the word after its folder says.
PROGRAM = """
import json, os, signal, sys, time
folder, word = sys.argv[1:]
os.makedirs(folder, exist_ok=True)
def log(**record):
    with open(f"{folder}/log.jsonl", "a") as file:
        print(json.dumps(record), file=file)
def save(number, frame):
    log(step=7, saved=number)
    sys.exit(128 + number)
signal.signal(signal.SIGINT, save)
log(step=1, loss=3.5, images_per_second=8.0, began=time.time())
if word == "wait":
    for _ in range(600):  # a signal that comes just before a sleep waits for its end
        time.sleep(0.05)
if word == "diverge":
    log(step=2, diverged=["kl"], kl="nan")
    print("note: so it is", "error: diverged in step 2: kl is nan", sep="\\n", file=sys.stderr)
    sys.exit(3)
if word == "fail":
    print(f"error: {folder}: holds other files", file=sys.stderr)
    sys.exit(1)
if word == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
time.sleep(0.3)
log(step=9, loss=1.5, images_per_second=8.0, ended=time.time())
"""

Jobs = Callable[..., list[Job]]


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Jobs:
    """Trainings of the program above, one for each word."""
    monkeypatch.setattr(processes, "program", lambda words: [sys.executable, "-SEc", *words[1:]])
    monkeypatch.setattr(processes, "_POLL_SECONDS", 0.02)

    def make(*words: str) -> list[Job]:
        folders = [RunFolder(tmp_path / str(i)) for i in range(len(words))]
        return [
            Job(folder, [PROGRAM, str(folder.path), word], Row(str(i), 9, 4))
            for i, (folder, word) in enumerate(zip(folders, words, strict=True))
        ]

    return make


def run(
    jobs: Sequence[Job], at_once: int = 4, stop: StopRequest | None = None
) -> list[TrainingEnd]:
    return run_side_by_side(jobs, at_once, "seed", stop or StopRequest(), on_end=print_failure)


def records(job: Job) -> list[dict[str, float]]:
    return [json.loads(line) for line in job.folder.log.read_text().splitlines()]


def wait_for_logs(jobs: Sequence[Job]) -> None:
    """Until each has logged, and so takes signals: before, one that is ignored would be lost."""
    end = time.monotonic() + 20
    while not all(job.folder.last_record() for job in jobs) and time.monotonic() < end:
        time.sleep(0.01)


def test_one_that_is_killed_leaves_the_others_and_is_named(
    jobs: Jobs, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = run(jobs("end", "kill", "end"))
    assert [each.row.state for each in ended] == ["finished", "failed", "finished"]
    assert [each.row.step for each in ended] == [9, 1, 9]
    with pytest.raises(SbvaeError) as raised:
        report_end(Path("g"), ended, None)
    assert str(raised.value) == (
        "1 of 3 replicas failed (1), see above; resume with `sbvae train resume=g`"
    )
    said = capsys.readouterr().err.splitlines()
    assert said.count(f"{ended[1].folder.path}: failed at step 1 of 9: killed by SIGKILL") == 1


def test_a_failure_is_said_while_others_train(jobs: Jobs) -> None:
    said, made = [], jobs("kill", "wait")
    stop = StopRequest()

    def hear(ended: TrainingEnd) -> None:
        said.append((ended.row.name, ended.why, made[1].row.state))
        wait_for_logs(made[1:])
        stop.number = signal.SIGINT

    run_side_by_side(made, 2, "seed", stop, on_end=hear)
    assert said[0] == ("0", "killed by SIGKILL", "training")


def test_the_end_counts_what_was_trained_and_what_was_finished_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("g").mkdir()
    Path("g/config.yaml").write_text("training: {steps: 26}")

    def said(*trained: Row, before: int = 0) -> str:
        rows = [*trained, *(Row(str(i), 30, 4, 30, "finished") for i in range(before))]
        report_end(
            Path("g"),
            [TrainingEnd(RunFolder(Path("g")), row) for row in trained],
            None,
            OtherReplicas(rows),
        )
        return capsys.readouterr().out.splitlines()[0]

    one, other = Row("7", 26, 4, 26, "finished"), Row("8", 30, 4, 30, "finished")
    assert said(one) == (
        "trained 1 replica of 26 steps; its folder, named by its seed, is in g. Next:"
    )
    named = "their folders, named by their seeds, are in g. Next:"
    assert said(one, before=1) == (f"trained 1 replica of 26 steps; 1 was finished before; {named}")
    assert said(one, other, before=2) == (
        f"trained 2 replicas of 26 to 30 steps; 2 were finished before; {named}"
    )
    left_out = TrainingEnd(RunFolder(Path("g/9")), Row("9", 30, 4, 0, "failed"), "is damaged")
    with pytest.raises(SbvaeError, match=r"^1 of 2 replicas failed \(9\), see above; resume"):
        others = OtherReplicas([one], left_out=[left_out])
        report_end(Path("g"), [TrainingEnd(RunFolder(Path("g")), one)], None, others)


def test_what_a_training_said_last_is_why_it_failed(
    jobs: Jobs, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = run(jobs("diverge", "fail", "end"))
    assert [each.row.state for each in ended] == ["diverged", "failed", "finished"]
    assert [each.why for each in ended] == [
        *("diverged in step 2: kl is nan", "holds other files", ""),
    ]
    with pytest.raises(DivergedError, match=r"1 of 3 replicas diverged \(0\), 1 failed") as one:
        report_end(Path("g"), ended, None, OtherReplicas(steps=9))
    assert one.value.exit_code == 3 and "`sbvae train resume=g steps=9`" in str(one.value)
    with pytest.raises(DivergedError, match="look at the others: `sbvae eval g`"):
        report_end(Path("g"), [ended[0], ended[2]], None)
    capsys.readouterr()


def test_those_that_wait_begin_when_one_has_ended(jobs: Jobs) -> None:
    made = jobs(*["end"] * 5)
    assert {each.row.state for each in run(made, at_once=2)} == {"finished"}
    began, ended = zip(*((r[0]["began"], r[-1]["ended"]) for r in map(records, made)), strict=True)
    running = [sum(b <= at < e for b, e in zip(began, ended, strict=True)) for at in began]
    assert max(running) <= 2
    assert max(began[:2]) < min(began[2:]) and max(began[2:4]) < began[4]  # in their order


def test_a_signal_is_passed_on_once_and_nothing_else_begins(jobs: Jobs) -> None:
    made, stop = jobs("wait", "wait", "end"), StopRequest()

    def ask() -> None:
        wait_for_logs(made[:2])
        stop.number = signal.SIGINT

    asking = threading.Thread(target=ask)
    asking.start()
    ended = run(made, at_once=2, stop=stop)
    asking.join()
    assert [each.row.state for each in ended] == ["stopped", "stopped", "waiting"]
    assert [each.row.step for each in ended] == [7, 7, 0]
    assert [[r.get("saved") for r in records(job)] for job in made[:2]] == [[None, 2]] * 2
    assert not made[2].folder.path.exists()
    with pytest.raises(StoppedError, match="stopped and saved, 0 of 3 replicas finished") as raised:
        report_end(Path("my runs"), ended, stop.number)
    assert raised.value.exit_code == 130
    assert str(raised.value).endswith('resume with `sbvae train resume="my runs"`')


def test_where_no_step_was_made_nothing_is_said_to_be_saved() -> None:
    rows = [Row("0", 9, 4, state="stopped"), Row("1", 9, 4)]
    ended = [TrainingEnd(RunFolder(Path("g") / row.name), row) for row in rows]
    with pytest.raises(StoppedError, match="stopped before the first step, 0 of 2 replicas"):
        report_end(Path("g"), ended, signal.SIGINT)
    rows[1].step = 3  # of a run that waits to go on
    with pytest.raises(StoppedError, match="stopped and saved, 0 of 2 replicas"):
        report_end(Path("g"), ended, signal.SIGINT)


def test_none_is_left_where_the_runner_itself_ends(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    start = processes._start

    def begin(*arguments: Any) -> object:
        started.append(start(*arguments))
        return started[-1]

    def end(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(processes, "_start", begin)
    monkeypatch.setattr("sbvae_cli.cli.several_runs._LineProgress.show", end)
    with pytest.raises(KeyboardInterrupt):
        run(jobs("wait", "wait"))
    assert [each.process.returncode for each in started] == [-signal.SIGTERM] * 2


def test_the_log_of_a_run_that_is_replaced_is_not_shown(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    (job,) = jobs("end")
    job.folder.path.mkdir()
    job.folder.log.write_text('{"step": 5000, "loss": 0.5}\n')
    os.utime(job.folder.log, (1, 1))
    steps = []
    monkeypatch.setattr(
        "sbvae_cli.cli.several_runs._LineProgress.show",
        lambda self, rows: steps.append(job.row.step),
    )
    run([job])
    assert set(steps) <= {0, 1, 9} and {0, 9} <= set(steps)


@pytest.fixture
def rows() -> list[Row]:
    """Of 100 steps each: one has ended, two train at 2 and 1 steps a second, one waits."""
    return [
        Row("0", 100, 4, 100, "finished", {"loss": 3.0, "nll": 2.0, "kl": 1.0}, 8.0),
        Row("1", 100, 4, 40, "training", {"loss": 5.0, "nll": 4.0, "kl": 1.0}, 8.0),
        Row("2", 100, 4, 90, "training", {"loss": 4.0}, 4.0),
        Row("3", 100, 4),
    ]


def test_time_left_counts_those_that_wait(rows: list[Row]) -> None:
    # 60 + 10 + 100 steps at 3 a second, but the last one alone takes 100 at 1.5
    assert seconds_left(rows) == pytest.approx(100 / 1.5)
    assert seconds_left(rows[:3]) == pytest.approx(60 / 1.5)
    assert seconds_left([*rows, *rows[3:] * 9]) == pytest.approx(1070 / 3)
    assert seconds_left([rows[0], rows[3]]) is None


def test_a_line_has_states_losses_and_speed(rows: list[Row]) -> None:
    assert line_of(rows) == (
        "1 finished, 2 training, 1 waiting  loss 3.0 to 5.0  12 img/s in all, 1 min 7 s left"
    )
    assert line_of(rows[:1]) == "1 finished  loss 3.0"


def test_the_table_fits_a_terminal_of_80_columns() -> None:
    from rich.console import Console

    steps = 1_500_000
    terms = {"loss": 12345.6, "nll": 12345.6, "kl": 123.4}
    rows = [Row(str(seed), steps, 16, steps - 1, "training", terms, 22_000.0) for seed in range(15)]
    console = Console(width=80)
    with console.capture() as capture:
        console.print(table_of("seed", rows))
    lines = capture.get().splitlines()
    words = ["14", "1,499,999/1,500,000", "12345.6", "12345.6", "123.4", "22,000", "training"]
    assert words in [line.split() for line in lines]
    assert any("330,000 img/s in all, under 1 s left" in line for line in lines)
