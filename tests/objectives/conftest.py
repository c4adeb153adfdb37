"""A small model and a minibatch."""

import pytest
import torch

from sbvae_cli.config.model import BroadcastDecoderConfig, EncoderConfig, ModelConfig
from sbvae_cli.models.build import build_vae
from sbvae_cli.models.vae import VAE


@pytest.fixture
def vae() -> VAE:
    config = ModelConfig(
        latent_dim=3,
        encoder=EncoderConfig(hidden_channels=(4,), hidden_units=(8,)),
        decoder=BroadcastDecoderConfig(hidden_channels=(4,)),
    )
    return build_vae(config, (1, 8, 8), seed=1)


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(12, 1, 8, 8, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def noise() -> torch.Tensor:
    return torch.randn(18, 3, generator=torch.Generator().manual_seed(1))
