"""Trainings side by side, each a command in a process of its own; those that wait take turns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sbvae_cli.cli.processes import Exit, run_processes
from sbvae_cli.cli.several_runs import Row, progress_of_several
from sbvae_cli.cli.signals import StopRequest
from sbvae_cli.errors import DivergedError
from sbvae_cli.runs.folder import RunFolder


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
    old_logs: dict[int, object] = {}
    ended: dict[int, Ended] = {}

    def begin(index: int) -> None:
        jobs[index].row.state = "training"
        old_logs[index] = _version(jobs[index].folder.log)

    def end(left: Exit) -> None:
        _read_log(jobs[left.index], old_logs[left.index])
        ended[left.index] = _end(jobs[left.index], left)
        on_end(ended[left.index])

    with progress_of_several(what, rows) as progress:

        def look(running: Sequence[int]) -> None:
            for index in running:
                _read_log(jobs[index], old_logs[index])
            progress.show(rows)

        commands = [job.command for job in jobs]
        run_processes(commands, at_once, stop, on_start=begin, on_look=look, on_exit=end)
    return [ended.get(i, Ended(job.folder, job.row)) for i, job in enumerate(jobs)]


def _read_log(job: Job, old_log: object) -> None:
    """Take over from a run's log how far it is, unless it is that of the run before it."""
    row, folder = job.row, job.folder
    if _version(folder.log) == old_log:
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


def _end(job: Job, left: Exit) -> Ended:
    """What became of a training whose process ended, in its row too."""
    row = job.row
    if left.code == 0:
        row.step, row.state = row.steps, "finished"
    elif left.stopped:
        row.state = "stopped"
    else:
        row.state = "diverged" if left.code == DivergedError.exit_code else "failed"
    return Ended(job.folder, row, left.why.removeprefix(f"{job.folder.path}: "))
