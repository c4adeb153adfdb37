"""Start a run in a folder, or go on with one."""

import functools
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from sbvae_cli.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from sbvae_cli.config.files import build_config
from sbvae_cli.config.schema import Config
from sbvae_cli.data.batches import Batches, to_device
from sbvae_cli.data.source import Source
from sbvae_cli.errors import DivergedError, SbvaeError
from sbvae_cli.models.build import build_vae
from sbvae_cli.models.devices import allow_tf32, resolve_device
from sbvae_cli.objectives.elbo import elbo
from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.runs.resolve import describe_data, reopen_source
from sbvae_cli.training.loop import Progress, noise_of_step, train
from sbvae_cli.training.update import Updater


@dataclass(frozen=True)
class Callbacks:
    """How a run tells of itself, and how it is asked to end."""

    on_progress: Callable[[Progress], None] = lambda progress: None
    stop: Callable[[], bool] = lambda: False


def start_run(
    config: Config, source: Source, folder: RunFolder, *, force: bool, callbacks: Callbacks
) -> int:
    """Train from the beginning.

    Returns:
        The number of updates made: fewer than planned where `stop` asked for it.

    Raises:
        SbvaeError: If the folder is in use, or holds a run and `force` is false.
        DivergedError: If the loss was not finite.
    """
    updater = build_updater(config)
    with folder.locked():
        if not force:
            folder.refuse_if_used()
        folder.clear(config)
        return _run(config, source, updater, folder, 0, callbacks)


def load_run(folder: RunFolder, changes: dict[str, Any]) -> tuple[Config, Checkpoint]:
    """Read what a resumption needs.

    Args:
        folder: Of the run.
        changes: Of the training's settings, such as a larger number of `steps`.

    Raises:
        SbvaeError: If there is nothing to go on with, or nothing left to do.
    """
    if not folder.checkpoint.exists():
        raise SbvaeError(f"{folder.path}: holds no ckpt.pt; start the run without --resume")
    checkpoint = load_checkpoint(folder.checkpoint)
    tree = checkpoint.config.as_dict()
    config = build_config({**tree, "training": {**tree["training"], **changes}})
    if checkpoint.step >= config.training.steps:
        raise SbvaeError(
            f"{folder.path}: has made {checkpoint.step:,} of {config.training.steps:,} steps; "
            "go on with a larger --steps"
        )
    return config, checkpoint


def resume_run(
    config: Config, checkpoint: Checkpoint, folder: RunFolder, callbacks: Callbacks
) -> int:
    """Go on with a run; on the CPU its weights are those of a run that was never stopped.

    Raises:
        SbvaeError: If the folder is in use, or went on meanwhile, or the data is gone or changed.
        DivergedError: If the loss was not finite.
    """
    source = reopen_source(config.data)
    if describe_data(config.data.source, source) != config.data.model_dump(mode="json"):
        raise SbvaeError(
            f"{config.data.source}: is not the file any more that the run was trained on; "
            "write that one again, or start a new run"
        )
    updater = build_updater(config)
    if updater.device.type == "cpu" and torch.get_num_threads() != checkpoint.threads:
        torch.set_num_threads(checkpoint.threads)
    updater.vae.load_state_dict(checkpoint.model)
    updater.load_state_dict(checkpoint.optimizer)
    with folder.locked():
        if load_checkpoint(folder.checkpoint).step != checkpoint.step:
            raise SbvaeError(f"{folder.path}: another process went on with it; try again")
        folder.cut_log(checkpoint.step)
        folder.write_config(config)
        return _run(config, source, updater, folder, checkpoint.step, callbacks)


def build_updater(config: Config) -> Updater:
    """Model, objective and optimizer on the device that the configuration names."""
    training = config.training
    device = resolve_device(training.device)
    if training.threads is not None:
        torch.set_num_threads(training.threads)
    if device.type == "cuda" and training.precision == "tf32":
        allow_tf32(True)
    vae = build_vae(config.model, config.data.image_shape, training.seed).to(device)
    return Updater(vae, functools.partial(elbo, beta=config.objective.beta), training.precision)


def _run(
    config: Config,
    source: Source,
    updater: Updater,
    folder: RunFolder,
    start: int,
    callbacks: Callbacks,
) -> int:
    def on_progress(progress: Progress) -> None:
        folder.append_log(
            {
                "step": progress.step,
                **progress.terms,
                "images_per_second": round(progress.images_per_second, 1),
            }
        )
        callbacks.on_progress(progress)

    def on_checkpoint(step: int) -> None:
        save_checkpoint(
            folder.checkpoint,
            Checkpoint(
                config,
                step,
                updater.vae.state_dict(),
                updater.state_dict(),
                torch.get_num_threads(),
            ),
        )

    batches = Batches(source, config.training.batch_size, config.training.seed)
    stream = batches.stream(start)
    try:
        return train(
            updater,
            stream,
            config.training,
            latent_dim=config.model.latent_dim,
            start=start,
            on_progress=on_progress,
            on_checkpoint=on_checkpoint,
            stop=callbacks.stop,
        )
    except DivergedError as error:
        kept = "there was no checkpoint yet"
        if folder.checkpoint.exists():
            kept = f"the checkpoint of step {load_checkpoint(folder.checkpoint).step:,} is kept"
        raise DivergedError(f"{error}; {kept}") from error
    finally:
        stream.close()


@dataclass(frozen=True)
class Cost:
    """What a run will take.

    Attributes:
        parameters: Of encoder and decoder.
        multiply_adds: Of encoder and decoder for one image, forward.
        seconds_per_step: Measured on the device.
    """

    parameters: dict[str, int]
    multiply_adds: dict[str, int]
    seconds_per_step: float


def measure_cost(config: Config, source: Source) -> Cost:
    """Count parameters and multiply-adds, and time a few updates on the device."""
    updater = build_updater(config)
    vae = updater.vae
    batches = Batches(source, config.training.batch_size, config.training.seed)
    images = to_device(batches.batch(0), updater.device)
    noise = noise_of_step(
        config.training.seed, 0, (len(images), config.model.latent_dim), updater.device
    )
    counts = {}
    with torch.no_grad():
        mean, _ = vae.encode(images[:1])
        for name, call in (("encoder", vae.encode), ("decoder", vae.decode)):
            with FlopCounterMode(display=False) as counter:
                call(images[:1] if name == "encoder" else mean)
            counts[name] = counter.get_total_flops() // 2
    times = []
    for _ in range(6):
        began = time.perf_counter()
        updater.update(images, noise, config.training.learning_rate)["loss"].item()
        times.append(time.perf_counter() - began)
    return Cost(
        {
            name: sum(p.numel() for p in module.parameters())
            for name, module in (("encoder", vae.encoder), ("decoder", vae.decoder))
        },
        counts,
        statistics.median(times[1:]),
    )
