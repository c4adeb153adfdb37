"""Trains replicas together in this process, in groups that fit into the memory of the GPU."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sbvae_cli.cli.console import note
from sbvae_cli.cli.replica_ends import NO_OTHER_REPLICAS, OtherReplicas, print_failure, report_end
from sbvae_cli.cli.several_runs import Progress, Row, progress_of_several
from sbvae_cli.cli.side_by_side import TrainingEnd
from sbvae_cli.cli.signals import defer_signals
from sbvae_cli.data.source import Source
from sbvae_cli.errors import DivergedError
from sbvae_cli.runs.observers import Observer
from sbvae_cli.runs.replicas import Replica
from sbvae_cli.runs.resume import Resumption
from sbvae_cli.runs.train import resume_runs, start_runs
from sbvae_cli.training.loop import Report

# Seconds between two updates of the table, each of which takes some milliseconds.
_POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Stackable:
    """A replica to train.

    Attributes:
        replica: The run.
        row: Row of the progress table.
        resumption: Prepared resumption; None for a replica that begins.
    """

    replica: Replica
    row: Row
    resumption: Resumption | None = None


def train_stacked(
    replicas: Sequence[Stackable],
    source: Source,
    group: Path,
    number: int,
    *,
    force: bool = False,
    others: OtherReplicas = NO_OTHER_REPLICAS,
) -> None:
    """Train replicas, a limited number at once, and report how they ended.

    Args:
        replicas: Replicas to train; those that are resumed have the same step.
        source: The data of the replicas that begin.
        group: Folder of the replicas.
        number: Greatest number of replicas at once.
        force: Whether the folders of replicas that begin may have other files.
        others: Replicas of the folder that are not trained.

    Raises:
        SbvaeError: If a run failed, diverged or was stopped, as for `report_end`.
    """
    if number < len(replicas):
        note(f"{number} of {len(replicas)} replicas fit at once; the others come after them")
    groups = [
        some[first : first + number]
        for some in (
            [each for each in replicas if each.resumption],
            [each for each in replicas if not each.resumption],
        )
        for first in range(0, len(some), number)
    ]
    rows = others.rows or [each.row for each in replicas]
    ended: list[TrainingEnd] = []
    with defer_signals() as request, progress_of_several("seed", rows) as progress:
        for some in groups:
            diverged: dict[int, TrainingEnd] = {}
            if not request():
                for each in some:
                    each.row.state = "training"
                progress.show(rows)  # shown now, since compiling for a GPU may take a minute
                observe = _observer(some, diverged, rows, progress)
                with suppress(DivergedError):  # each replica has reported its own
                    _train(some, source, observe, request, force=force)
                _conclude_rows([each.row for each in some])
                progress.show(rows)
            ended += [
                diverged.get(i, TrainingEnd(each.replica.folder, each.row))
                for i, each in enumerate(some)
            ]
    report_end(group, ended, request.number, others)


def _train(
    some: Sequence[Stackable],
    source: Source,
    observe: Observer,
    stop: Callable[[], bool],
    *,
    force: bool,
) -> None:
    resumptions = [each.resumption for each in some if each.resumption]
    if resumptions:
        resume_runs(resumptions, observers=[observe], stop=stop, on_note=note)
        return
    start_runs(
        [each.replica.config for each in some],
        source,
        [each.replica.folder for each in some],
        force=force,
        observers=[observe],
        stop=stop,
        on_note=note,
    )


def _conclude_rows(rows: Sequence[Row]) -> None:
    for row in rows:
        if row.state == "training":
            row.state = "finished" if row.step >= row.steps else "stopped"


def _observer(
    own: Sequence[Stackable],
    diverged: dict[int, TrainingEnd],
    rows: Sequence[Row],
    progress: Progress,
) -> Observer:
    """Return an observer that updates and shows the rows, and prints which replicas diverged."""
    shown = 0.0

    def observe(report: Report) -> None:
        nonlocal shown
        row = own[report.replica].row
        row.step = report.step
        if report.terms:
            row.terms, row.images_per_second = report.terms, report.images_per_second
        if report.error:
            row.state = "diverged"
            ended = TrainingEnd(own[report.replica].replica.folder, row, str(report.error))
            diverged[report.replica] = ended
            print_failure(ended)
        if time.monotonic() >= shown + _POLL_SECONDS:
            progress.show(rows)
            shown = time.monotonic()

    return observe
