"""`sbvae train`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sbvae_cli.cli.console import remark
from sbvae_cli.cli.options import ForceOption
from sbvae_cli.cli.parse import parse_size
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
    from collections.abc import Callable

    from sbvae_cli.runs.observers import Observer

MODEL, TRAINING = "Model", "Training"

# What may change when a run goes on.
RESUMABLE = {"steps", "device", "checkpoint_every"}


def train(
    data: Annotated[
        str | None,
        typer.Option(
            help="A dataset file; or circles:PRESET, sprites, room or chairs, drawn as needed."
        ),
    ] = None,
    profile: Annotated[
        Profile | None,
        typer.Option(help="paper, the default: Tables 1, 2 and 4; quick: minutes on a CPU."),
    ] = None,
    preset: Annotated[
        PaperDataset | None,
        typer.Option(
            metavar="DATASET",
            help="Take the paper's settings for circles, sprites, chairs or room; "
            "default: by the data.",
        ),
    ] = None,
    size: Annotated[
        str | None, typer.Option(help="Of drawn images, pixels: 64, or HEIGHTxWIDTH.")
    ] = None,
    model: Annotated[
        ModelKind | None,
        typer.Option(metavar="NAME", help="Default: vae; all stand below.", rich_help_panel=MODEL),
    ] = None,
    decoder: Annotated[
        DecoderKind | None,
        typer.Option(
            metavar="NAME", help="Default: broadcast; all stand below.", rich_help_panel=MODEL
        ),
    ] = None,
    likelihood: Annotated[
        LikelihoodKind | None,
        typer.Option(
            metavar="NAME", help="Default: bernoulli; all stand below.", rich_help_panel=MODEL
        ),
    ] = None,
    latent_dim: Annotated[
        int | None,
        typer.Option(min=1, help="Number of latents.", rich_help_panel=MODEL),
    ] = None,
    beta: Annotated[
        float | None,
        typer.Option(help="Weight of the KL; of TC in beta-tcvae.", rich_help_panel=MODEL),
    ] = None,
    beta_schedule: Annotated[
        ScheduleKind | None,
        typer.Option(
            metavar="NAME",
            help="How beta grows from 0: constant, linear or cyclic.",
            rich_help_panel=MODEL,
        ),
    ] = None,
    gamma: Annotated[
        float | None,
        typer.Option(
            help="Weight of TC in factor-vae, of the distance in annealed-vae.",
            rich_help_panel=MODEL,
        ),
    ] = None,
    capacity: Annotated[
        float | None,
        typer.Option(help="Nats that annealed-vae grows to.", rich_help_panel=MODEL),
    ] = None,
    depth: Annotated[
        int | None,
        typer.Option(
            min=2,
            max=32,
            help="Convolutions of the decoder (Tables 5 and 6).",
            rich_help_panel=MODEL,
        ),
    ] = None,
    mlp_depth: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=32,
            help="Fully connected layers before them (Tables 7 to 9).",
            rich_help_panel=MODEL,
        ),
    ] = None,
    upscales: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Broadcast decoder's layers that double the size (Table 10).",
            rich_help_panel=MODEL,
        ),
    ] = None,
    coordinates: Annotated[
        Coordinates | None,
        typer.Option(
            metavar="NAME",
            help="Broadcast decoder's: linear, shuffled (Appendix B), cosine or none.",
            rich_help_panel=MODEL,
        ),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Updates in all.", rich_help_panel=TRAINING)
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Images an update.", rich_help_panel=TRAINING)
    ] = None,
    lr: Annotated[
        float | None, typer.Option(help="Learning rate of Adam.", rich_help_panel=TRAINING)
    ] = None,
    clip_grad: Annotated[
        float | None,
        typer.Option(help="Largest norm of a gradient; default: none.", rich_help_panel=TRAINING),
    ] = None,
    validation: Annotated[
        float | None,
        typer.Option(
            help="Share of a file's images to leave out; their NLL and KL are logged.",
            rich_help_panel=TRAINING,
        ),
    ] = None,
    in_memory: Annotated[
        bool,
        typer.Option(
            "--in-memory",
            help="Read a file whole; else 8,192 images at a time are shuffled.",
            rich_help_panel=TRAINING,
        ),
    ] = False,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="Of weights, data and noise.", rich_help_panel=TRAINING),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(help="auto, cpu, cuda, cuda:INDEX or mps.", rich_help_panel=TRAINING),
    ] = None,
    precision: Annotated[
        Precision | None,
        typer.Option(help="tf32 and bf16 are faster on a GPU.", rich_help_panel=TRAINING),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, max=1024, help="Of the CPU.", rich_help_panel=TRAINING)
    ] = None,
    checkpoint_every: Annotated[
        int | None,
        typer.Option(min=1, help="Steps between checkpoints.", rich_help_panel=TRAINING),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Run folder; default: runs/ and the names of data, model and seed."),
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
            "latent_dim": latent_dim,
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
            "validation": validation,
            "in_memory": in_memory or None,
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
    from sbvae_cli.cli.training_report import print_config, print_cost, report_training
    from sbvae_cli.runs.cost import measure_training_cost
    from sbvae_cli.runs.folder import RunFolder
    from sbvae_cli.runs.naming import default_folder
    from sbvae_cli.runs.resolve import resolve
    from sbvae_cli.runs.train import start_run

    config, source = resolve(request)
    if config.training.in_memory and source.count is None:
        remark("note: --in-memory changes nothing; the images are drawn, not read from a file")
    if dry_run:
        print_config(config)
        print_cost(config, measure_training_cost(config, source))
        return
    folder = RunFolder(out or default_folder(config))

    def call(observe: "Observer", stop: "Callable[[], bool]") -> int:
        return start_run(config, source, folder, force=force, observers=[observe], stop=stop)

    report_training(config, folder.path, call)


def _resume(path: Path, changes: dict[str, Any], *, fixed: bool) -> None:
    from sbvae_cli.cli.training_report import report_training
    from sbvae_cli.errors import SbvaeError
    from sbvae_cli.runs.folder import RunFolder
    from sbvae_cli.runs.train import load_run, resume_run

    if not fixed:
        raise SbvaeError(
            f"--resume {path}: a run goes on with its own settings; only --steps, --device and "
            "--checkpoint-every may be given"
        )
    folder = RunFolder(path.parent if path.name == "ckpt.pt" and path.is_file() else path)
    config, checkpoint = load_run(folder, changes)

    def call(observe: "Observer", stop: "Callable[[], bool]") -> int:
        return resume_run(config, checkpoint, folder, observers=[observe], stop=stop)

    report_training(config, folder.path, call, checkpoint.step)


def _without_none(tree: dict[str, Any]) -> dict[str, Any]:
    pruned = {
        key: _without_none(value) if isinstance(value, dict) else value
        for key, value in tree.items()
        if value is not None
    }
    return {key: value for key, value in pruned.items() if value != {}}
