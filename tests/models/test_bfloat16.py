"""Convolutions in bfloat16 beside layers in single precision, alone and stacked."""

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, stack_module_state, vmap
from torch.nn import functional

from sbvae_cli.config.model import (
    BroadcastDecoderConfig,
    CoordConvDecoderConfig,
    DecoderConfig,
    DeconvDecoderConfig,
    EncoderConfig,
    ModelConfig,
)
from sbvae_cli.models.build import build_vae
from sbvae_cli.models.layers import (
    SameConv2d,
    SameConvTranspose2d,
    multiply_in,
    seeded_generator,
)
from sbvae_cli.models.spatial_broadcast import BroadcastConv2d, BroadcastConvTranspose2d
from sbvae_cli.models.vae import VAE
from sbvae_cli.objectives.elbo import elbo

ENCODER = EncoderConfig(hidden_channels=(8, 8), hidden_units=(8,))
DECODERS: list[DecoderConfig] = [
    BroadcastDecoderConfig(hidden_channels=(8, 8)),
    BroadcastDecoderConfig(hidden_channels=(8, 8), upscales=2),
    BroadcastDecoderConfig(hidden_channels=(8,), hidden_units=(6,), coordinates="none"),
    DeconvDecoderConfig(hidden_channels=(8, 8), start_channels=8),
    CoordConvDecoderConfig(hidden_channels=(8, 8), start_channels=8),
]
IMAGES = torch.rand(2, 4, 3, 16, 16, generator=seeded_generator(0))  # (replicas, B, C, H, W)
NOISE = torch.randn(2, 4, 3, generator=seeded_generator(1))


def half_vae(decoder: DecoderConfig, seed: int = 0) -> VAE:
    vae = build_vae(ModelConfig(latent_dim=3, encoder=ENCODER, decoder=decoder), (3, 16, 16), seed)
    multiply_in(vae, torch.bfloat16)
    return vae


@pytest.mark.parametrize("decoder", DECODERS)
def test_only_convolutions_past_the_broadcast_round(decoder: DecoderConfig) -> None:
    vae = half_vae(decoder)
    convolutions = {name for name, layer in vae.named_modules() if is_convolution(layer)}
    exact = {name for name, layer in vae.named_modules() if is_exact(layer)}
    found: dict[str, torch.dtype] = {}

    def note(name: str, taken: Tensor, given: Tensor) -> None:
        found[name] = given.dtype
        if name in exact:
            assert taken.dtype == torch.float32

    for name in convolutions | exact:
        vae.get_submodule(name).register_forward_hook(
            lambda _, inputs, output, name=name: note(name, inputs[0], output)
        )
    mean, logvar = vae.encode(IMAGES[0])
    output = vae.decode(mean)

    assert found == {
        **dict.fromkeys(convolutions, torch.bfloat16),
        **dict.fromkeys(exact, torch.float32),
    }
    assert len(convolutions) >= 3 and len(exact) >= 3
    assert mean.dtype == logvar.dtype == output.dtype == torch.float32
    elbo(vae, IMAGES[0], NOISE[0], 1.0)["loss"].backward()
    assert {p.dtype for p in vae.parameters()} == {torch.float32}
    assert {p.grad.dtype for p in vae.parameters() if p.grad is not None} == {torch.float32}


def is_convolution(layer: nn.Module) -> bool:
    return isinstance(layer, SameConv2d | SameConvTranspose2d)


def is_exact(layer: nn.Module) -> bool:
    return isinstance(layer, nn.Linear | BroadcastConv2d | BroadcastConvTranspose2d)


@pytest.mark.parametrize("upscales", [0, 1])
def test_latents_keep_their_digits_in_the_spatial_broadcast(upscales: int) -> None:
    decoder = BroadcastDecoderConfig(hidden_channels=(8,), upscales=upscales)
    exact = build_vae(ModelConfig(latent_dim=3, encoder=ENCODER, decoder=decoder), (3, 16, 16))
    broadcast = half_vae(decoder).decoder.broadcast
    z = torch.full((1, 3), 2.0)
    near = z + 1e-3  # bfloat16 has nothing between 2 and 2.0156
    assert torch.equal(near.bfloat16(), z.bfloat16())
    moved = (broadcast(near) - broadcast(z)).abs()
    assert moved.amax(dim=(0, 2, 3)).min() > 1e-5
    assert torch.equal(broadcast(near), exact.decoder.broadcast(near))


@pytest.mark.parametrize("transposed", [False, True])
def test_a_layer_rounds_what_it_multiplies_and_what_comes_out(transposed: bool) -> None:
    generator = seeded_generator(2)
    layer = (
        SameConvTranspose2d(8, 8, 4, [12, 12], generator=generator)
        if transposed
        else SameConv2d(8, 8, 4, stride=2, generator=generator)
    )
    x = torch.randn(2, 8, 6, 6, generator=generator)
    layer.bias.data.normal_(generator=generator)
    multiply_in(layer, torch.bfloat16)
    exact, wide = (t.bfloat16().double() for t in (x, layer.weight)), layer.bias.double()
    convolve = functional.conv_transpose2d if transposed else functional.conv2d
    expected = convolve(*exact, wide, stride=2, padding=1)
    torch.testing.assert_close(layer(x).double(), expected, rtol=2**-7, atol=2**-7)
    assert (layer(x).double() - expected).abs().max() > 2**-12


@pytest.mark.parametrize("decoder", DECODERS)
def test_stacked_models_compute_what_each_does_alone(decoder: DecoderConfig) -> None:
    losses = [_Loss(half_vae(decoder, seed)) for seed in (0, 1)]
    weights, buffers = stack_module_state(losses)

    def loss(own: dict[str, Tensor], grids: dict[str, Tensor], x: Tensor, noise: Tensor) -> Tensor:
        return functional_call(losses[0], (own, grids), (x, noise))

    gradients, stacked = vmap(grad_and_value(loss))(weights, buffers, IMAGES, NOISE)

    for r, each in enumerate(losses):
        alone = each(IMAGES[r], NOISE[r])
        alone.backward()
        torch.testing.assert_close(stacked[r], alone.detach())
        for name, weight in each.named_parameters():
            ours, grad = gradients[name][r], weight.grad
            assert ours.dtype == torch.float32
            assert (ours - grad).norm() <= 0.01 * grad.norm() + 1e-6, name


class _Loss(nn.Module):
    """The loss of a VAE as a module's output, for `functional_call`."""

    def __init__(self, vae: VAE) -> None:
        super().__init__()
        self.vae = vae

    def forward(self, images: Tensor, noise: Tensor) -> Tensor:
        return elbo(self.vae, images, noise, 1.0)["loss"]
