"""Trainings side by side, each a command in a process of its own; those that wait take turns."""

import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sbvae_cli.cli.several_runs import Progress, Row, progress_of_several
from sbvae_cli.cli.signals import StopRequest
from sbvae_cli.errors import DivergedError
from sbvae_cli.runs.folder import RunFolder

_PAUSE = 0.25  # seconds between two looks at the processes


@dataclass(frozen=True)
class Job:
    """A training as a command.

    Attributes:
        folder: Folder of the run.
        command: Words of the command after `sbvae`.
        row: How it is shown, and how far it is.
    """

    folder: RunFolder
    command: list[str]
    row: Row


@dataclass(frozen=True)
class Ended:
    """How a training ended.

    Attributes:
        folder: Folder of the run.
        row: How far it came.
        why: What was wrong where it failed or diverged; empty where it is finished, was stopped or
            never began.
    """

    folder: RunFolder
    row: Row
    why: str = ""


@dataclass(frozen=True)
class _Process:
    """A process that trains.

    Attributes:
        job: What it trains.
        process: The process.
        errors: What it says on stderr; a file, since a pipe may be full before anybody reads it.
        old_log: What told the log from others before it began.
    """

    job: Job
    process: subprocess.Popen[bytes]
    errors: IO[bytes]
    old_log: object


def run_side_by_side(
    jobs: Sequence[Job],
    at_once: int,
    what: str,
    stop: StopRequest,
    rows: Sequence[Row] = (),
    on_end: Callable[[Ended], None] = lambda ended: None,
) -> list[Ended]:
    """Train all, some of them at once; one that fails leaves the others alone.

    Args:
        jobs: What is to be trained, in this order.
        at_once: Number of processes at once.
        what: What the runs' names are, as the table has it.
        stop: Where a signal asked for an end, it is passed on once, so that all save; none begins.
        rows: All rows that are shown; those of the jobs alone by default.
        on_end: Called with each that has ended, when it has.

    Returns:
        How each of the jobs ended, in their order.
    """
    rows = rows or [job.row for job in jobs]
    waiting, running = deque(jobs), list[_Process]()
    ended: dict[int, Ended] = {}
    try:
        with progress_of_several(what, rows) as progress:
            asked = False
            while running or (waiting and not stop()):
                while waiting and len(running) < at_once and not stop():
                    running.append(_start(waiting.popleft()))
                if stop() and not asked:
                    asked = True
                    for each in running:
                        each.process.send_signal(stop.number or signal.SIGTERM)
                for each in [each for each in running if each.process.poll() is not None]:
                    running.remove(each)
                    ended[id(each.job)] = _end(each, asked)
                    on_end(ended[id(each.job)])
                _look_at(running, rows, progress)
                if running:
                    time.sleep(_PAUSE)
    finally:
        for each in running:
            each.process.terminate()
        for each in running:
            each.process.wait()
            each.errors.close()
    return [ended.get(id(job), Ended(job.folder, job.row)) for job in jobs]


def program(command: list[str]) -> list[str]:
    """The arguments of a process that runs a command."""
    return [sys.executable, "-m", "sbvae_cli", *command]


def _start(job: Job) -> _Process:
    job.row.state = "training"
    old_log = _version(job.folder.log)
    errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the process has ended
    process = subprocess.Popen(
        program(["--quiet", *job.command]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        start_new_session=True,  # Ctrl-C reaches us; we ask them to end, once
    )
    return _Process(job, process, errors, old_log)


def _look_at(running: Sequence[_Process], rows: Sequence[Row], progress: Progress) -> None:
    for each in running:
        _read_log(each)
    progress.show(rows)


def _read_log(each: _Process) -> None:
    row, folder = each.job.row, each.job.folder
    if _version(folder.log) == each.old_log:  # of the run that was there before
        return
    record = folder.last_record() or {}
    row.step = record.get("step", row.step)
    if "diverged" not in record:
        row.images_per_second = record.get("images_per_second", 0.0)
        row.terms = {name: value for name, value in record.items() if isinstance(value, float)}


def _version(log: Path) -> object:
    """What changes whenever the file is written; None where there is none."""
    try:
        found = log.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _end(each: _Process, asked: bool) -> Ended:
    """What became of a process that ended, in its row too."""
    code, folder, row = each.process.returncode, each.job.folder, each.job.row
    with each.errors as file:
        file.seek(0)
        lines = file.read().decode(errors="replace").strip().splitlines()
    _read_log(each)
    if code == 0:
        row.step, row.state = row.steps, "finished"
        return Ended(folder, row)
    if asked and (code in (128 + signal.SIGINT, 128 + signal.SIGTERM) or code < 0):
        row.state = "stopped"
        return Ended(folder, row)
    row.state = "diverged" if code == DivergedError.exit_code else "failed"
    if code < 0:
        return Ended(folder, row, f"killed by {_name(-code)}")
    last = lines[-1].removeprefix("error: ") if lines else f"ended with exit code {code}"
    return Ended(folder, row, last.removeprefix(f"{folder.path}: "))


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
