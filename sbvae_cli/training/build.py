"""Build updaters and inputs from configurations; only this module maps objectives to functions."""

from collections.abc import Sequence
from functools import partial

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
    PulseConfig,
    ScheduleConfig,
    VaeConfig,
)
from sbvae_cli.config.schema import Config
from sbvae_cli.data.feed import Feed
from sbvae_cli.data.source import Source
from sbvae_cli.models.build import build_discriminator, build_vae
from sbvae_cli.models.layers import multiply_in
from sbvae_cli.objectives import factor_vae
from sbvae_cli.objectives.dip import dip_vae
from sbvae_cli.objectives.elbo import annealed_vae, elbo
from sbvae_cli.objectives.total_correlation import beta_tcvae
from sbvae_cli.training.devices import resolve_device, resolve_precision
from sbvae_cli.training.inputs import InputMaker, Schedule
from sbvae_cli.training.schedules import cyclic, linear, pulse
from sbvae_cli.training.update import Adversary, Objective, Updater

DISCRIMINATOR_BETAS = (0.5, 0.9)  # decay rates of Adam's moments (Kim and Mnih 2018)


def images_per_update(config: Config) -> int:
    """Return the number of images of an update, which may use several minibatches."""
    parts = factor_vae.PARTS if isinstance(config.objective, FactorVaeConfig) else 1
    return parts * config.training.batch_size


def noise_shape(config: Config) -> tuple[int, int]:
    """Return the shape (n, K) of the noise of an update."""
    parts = factor_vae.NOISE_PARTS if isinstance(config.objective, FactorVaeConfig) else 1
    return parts * config.training.batch_size, config.model.latent_dim


def with_own_precision(config: Config) -> Config:
    """Return the configuration with the precision `auto` resolved for its device."""
    training = config.training
    precision = resolve_precision(training.precision, resolve_device(training.device))
    own = training.model_copy(update={"precision": precision})
    return config.model_copy(update={"training": own})


def build_updater(config: Config, seeds: Sequence[int] | None = None) -> Updater:
    """Build models, objective and optimizers on the device of the configuration.

    Args:
        config: Configuration of the run, or of one of several replicas, which differ in the seed.
        seeds: Root seed of each replica's weights; None for one replica with the run's seed.
    """
    training, objective = config.training, config.objective
    device = resolve_device(training.device)
    seeds = seeds or [training.seed]
    shape, precision = config.data.image_shape, resolve_precision(training.precision, device)
    vaes = [build_vae(config.model, shape, seed).to(device) for seed in seeds]
    # Tensor cores are fastest with channels last, a layout that vmap does not support.
    last = device.type == "cuda" and len(vaes) == 1
    for vae in vaes if precision == "bf16" else ():
        multiply_in(vae, torch.bfloat16, torch.channels_last if last else torch.preserve_format)
    adversary = None
    if isinstance(objective, FactorVaeConfig):
        discriminators = [
            build_discriminator(objective, config.model.latent_dim, seed).to(device)
            for seed in seeds
        ]
        adversary = Adversary(
            discriminators,
            "discriminator_loss",
            objective.discriminator_learning_rate,
            DISCRIMINATOR_BETAS,
        )
    return Updater(
        vaes,
        build_objective(objective),
        training.learning_rate,
        precision=precision,
        adversary=adversary,
        clip_grad=training.clip_grad,
    )


def build_maker(
    config: Config, source: Source, seeds: Sequence[int], device: torch.device
) -> InputMaker:
    """Build the maker of the updates' inputs; close it to release the memory of its images.

    Args:
        config: Configuration of one of the replicas.
        source: Source of the images.
        seeds: Root seed of each replica.
        device: Device of the models.
    """
    training = config.training
    feed = Feed(
        source,
        images_per_update(config),
        seeds,
        device=device,
        validation=training.validation,
        shuffle=training.shuffle,
        data_on=training.data_on,
        fixed_set=training.fixed_set,
    )
    return InputMaker(
        feed, training, seeds, noise_shape(config), scheduled_weights(config.objective)
    )


def build_objective(config: ObjectiveConfig) -> Objective:
    """Return the function of an objective, whose weights are tensors passed by name."""
    match config:
        case VaeConfig() | BetaVaeConfig():
            return elbo
        case AnnealedVaeConfig():
            return annealed_vae
        case FactorVaeConfig():
            return factor_vae.factor_vae
        case BetaTcvaeConfig():
            return partial(beta_tcvae, dataset_size=config.dataset_size, estimator=config.estimator)
        case DipVaeIConfig() | DipVaeIIConfig():
            return partial(
                dip_vae,
                off_diagonal=config.off_diagonal,
                diagonal=config.diagonal,
                of_samples=isinstance(config, DipVaeIIConfig),
            )


def scheduled_weights(config: ObjectiveConfig) -> dict[str, Schedule]:
    """Return the schedule of each weight of an objective, by name."""
    match config:
        case VaeConfig() | BetaVaeConfig() | BetaTcvaeConfig():
            return {"beta": scheduled(config.beta, config.beta_schedule)}
        case AnnealedVaeConfig():
            capacity = scheduled(config.capacity, config.capacity_schedule)
            return {"gamma": lambda step: config.gamma, "capacity": capacity}
        case FactorVaeConfig():
            beta = scheduled(config.beta, config.beta_schedule)
            return {"gamma": lambda step: config.gamma, "beta": beta}
        case DipVaeIConfig() | DipVaeIIConfig():
            return {}


def scheduled(weight: float, schedule: ScheduleConfig) -> Schedule:
    """Return a function from the number of previous updates to the weight."""
    match schedule:
        case ConstantConfig():
            return lambda step: weight
        case LinearConfig():
            return lambda step: linear(schedule.start, weight, step, schedule.steps)
        case CyclicConfig():
            return lambda step: cyclic(
                schedule.start, weight, step, schedule.steps, schedule.rising
            )
        case PulseConfig():
            return lambda step: pulse(weight, schedule.peak, step, schedule.after, schedule.steps)
