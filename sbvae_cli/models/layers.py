"""Same padding and the initialization of the paper's era, for convolutions both ways."""

import itertools
import math

import torch
from torch import Tensor, nn
from torch.nn import functional


def seeded_generator(seed: int) -> torch.Generator:
    """PyTorch's generator of random numbers on the CPU, begun with a seed from 0 to 2**64 - 1."""
    return torch.Generator().manual_seed(seed)


def same_padding(size: int, kernel_size: int, stride: int) -> tuple[int, int]:
    """Zeros before and after one axis so that the output has ceil(size / stride) entries (A.1).

    An odd number of zeros has the larger part after, so kernel 4 with stride 1 has one before and
    two after.
    """
    total = max((math.ceil(size / stride) - 1) * stride + kernel_size - size, 0)
    return total // 2, total - total // 2


def initialize_(weight: Tensor, fan_in: int, generator: torch.Generator) -> None:
    """Fill with a truncated normal of std 1/sqrt(fan_in), redrawn past 2 stds.

    The std is that of the normal before it is cut; nothing is rescaled.
    """
    std = 1 / math.sqrt(fan_in)
    with torch.no_grad():
        nn.init.trunc_normal_(weight, std=std, a=-2 * std, b=2 * std, generator=generator)


def initialize_layer_(
    layer: nn.Conv2d | nn.ConvTranspose2d | nn.Linear, fan_in: int, generator: torch.Generator
) -> None:
    """Draw a layer's weights as `initialize_` does, and set its biases to zero."""
    initialize_(layer.weight, fan_in, generator)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


class SameConv2d(nn.Conv2d):
    """Convolution whose output has ceil(size / stride) entries along each axis (A.1).

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel_size: Side of the square kernel, pixels.
        stride: 1 or more.
        generator: Draws the weights; biases are zero.
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
        """Draw nothing: PyTorch's own would take numbers from the program's random state."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C', ceil(H / stride), ceil(W / stride))."""
        x, weight, bias = _cast(x, self)
        return same_conv2d(x, weight, bias, self.stride[0])


def same_conv2d(x: Tensor, weight: Tensor, bias: Tensor | None, stride: int = 1) -> Tensor:
    """Convolve with same padding, without the padded copy that `padding="same"` makes.

    Where more zeros are wanted after than before, the convolution pads both sides alike and, at
    stride 1, the first row and column are dropped: the same numbers for less memory traffic. On a
    CPU a layer of few outputs runs as the transposed convolution of the flipped kernel, since the
    convolution itself would leave most of each vector register empty.
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
        kernel_size: Side of the square kernel, pixels, 2 or more.
        size: [H, W] of the output, each twice the input's or one less.
        generator: Draws the weights; biases are zero.
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
        """Draw nothing: PyTorch's own would take numbers from the program's random state."""

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """(B, C, h, w) to (B, C', H, W); `output_size` overrides [H, W]."""
        x, weight, bias = _cast(x, self)
        return same_conv_transpose2d(x, weight, bias, output_size or self.size)


def same_conv_transpose2d(
    x: Tensor, weight: Tensor, bias: Tensor | None, output_size: list[int]
) -> Tensor:
    """Transposed convolution of stride 2: the gradient of a same-padded convolution (A.1).

    Args:
        x: Shape (B, C, h, w).
        weight: Shape (C, C', kernel, kernel).
        bias: Shape (C',).
        output_size: [H, W], each twice the input's or one less.

    Raises:
        ValueError: If a convolution of that output would not have the input's size.
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
    """Have a model's convolutions multiply in a dtype, and give their outputs in it.

    Weights stay as they are, and so do fully connected layers and the spatial broadcast's own
    convolution: they cost little, and latents and coordinates need their digits.

    Args:
        model: Its `SameConv2d` and `SameConvTranspose2d` are changed.
        dtype: Such as `torch.bfloat16`.
        layout: Order in memory of what they multiply; `torch.vmap` knows the default alone.
    """
    for layer in model.modules():
        if isinstance(layer, SameConv2d | SameConvTranspose2d):
            layer.multiply_dtype, layer.multiply_layout = dtype, layout


def _cast(
    x: Tensor, layer: SameConv2d | SameConvTranspose2d
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Input, weight and bias of a convolution as it multiplies them."""
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
        pass  # as of the convolutions


def linear(in_features: int, out_features: int, *, generator: torch.Generator) -> nn.Linear:
    """Fully connected layer in the initialization of the paper's era."""
    layer = _Linear(in_features, out_features)
    initialize_layer_(layer, in_features, generator)
    return layer


def mlp(sizes: list[int], *, generator: torch.Generator) -> nn.Sequential:
    """Fully connected layers, each followed by ReLU; `sizes` starts with the input's."""
    layers: list[nn.Module] = []
    for n_in, n_out in itertools.pairwise(sizes):
        layers += [linear(n_in, n_out, generator=generator), nn.ReLU()]
    return nn.Sequential(*layers)
