"""Algorithm 1, and the layers that compute the same for less."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from sbvae_cli.models.coordinates import coordinate_grid
from sbvae_cli.models.layers import same_conv2d, same_conv_transpose2d
from sbvae_cli.models.spatial_broadcast import (
    BroadcastConv2d,
    BroadcastConvTranspose2d,
    spatial_broadcast,
)


def test_broadcast_is_algorithm_1_in_numpy() -> None:
    z = np.arange(6.0).reshape(2, 3)
    height, width = 4, 7
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    for one, expected_z in zip(
        spatial_broadcast(torch.tensor(z), coordinate_grid(height, width).double()), z, strict=True
    ):
        tiled = np.tile(expected_z, (height, width, 1))
        expected = np.concatenate([tiled, x[..., None], y[..., None]], axis=-1)
        np.testing.assert_allclose(one.permute(1, 2, 0).numpy(), expected, atol=1e-6)


def test_latents_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(batch, latents\), got \(2, 3, 4\)"):
        spatial_broadcast(torch.zeros(2, 3, 4), coordinate_grid(2, 2))


def grids(size: tuple[int, int]) -> dict[str, torch.Tensor]:
    """Two coordinates, as in the paper; four of any values; none."""
    generator = torch.Generator().manual_seed(2)
    return {
        "linear": coordinate_grid(*size),
        "others": torch.randn(4, *size, generator=generator),
        "none": coordinate_grid(*size)[:0],
    }


def check_equal(
    layer: BroadcastConv2d | BroadcastConvTranspose2d,
    plain: Callable[[torch.Tensor], torch.Tensor],
    size: tuple[int, int],
) -> None:
    """Outputs, and gradients with respect to latents, weights and biases."""
    layer = layer.double()
    torch.nn.init.normal_(layer.bias)
    z = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    upstream = torch.randn(4, 5, *size, dtype=torch.float64)

    def results(output: torch.Tensor) -> list[torch.Tensor]:
        inputs = (z, layer.weight, layer.bias)
        return [output, *torch.autograd.grad(output, inputs, upstream)]

    for ours, expected in zip(results(layer(z)), results(plain(z)), strict=True):
        torch.testing.assert_close(ours, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("coordinates", ["linear", "others", "none"])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("size", [(1, 1), (2, 9), (4, 4), (5, 3), (12, 7)])
def test_shortcut_equals_the_convolution_of_the_broadcast(
    size: tuple[int, int], kernel: int, coordinates: str
) -> None:
    layer = BroadcastConv2d(
        3, 5, kernel, grids(size)[coordinates], generator=torch.Generator().manual_seed(1)
    )
    check_equal(
        layer,
        lambda z: same_conv2d(spatial_broadcast(z, layer.grid), layer.weight, layer.bias),
        size,
    )


@pytest.mark.parametrize("coordinates", ["linear", "others", "none"])
@pytest.mark.parametrize("kernel", [2, 3, 4, 5, 6, 7])
@pytest.mark.parametrize(
    "size", [(1, 1), (2, 9), (4, 4), (5, 3), (8, 15), (16, 16), (23, 24), (31, 6)]
)
def test_shortcut_equals_the_transposed_convolution_of_the_broadcast(
    size: tuple[int, int], kernel: int, coordinates: str
) -> None:
    small = (math.ceil(size[0] / 2), math.ceil(size[1] / 2))
    layer = BroadcastConvTranspose2d(
        3,
        5,
        kernel,
        grids(small)[coordinates],
        list(size),
        generator=torch.Generator().manual_seed(1),
    )
    check_equal(
        layer,
        lambda z: same_conv_transpose2d(
            spatial_broadcast(z, layer.grid), layer.weight, layer.bias, list(size)
        ),
        size,
    )


def test_shortcut_agrees_in_single_precision_at_the_papers_size() -> None:
    layer = BroadcastConv2d(10, 64, 4, coordinate_grid(64, 64), generator=torch.Generator())
    z = torch.randn(2, 10)
    plain = same_conv2d(spatial_broadcast(z, layer.grid), layer.weight, layer.bias)
    torch.testing.assert_close(layer(z), plain, rtol=1e-4, atol=1e-5)


def test_weights_scale_with_the_fan_in_of_latents_and_coordinates() -> None:
    generator = torch.Generator().manual_seed(0)
    down = BroadcastConv2d(2, 256, 4, coordinate_grid(8, 8), generator=generator)
    up = BroadcastConvTranspose2d(2, 256, 4, coordinate_grid(8, 8), [16, 16], generator=generator)
    for layer in (down, up):
        assert layer.weight.std().item() == pytest.approx(0.8796 / math.sqrt(4 * 16), rel=0.03)
        assert not layer.bias.any()
