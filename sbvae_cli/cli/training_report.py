"""Prints notes, progress and the end of a training; loaded only when a run begins."""

import shutil
from collections.abc import Callable
from pathlib import Path

import typer
import yaml

from sbvae_cli.cli.console import (
    ProgressDisplay,
    duration,
    file_size,
    note,
    print_detail,
    print_highlighted,
    print_info,
    print_status,
    progress_display,
)
from sbvae_cli.cli.several_runs import LONG_SECONDS
from sbvae_cli.cli.signals import defer_signals
from sbvae_cli.commands import as_typed, command, quoted
from sbvae_cli.config.schema import Config
from sbvae_cli.errors import StoppedError
from sbvae_cli.runs.cost import TrainingCost, kept_checkpoints
from sbvae_cli.runs.observers import Observer
from sbvae_cli.training.build import with_own_precision
from sbvae_cli.training.loop import Report


def report_training(
    config: Config,
    path: Path,
    call: Callable[[Observer, Callable[[], bool]], int],
    start: int = 0,
) -> None:
    """Train a run, show its progress, and print the next commands.

    Args:
        config: Configuration of the run.
        path: Run folder.
        call: Function that trains, with an observer and a function that returns whether to stop as
            arguments; it returns the number of updates in all.
        start: Number of updates made before.

    Raises:
        StoppedError: If a signal stopped the training; the run was saved.
    """
    print_run_notes(with_own_precision(config), path)
    if config.training.keep_checkpoints:
        print_kept_checkpoints(config, path, start)
    steps = config.training.steps
    with defer_signals() as request, progress_display("training", steps, start) as bar:
        done = call(_progress(bar), request)
    if request.number is not None and done < steps:
        raise StoppedError(
            f"stopped and saved at step {done:,} of {steps:,}; "
            f"resume with {command('train', resume=path)}",
            request.number,
        )
    _print_next_commands(config, path, done)


def print_run_notes(config: Config, path: Path) -> None:
    """Print notes on unexpected properties of a run."""
    training, objective = config.training, config.objective
    print_detail(
        f"{path}: device {training.device}, precision {training.precision}, seed {training.seed}"
    )
    if config.preset.source.startswith("not in the paper"):
        print_status(f"note: {objective.kind} on {config.data.name}: {config.preset.source}")
    count = training.fixed_set or config.data.count
    if count is not None and count < training.batch_size:
        print_status(
            f"note: {config.data.name} has {count:,} image{'s' * (count != 1)}, a minibatch has "
            f"{training.batch_size:,}: each minibatch repeats images"
        )
    for name in ("beta_schedule", "capacity_schedule"):
        length = getattr(getattr(objective, name, None), "steps", 0)
        if length > training.steps:
            print_status(
                f"note: objective.{name} takes {length:,} steps, and the run has only "
                f"{training.steps:,}"
            )


def print_kept_checkpoints(config: Config, path: Path, start: int = 0, runs: int = 1) -> None:
    """Print the number and size of the checkpoints that will be kept.

    Args:
        config: Configuration of the run.
        path: Folder of the run or runs.
        start: Number of updates made before.
        runs: Number of runs with this configuration.
    """
    kept = kept_checkpoints(config, start)
    there = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    free = shutil.disk_usage(there).free
    count, total = kept.count * runs, kept.total_bytes * runs
    several = f"{count:,} {'more ' if start else ''}checkpoint{'s' if count > 1 else ''}"
    line = (
        f"{several} of about {file_size(kept.file_bytes)} will be kept, {file_size(total)} in all"
    )
    if total > free:
        print_highlighted(f"{line}; {file_size(free)} are free: choose a larger --checkpoint-every")
    else:
        note(line)


def _progress(bar: ProgressDisplay) -> Observer:
    """Return an observer that shows losses and speed, and prints once that a run is long."""
    warned = False

    def observe(report: Report) -> None:
        nonlocal warned
        if not report.terms:
            return
        if report.seconds_left > LONG_SECONDS and not warned:
            print_highlighted(
                f"{report.steps - report.step:,} steps will take about "
                f"{duration(report.seconds_left)} on this device; fewer with --steps, or "
                "minutes with --profile quick. Ctrl-C saves."
            )
            warned = True
        losses = " ".join(f"{name} {report.terms[name]:.1f}" for name in ("loss", "nll", "kl"))
        speed = f"{report.images_per_second:,.0f} img/s"
        bar.update(report.step, f"{losses}  {speed}  {duration(report.seconds_left)} left")

    return observe


def _print_next_commands(config: Config, path: Path, done: int) -> None:
    drawn = f", pictures are in {path / 'previews'}" if config.training.preview else ""
    print_info(f"trained {done:,} steps; the model is {path / 'ckpt.pt'}{drawn}. Next:")
    if config.data.space.has_grids:
        print_info("  " + as_typed(["geometry", path, "--out", path / "geometry.png"]))
    print_info("  " + as_typed(["traverse", path, "--out", path / "traversal.png"]))
    print_info("  " + as_typed(["eval", path]))
    if config.training.tensorboard:
        print_info(f"  tensorboard --logdir {quoted(path)}")


def print_config(config: Config) -> None:
    """Print a configuration as YAML."""
    typer.echo(yaml.safe_dump(config.as_dict(), sort_keys=False).rstrip())


def print_cost(config: Config, cost: TrainingCost, runs: int = 1) -> None:
    """Print the cost of one or several runs, as comments below the YAML of the configuration."""
    for name, count in cost.parameters.items():
        typer.echo(
            f"# {name}: {count:,} parameters, {cost.multiply_adds[name] / 1e6:,.1f} M "
            "multiply-adds an image as computed here"
        )
    if config.training.keep_checkpoints:
        kept = kept_checkpoints(config)
        typer.echo(
            f"# {kept.count * runs:,} checkpoints of about {file_size(kept.file_bytes)} are kept, "
            f"{file_size(kept.total_bytes * runs)} in all"
        )
    total = cost.seconds_per_step * config.training.steps
    typer.echo(
        f"# {1000 * cost.seconds_per_step:.1f} ms a step on this device: "
        f"{config.training.steps:,} steps take {'' if total < 1 else 'about '}{duration(total)}"
    )
