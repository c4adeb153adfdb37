"""Networks of Tables 1 and 2 and their variants by parameter counts, shapes and seeds."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from sbvae_cli.config.load import build_config
from sbvae_cli.config.model import (
    BroadcastDecoderConfig,
    CoordConvDecoderConfig,
    DecoderConfig,
    DeconvDecoderConfig,
    EncoderConfig,
    ModelConfig,
)
from sbvae_cli.config.names import DecoderKind, ModelKind, PaperDataset
from sbvae_cli.config.objective import FactorVaeConfig
from sbvae_cli.config.presets import paper_preset
from sbvae_cli.errors import SbvaeError
from sbvae_cli.models.build import (
    build_discriminator,
    build_vae,
    fewest_weights,
    fewest_weights_of_discriminator,
)
from sbvae_cli.models.coordinates import coordinate_grid
from sbvae_cli.models.spatial_broadcast import BroadcastConvTranspose2d

TABLE_1 = (3, 64, 64)


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def of_preset(model: ModelKind, decoder: DecoderKind, dataset: PaperDataset) -> ModelConfig:
    return build_config({"model": paper_preset(model, dataset, decoder)["model"]}).model


@pytest.mark.parametrize(
    ("model", "decoder", "dataset", "encoder_count", "decoder_count"),
    [
        ("vae", "broadcast", "circles", 467_476, 81_027),
        ("vae", "deconv", "circles", 467_476, 268_291),
        ("vae", "broadcast", "room", 467_476, 277_827),
        ("factor-vae", "broadcast", "circles", 383_956, 81_027),
        ("factor-vae", "deconv", "circles", 383_956, 184_771),
    ],
)
def test_parameter_counts_are_those_of_tables_1_and_2(
    model: ModelKind,
    decoder: DecoderKind,
    dataset: PaperDataset,
    encoder_count: int,
    decoder_count: int,
) -> None:
    vae = build_vae(of_preset(model, decoder, dataset), TABLE_1)
    assert count(vae.encoder) == encoder_count
    assert count(vae.decoder) == decoder_count


@pytest.mark.parametrize(
    "decoder",
    [
        BroadcastDecoderConfig(),
        BroadcastDecoderConfig(upscales=2, hidden_units=(30,), coordinates="cosine"),
        DeconvDecoderConfig(hidden_units=(40, 50)),
        CoordConvDecoderConfig(start_channels=8, hidden_channels=(4, 6)),
    ],
)
def test_weights_are_counted_from_below_without_building_a_model(decoder: DecoderConfig) -> None:
    for shape, encoder in ((TABLE_1, EncoderConfig()), ((1, 17, 23), EncoderConfig(kernel_size=3))):
        config = ModelConfig(encoder=encoder, decoder=decoder, latent_dim=7)
        built = count(build_vae(config, shape))
        assert 0.95 * built < fewest_weights(config, shape) <= built
    objective = FactorVaeConfig(discriminator_units=(20, 30))
    built = count(build_discriminator(objective, 7))
    assert 0.8 * built < fewest_weights_of_discriminator(objective, 7) <= built


def test_a_coordconv_decoder_has_the_weights_of_two_more_channels_in_each_layer() -> None:
    vae = build_vae(of_preset("vae", "coordconv", "sprites"), TABLE_1)
    assert count(vae.decoder) == 268_291 + 2 * 16 * (4 * 64 + 3)


def test_the_discriminator_has_six_layers_of_1000() -> None:
    assert count(build_discriminator(FactorVaeConfig(), 10)) == 5_018_002


@pytest.mark.parametrize("depth", range(2, 9))
def test_broadcast_decoders_of_every_depth_count_the_output_layer(depth: int) -> None:
    decoder = BroadcastDecoderConfig(hidden_channels=(64,) * (depth - 1))
    vae = build_vae(ModelConfig(decoder=decoder), TABLE_1)
    first, between, last = 64 * (12 * 16 + 1), 64 * (64 * 16 + 1), 3 * (64 * 16 + 1)
    assert count(vae.decoder) == first + (depth - 2) * between + last


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_an_mlp_before_the_broadcast_is_tiled_whole(layers: int) -> None:
    decoder = BroadcastDecoderConfig(hidden_units=(256,) * layers)
    vae = build_vae(ModelConfig(decoder=decoder), TABLE_1)
    mlp = 11 * 256 + (layers - 1) * 257 * 256
    assert count(vae.decoder) == mlp + 81_027 + 246 * 16 * 64


@pytest.mark.parametrize("upscales", [0, 1, 2, 3])
def test_upscales_replace_layers_from_the_broadcast_on(upscales: int) -> None:
    decoder = BroadcastDecoderConfig(upscales=upscales)
    vae = build_vae(ModelConfig(decoder=decoder), TABLE_1)
    assert count(vae.decoder) == 81_027
    layers = [vae.decoder.broadcast, *vae.decoder.convolutions[1::2]]
    transposed = [
        isinstance(layer, BroadcastConvTranspose2d | nn.ConvTranspose2d) for layer in layers
    ]
    assert transposed == [i < upscales for i in range(3)]
    assert vae.decoder.broadcast.grid.shape == (2, 64 >> upscales, 64 >> upscales)
    assert vae.decode(torch.zeros(1, 10)).shape == (1, *TABLE_1)


@pytest.mark.parametrize(("depth", "side"), [(3, 8), (4, 4), (5, 2), (6, 1)])
@pytest.mark.parametrize("kind", [DeconvDecoderConfig, CoordConvDecoderConfig])
def test_fewer_deconvolutions_start_from_a_larger_plane(
    kind: type[DeconvDecoderConfig], depth: int, side: int
) -> None:
    decoder = kind(hidden_channels=(64,) * (depth - 1))
    vae = build_vae(ModelConfig(decoder=decoder), TABLE_1)
    assert vae.decoder.sizes[0] == [side, side]
    assert vae.decoder.hidden[0].out_features == 64 * side**2  # Table 6
    assert vae.decode(torch.zeros(1, 10)).shape == (1, *TABLE_1)


VARIANTS: list[DecoderConfig] = [
    BroadcastDecoderConfig(),
    BroadcastDecoderConfig(hidden_channels=(8,) * 7, kernel_size=3),
    *(BroadcastDecoderConfig(hidden_channels=(8, 8), upscales=n) for n in (1, 2, 3)),
    BroadcastDecoderConfig(hidden_channels=(8, 8), upscales=2, kernel_size=5),
    BroadcastDecoderConfig(hidden_channels=(8,), hidden_units=(6, 5), upscales=1),
    *(
        BroadcastDecoderConfig(hidden_channels=(8,), coordinates=kind, upscales=n)
        for kind in ("shuffled", "cosine", "none")
        for n in (0, 1)
    ),
    DeconvDecoderConfig(),
    DeconvDecoderConfig(hidden_channels=(8, 8), hidden_units=(6, 5)),
    CoordConvDecoderConfig(),
    CoordConvDecoderConfig(hidden_channels=(8,) * 5, kernel_size=3),
]


@pytest.mark.parametrize("decoder", VARIANTS)
@pytest.mark.parametrize("shape", [(3, 64, 64), (1, 32, 48), (3, 37, 51), (3, 5, 3), (1, 1, 1)])
def test_every_height_and_width_works(shape: tuple[int, int, int], decoder: DecoderConfig) -> None:
    vae = build_vae(ModelConfig(latent_dim=4, decoder=decoder), shape)
    mean, logvar = vae.encode(torch.rand(2, *shape))
    assert mean.shape == logvar.shape == (2, 4)
    assert vae.render(mean).shape == (2, *shape)


def test_a_coordconv_decoder_is_deconvolutions_of_features_beside_coordinates() -> None:
    config = CoordConvDecoderConfig(hidden_channels=(6, 5), start_channels=4)
    vae = build_vae(ModelConfig(latent_dim=3, decoder=config), (3, 16, 24))
    z = torch.randn(2, 3)
    x = vae.decoder.hidden(z).view(2, 4, 2, 3)
    for i, layer in enumerate(vae.decoder.deconvolutions):
        grid = coordinate_grid(*x.shape[2:]).expand(2, -1, -1, -1)
        x = torch.cat([torch.relu(x) if i else x, grid], dim=1)
        x = functional.conv_transpose2d(x, layer.weight, layer.bias, stride=2, padding=1)
    torch.testing.assert_close(vae.decode(z), x)


def test_shuffled_coordinates_lie_in_the_state_dict_and_come_back() -> None:
    config = ModelConfig(decoder=BroadcastDecoderConfig(coordinates="shuffled"))
    trained, other = (build_vae(config, (3, 16, 16), seed=seed) for seed in (1, 2))
    z = torch.randn(2, 10)
    assert not torch.equal(trained.decode(z), other.decode(z))
    state = trained.state_dict()
    grid = state["decoder.broadcast.grid"]
    assert grid.shape == (2, 16, 16)
    other.load_state_dict(state)
    torch.testing.assert_close(other.decode(z), trained.decode(z), rtol=0, atol=0)
    for coordinates in ("linear", "cosine", "none"):
        decoder = BroadcastDecoderConfig(coordinates=coordinates)
        assert (
            "decoder.broadcast.grid"
            not in build_vae(ModelConfig(decoder=decoder), (3, 16, 16)).state_dict()
        )


@pytest.mark.parametrize("upscales", [0, 2])
@pytest.mark.parametrize("coordinates", ["linear", "cosine", "none"])
def test_a_broadcast_decoder_draws_at_another_size(coordinates: str, upscales: int) -> None:
    decoder = BroadcastDecoderConfig(coordinates=coordinates, upscales=upscales)
    config = ModelConfig(decoder=decoder)
    trained = build_vae(config, (3, 32, 32))
    larger = build_vae(config, (3, 32, 32), decoded_size=(48, 80))
    larger.load_state_dict(trained.state_dict())
    z = torch.randn(1, 10)
    assert larger.decode(z).shape == (1, 3, 48, 80)
    assert torch.equal(
        larger.encode(torch.ones(1, 3, 32, 32))[0], trained.encode(torch.ones(1, 3, 32, 32))[0]
    )
    if coordinates == "none" and upscales == 0:  # the middle knows neither border nor place
        assert larger.decode(z)[0, 0, 20, 30].item() == pytest.approx(
            trained.decode(z)[0, 0, 16, 16].item(), abs=1e-5
        )


@pytest.mark.parametrize(
    ("decoder", "message"),
    [
        (DeconvDecoderConfig(), "a deconv decoder draws 32x32 images only"),
        (CoordConvDecoderConfig(), "a coordconv decoder draws 32x32 images only"),
        (BroadcastDecoderConfig(coordinates="shuffled"), "exist for 32x32 images only"),
    ],
)
def test_decoders_of_one_size_say_so(decoder: DecoderConfig, message: str) -> None:
    config = ModelConfig(decoder=decoder)
    with pytest.raises(SbvaeError, match=message):
        build_vae(config, (3, 32, 32), decoded_size=(64, 64))
    build_vae(config, (3, 32, 32), decoded_size=(32, 32))


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
