"""Configuration to modules: the one place that knows which config means which class."""

import torch
from torch import nn

from sbvae_cli.config.schema import (
    BernoulliConfig,
    BroadcastDecoderConfig,
    DecoderConfig,
    DeconvDecoderConfig,
    GaussianConfig,
    LikelihoodConfig,
    ModelConfig,
)
from sbvae_cli.models.decoders import BroadcastDecoder, DeconvDecoder
from sbvae_cli.models.encoders import ConvEncoder
from sbvae_cli.models.likelihoods import Bernoulli, Gaussian, Likelihood
from sbvae_cli.models.vae import VAE


def build_vae(config: ModelConfig, image_shape: tuple[int, int, int], seed: int = 0) -> VAE:
    """Build a model on the CPU with weights drawn from `seed` alone.

    Args:
        config: Of the model.
        image_shape: (C, H, W).
        seed: Of the weights; encoder first, then decoder.
    """
    generator = torch.Generator().manual_seed(seed)
    encoder = ConvEncoder(
        image_shape,
        config.latent_dim,
        config.encoder.hidden_channels,
        config.encoder.kernel_size,
        config.encoder.hidden_units,
        generator=generator,
    )
    decoder = _build_decoder(config.decoder, image_shape, config.latent_dim, generator)
    return VAE(encoder, decoder, _build_likelihood(config.likelihood))


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
                generator=generator,
            )


def _build_likelihood(config: LikelihoodConfig) -> Likelihood:
    match config:
        case BernoulliConfig():
            return Bernoulli()
        case GaussianConfig():
            return Gaussian(config.variance)
