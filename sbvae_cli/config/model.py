"""Configure the networks and the likelihood of a model; the defaults are those of Table 1."""

import math
from typing import Annotated, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from sbvae_cli.config.frozen import Frozen
from sbvae_cli.config.names import Coordinates

# Variance of the rounding error of 8-bit pixels, which is uniform within half a grey level.
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
        kernel_size: Side of the square kernels, in pixels.
        hidden_units: Units of fully connected layers before the broadcast, which then tiles the
            outputs of the last one (Tables 7 and 9).
        upscales: Number of first layers that are deconvolutions of stride 2 instead; each halves
            the size of the broadcast (Table 10).
        coordinates: `linear`; `shuffled`, the same pairs at randomly permuted pixels (Appendix B);
            `cosine`, cosines of increasing frequency; or `none`.
        cosines: Number of cosines along each axis, if coordinates are `cosine`.
    """

    kind: Literal["broadcast"] = "broadcast"
    hidden_channels: Widths = (64, 64)
    kernel_size: PositiveInt = 4
    hidden_units: tuple[PositiveInt, ...] = ()
    upscales: NonNegativeInt = 0
    coordinates: Coordinates = "linear"
    cosines: Annotated[int, Field(ge=1, le=1_024)] = 4

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
            first feature map is larger: 8x8 with two, 1x1 with five, for 64x64 images (Table 6).
        kernel_size: Side of the square kernels, in pixels; at least the stride of 2.
        hidden_units: Units of the fully connected layers before the reshaped one (Table 8).
        start_channels: Channels of the input of the first transposed convolution.
    """

    kind: Literal["deconv"] = "deconv"
    hidden_channels: Widths = (64, 64, 64, 64)
    kernel_size: Annotated[int, Field(ge=2)] = 4
    hidden_units: tuple[PositiveInt, ...] = ()
    start_channels: PositiveInt = 64


class CoordConvDecoderConfig(DeconvDecoderConfig):
    """DeConv decoder with coordinates appended before every deconvolution (Appendix D)."""

    kind: Literal["coordconv"] = "coordconv"  # type: ignore[assignment]


class BernoulliConfig(Frozen):
    """Bernoulli pixels, whose logits are the decoder's outputs (Appendix A)."""

    kind: Literal["bernoulli"] = "bernoulli"


class GaussianConfig(Frozen):
    """Gaussian pixels of one fixed variance, whose means are the decoder's outputs (Appendix A)."""

    kind: Literal["gaussian"] = "gaussian"
    variance: FinitePositive = 0.3


class LearnedGaussianConfig(Frozen):
    """Gaussian pixels of one learned variance, whose means are the decoder's outputs.

    Attributes:
        variance: Initial variance, larger than `floor`.
        floor: Constant added to the learned variance. Otherwise constant pixels would drive it to
            zero and the likelihood to infinity. The default is the variance of 8-bit rounding.
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
    """Variational autoencoder."""

    latent_dim: Annotated[int, Field(ge=1, le=100_000)] = 10
    encoder: EncoderConfig = EncoderConfig()
    decoder: DecoderConfig = BroadcastDecoderConfig()
    likelihood: LikelihoodConfig = BernoulliConfig()
