"""The command `sbvae train`, which trains or resumes a model."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sbvae_cli.cli import train_options as option
from sbvae_cli.cli.console import note, print_status
from sbvae_cli.cli.options import ForceOption
from sbvae_cli.cli.parse import parse_size
from sbvae_cli.cli.train_options import given_options, settings_of
from sbvae_cli.commands import flag

if TYPE_CHECKING:
    from collections.abc import Callable

    from sbvae_cli.config.schema import Config
    from sbvae_cli.runs.observers import Observer


def train(
    context: typer.Context,
    data: option.Data = None,
    profile: option.ProfileName = None,
    preset: option.Preset = None,
    size: option.Size = None,
    model: option.Model = None,
    decoder: option.Decoder = None,
    likelihood: option.Likelihood = None,
    latent_dim: option.LatentDim = None,
    beta: option.Beta = None,
    beta_schedule: option.BetaSchedule = None,
    gamma: option.Gamma = None,
    capacity: option.Capacity = None,
    depth: option.Depth = None,
    mlp_depth: option.MlpDepth = None,
    upscales: option.Upscales = None,
    coordinates: option.CoordinatesKind = None,
    steps: option.Steps = None,
    batch_size: option.BatchSize = None,
    lr: option.LearningRate = None,
    clip_grad: option.ClipGrad = None,
    validation: option.ValidationShare = None,
    fixed_set: option.FixedSet = None,
    shuffle: option.ShuffleName = None,
    data_on: option.DataOn = None,
    seed: option.Seed = None,
    replicas: option.Replicas = None,
    device: option.Device = None,
    precision: option.PrecisionName = None,
    compile: option.Compile = None,
    threads: option.Threads = None,
    checkpoint_every: option.CheckpointEvery = None,
    keep_checkpoints: option.KeepCheckpoints = False,
    preview: option.Preview = False,
    tensorboard: option.Tensorboard = False,
    out: option.Out = None,
    resume: option.Resume = None,
    config: option.ConfigFile = None,
    settings: option.Settings = None,
    dry_run: option.DryRun = False,
    force: ForceOption = False,
) -> None:
    """Train a VAE: any model with any decoder and any likelihood."""
    from sbvae_cli.config.load import nested
    from sbvae_cli.runs.resolve import Request

    given = given_options(context)
    if resume is not None:
        from sbvae_cli.cli.resume import resume_run

        resume_run(resume, given)
        return
    tree = nested(settings_of(given))
    if size:
        height, width = parse_size(size)
        tree["data"] = {**tree.get("data", {}), "height": height, "width": width}
    request = Request(profile, config, settings or (), tree, depth, mlp_depth)
    _start(request, out, replicas, force=force, dry_run=dry_run)


def _start(
    request: Any, out: Path | None, replicas: int | None, *, force: bool, dry_run: bool
) -> None:
    from sbvae_cli.runs.resolve import resolve

    config, source = resolve(request)  # before PyTorch is loaded, to fail early
    from sbvae_cli.cli.training_report import print_config, print_cost, report_training
    from sbvae_cli.runs.cost import measure_training_cost
    from sbvae_cli.runs.folder import RunFolder
    from sbvae_cli.runs.naming import default_folder
    from sbvae_cli.runs.train import start_runs

    _note_unused_settings(config)
    if replicas is not None:
        from sbvae_cli.cli.replicas import start_replicas

        start_replicas(config, source, replicas, out, force=force, dry_run=dry_run)
        return
    if dry_run:
        cost = measure_training_cost(config, source)  # fails first if the model cannot be trained
        print_config(config)
        print_cost(config, cost)
        return
    folder = RunFolder(out or default_folder(config))

    def call(observe: "Observer", stop: "Callable[[], bool]") -> int:
        return start_runs(
            [config], source, [folder], force=force, observers=[observe], stop=stop, on_note=note
        )[0]

    report_training(config, folder.path, call)


def _note_unused_settings(config: "Config") -> None:
    from sbvae_cli.training.devices import resolve_device

    training = config.training
    if training.precision == "tf32":
        note_missing_tf32(resolve_device(training.device).type)
    if config.data.count is not None or training.fixed_set is not None:
        return
    for name, usual in (("shuffle", "windows"), ("data_on", "auto")):
        if getattr(training, name) != usual:
            print_status(
                f"note: {flag(name)} has no effect: the images are rendered, not read from a file"
            )


def note_missing_tf32(device: str) -> None:
    """Print a note that a device other than CUDA computes in fp32 instead of tf32."""
    if device != "cuda":
        name = {"cpu": "a CPU"}.get(device, device)
        note(f"{flag('precision')} tf32 has no effect: {name} has no tf32 and computes in fp32")
