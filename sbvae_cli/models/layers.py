"""Convolutions and linear layers with same padding and the initialisation of the paper's time."""

import itertools
import math

import torch
from torch import Tensor, nn
from torch.nn import functional


def seeded_generator(seed: int) -> torch.Generator:
    """Return a PyTorch random number generator on the CPU with a seed from 0 to 2**64 - 1."""
    return torch.Generator().manual_seed(seed)


def same_padding(size: int, kernel_size: int, stride: int) -> tuple[int, int]:
    """Return the zeros to pad before and after an axis for ceil(size / stride) outputs (A.1).

    If the number of zeros is odd, the larger part is after: kernel 4 with stride 1 has one zero
    before and two after.
    """
    total = max((math.ceil(size / stride) - 1) * stride + kernel_size - size, 0)
    return total // 2, total - total // 2


def initialize_(weight: Tensor, fan_in: int, generator: torch.Generator) -> None:
    """Fill a tensor with a normal of std 1/sqrt(fan_in), truncated at 2 stds.

    The std is that of the normal before truncation.
    """
    std = 1 / math.sqrt(fan_in)
    with torch.no_grad():
        nn.init.trunc_normal_(weight, std=std, a=-2 * std, b=2 * std, generator=generator)


def initialize_layer_(
    layer: nn.Conv2d | nn.ConvTranspose2d | nn.Linear, fan_in: int, generator: torch.Generator
) -> None:
    """Draw the weights of a layer by `initialize_` and set its biases to zero."""
    initialize_(layer.weight, fan_in, generator)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


class SameConv2d(nn.Conv2d):
    """Convolution whose output has ceil(size / stride) entries along each axis (A.1).

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel_size: Side of the square kernel, in pixels.
        stride: Stride, 1 or more.
        generator: Random number generator of the weights; biases are zero.
    """

    multiply_dtype: torch.dtype | None = None
    multiply_layout: torch.memory_format = torch.preserve_format

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        *,
        stride: int = 1,
        generator: torch.Generator,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride=stride)
        initialize_layer_(self, in_channels * kernel_size**2, generator)

    def reset_parameters(self) -> None:
        """Do nothing: PyTorch's method would use the global random state."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C', ceil(H / stride), ceil(W / stride))."""
        x, weight, bias = _cast(x, self)
        return same_conv2d(x, weight, bias, self.stride[0])


def same_conv2d(x: Tensor, weight: Tensor, bias: Tensor | None, stride: int = 1) -> Tensor:
    """Convolve with same padding, avoiding the padded copy that `padding="same"` makes.

    If more zeros are needed after than before, a convolution of stride 1 pads both sides equally
    and drops the first row and column, with the same result for less memory traffic. On a CPU, a
    layer with few output channels is computed as a transposed convolution with the flipped kernel,
    since the convolution would leave most of each vector register empty.
    """
    (top, bottom), (left, right) = (
        same_padding(size, kernel, stride)
        for size, kernel in zip(x.shape[2:], weight.shape[2:], strict=True)
    )
    if stride > 1 and (top != bottom or left != right):
        x = functional.pad(x, (left, right, top, bottom))
        return functional.conv2d(x, weight, bias, stride)
    if stride == 1 and x.device.type == "cpu" and weight.shape[0] < 8 <= weight.shape[1]:
        flipped = weight.flip(2, 3).transpose(0, 1)
        inner = (weight.shape[2] - 1 - bottom, weight.shape[3] - 1 - right)
        padded = functional.conv_transpose2d(x, flipped, bias, 1, inner)
    else:
        padded = functional.conv2d(x, weight, bias, stride, (bottom, right))
    return padded[:, :, bottom - top :, right - left :]


class SameConvTranspose2d(nn.ConvTranspose2d):
    """Transposed convolution of stride 2: the gradient of a same-padded convolution (A.1).

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel_size: Side of the square kernel, in pixels, 2 or more.
        size: [H, W] of the output, each twice the input's or one less.
        generator: Random number generator of the weights; biases are zero.
    """

    multiply_dtype: torch.dtype | None = None
    multiply_layout: torch.memory_format = torch.preserve_format

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        size: list[int],
        *,
        generator: torch.Generator,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride=2)
        self.size = size
        initialize_layer_(self, in_channels * kernel_size**2, generator)

    def reset_parameters(self) -> None:
        """Do nothing: PyTorch's method would use the global random state."""

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Map (B, C, h, w) to (B, C', H, W); `output_size` overrides [H, W]."""
        x, weight, bias = _cast(x, self)
        return same_conv_transpose2d(x, weight, bias, output_size or self.size)


def same_conv_transpose2d(
    x: Tensor, weight: Tensor, bias: Tensor | None, output_size: list[int]
) -> Tensor:
    """Compute a transposed convolution of stride 2, the gradient of a same-padded one (A.1).

    Args:
        x: Shape (B, C, h, w).
        weight: Shape (C, C', kernel, kernel).
        bias: Shape (C',).
        output_size: [H, W], each twice the input's or one less.

    Raises:
        ValueError: If `output_size` does not fit the size of the input.
    """
    height, width = output_size
    if (math.ceil(height / 2), math.ceil(width / 2)) != tuple(x.shape[2:]):
        raise ValueError(f"no {height}x{width} output from a {x.shape[2]}x{x.shape[3]} input")
    top, _ = same_padding(height, weight.shape[2], 2)
    left, _ = same_padding(width, weight.shape[3], 2)
    full = functional.conv_transpose2d(x, weight, bias, 2, (top, left))
    return full[:, :, :height, :width]


def multiply_in(
    model: nn.Module,
    dtype: torch.dtype,
    layout: torch.memory_format = torch.preserve_format,
) -> None:
    """Make the convolutions of a model compute, and return outputs, in another dtype.

    Stored weights do not change. Fully connected layers and the convolution of the spatial
    broadcast do not change either: they are cheap, and latents and coordinates need precision.

    Args:
        model: Model whose `SameConv2d` and `SameConvTranspose2d` are changed.
        dtype: Dtype of inputs, weights and outputs, such as `torch.bfloat16`.
        layout: Memory format of inputs and weights; `torch.vmap` supports the default only.
    """
    for layer in model.modules():
        if isinstance(layer, SameConv2d | SameConvTranspose2d):
            layer.multiply_dtype, layer.multiply_layout = dtype, layout


def _cast(
    x: Tensor, layer: SameConv2d | SameConvTranspose2d
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Return input, weight and bias of a convolution in its dtype and layout of computation."""
    dtype, layout, bias = layer.multiply_dtype, layer.multiply_layout, layer.bias
    if dtype is None:
        return x, layer.weight, bias
    return (
        x.to(dtype, memory_format=layout),
        layer.weight.to(dtype, memory_format=layout),
        None if bias is None else bias.to(dtype),
    )


class _Linear(nn.Linear):
    def reset_parameters(self) -> None:
        pass  # as for the convolutions


def linear(in_features: int, out_features: int, *, generator: torch.Generator) -> nn.Linear:
    """Make a fully connected layer with the initialisation of `initialize_layer_`."""
    layer = _Linear(in_features, out_features)
    initialize_layer_(layer, in_features, generator)
    return layer


def mlp(sizes: list[int], *, generator: torch.Generator) -> nn.Sequential:
    """Make fully connected layers, each followed by ReLU; `sizes` starts with the input's."""
    layers: list[nn.Module] = []
    for n_in, n_out in itertools.pairwise(sizes):
        layers += [linear(n_in, n_out, generator=generator), nn.ReLU()]
    return nn.Sequential(*layers)
