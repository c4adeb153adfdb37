"""Algorithm 1, and the layer that computes the same for less."""

import numpy as np
import pytest
import torch

from sbvae_cli.models.coordinates import coordinate_grid
from sbvae_cli.models.layers import same_conv2d
from sbvae_cli.models.spatial_broadcast import BroadcastConv2d, spatial_broadcast


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


def test_x_runs_across_the_width_and_y_down_the_height() -> None:
    x, y = coordinate_grid(3, 5)
    assert x[0].tolist() == [-1, -0.5, 0, 0.5, 1]
    assert y[:, 0].tolist() == [-1, 0, 1]


def test_a_single_row_or_column_lies_in_the_middle() -> None:
    assert coordinate_grid(1, 1).tolist() == [[[0.0]], [[0.0]]]


def test_latents_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(batch, latents\), got \(2, 3, 4\)"):
        spatial_broadcast(torch.zeros(2, 3, 4), coordinate_grid(2, 2))


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("size", [(1, 1), (2, 9), (4, 4), (5, 3), (12, 7)])
def test_shortcut_equals_the_convolution_of_the_broadcast(
    size: tuple[int, int], kernel: int
) -> None:
    layer = BroadcastConv2d(
        3, 5, kernel, coordinate_grid(*size), generator=torch.Generator().manual_seed(1)
    ).double()
    torch.nn.init.normal_(layer.bias)
    z = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    upstream = torch.randn(4, 5, *size, dtype=torch.float64)

    def results(output: torch.Tensor) -> list[torch.Tensor]:
        inputs = (z, layer.weight, layer.bias)
        return [output, *torch.autograd.grad(output, inputs, upstream)]

    plain = same_conv2d(spatial_broadcast(z, layer.grid), layer.weight, layer.bias)
    for ours, expected in zip(results(layer(z)), results(plain), strict=True):
        torch.testing.assert_close(ours, expected, rtol=1e-9, atol=1e-9)


def test_shortcut_agrees_in_single_precision_at_the_papers_size() -> None:
    layer = BroadcastConv2d(10, 64, 4, coordinate_grid(64, 64), generator=torch.Generator())
    z = torch.randn(2, 10)
    plain = same_conv2d(spatial_broadcast(z, layer.grid), layer.weight, layer.bias)
    torch.testing.assert_close(layer(z), plain, rtol=1e-4, atol=1e-5)
