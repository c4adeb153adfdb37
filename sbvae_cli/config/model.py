"""The networks and the likelihood of a model; the defaults are those of Table 1."""

import math
from typing import Annotated, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from sbvae_cli.config.frozen import Frozen
from sbvae_cli.config.names import Coordinates

# Of the error of 8-bit pixels, uniform within half a grey level.
QUANTIZATION_VARIANCE = (1 / (255 * math.sqrt(12))) ** 2

FinitePositive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
FiniteNonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Widths = Annotated[tuple[PositiveInt, ...], Field(min_length=1)]


class EncoderConfig(Frozen):
    """Strided convolutions, then fully connected layers."""

    hidden_channels: Widths = (64, 64, 64, 64)
    kernel_size: PositiveInt = 4
    hidden_units: tuple[PositiveInt, ...] = (256,)


class BroadcastDecoderConfig(Frozen):
    """Spatial Broadcast decoder (Section 2).

    Attributes:
        hidden_channels: Channels of each layer before the output layer (Table 5: one to four).
        kernel_size: Side of the square kernels, pixels.
        hidden_units: Units of fully connected layers before the broadcast, which then tiles the
            outputs of the last one (Tables 7 and 9).
        upscales: Layers, from the broadcast on, that are deconvolutions of stride 2 instead; the
            broadcast is smaller by as many halvings (Table 10).
        coordinates: `linear`; `shuffled`, the same pairs at places drawn once (Appendix B);
            `cosine`, waves of growing frequency; or `none`.
        cosines: Waves along each axis where coordinates are `cosine`.
    """

    kind: Literal["broadcast"] = "broadcast"
    hidden_channels: Widths = (64, 64)
    kernel_size: PositiveInt = 4
    hidden_units: tuple[PositiveInt, ...] = ()
    upscales: NonNegativeInt = 0
    coordinates: Coordinates = "linear"
    cosines: PositiveInt = 4

    @model_validator(mode="after")
    def _check(self) -> Self:
        layers = len(self.hidden_channels) + 1
        if self.upscales > layers:
            raise ValueError(f"upscales is {self.upscales}; there are {layers} layers to replace")
        if self.upscales and self.kernel_size < 2:
            raise ValueError("kernel_size is 1; upscales need 2, their stride, or more")
        return self


class DeconvDecoderConfig(Frozen):
    """Fully connected layers, a reshape, then transposed convolutions of stride 2 (Table 1).

    Attributes:
        hidden_channels: Channels of each layer before the output layer. With fewer layers the
            first plane is larger: 8x8 with two, 1x1 with five, for images of 64x64 (Table 6).
        kernel_size: Side of the square kernels, pixels; at least the stride of 2.
        hidden_units: Units of the fully connected layers before the reshaped one (Table 8).
        start_channels: Channels of the plane that the first transposed convolution sees.
    """

    kind: Literal["deconv"] = "deconv"
    hidden_channels: Widths = (64, 64, 64, 64)
    kernel_size: Annotated[int, Field(ge=2)] = 4
    hidden_units: tuple[PositiveInt, ...] = ()
    start_channels: PositiveInt = 64


class CoordConvDecoderConfig(DeconvDecoderConfig):
    """The DeConv decoder with coordinates appended before every deconvolution (Appendix D)."""

    kind: Literal["coordconv"] = "coordconv"  # type: ignore[assignment]


class BernoulliConfig(Frozen):
    """The decoder's outputs are logits of independent Bernoulli pixels (Appendix A)."""

    kind: Literal["bernoulli"] = "bernoulli"


class GaussianConfig(Frozen):
    """The decoder's outputs are means of Gaussian pixels of one fixed variance (Appendix A)."""

    kind: Literal["gaussian"] = "gaussian"
    variance: FinitePositive = 0.3


class LearnedGaussianConfig(Frozen):
    """The decoder's outputs are means of Gaussian pixels of one variance that is learned.

    Attributes:
        variance: Variance at the first step, above the floor.
        floor: Variance added to what is learned, since pixels that never vary would take it to
            zero and the likelihood to infinity; by default the variance of 8-bit rounding.
    """

    kind: Literal["learned-gaussian"] = "learned-gaussian"
    variance: FinitePositive = 0.3
    floor: FinitePositive = QUANTIZATION_VARIANCE

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.variance <= self.floor:
            raise ValueError(f"variance is {self.variance:g}; start above the floor {self.floor:g}")
        return self


DecoderConfig = Annotated[
    BroadcastDecoderConfig | DeconvDecoderConfig | CoordConvDecoderConfig,
    Field(discriminator="kind"),
]
LikelihoodConfig = Annotated[
    BernoulliConfig | GaussianConfig | LearnedGaussianConfig, Field(discriminator="kind")
]


class ModelConfig(Frozen):
    """A variational autoencoder."""

    latent_dim: Annotated[int, Field(ge=1, le=100_000)] = 10
    encoder: EncoderConfig = EncoderConfig()
    decoder: DecoderConfig = BroadcastDecoderConfig()
    likelihood: LikelihoodConfig = BernoulliConfig()
