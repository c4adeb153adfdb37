"""Build networks from configurations; only this module maps configurations to classes."""

import itertools
import math
from collections.abc import Sequence

import torch
from torch import nn

from sbvae_cli.config.model import (
    BernoulliConfig,
    BroadcastDecoderConfig,
    CoordConvDecoderConfig,
    DecoderConfig,
    DeconvDecoderConfig,
    GaussianConfig,
    LearnedGaussianConfig,
    LikelihoodConfig,
    ModelConfig,
)
from sbvae_cli.config.objective import FactorVaeConfig
from sbvae_cli.errors import SbvaeError
from sbvae_cli.models.decoders import BroadcastDecoder, DeconvDecoder
from sbvae_cli.models.discriminator import Discriminator
from sbvae_cli.models.encoders import ConvEncoder
from sbvae_cli.models.layers import seeded_generator
from sbvae_cli.models.likelihoods import Bernoulli, Gaussian, LearnedGaussian, Likelihood
from sbvae_cli.models.vae import VAE
from sbvae_cli.random import seed_of


def build_vae(
    config: ModelConfig,
    image_shape: tuple[int, int, int],
    seed: int = 0,
    decoded_size: tuple[int, int] | None = None,
) -> VAE:
    """Build a model on the CPU, with weights that depend on `seed` alone.

    Args:
        config: Networks and likelihood.
        image_shape: Shape (C, H, W) of an image.
        seed: Root seed of the weights; those of the encoder are drawn before the decoder's.
        decoded_size: Size (H, W) of decoded images; None for that of `image_shape`.

    Raises:
        SbvaeError: If `decoded_size` differs and this decoder works at the training size only.
    """
    generator = seeded_generator(seed)
    encoder = ConvEncoder(
        image_shape,
        config.latent_dim,
        config.encoder.hidden_channels,
        config.encoder.kernel_size,
        config.encoder.hidden_units,
        generator=generator,
    )
    drawn = image_shape
    if decoded_size is not None and decoded_size != image_shape[1:]:
        drawn = (image_shape[0], *decoded_size)
        _require_any_size(config.decoder, image_shape)
    decoder = _build_decoder(config.decoder, drawn, config.latent_dim, generator)
    return VAE(encoder, decoder, _build_likelihood(config.likelihood))


def fewest_weights(config: ModelConfig, image_shape: tuple[int, int, int]) -> int:
    """Count the weights of the layers that a model has at least, without building it.

    Args:
        config: Networks and likelihood.
        image_shape: (C, H, W).
    """
    encoder, decoder, latents = config.encoder, config.decoder, config.latent_dim
    widths = (image_shape[0], *encoder.hidden_channels)
    flat = widths[-1] * _places(image_shape, len(encoder.hidden_channels))
    units, start = (latents, *decoder.hidden_units), (latents, *decoder.hidden_units)[-1]
    if isinstance(decoder, DeconvDecoderConfig):
        start = decoder.start_channels
        units = (*units, start * _places(image_shape, len(decoder.hidden_channels) + 1))
    drawn = (start, *decoder.hidden_channels, image_shape[0])
    return (
        encoder.kernel_size**2 * _connections(widths)
        + _connections((flat, *encoder.hidden_units, 2 * latents))
        + _connections(units)
        + decoder.kernel_size**2 * _connections(drawn)
    )


def fewest_weights_of_discriminator(config: FactorVaeConfig, latent_dim: int) -> int:
    """Count the weights of a discriminator's layers, without building it."""
    return _connections((latent_dim, *config.discriminator_units))


def _places(image_shape: tuple[int, int, int], halvings: int) -> int:
    return math.prod(-(-side // 2**halvings) for side in image_shape[1:])


def _connections(widths: Sequence[int]) -> int:
    return sum(one * two for one, two in itertools.pairwise(widths))


def build_discriminator(config: FactorVaeConfig, latent_dim: int, seed: int = 0) -> Discriminator:
    """Build a discriminator on the CPU, with weights that depend on `seed` alone.

    Its weights have their own random stream, so that they do not change those of the model.
    """
    generator = seeded_generator(seed_of(seed, "discriminator"))
    return Discriminator(latent_dim, config.discriminator_units, generator=generator)


def _require_any_size(config: DecoderConfig, image_shape: tuple[int, int, int]) -> None:
    trained = f"{image_shape[1]}x{image_shape[2]}"
    if not isinstance(config, BroadcastDecoderConfig):
        raise SbvaeError(
            f"a {config.kind} decoder draws {trained} images only, the size that it was trained "
            "at; a broadcast decoder draws any"
        )
    if config.coordinates == "shuffled":
        raise SbvaeError(
            f"shuffled coordinates exist for {trained} images only, the size of the training"
        )


def _build_decoder(
    config: DecoderConfig,
    image_shape: tuple[int, int, int],
    latent_dim: int,
    generator: torch.Generator,
) -> nn.Module:
    match config:
        case BroadcastDecoderConfig():
            return BroadcastDecoder(
                image_shape,
                latent_dim,
                config.hidden_channels,
                config.kernel_size,
                hidden_units=config.hidden_units,
                upscales=config.upscales,
                coordinates=config.coordinates,
                cosines=config.cosines,
                generator=generator,
            )
        case DeconvDecoderConfig():
            return DeconvDecoder(
                image_shape,
                latent_dim,
                config.hidden_channels,
                config.kernel_size,
                config.hidden_units,
                config.start_channels,
                append_coordinates=isinstance(config, CoordConvDecoderConfig),
                generator=generator,
            )


def _build_likelihood(config: LikelihoodConfig) -> Likelihood:
    match config:
        case BernoulliConfig():
            return Bernoulli()
        case GaussianConfig():
            return Gaussian(config.variance)
        case LearnedGaussianConfig():
            return LearnedGaussian(config.variance, config.floor)
