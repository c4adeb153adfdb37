"""Configure the objectives of VAEs, of the paper and of later work, and schedules of weights."""

from typing import Annotated, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, field_validator, model_validator

from sbvae_cli.config.frozen import Frozen
from sbvae_cli.config.model import FiniteNonNegative, FinitePositive
from sbvae_cli.config.names import TotalCorrelationEstimator

# Largest weight: with a larger one, single precision would lose the other terms. No dataset needs
# a larger capacity either.
MAX_WEIGHT = 1e6
Weight = Annotated[FiniteNonNegative, Field(le=MAX_WEIGHT)]

NEED_TWO_IMAGES = {"factor-vae", "beta-tcvae", "dip-vae-i", "dip-vae-ii"}  # in a minibatch


class ConstantConfig(Frozen):
    """Constant weight."""

    kind: Literal["constant"] = "constant"


class LinearConfig(Frozen):
    """Linear change from `start` to the weight at step `steps`, then constant."""

    kind: Literal["linear"] = "linear"
    start: Weight = 0.0
    steps: PositiveInt


class CyclicConfig(Frozen):
    """Cycles of a linear change from `start` to the weight, then constant (Fu et al. 2019).

    Attributes:
        start: Weight at the first step of each cycle.
        steps: Number of steps in a cycle.
        rising: Share of a cycle in which the weight changes, in (0, 1].
    """

    kind: Literal["cyclic"] = "cyclic"
    start: Weight = 0.0
    steps: PositiveInt
    rising: Annotated[float, Field(gt=0, le=1)] = 0.5


class PulseConfig(Frozen):
    """Jump from the weight to `peak` at step `after`, and linear return to the weight.

    For the weight of the KL: by step `after` the latents encode the images, perhaps redundantly.
    The pulse then removes redundant latents. A large weight from the first step on might instead
    keep all latents from ever being used.

    Attributes:
        peak: Weight at step `after`.
        after: Number of steps before the jump.
        steps: Step at which the weight is reached again, larger than `after`.
    """

    kind: Literal["pulse"] = "pulse"
    peak: Weight = 14.0
    after: NonNegativeInt
    steps: PositiveInt

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.after >= self.steps:
            raise ValueError(f"after is {self.after}; give less than steps, which is {self.steps}")
        return self


ScheduleConfig = Annotated[
    ConstantConfig | LinearConfig | CyclicConfig | PulseConfig, Field(discriminator="kind")
]


class VaeConfig(Frozen):
    """NLL + KL (Section A.1); a schedule of the KL's weight ends at 1."""

    kind: Literal["vae"] = "vae"
    beta: FiniteNonNegative = 1.0
    beta_schedule: ScheduleConfig = ConstantConfig()

    @field_validator("beta")
    @classmethod
    def _check(cls, beta: float) -> float:
        if beta != 1:
            raise ValueError(f"it is {beta:g}, but a vae has beta 1; choose the model beta-vae")
        return beta


class BetaVaeConfig(Frozen):
    """NLL + beta * KL (Higgins et al. 2017; Figure 4 has beta from 0.4 to 5.4)."""

    kind: Literal["beta-vae"] = "beta-vae"
    beta: Weight = 4.0
    beta_schedule: ScheduleConfig = ConstantConfig()


class AnnealedVaeConfig(Frozen):
    """NLL + gamma * |KL - capacity|, with an increasing capacity in nats (Burgess et al. 2018)."""

    kind: Literal["annealed-vae"] = "annealed-vae"
    gamma: Weight = 1_000.0
    capacity: Weight = 25.0
    capacity_schedule: ScheduleConfig = LinearConfig(steps=100_000)


class FactorVaeConfig(Frozen):
    """NLL + beta * KL + gamma * TC by a discriminator (Kim and Mnih 2018; Section A.2).

    Attributes:
        gamma: Weight of the total correlation.
        beta: Weight of the KL.
        beta_schedule: Schedule of beta.
        discriminator_units: Units of each hidden layer of the discriminator.
        discriminator_learning_rate: Learning rate of the discriminator's Adam, with moment decay
            rates 0.5 and 0.9; it has the schedule of the model's learning rate.
    """

    kind: Literal["factor-vae"] = "factor-vae"
    gamma: Weight = 35.0
    beta: Weight = 1.0
    beta_schedule: ScheduleConfig = ConstantConfig()
    discriminator_units: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (1_000,) * 6
    discriminator_learning_rate: FinitePositive = 2e-5


class BetaTcvaeConfig(Frozen):
    """NLL + KL + (beta - 1) * TC from the minibatch (Chen et al. 2018).

    Attributes:
        beta: Weight of the total correlation; 1 is the plain VAE.
        beta_schedule: Schedule of beta.
        estimator: `stratified`; or `weighted`, whose values are off by a constant.
        dataset_size: Number N of training images that the estimators assume.
    """

    kind: Literal["beta-tcvae"] = "beta-tcvae"
    beta: Weight = 6.0
    beta_schedule: ScheduleConfig = ConstantConfig()
    estimator: TotalCorrelationEstimator = "stratified"
    dataset_size: PositiveInt = 500_000


class DipVaeIConfig(Frozen):
    """NLL + KL + distance of the covariance of posterior means to identity (Kumar et al. 2018).

    Attributes:
        off_diagonal: Weight of the squared covariances of different latents.
        diagonal: Weight of the squared differences of the variances from 1.
    """

    kind: Literal["dip-vae-i"] = "dip-vae-i"
    off_diagonal: Weight = 10.0
    diagonal: Weight = 100.0


class DipVaeIIConfig(Frozen):
    """As `DipVaeIConfig`, with the covariance of posterior samples instead of posterior means."""

    kind: Literal["dip-vae-ii"] = "dip-vae-ii"
    off_diagonal: Weight = 10.0
    diagonal: Weight = 10.0


ObjectiveConfig = Annotated[
    VaeConfig
    | BetaVaeConfig
    | AnnealedVaeConfig
    | FactorVaeConfig
    | BetaTcvaeConfig
    | DipVaeIConfig
    | DipVaeIIConfig,
    Field(discriminator="kind"),
]
