"""Start a run in a folder, or go on with one."""

import math
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
from sbvae_cli.errors import DivergedError, SbvaeError, origins
from sbvae_cli.models.arithmetic import cpu_threads
from sbvae_cli.runs.build import build_updater, images_per_update, noise_shape
from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.runs.resolve import reopen_source
from sbvae_cli.runs.validation import Validation
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
    with cpu_threads(config.training.threads), folder.locked():
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
            f"{folder.path}: has made {checkpoint.step:,} steps, of {config.training.steps:,} that "
            f"are asked for; go on with --steps larger than {checkpoint.step:,}"
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
    if source.fingerprint != config.data.fingerprint:
        raise SbvaeError(
            f"{config.data.source}: is not the file any more that the run was trained on; "
            "write that one again, or start a new run"
        )
    updater = build_updater(config)
    _restore(updater, checkpoint, folder)
    threads = checkpoint.threads if updater.device.type == "cpu" else config.training.threads
    with cpu_threads(threads), folder.locked():
        if load_checkpoint(folder.checkpoint).step != checkpoint.step:
            raise SbvaeError(f"{folder.path}: another process went on with it; try again")
        folder.cut_log(checkpoint.step)
        folder.write_config(config)
        return _run(config, source, updater, folder, checkpoint.step, callbacks)


def _restore(updater: Updater, checkpoint: Checkpoint, folder: RunFolder) -> None:
    try:
        checkpoint.load_into(updater.vae)
        if checkpoint.step > 0 and not checkpoint.optimizer.get("state"):
            raise ValueError("a part is missing (state)")
        updater.load_state_dict(checkpoint.optimizer, checkpoint.discriminator)
    except (ValueError, AttributeError) as error:
        raise SbvaeError(
            f"{folder.checkpoint}: cannot go on from its optimizer's state: "
            f"{' '.join(str(error).split())}; start a new run"
        ) from error


def _run(
    config: Config,
    source: Source,
    updater: Updater,
    folder: RunFolder,
    start: int,
    callbacks: Callbacks,
) -> int:
    training = config.training
    validation = None
    if training.validation:
        validation = Validation(source, training.validation, training.seed, config.model.latent_dim)

    def on_progress(progress: Progress) -> None:
        record = {
            "step": progress.step,
            **progress.terms,
            "images_per_second": round(progress.images_per_second, 1),
        }
        saved = progress.step % training.checkpoint_every == 0 or progress.step == training.steps
        if validation and saved:
            record |= validation.measure(updater.vae)
        folder.append_log(record)
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
                updater.adversary_state_dict(),
            ),
        )

    batches = Batches(
        source,
        images_per_update(config),
        training.seed,
        validation=training.validation,
        in_memory=training.in_memory,
    )
    stream = batches.stream(start)
    try:
        return train(
            updater,
            stream,
            config.training,
            noise_shape=noise_shape(config),
            start=start,
            on_progress=on_progress,
            on_checkpoint=on_checkpoint,
            stop=callbacks.stop,
        )
    except DivergedError as error:
        kept = "there was no checkpoint yet"
        if folder.checkpoint.exists():
            kept = f"the checkpoint of step {load_checkpoint(folder.checkpoint).step:,} is kept"
        folder.append_log(_divergence(error))
        advice = "try a smaller --lr, or --clip-grad 1"
        raise DivergedError(f"{error}; {kept}; {advice}", error.step, error.terms) from error
    finally:
        stream.close()


def _divergence(error: DivergedError) -> dict[str, Any]:
    """The last line of a run's log: which terms went; JSON has no numbers that are not finite."""
    terms = {n: v if math.isfinite(v) else str(v) for n, v in error.terms.items()}
    return {"step": error.step, "diverged": origins(error.terms) or ["weights"], **terms}


@dataclass(frozen=True)
class Cost:
    """What a run will take.

    Attributes:
        parameters: Of encoder, decoder and, for FactorVAE, discriminator.
        multiply_adds: Of each for one image, forward.
        seconds_per_step: Measured on the device.
    """

    parameters: dict[str, int]
    multiply_adds: dict[str, int]
    seconds_per_step: float


def measure_cost(config: Config, source: Source) -> Cost:
    """Count parameters and multiply-adds, and time a few updates on the device."""
    updater = build_updater(config)
    batches = Batches(source, images_per_update(config), config.training.seed)
    images = to_device(batches.batch(0), updater.device)
    noise = noise_of_step(config.training.seed, 0, noise_shape(config), updater.device)
    latents = noise[:1]
    networks = {"encoder": (updater.vae.encoder, images[:1])}
    networks["decoder"] = (updater.vae.decoder, latents)
    if updater.adversary is not None:
        networks["discriminator"] = (updater.adversary.network, latents)
    counts = {}
    for name, (network, example) in networks.items():
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            network(example)
        counts[name] = counter.get_total_flops() // 2
    times = []
    with cpu_threads(config.training.threads):
        for step in range(6):
            began = time.perf_counter()
            updater.update(images, noise, step)["loss"].item()
            times.append(time.perf_counter() - began)
    parameters = {
        name: sum(parameter.numel() for parameter in network.parameters())
        for name, (network, _) in networks.items()
    }
    return Cost(parameters, counts, statistics.median(times[1:]))
