"""Configuration to what trains: the one place that knows which objective means which function."""

from collections.abc import Callable

import torch

from sbvae_cli.config.objective import (
    AnnealedVaeConfig,
    BetaTcvaeConfig,
    BetaVaeConfig,
    ConstantConfig,
    CyclicConfig,
    DipVaeIConfig,
    DipVaeIIConfig,
    FactorVaeConfig,
    LinearConfig,
    ObjectiveConfig,
    ScheduleConfig,
    VaeConfig,
)
from sbvae_cli.config.schema import Config
from sbvae_cli.models.build import build_discriminator, build_vae
from sbvae_cli.models.discriminator import Discriminator
from sbvae_cli.models.layers import multiply_in
from sbvae_cli.objectives import factor_vae
from sbvae_cli.objectives.dip import dip_vae
from sbvae_cli.objectives.elbo import annealed_vae, elbo
from sbvae_cli.objectives.total_correlation import beta_tcvae
from sbvae_cli.training.devices import resolve_device, resolve_precision
from sbvae_cli.training.schedules import cyclic, linear
from sbvae_cli.training.update import Adversary, Objective, Updater

DISCRIMINATOR_BETAS = (0.5, 0.9)  # of Adam (Kim and Mnih 2018)


def images_per_update(config: Config) -> int:
    """Number of images of an update, which may take several minibatches."""
    parts = factor_vae.PARTS if isinstance(config.objective, FactorVaeConfig) else 1
    return parts * config.training.batch_size


def noise_shape(config: Config) -> tuple[int, int]:
    """(n, K) of the noise of an update."""
    parts = factor_vae.NOISE_PARTS if isinstance(config.objective, FactorVaeConfig) else 1
    return parts * config.training.batch_size, config.model.latent_dim


def with_own_precision(config: Config) -> Config:
    """The configuration with what its device makes of the precision `auto`."""
    training = config.training
    precision = resolve_precision(training.precision, resolve_device(training.device))
    own = training.model_copy(update={"precision": precision})
    return config.model_copy(update={"training": own})


def build_updater(config: Config) -> Updater:
    """Model, objective and optimizers on the device that the configuration names."""
    training, objective = config.training, config.objective
    device = resolve_device(training.device)
    vae = build_vae(config.model, config.data.image_shape, training.seed).to(device)
    precision = resolve_precision(training.precision, device)
    if precision == "bf16":
        multiply_in(vae, torch.bfloat16)
    discriminator = adversary = None
    if isinstance(objective, FactorVaeConfig):
        discriminator = build_discriminator(objective, config.model.latent_dim, training.seed)
        adversary = Adversary(
            discriminator.to(device),
            "discriminator_loss",
            objective.discriminator_learning_rate,
            DISCRIMINATOR_BETAS,
        )
    return Updater(
        vae,
        build_objective(objective, discriminator),
        training.learning_rate,
        precision=precision,
        adversary=adversary,
        clip_grad=training.clip_grad,
    )


def build_objective(
    config: ObjectiveConfig, discriminator: Discriminator | None = None
) -> Objective:
    """The function that a configuration names, with its weights at each step.

    Args:
        config: Configuration of the objective.
        discriminator: Network on the model's device, for FactorVAE.

    Raises:
        ValueError: If FactorVAE has no discriminator.
    """
    match config:
        case VaeConfig() | BetaVaeConfig():
            beta = scheduled(config.beta, config.beta_schedule)
            return lambda vae, images, noise, step: elbo(vae, images, noise, beta(step))
        case AnnealedVaeConfig():
            capacity = scheduled(config.capacity, config.capacity_schedule)
            return lambda vae, images, noise, step: annealed_vae(
                vae, images, noise, config.gamma, capacity(step)
            )
        case FactorVaeConfig():
            return _build_factor_vae(config, discriminator)
        case BetaTcvaeConfig():
            beta = scheduled(config.beta, config.beta_schedule)
            size, estimator = config.dataset_size, config.estimator
            return lambda vae, images, noise, step: beta_tcvae(
                vae, images, noise, beta(step), size, estimator
            )
        case DipVaeIConfig() | DipVaeIIConfig():
            second = isinstance(config, DipVaeIIConfig)
            return lambda vae, images, noise, step: dip_vae(
                vae, images, noise, config.off_diagonal, config.diagonal, of_samples=second
            )


def _build_factor_vae(config: FactorVaeConfig, discriminator: Discriminator | None) -> Objective:
    if discriminator is None:
        raise ValueError("factor-vae needs a discriminator")
    beta = scheduled(config.beta, config.beta_schedule)
    return lambda vae, images, noise, step: factor_vae.factor_vae(
        vae, discriminator, images, noise, config.gamma, beta(step)
    )


def scheduled(weight: float, schedule: ScheduleConfig) -> Callable[[int], float]:
    """The weight at each step, by the number of updates before."""
    match schedule:
        case ConstantConfig():
            return lambda step: weight
        case LinearConfig():
            return lambda step: linear(schedule.start, weight, step, schedule.steps)
        case CyclicConfig():
            return lambda step: cyclic(
                schedule.start, weight, step, schedule.steps, schedule.rising
            )
