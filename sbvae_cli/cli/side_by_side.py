"""Trains several runs at once, each by a command in its own process, and shows their progress."""

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
    """A training to run as a command.

    Attributes:
        folder: Run folder.
        command: Words of the command after `sbvae`.
        row: Row of the progress table.
    """

    folder: RunFolder
    command: list[str]
    row: Row


@dataclass(frozen=True)
class TrainingEnd:
    """End of a training.

    Attributes:
        folder: Run folder.
        row: Row of the progress table, with the final state.
        why: Cause of a failure or divergence; empty if the run finished, was stopped or never
            began.
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
    on_end: Callable[[TrainingEnd], None] = lambda ended: None,
) -> list[TrainingEnd]:
    """Train all runs, a limited number at once; if one fails, the others continue.

    Args:
        jobs: Trainings in the order in which they start.
        at_once: Greatest number of processes at once.
        what: Heading of the column of names in the progress table.
        stop: Request to stop; the signal is passed on once, so that all runs save, and no further
            run starts.
        rows: All rows of the progress table; the default is the rows of the jobs.
        on_end: Called with the end of each training.

    Returns:
        End of each training, in the order of `jobs`.
    """
    rows = rows or [job.row for job in jobs]
    old_logs: dict[int, object] = {}
    ended: dict[int, TrainingEnd] = {}

    def begin(index: int) -> None:
        jobs[index].row.state = "training"
        old_logs[index] = _version(jobs[index].folder.log)

    def end(exited: Exit) -> None:
        _read_log(jobs[exited.index], old_logs[exited.index])
        ended[exited.index] = _end(jobs[exited.index], exited)
        on_end(ended[exited.index])

    with progress_of_several(what, rows) as progress:

        def poll(running: Sequence[int]) -> None:
            for index in running:
                _read_log(jobs[index], old_logs[index])
            progress.show(rows)

        commands = [job.command for job in jobs]
        run_processes(commands, at_once, stop, on_start=begin, on_poll=poll, on_exit=end)
    return [ended.get(i, TrainingEnd(job.folder, job.row)) for i, job in enumerate(jobs)]


def _read_log(job: Job, old_log: object) -> None:
    """Update a row from the run's log, unless the log is still that of a replaced run."""
    row, folder = job.row, job.folder
    if _version(folder.log) == old_log:
        return
    record = folder.last_record() or {}
    row.step = record.get("step", row.step)
    if "diverged" not in record:
        row.images_per_second = record.get("images_per_second", 0.0)
        row.terms = {name: value for name, value in record.items() if isinstance(value, float)}


def _version(log: Path) -> object:
    """Return a value that changes whenever the file is written; None if it does not exist."""
    try:
        found = log.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _end(job: Job, exited: Exit) -> TrainingEnd:
    """Set the final state of a row, and return the end of the training."""
    row = job.row
    if exited.code == 0:
        row.step, row.state = row.steps, "finished"
    elif exited.stopped:
        row.state = "stopped"
    else:
        row.state = "diverged" if exited.code == DivergedError.exit_code else "failed"
    return TrainingEnd(job.folder, row, exited.why.removeprefix(f"{job.folder.path}: "))
