"""`sbvae train --replicas`: runs that differ in the seed alone, begun together."""

from collections.abc import Sequence
from pathlib import Path

import typer

from sbvae_cli.cli.console import duration, note
from sbvae_cli.cli.replica_ends import NO_OTHERS, Others, conclude, say_failure
from sbvae_cli.cli.several_runs import Row
from sbvae_cli.cli.side_by_side import Job, run_side_by_side
from sbvae_cli.cli.signals import deferred
from sbvae_cli.cli.stacked import Stackable, train_stacked
from sbvae_cli.cli.training_report import (
    print_config,
    print_cost,
    say_what_is_kept,
    say_what_is_special,
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
    """Train so many runs, of the configuration's seed and those that follow.

    Args:
        config: Configuration of the first one, complete.
        source: The data that it names.
        count: Number of runs.
        out: Folder that theirs stand in; by default one that is named like a run.
        force: Whether runs there are replaced.
        dry_run: Whether settings, folders and cost are printed, and nothing is trained.

    Raises:
        SbvaeError: If a folder is in use or holds something, or a run failed.
        DivergedError: If a run diverged; the others are trained.
        StoppedError: If a signal asked for an end; the runs were saved.
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
    build_updater(config)  # what cannot be built is told of before folders are made
    fitting = replicas_that_fit(config, count) if device == "cuda" else 0
    number = at_once(device, config.training.threads or 1)
    number = processes_that_fit(config, source, number)  # before anything is replaced
    say_what_is_special(config, group)
    if config.training.keep_checkpoints:
        say_what_is_kept(config, group, runs=count)
    with reserved(replicas):
        clear_folders(replicas, group, force=force, on_note=note)
        if device == "cuda":
            stackable = [Stackable(each, row_of(each)) for each in replicas]
            train_stacked(stackable, source, group, fitting, force=force)
            return
        say_what_previews_lack(config, source)
        jobs = [start_job(each, force=force) for each in replicas]
        train_in_processes(jobs, group, number)


def start_job(replica: Replica, settings: Sequence[str] = (), *, force: bool = False) -> Job:
    """The command that trains a replica, whose configuration stands in its folder already."""
    folder = replica.folder
    words = ["train", f"--config={folder.config}", f"--out={folder.path}", *settings]
    return Job(folder, [*words, *(["--force"] if force else [])], row_of(replica))


def say_what_previews_lack(config: Config, source: Source) -> None:
    """Say once what each process would say, of which nobody reads a note."""
    if config.training.preview:
        from sbvae_cli.runs.previews import preview_images  # it loads what draws

        preview_images(config, source, note)


def row_of(replica: Replica) -> Row:
    """A replica as it is shown before it begins."""
    training = replica.config.training
    return Row(str(replica.seed), training.steps, training.batch_size)


def train_in_processes(
    jobs: Sequence[Job],
    group: Path,
    number: int,
    others: Others = NO_OTHERS,
) -> None:
    """Train replicas in processes, so many at once, and say how they ended and what is next.

    Args:
        jobs: What is to be trained.
        group: Folder of the replicas.
        number: Number of processes at once.
        others: What else there is in the folder.
    """
    if number < len(jobs):
        note(f"{number} of {len(jobs)} replicas at once; the others wait for cores or memory")
    with deferred() as request:
        ended = run_side_by_side(jobs, number, "seed", request, others.rows, say_failure)
    conclude(group, ended, request.number, others)


def at_once(device: str, threads: int) -> int:
    """Number of processes at once: one for so many threads of the CPU, or one on another device."""
    return max(1, usable_cores() // threads) if device == "cpu" else 1


def _print_plan(config: Config, source: Source, replicas: Sequence[Replica], device: str) -> None:
    cost = measure_training_cost(config, source)  # tells of what cannot be trained
    print_config(config)
    first, last = replicas[0], replicas[-1]
    seeds, folders = _span(first.seed, last.seed), _span(first.folder.path, last.folder.path)
    typer.echo(f"# replicas of the seeds {seeds}, in {folders}")
    print_cost(config, cost, runs=len(replicas))
    if device == "cuda":
        typer.echo("# all replicas train at once, as far as memory allows; see `sbvae bench`")
        return
    number = min(len(replicas), at_once(device, config.training.threads or 1))
    total = cost.seconds_per_step * config.training.steps * -(-len(replicas) // number)
    typer.echo(f"# all replicas, {number} at once, take about {duration(total)}")


def _span(first: object, last: object) -> str:
    return str(first) if first == last else f"{first} to {last}"
