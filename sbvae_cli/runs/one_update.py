"""Run a single update, to measure what it costs."""

import torch

from sbvae_cli.config.schema import Config
from sbvae_cli.training.build import images_per_update, noise_shape, scheduled_weights
from sbvae_cli.training.update import Updater


def update_on_zeros(updater: Updater, config: Config) -> None:
    """Update a replica once with images and noise of zeros, as in the first step of a run.

    Args:
        updater: Updater of one replica.
        config: Configuration of the replica; its batch size may differ from the updater's.
    """
    device = updater.device
    images = torch.zeros(1, images_per_update(config), *config.data.image_shape, device=device)
    noise = torch.zeros(1, *noise_shape(config), device=device)
    weights = {
        name: torch.tensor(float(weight(0)), device=device)
        for name, weight in scheduled_weights(config.objective).items()
    }
    updater.update(images, noise, weights, torch.ones((), device=device))
