"""`sbvae train`."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sbvae_cli.cli.options import ForceOption, parse_size
from sbvae_cli.config.names import (
    Coordinates,
    DecoderKind,
    LikelihoodKind,
    ModelKind,
    PaperDataset,
    Precision,
    Profile,
    ScheduleKind,
)

if TYPE_CHECKING:
    from sbvae_cli.config.schema import Config
    from sbvae_cli.runs.train import Cost

# What may change when a run goes on.
RESUMABLE = {"steps", "device", "checkpoint_every"}


def train(
    data: Annotated[
        str | None,
        typer.Option(help="A dataset file, or circles:PRESET to draw images as they are needed."),
    ] = None,
    model: Annotated[
        ModelKind | None, typer.Option(help="What is minimised; default: vae. See below.")
    ] = None,
    decoder: Annotated[
        DecoderKind | None, typer.Option(help="Default: broadcast. See below.")
    ] = None,
    likelihood: Annotated[
        LikelihoodKind | None, typer.Option(help="Default: bernoulli. See below.")
    ] = None,
    profile: Annotated[
        Profile | None,
        typer.Option(help="paper, the default: Tables 1, 2 and 4; quick: minutes on a CPU."),
    ] = None,
    preset: Annotated[
        PaperDataset | None,
        typer.Option(help="Take the paper's settings for this dataset; default: by the data."),
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Updates in all.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Images an update.")] = None,
    lr: Annotated[float | None, typer.Option(help="Learning rate of Adam.")] = None,
    latents: Annotated[int | None, typer.Option(min=1, help="Size of the latent space.")] = None,
    beta: Annotated[
        float | None, typer.Option(help="Weight of the KL; of TC in beta-tcvae.")
    ] = None,
    beta_schedule: Annotated[
        ScheduleKind | None, typer.Option(help="How beta grows from 0 while training.")
    ] = None,
    gamma: Annotated[
        float | None, typer.Option(help="Weight of factor-vae's TC, of annealed-vae's distance.")
    ] = None,
    capacity: Annotated[float | None, typer.Option(help="Nats that annealed-vae grows to.")] = None,
    depth: Annotated[
        int | None,
        typer.Option(min=2, max=32, help="Convolutions of the decoder (Tables 5 and 6)."),
    ] = None,
    mlp_depth: Annotated[
        int | None,
        typer.Option(min=0, max=32, help="Decoder's layers before them (Tables 7 to 9)."),
    ] = None,
    upscales: Annotated[
        int | None,
        typer.Option(min=0, help="Broadcast decoder's layers that double the size (Table 10)."),
    ] = None,
    coordinates: Annotated[
        Coordinates | None, typer.Option(help="Of the broadcast decoder (Appendix B).")
    ] = None,
    clip_grad: Annotated[
        float | None, typer.Option(help="Largest norm of a gradient; default: none.")
    ] = None,
    size: Annotated[
        str | None, typer.Option(help="Of drawn images, pixels: 64, or HEIGHTxWIDTH.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of weights, data and noise.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:INDEX or mps.")] = None,
    precision: Annotated[
        Precision | None, typer.Option(help="tf32 and bf16 are faster on a GPU.")
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Of the CPU.")] = None,
    checkpoint_every: Annotated[
        int | None, typer.Option(min=1, help="Steps between checkpoints.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Run folder; default runs/DATA-DECODER-SEED.")
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(help="Go on with this run, with --steps further than planned."),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="YAML file of settings.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="As model.decoder.kernel_size=3."),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print settings and cost; train nothing."),
    ] = False,
    force: ForceOption = False,
) -> None:
    """Train a VAE: any model with any decoder and any likelihood."""
    from sbvae_cli.runs.resolve import Request

    height, width = parse_size(size) if size else (None, None)
    options: dict[str, Any] = {
        "data": {"source": data, "height": height, "width": width},
        "preset": {"dataset": preset},
        "model": {
            "latent_dim": latents,
            "decoder": {"kind": decoder, "upscales": upscales, "coordinates": coordinates},
            "likelihood": {"kind": likelihood},
        },
        "objective": {
            "kind": model,
            "beta": beta,
            "beta_schedule": {"kind": beta_schedule},
            "gamma": gamma,
            "capacity": capacity,
        },
        "training": {
            "steps": steps,
            "batch_size": batch_size,
            "learning_rate": lr,
            "seed": seed,
            "device": device,
            "precision": precision,
            "threads": threads,
            "clip_grad": clip_grad,
            "checkpoint_every": checkpoint_every,
        },
    }
    given = _without_none(options)
    if resume is not None:
        changes = given.pop("training", {})
        other = given or profile or settings or config or out or force or dry_run
        other = other or depth is not None or mlp_depth is not None
        _resume(resume, changes, fixed=not other and changes.keys() <= RESUMABLE)
    else:
        request = Request(profile, config, settings or (), given, depth, mlp_depth)
        _start(request, out, force=force, dry_run=dry_run)


def _start(request: Any, out: Path | None, *, force: bool, dry_run: bool) -> None:
    from sbvae_cli.runs.folder import RunFolder
    from sbvae_cli.runs.resolve import default_folder, resolve
    from sbvae_cli.runs.train import measure_cost, start_run

    config, source = resolve(request)
    if dry_run:
        _print_cost(config, measure_cost(config, source))
        return
    folder = RunFolder(out or default_folder(config))
    _run(
        config,
        folder.path,
        0,
        lambda callbacks: start_run(config, source, folder, force=force, callbacks=callbacks),
    )


def _resume(path: Path, changes: dict[str, Any], *, fixed: bool) -> None:
    from sbvae_cli.errors import SbvaeError
    from sbvae_cli.runs.folder import RunFolder
    from sbvae_cli.runs.train import load_run, resume_run

    if not fixed:
        raise SbvaeError(
            f"--resume {path}: a run goes on with its own settings; only --steps, --device and "
            "--checkpoint-every may be given"
        )
    folder = RunFolder(path)
    config, checkpoint = load_run(folder, changes)
    _run(
        config,
        folder.path,
        checkpoint.step,
        lambda callbacks: resume_run(config, checkpoint, folder, callbacks),
    )


def _run(config: "Config", path: Path, start: int, call: Any) -> None:
    from sbvae_cli.cli.console import detail, duration, inform, notice, remark, reporter
    from sbvae_cli.cli.signals import deferred
    from sbvae_cli.errors import StoppedError
    from sbvae_cli.runs.train import Callbacks
    from sbvae_cli.training.loop import Progress

    training = config.training
    detail(
        f"{path}: device {training.device}, precision {training.precision}, seed {training.seed}"
    )
    if config.preset.source.startswith("not in the paper"):
        remark(f"note: {config.objective.kind} on {config.data.name}: {config.preset.source}")
    steps = training.steps
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
    inform(f"  sbvae geometry {where} --out {shlex.quote(str(path / 'geometry.png'))}")
    inform(f"  sbvae traverse {where} --out {shlex.quote(str(path / 'traversals.png'))}")
    inform(f"  sbvae eval {where}")


def _print_cost(config: "Config", cost: "Cost") -> None:
    import yaml

    from sbvae_cli.cli.console import duration

    typer.echo(yaml.safe_dump(config.as_dict(), sort_keys=False).rstrip())
    for name, count in cost.parameters.items():
        typer.echo(
            f"# {name}: {count:,} parameters, {cost.multiply_adds[name] / 1e6:,.1f} M "
            "multiply-adds an image as computed here"
        )
    total = cost.seconds_per_step * config.training.steps
    typer.echo(
        f"# {1000 * cost.seconds_per_step:.1f} ms a step on this device: "
        f"{config.training.steps:,} steps take about {duration(total)}"
    )


def _without_none(tree: dict[str, Any]) -> dict[str, Any]:
    pruned = {
        key: _without_none(value) if isinstance(value, dict) else value
        for key, value in tree.items()
        if value is not None
    }
    return {key: value for key, value in pruned.items() if value != {}}
