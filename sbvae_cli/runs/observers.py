"""Observers of a run's reports: they write its log, its checkpoints and its divergence."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from sbvae_cli.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from sbvae_cli.config.schema import Config
from sbvae_cli.data.source import Source
from sbvae_cli.errors import DivergedError, origins
from sbvae_cli.models.vae import VAE
from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.runs.validation_loss import Validation
from sbvae_cli.training.loop import Report
from sbvae_cli.training.update import Updater

if TYPE_CHECKING:
    from sbvae_cli.runs.tensorboard import EventWriter

Observer = Callable[[Report], None]


def log_to(
    folder: RunFolder, config: Config, source: Source, vae: VAE, writer: "EventWriter | None" = None
) -> Observer:
    """Log each report, and in saved ones also NLL and KL of the validation images.

    Args:
        folder: Folder of the run.
        config: Configuration of the run.
        source: Data of the run.
        vae: The model.
        writer: Writer of TensorBoard's event file, which gets the same numbers; None for no file.
    """
    training, validation = config.training, None
    if training.validation:
        share, seed, latents = training.validation, training.seed, config.model.latent_dim
        validation = Validation(source, share, seed, latents, training.fixed_set)

    def observe(report: Report) -> None:
        if report.passing or not report.terms:
            return
        record = {
            "step": report.step,
            **report.terms,
            "images_per_second": round(report.images_per_second, 1),
        }
        if validation and report.save:
            record |= validation.measure(vae, report.step)
        folder.append_log(record)
        if writer:
            writer.scalars(report.step, {k: v for k, v in record.items() if k != "step"})

    return observe


def save_to(folder: RunFolder, config: Config, updater: Updater) -> Observer:
    """Save the model and optimizer state of a replica where its report asks for it.

    A kept checkpoint is written before `ckpt.pt`, so that the last one is always among those kept.
    """

    def observe(report: Report) -> None:
        if report.save:
            checkpoint = Checkpoint(
                config,
                report.step,
                updater.weights(report.replica),
                updater.state_dict(report.replica),
                torch.get_num_threads(),
                updater.adversary_state_dict(report.replica),
            )
            if config.training.keep_checkpoints:
                save_checkpoint(folder.kept(report.step), checkpoint)
            save_checkpoint(folder.checkpoint, checkpoint)

    return observe


def log_divergence(folder: RunFolder, error: DivergedError) -> DivergedError:
    """Log which terms diverged; return the error with a note on the last checkpoint."""
    # JSON has no numbers that are not finite
    terms = {n: v if math.isfinite(v) else str(v) for n, v in error.terms.items()}
    gone = origins(error.terms) or ["weights"]
    folder.append_log({"step": error.step, "diverged": gone, **terms})
    kept = "there was no checkpoint yet"
    if folder.checkpoint.exists():
        kept = f"the checkpoint of step {load_checkpoint(folder.checkpoint).step:,} is kept"
    advice = "try a smaller `learning_rate`, or `clip_grad=1`"
    return DivergedError(f"{error}; {kept}; {advice}", error.step, error.terms)
