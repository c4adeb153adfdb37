"""Same padding and initialization."""

import itertools
import math

import pytest
import torch
from torch.nn import functional

from sbvae_cli.models.layers import (
    SameConv2d,
    SameConvTranspose2d,
    initialize_,
    linear,
    same_conv2d,
    same_padding,
)


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [1, 2, 7, 8, 64])
def test_padding_gives_ceil_of_size_over_stride(size: int, kernel: int, stride: int) -> None:
    before, after = same_padding(size, kernel, stride)
    outputs = (size + before + after - kernel) // stride + 1
    assert outputs == math.ceil(size / stride)
    assert 0 <= after - before <= 1


def test_kernel_4_stride_1_pads_one_before_and_two_after() -> None:
    assert same_padding(64, 4, 1) == (1, 2)


def test_kernel_4_stride_2_pads_one_on_both_sides_of_an_even_size() -> None:
    assert same_padding(64, 4, 2) == (1, 1)


def brute_convolution(x: torch.Tensor, weight: torch.Tensor, stride: int) -> torch.Tensor:
    """Sum over kernel positions, taking zero outside the image."""
    height, width = x.shape[2:]
    kernel = weight.shape[2]
    top, _ = same_padding(height, kernel, stride)
    left, _ = same_padding(width, kernel, stride)
    out = torch.zeros(
        len(x), len(weight), math.ceil(height / stride), math.ceil(width / stride), dtype=x.dtype
    )
    for i, j, a, b in itertools.product(
        range(out.shape[2]), range(out.shape[3]), range(kernel), range(kernel)
    ):
        row, column = i * stride + a - top, j * stride + b - left
        if 0 <= row < height and 0 <= column < width:
            out[:, :, i, j] += x[:, :, row, column] @ weight[:, :, a, b].T
    return out


@pytest.mark.parametrize("channels", [(3, 5), (9, 2), (9, 16)])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [(6, 5), (1, 3), (7, 8)])
def test_convolution_is_the_sum_over_kernel_positions(
    size: tuple[int, int], stride: int, kernel: int, channels: tuple[int, int]
) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, channels[0], *size, generator=generator, dtype=torch.float64)
    weight = torch.randn(
        channels[1], channels[0], kernel, kernel, generator=generator, dtype=torch.float64
    )
    expected = brute_convolution(x, weight, stride)
    torch.testing.assert_close(same_conv2d(x, weight, None, stride), expected)


@pytest.mark.parametrize("kernel", [2, 3, 4, 5])
@pytest.mark.parametrize("size", [(8, 6), (7, 5), (1, 2), (3, 8)])
def test_transposed_convolution_is_the_gradient_of_the_convolution(
    size: tuple[int, int], kernel: int
) -> None:
    generator = torch.Generator().manual_seed(0)
    layer = SameConvTranspose2d(3, 4, kernel, list(size), generator=generator).double()
    small = torch.randn(2, 3, math.ceil(size[0] / 2), math.ceil(size[1] / 2), dtype=torch.float64)
    big = torch.zeros(2, 4, *size, dtype=torch.float64, requires_grad=True)
    down = brute_convolution(big, layer.weight, 2)
    (expected,) = torch.autograd.grad(down, big, small)
    torch.testing.assert_close(layer(small), expected)


def test_a_printed_layer_tells_the_stride_by_which_it_changes_the_size() -> None:
    generator, image = torch.Generator(), torch.zeros(1, 3, 8, 8)
    same = SameConv2d(3, 3, 4, generator=generator)
    down = SameConv2d(3, 3, 4, stride=2, generator=generator)
    up = SameConvTranspose2d(3, 3, 4, [16, 16], generator=generator)
    assert [len(layer(image)[0, 0]) for layer in (same, down, up)] == [8, 4, 16]
    assert "stride=(1, 1)" in str(same)
    assert "stride=(2, 2)" in str(down) and "stride=(2, 2)" in str(up)


def test_transposed_convolution_refuses_a_size_that_does_not_fit() -> None:
    layer = SameConvTranspose2d(1, 1, 4, [7, 9], generator=torch.Generator())
    with pytest.raises(ValueError, match="no 7x9 output from a 4x3 input"):
        layer(torch.zeros(1, 1, 4, 3))


def test_weights_are_a_normal_cut_at_two_stds() -> None:
    weight = torch.empty(400_000)
    initialize_(weight, 16, torch.Generator().manual_seed(0))
    cut = 2 * 0.25
    assert weight.abs().max() <= cut
    assert weight.abs().max() > 0.99 * cut
    # A standard normal cut at 2 has std sqrt(1 - 2 * 2 * phi(2) / (2 * Phi(2) - 1)).
    density = math.exp(-2) / math.sqrt(2 * math.pi)
    inside = math.erf(2 / math.sqrt(2))
    expected = 0.25 * math.sqrt(1 - 4 * density / inside)
    assert weight.std().item() == pytest.approx(expected, rel=0.01)
    assert weight.mean().item() == pytest.approx(0, abs=0.002)


def test_layers_scale_weights_by_their_fan_in_and_start_without_bias() -> None:
    generator = torch.Generator().manual_seed(0)
    down = SameConv2d(16, 64, 4, generator=generator)
    up = SameConvTranspose2d(16, 64, 4, [8, 8], generator=generator)
    flat = linear(256, 64, generator=generator)
    for layer in (down, up, flat):
        assert layer.weight.std().item() == pytest.approx(0.8796 / math.sqrt(256), rel=0.03)
        assert not layer.bias.any()


def test_same_convolution_equals_torch_with_padding_same() -> None:
    x = torch.randn(1, 3, 9, 9)
    weight = torch.randn(2, 3, 3, 3)
    torch.testing.assert_close(
        same_conv2d(x, weight, None), functional.conv2d(x, weight, padding="same")
    )
