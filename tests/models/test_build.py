"""Networks of Table 1 by their parameter counts, shapes and seeds."""

import pytest
import torch
from torch import nn

from sbvae_cli.config.model import (
    BroadcastDecoderConfig,
    DecoderConfig,
    DeconvDecoderConfig,
    EncoderConfig,
    ModelConfig,
)
from sbvae_cli.models.build import build_vae

TABLE_1 = (3, 64, 64)


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("decoder", "expected"),
    [
        (BroadcastDecoderConfig(), 81_027),
        (DeconvDecoderConfig(), 268_291),
        (BroadcastDecoderConfig(hidden_channels=(64,) * 5), 277_827),
    ],
)
def test_parameter_counts_are_those_of_table_1(decoder: DecoderConfig, expected: int) -> None:
    vae = build_vae(ModelConfig(decoder=decoder), TABLE_1)
    assert count(vae.encoder) == 467_476
    assert count(vae.decoder) == expected


@pytest.mark.parametrize("decoder", [BroadcastDecoderConfig(), DeconvDecoderConfig()])
@pytest.mark.parametrize("shape", [(3, 64, 64), (1, 32, 48), (3, 37, 51), (3, 5, 3), (1, 1, 1)])
def test_every_height_and_width_works(shape: tuple[int, int, int], decoder: DecoderConfig) -> None:
    vae = build_vae(ModelConfig(latent_dim=4, decoder=decoder), shape)
    mean, logvar = vae.encode(torch.rand(2, *shape))
    assert mean.shape == logvar.shape == (2, 4)
    assert vae.render(mean).shape == (2, *shape)


def test_deconv_decoder_starts_from_a_2x2_plane_at_the_papers_size() -> None:
    vae = build_vae(ModelConfig(decoder=DeconvDecoderConfig()), TABLE_1)
    assert vae.decoder.sizes == [[2, 2], [4, 4], [8, 8], [16, 16], [32, 32], [64, 64]]


def test_the_last_layers_are_linear() -> None:
    shape = (1, 16, 16)
    for decoder in (BroadcastDecoderConfig(), DeconvDecoderConfig()):
        vae = build_vae(ModelConfig(decoder=decoder), shape)
        z = torch.randn(64, 10)
        assert vae.decode(z).min() < 0 < vae.decode(z).max()
        mean, logvar = vae.encode(torch.rand(64, *shape))
        assert mean.min() < 0 and logvar.min() < 0


def test_weights_depend_on_the_seed_alone() -> None:
    config = ModelConfig(encoder=EncoderConfig(hidden_channels=(4, 4), hidden_units=(8,)))
    torch.manual_seed(1)
    first = build_vae(config, (3, 16, 16), seed=7).state_dict()
    torch.manual_seed(2)
    second = build_vae(config, (3, 16, 16), seed=7).state_dict()
    other = build_vae(config, (3, 16, 16), seed=8).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    weights = [name for name in first if name.endswith("weight")]
    assert not any(torch.equal(first[name], other[name]) for name in weights)


def test_broadcast_decoder_knows_where_it_is_without_latents() -> None:
    vae = build_vae(ModelConfig(), (1, 16, 16))
    image = vae.decode(torch.zeros(1, 10))[0, 0]
    assert image[4:12, 4:12].std() > 0
