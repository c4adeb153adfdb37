"""What `sbvae train` shows of a run; loaded only when one begins."""

import shlex
from collections.abc import Callable
from pathlib import Path

import typer
import yaml

from sbvae_cli.cli.console import detail, duration, inform, notice, remark, reporter
from sbvae_cli.cli.signals import deferred
from sbvae_cli.config.schema import Config
from sbvae_cli.errors import StoppedError
from sbvae_cli.runs.train import Callbacks, Cost
from sbvae_cli.training.loop import Progress


def watch(config: Config, path: Path, start: int, call: Callable[[Callbacks], int]) -> None:
    """Run what trains, show how far it is, and say what comes next.

    Args:
        config: Of the run.
        path: Its folder.
        start: Updates made before.
        call: Trains, and returns the number of updates made in all.

    Raises:
        StoppedError: If a signal asked for an end; the run was saved.
    """
    training = config.training
    detail(
        f"{path}: device {training.device}, precision {training.precision}, seed {training.seed}"
    )
    if config.preset.source.startswith("not in the paper"):
        remark(f"note: {config.objective.kind} on {config.data.name}: {config.preset.source}")
    steps = training.steps
    for name in ("beta_schedule", "capacity_schedule"):
        length = getattr(getattr(config.objective, name, None), "steps", 0)
        if length > steps:
            remark(f"note: objective.{name} takes {length:,} steps, the run has {steps:,}")
    warned = False
    with deferred() as request, reporter("training", steps, start) as bar:

        def on_progress(progress: Progress) -> None:
            nonlocal warned
            if progress.seconds_left > 3_600 and not warned:
                notice(
                    f"{steps - progress.step:,} steps will take about "
                    f"{duration(progress.seconds_left)} on this device; fewer with --steps, or "
                    "minutes with --profile quick. Ctrl-C saves."
                )
                warned = True
            shown = {name: progress.terms[name] for name in ("loss", "nll", "kl")}
            losses = " ".join(f"{name} {value:.1f}" for name, value in shown.items())
            speed = f"{progress.images_per_second:,.0f} img/s"
            left = f"{duration(progress.seconds_left)} left"
            bar.update(progress.step, f"{losses}  {speed}  {left}")

        done = call(Callbacks(on_progress, request))
    if request.number is not None and done < steps:
        raise StoppedError(
            f"stopped and saved at step {done:,} of {steps:,}; "
            f"go on with: sbvae train --resume {shlex.quote(str(path))}",
            request.number,
        )
    where = shlex.quote(str(path))
    inform(f"trained {done:,} steps; the model is {path / 'ckpt.pt'}. Next:")
    space = config.data.space
    if len(space.varying) > 1 and (space.renderer or space.complete_grid):
        inform(f"  sbvae geometry {where} --out {shlex.quote(str(path / 'geometry.png'))}")
    inform(f"  sbvae traverse {where} --out {shlex.quote(str(path / 'traversals.png'))}")
    inform(f"  sbvae eval {where}")


def print_config(config: Config) -> None:
    """Print a configuration as YAML."""
    typer.echo(yaml.safe_dump(config.as_dict(), sort_keys=False).rstrip())


def print_cost(config: Config, cost: Cost) -> None:
    """Print what a configuration costs, as comments below its YAML."""
    for name, count in cost.parameters.items():
        typer.echo(
            f"# {name}: {count:,} parameters, {cost.multiply_adds[name] / 1e6:,.1f} M "
            "multiply-adds an image as computed here"
        )
    total = cost.seconds_per_step * config.training.steps
    typer.echo(
        f"# {1000 * cost.seconds_per_step:.1f} ms a step on this device: "
        f"{config.training.steps:,} steps take {'' if total < 1 else 'about '}{duration(total)}"
    )
