"""What is minimised, by each model of the paper and of later work, and schedules of its weights."""

from typing import Annotated, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, field_validator, model_validator

from sbvae_cli.config.frozen import Frozen
from sbvae_cli.config.model import FiniteNonNegative, FinitePositive
from sbvae_cli.config.names import TotalCorrelationEstimator

# Beyond it a weight leaves nothing of the other terms in single precision, and no image of any
# dataset here has a capacity that large.
MOST = 1e6
Weight = Annotated[FiniteNonNegative, Field(le=MOST)]

AT_LEAST_TWO = {"factor-vae", "beta-tcvae", "dip-vae-i", "dip-vae-ii"}  # images in a minibatch


class ConstantConfig(Frozen):
    """The weight at every step."""

    kind: Literal["constant"] = "constant"


class LinearConfig(Frozen):
    """From `start` in a straight line to the weight at step `steps`, then constant."""

    kind: Literal["linear"] = "linear"
    start: Weight = 0.0
    steps: PositiveInt


class CyclicConfig(Frozen):
    """Cycles of `steps` updates: a line from `start` to the weight, then level (Fu et al. 2019).

    Attributes:
        start: Weight at the first step of each cycle.
        steps: Updates of a cycle.
        rising: Share of a cycle that the line takes.
    """

    kind: Literal["cyclic"] = "cyclic"
    start: Weight = 0.0
    steps: PositiveInt
    rising: Annotated[float, Field(gt=0, le=1)] = 0.5


class PulseConfig(Frozen):
    """The weight, but at step `after` a jump to `peak`, and a line back to the weight.

    Of the KL: what the images show has come into latents, ten of them perhaps; the pressure takes
    out those that are copies, and cannot keep all latents from ever coming into use, as it may
    from the first step on.

    Attributes:
        peak: Weight at step `after`.
        after: Updates before.
        steps: Updates after which it is the weight again.
    """

    kind: Literal["pulse"] = "pulse"
    peak: Weight = 14.0
    after: NonNegativeInt
    steps: PositiveInt

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.after >= self.steps:
            raise ValueError(f"after is {self.after}; it is less than steps, which is {self.steps}")
        return self


ScheduleConfig = Annotated[
    ConstantConfig | LinearConfig | CyclicConfig | PulseConfig, Field(discriminator="kind")
]


class VaeConfig(Frozen):
    """NLL + KL (Section A.1); a schedule of its weight ends at 1."""

    kind: Literal["vae"] = "vae"
    beta: FiniteNonNegative = 1.0
    beta_schedule: ScheduleConfig = ConstantConfig()

    @field_validator("beta")
    @classmethod
    def _check(cls, beta: float) -> float:
        if beta != 1:
            raise ValueError(f"it is {beta:g} and that of a vae is 1; choose the model beta-vae")
        return beta


class BetaVaeConfig(Frozen):
    """NLL + beta * KL (Higgins et al. 2017; Figure 4 has beta from 0.4 to 5.4)."""

    kind: Literal["beta-vae"] = "beta-vae"
    beta: Weight = 4.0
    beta_schedule: ScheduleConfig = ConstantConfig()


class AnnealedVaeConfig(Frozen):
    """NLL + gamma * |KL - capacity|, the capacity in nats and growing (Burgess et al. 2018)."""

    kind: Literal["annealed-vae"] = "annealed-vae"
    gamma: Weight = 1_000.0
    capacity: Weight = 25.0
    capacity_schedule: ScheduleConfig = LinearConfig(steps=100_000)


class FactorVaeConfig(Frozen):
    """NLL + beta * KL + gamma * TC by a discriminator (Kim and Mnih 2018; Section A.2).

    Attributes:
        gamma: Weight of the total correlation.
        beta: Weight of the KL.
        beta_schedule: How beta comes to its value.
        discriminator_units: Units of each hidden layer of the discriminator.
        discriminator_learning_rate: Learning rate of its Adam, whose moments decay by 0.5 and 0.9;
            it follows the schedule of the model's learning rate.
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
        beta_schedule: How beta comes to its value.
        estimator: `stratified`, or `weighted`, whose values are off by a constant.
        dataset_size: Number of training images N that the estimators count with.
    """

    kind: Literal["beta-tcvae"] = "beta-tcvae"
    beta: Weight = 6.0
    beta_schedule: ScheduleConfig = ConstantConfig()
    estimator: TotalCorrelationEstimator = "stratified"
    dataset_size: PositiveInt = 500_000


class DipVaeIConfig(Frozen):
    """NLL + KL + the distance of the means' covariance from identity (Kumar et al. 2018).

    Attributes:
        off_diagonal: Weight of the squared covariances between latents.
        diagonal: Weight of the squared distances of the variances from 1.
    """

    kind: Literal["dip-vae-i"] = "dip-vae-i"
    off_diagonal: Weight = 10.0
    diagonal: Weight = 100.0


class DipVaeIIConfig(Frozen):
    """As `DipVaeIConfig`, with the covariance of the sampled latents instead of their means'."""

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
