"""Trains the runs of `sbvae train --replicas`, which differ only in the seed."""

from collections.abc import Sequence
from pathlib import Path

import typer

from sbvae_cli.cli.console import duration, note
from sbvae_cli.cli.replica_ends import NO_OTHER_REPLICAS, OtherReplicas, print_failure, report_end
from sbvae_cli.cli.several_runs import Row
from sbvae_cli.cli.side_by_side import Job, run_side_by_side
from sbvae_cli.cli.signals import defer_signals
from sbvae_cli.cli.stacked import Stackable, train_stacked
from sbvae_cli.cli.training_report import (
    print_config,
    print_cost,
    print_kept_checkpoints,
    print_run_notes,
)
from sbvae_cli.config.load import build_config, merge
from sbvae_cli.config.schema import Config
from sbvae_cli.cores import usable_cores
from sbvae_cli.data.source import Source
from sbvae_cli.runs.cost import measure_training_cost
from sbvae_cli.runs.memory import processes_that_fit, replicas_that_fit
from sbvae_cli.runs.naming import default_group_folder
from sbvae_cli.runs.replicas import (
    Replica,
    clear_folders,
    plan_replicas,
    refuse_other_runs,
    reserved,
)
from sbvae_cli.training.build import build_updater, with_own_precision
from sbvae_cli.training.devices import resolve_device


def start_replicas(
    config: Config, source: Source, count: int, out: Path | None, *, force: bool, dry_run: bool
) -> None:
    """Train several replicas, whose seeds count up from the seed of the configuration.

    Args:
        config: Complete configuration of the first replica.
        source: The data of the configuration.
        count: Number of replicas.
        out: Folder for their run folders; None is the default folder, named like a run.
        force: Whether existing runs are replaced.
        dry_run: Whether settings, folders and cost are printed and nothing is trained.

    Raises:
        SbvaeError: If a folder is in use or not empty, or a run failed.
        DivergedError: If a run diverged; the others were trained.
        StoppedError: If a signal stopped the training; the runs were saved.
    """
    device = resolve_device(config.training.device).type
    if device == "cpu" and config.training.threads is None:
        config = build_config(merge(config.as_dict(), {"training": {"threads": 1}}))
    group = out or default_group_folder(config)
    replicas = plan_replicas(with_own_precision(config), count, group)
    if dry_run:
        _print_plan(config, source, replicas, device)
        return
    refuse_other_runs(replicas, group, force=force)
    config = replicas[0].config
    build_updater(config)  # fails before folders are made if the model cannot be built
    fitting = replicas_that_fit(config, count) if device == "cuda" else 0
    number = processes_at_once(device, config.training.threads or 1)
    number = processes_that_fit(config, source, number)  # may fail, so before files are replaced
    print_run_notes(config, group)
    if config.training.keep_checkpoints:
        print_kept_checkpoints(config, group, runs=count)
    with reserved(replicas):
        clear_folders(replicas, group, force=force, on_note=note)
        if device == "cuda":
            stackable = [Stackable(each, row_of(each)) for each in replicas]
            train_stacked(stackable, source, group, fitting, force=force)
            return
        print_preview_notes(config, source)
        jobs = [start_job(each, force=force) for each in replicas]
        train_in_processes(jobs, group, number)


def start_job(replica: Replica, settings: Sequence[str] = (), *, force: bool = False) -> Job:
    """Return the command that trains a replica with the configuration in its folder.

    Args:
        replica: The replica.
        settings: Further options of the command.
        force: Whether an existing run is replaced.
    """
    folder = replica.folder
    words = ["train", f"--config={folder.config}", f"--out={folder.path}", *settings]
    return Job(folder, [*words, *(["--force"] if force else [])], row_of(replica))


def print_preview_notes(config: Config, source: Source) -> None:
    """Print the notes on previews once, since the notes of the processes are not shown."""
    if config.training.preview:
        from sbvae_cli.runs.previews import preview_images  # loads the drawing modules

        preview_images(config, source, note)


def row_of(replica: Replica) -> Row:
    """Return the row of the progress table for a replica that has not begun."""
    training = replica.config.training
    return Row(str(replica.seed), training.steps, training.batch_size)


def train_in_processes(
    jobs: Sequence[Job],
    group: Path,
    number: int,
    others: OtherReplicas = NO_OTHER_REPLICAS,
) -> None:
    """Train replicas in processes, a limited number at once, and report how they ended.

    Args:
        jobs: Trainings of the replicas.
        group: Folder of the replicas.
        number: Greatest number of processes at once.
        others: Replicas of the folder that are not trained.

    Raises:
        SbvaeError: If a run failed, diverged or was stopped, as for `report_end`.
    """
    if number < len(jobs):
        note(f"{number} of {len(jobs)} replicas at once; the others wait for cores or memory")
    with defer_signals() as request:
        ended = run_side_by_side(jobs, number, "seed", request, others.rows, print_failure)
    report_end(group, ended, request.number, others)


def processes_at_once(device: str, threads: int) -> int:
    """Return the number of processes at once: usable cores / `threads` on a CPU, else one."""
    return max(1, usable_cores() // threads) if device == "cpu" else 1


def _print_plan(config: Config, source: Source, replicas: Sequence[Replica], device: str) -> None:
    cost = measure_training_cost(config, source)  # fails first if the model cannot be trained
    print_config(config)
    first, last = replicas[0], replicas[-1]
    seeds, folders = (
        _format_span(first.seed, last.seed),
        _format_span(first.folder.path, last.folder.path),
    )
    typer.echo(f"# replicas of the seeds {seeds}, in {folders}")
    print_cost(config, cost, runs=len(replicas))
    if device == "cuda":
        typer.echo("# as many replicas as fit into memory train at once; see `sbvae bench`")
        return
    number = min(len(replicas), processes_at_once(device, config.training.threads or 1))
    total = cost.seconds_per_step * config.training.steps * -(-len(replicas) // number)
    typer.echo(f"# all replicas, {number} at once, take about {duration(total)}")


def _format_span(first: object, last: object) -> str:
    return str(first) if first == last else f"{first} to {last}"
