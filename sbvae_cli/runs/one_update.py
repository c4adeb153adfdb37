"""One update by itself, to see what it takes."""

import torch

from sbvae_cli.config.schema import Config
from sbvae_cli.training.build import images_per_update, noise_shape, scheduled_weights
from sbvae_cli.training.update import Updater


def update_on_zeros(updater: Updater, config: Config) -> None:
    """Update a replica once from images and noise of zeros, as at a run's first step.

    Args:
        updater: Holds one replica.
        config: Its configuration; the size of the minibatches may be another.
    """
    device = updater.device
    images = torch.zeros(1, images_per_update(config), *config.data.image_shape, device=device)
    noise = torch.zeros(1, *noise_shape(config), device=device)
    weights = {
        name: torch.tensor(float(weight(0)), device=device)
        for name, weight in scheduled_weights(config.objective).items()
    }
    updater.update(images, noise, weights, torch.ones((), device=device))
