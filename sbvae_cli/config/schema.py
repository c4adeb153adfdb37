"""The configuration of a run: frozen pydantic models, unknown keys refused."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator

from sbvae_cli.config.names import LearningRateSchedule, Precision
from sbvae_cli.config.space import SpaceConfig

FinitePositive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Frozen(BaseModel):
    """What every part of a configuration is: fixed once made, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DataConfig(Frozen):
    """Where the images come from and what they show; all but `source` is read from the source.

    Attributes:
        source: A dataset file, or the name of a procedural dataset such as `circles:xy-hole`.
        name: Short name of the dataset, which the run folder's name begins with.
        height: Of the images, in pixels.
        width: Of the images, in pixels.
        channels: 1 for grey, 3 for colour.
        count: Images of a file; None where they are drawn as needed.
        seed: That a file was written with, by which a resumed run knows it again.
        space: Factors of variation.
    """

    source: str = "circles:xy"
    name: str = "xy"
    height: PositiveInt = 64
    width: PositiveInt = 64
    channels: PositiveInt = 3
    count: PositiveInt | None = None
    seed: int | None = None
    space: SpaceConfig = SpaceConfig()

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W)."""
        return self.channels, self.height, self.width


class EncoderConfig(Frozen):
    """Strided convolutions, then fully connected layers; the defaults are those of Table 1."""

    hidden_channels: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (64, 64, 64, 64)
    kernel_size: PositiveInt = 4
    hidden_units: tuple[PositiveInt, ...] = (256,)


class BroadcastDecoderConfig(Frozen):
    """Spatial Broadcast decoder; the defaults are those of Table 1."""

    kind: Literal["broadcast"] = "broadcast"
    hidden_channels: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (64, 64)
    kernel_size: PositiveInt = 4


class DeconvDecoderConfig(Frozen):
    """Fully connected layers, then transposed convolutions; the defaults are those of Table 1.

    Attributes:
        hidden_channels: Of each layer before the output layer.
        kernel_size: In pixels; at least the stride of 2.
        hidden_units: Of the fully connected layers before the one that is reshaped.
        start_channels: Of the plane that the first transposed convolution sees.
    """

    kind: Literal["deconv"] = "deconv"
    hidden_channels: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (64, 64, 64, 64)
    kernel_size: Annotated[int, Field(ge=2)] = 4
    hidden_units: tuple[PositiveInt, ...] = ()
    start_channels: PositiveInt = 64


class BernoulliConfig(Frozen):
    """The decoder's outputs are logits of independent Bernoulli pixels (Appendix A)."""

    kind: Literal["bernoulli"] = "bernoulli"


class GaussianConfig(Frozen):
    """The decoder's outputs are means of Gaussian pixels of one fixed variance (Appendix A)."""

    kind: Literal["gaussian"] = "gaussian"
    variance: FinitePositive = 0.3


DecoderConfig = Annotated[BroadcastDecoderConfig | DeconvDecoderConfig, Field(discriminator="kind")]
LikelihoodConfig = Annotated[BernoulliConfig | GaussianConfig, Field(discriminator="kind")]


class ModelConfig(Frozen):
    """A variational autoencoder."""

    latent_dim: PositiveInt = 10
    encoder: EncoderConfig = EncoderConfig()
    decoder: DecoderConfig = BroadcastDecoderConfig()
    likelihood: LikelihoodConfig = BernoulliConfig()


class ObjectiveConfig(Frozen):
    """NLL + beta * KL."""

    kind: Literal["vae"] = "vae"
    beta: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0


class TrainingConfig(Frozen):
    """How the model is trained; the defaults are the paper's for the circles (A.1, Table 4).

    Attributes:
        steps: Updates in all.
        batch_size: Images an update.
        learning_rate: Of Adam, at the first step.
        learning_rate_schedule: `constant`; `linear` or `cosine` fall to zero over `steps`.
        seed: Of the weights, the minibatches and the noise.
        device: `auto` takes the first GPU there is, else the CPU.
        precision: `fp32`, `tf32` (matrix products on CUDA) or `bf16` (autocast).
        threads: Of the CPU; None leaves the number to PyTorch.
        checkpoint_every: Steps between checkpoints.
        log_every: Steps between lines of `log.jsonl`.
    """

    steps: PositiveInt = 500_000
    batch_size: PositiveInt = 16
    learning_rate: FinitePositive = 3e-4
    learning_rate_schedule: LearningRateSchedule = "constant"
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    device: Annotated[str, Field(pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$")] = "auto"
    precision: Precision = "fp32"
    threads: PositiveInt | None = None
    checkpoint_every: PositiveInt = 1_000
    log_every: PositiveInt = 50


class Config(Frozen):
    """Everything that determines a run."""

    data: DataConfig = DataConfig()
    model: ModelConfig = ModelConfig()
    objective: ObjectiveConfig = ObjectiveConfig()
    training: TrainingConfig = TrainingConfig()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.data.channels not in (1, 3):
            raise ValueError(f"data.channels is {self.data.channels}; images have 1 or 3")
        return self

    def as_dict(self) -> dict[str, Any]:
        """Plain containers, as in YAML and in checkpoints."""
        return self.model_dump(mode="json")
