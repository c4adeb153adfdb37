"""Configuration to what trains: the one place that knows which objective means which function."""

from dataclasses import dataclass

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
from sbvae_cli.objectives import factor_vae
from sbvae_cli.objectives.dip import dip_vae
from sbvae_cli.objectives.elbo import annealed_vae, elbo
from sbvae_cli.objectives.total_correlation import beta_tcvae
from sbvae_cli.training.devices import resolve_device
from sbvae_cli.training.schedules import cyclic, linear
from sbvae_cli.training.update import Adversary, Objective, Updater

DISCRIMINATOR_BETAS = (0.5, 0.9)  # of Adam (Kim and Mnih 2018)


@dataclass(frozen=True)
class BatchCounts:
    """How many minibatches an update of an objective takes."""

    images: int = 1
    noise: int = 1


def batch_counts(config: ObjectiveConfig) -> BatchCounts:
    """Minibatches of images and of noise in an update."""
    if isinstance(config, FactorVaeConfig):
        return BatchCounts(factor_vae.PARTS, factor_vae.NOISE_PARTS)
    return BatchCounts()


def noise_shape(config: Config) -> tuple[int, int]:
    """(n, K) of the noise of an update."""
    rows = batch_counts(config.objective).noise * config.training.batch_size
    return rows, config.model.latent_dim


def images_per_update(config: Config) -> int:
    """Images of an update."""
    return batch_counts(config.objective).images * config.training.batch_size


def build_updater(config: Config) -> Updater:
    """Model, objective and optimizers on the device that the configuration names."""
    training = config.training
    device = resolve_device(training.device)
    vae = build_vae(config.model, config.data.image_shape, training.seed).to(device)
    discriminator = adversary = None
    if isinstance(config.objective, FactorVaeConfig):
        discriminator = build_discriminator(
            config.objective, config.model.latent_dim, training.seed
        ).to(device)
        adversary = Adversary(
            discriminator,
            "discriminator_loss",
            config.objective.discriminator_learning_rate,
            DISCRIMINATOR_BETAS,
        )
    return Updater(
        vae,
        build_objective(config.objective, discriminator),
        training.learning_rate,
        precision=training.precision,
        adversary=adversary,
        clip_grad=training.clip_grad,
    )


def build_objective(
    config: ObjectiveConfig, discriminator: Discriminator | None = None
) -> Objective:
    """The function that a configuration names, with its weights at each step.

    Args:
        config: Of the objective.
        discriminator: On the model's device, for FactorVAE.

    Raises:
        ValueError: If FactorVAE has no discriminator.
    """
    match config:
        case VaeConfig():
            return lambda vae, images, noise, step: elbo(vae, images, noise, config.beta)
        case BetaVaeConfig():
            return lambda vae, images, noise, step: elbo(
                vae, images, noise, weight_at(config.beta, config.beta_schedule, step)
            )
        case AnnealedVaeConfig():
            return lambda vae, images, noise, step: annealed_vae(
                vae,
                images,
                noise,
                config.gamma,
                weight_at(config.capacity, config.capacity_schedule, step),
            )
        case FactorVaeConfig():
            if discriminator is None:
                raise ValueError("factor-vae needs a discriminator")
            return lambda vae, images, noise, step: factor_vae.factor_vae(
                vae,
                discriminator,
                images,
                noise,
                config.gamma,
                weight_at(config.beta, config.beta_schedule, step),
            )
        case BetaTcvaeConfig():
            return lambda vae, images, noise, step: beta_tcvae(
                vae,
                images,
                noise,
                weight_at(config.beta, config.beta_schedule, step),
                config.dataset_size,
                config.estimator,
            )
        case DipVaeIConfig() | DipVaeIIConfig():
            return lambda vae, images, noise, step: dip_vae(
                vae,
                images,
                noise,
                config.off_diagonal,
                config.diagonal,
                of_samples=isinstance(config, DipVaeIIConfig),
            )


def weight_at(weight: float, schedule: ScheduleConfig, step: int) -> float:
    """A scheduled weight after so many updates."""
    match schedule:
        case ConstantConfig():
            return weight
        case LinearConfig():
            return linear(schedule.start, weight, step, schedule.steps)
        case CyclicConfig():
            return cyclic(schedule.start, weight, step, schedule.steps, schedule.rising)
