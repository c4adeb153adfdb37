"""Translate encoders and decoders, layer by layer, to operators that are fast for one image.

ONNX's convolutions support the unequal padding that same padding of an even kernel needs, unlike
PyTorch's. Therefore nothing is padded, cropped or copied, and a ReLU can be fused with the layer
before it.
"""

import numpy as np
from torch import Tensor, nn

from sbvae_cli.export.nodes import Nodes
from sbvae_cli.models.decoders import BroadcastDecoder, DeconvDecoder
from sbvae_cli.models.encoders import ConvEncoder
from sbvae_cli.models.layers import SameConv2d, SameConvTranspose2d, same_padding
from sbvae_cli.models.likelihoods import Bernoulli, Gaussian, LearnedGaussian, Likelihood
from sbvae_cli.models.spatial_broadcast import BroadcastConv2d, BroadcastConvTranspose2d

Size = list[int]  # [H, W]

_FEW = 8  # a convolution with fewer output channels is faster as a transposed convolution


def encoder_nodes(encoder: nn.Module, size: Size) -> Nodes:
    """Translate an encoder from `image` (N, C, H, W) to `mean` and `log_variance`, each (N, K).

    Args:
        encoder: The encoder.
        size: [H, W] of the images.

    Raises:
        TypeError: If the encoder, or a layer of it, is of an unknown class.
    """
    if not isinstance(encoder, ConvEncoder):
        raise _unknown(encoder)
    nodes = Nodes()
    value, _ = _layers(nodes, "encoder.convolutions", encoder.convolutions, "image", size)
    value = nodes.add("Flatten", value, axis=1)
    value, _ = _layers(nodes, "encoder.hidden", encoder.hidden, value, [])
    value = _linear(nodes, "encoder.output", encoder.output, value)
    nodes.add("Split", value, axis=1, num_outputs=2)
    nodes.call_outputs(["mean", "log_variance"])
    return nodes


def decoder_nodes(decoder: nn.Module, likelihood: Likelihood) -> Nodes:
    """Translate a decoder, followed by the likelihood's mean, from `z` (N, K) to `image`.

    Args:
        decoder: The decoder.
        likelihood: Pixel likelihood, whose mean is the image (N, C, H, W).

    Raises:
        TypeError: If the decoder, a layer of it or the likelihood is of an unknown class.
    """
    nodes = Nodes()
    match decoder:
        case BroadcastDecoder():
            _broadcast(nodes, decoder)
        case DeconvDecoder():
            _deconv(nodes, decoder)
        case _:
            raise _unknown(decoder)
    match likelihood:
        case Bernoulli():
            nodes.add("Sigmoid", nodes.nodes[-1].outputs[0])
        case Gaussian() | LearnedGaussian():
            pass
        case _:
            raise _unknown(likelihood)
    nodes.call_outputs(["image"])
    return nodes


def _unknown(module: nn.Module) -> TypeError:
    return TypeError(f"cannot export {type(module).__name__} to ONNX")


def _broadcast(nodes: Nodes, decoder: BroadcastDecoder) -> None:
    value, _ = _layers(nodes, "decoder.hidden", decoder.hidden, "z", [])
    name, first = "decoder.broadcast", decoder.broadcast
    if isinstance(first, BroadcastConv2d):
        value, size = _broadcast_conv(nodes, name, first, value)
    else:
        value, size = _broadcast_conv_transpose(nodes, name, first, value)
    _layers(nodes, "decoder.convolutions", decoder.convolutions, value, size)


def _deconv(nodes: Nodes, decoder: DeconvDecoder) -> None:
    value, _ = _layers(nodes, "decoder.hidden", decoder.hidden, "z", [])
    shape = nodes.weight("decoder.start", [-1, decoder.start_channels, *decoder.sizes[0]])
    value = nodes.add("Reshape", value, shape)
    for i, layer in enumerate(decoder.deconvolutions):
        if not isinstance(layer, SameConvTranspose2d):
            raise _unknown(layer)
        if i:
            value = nodes.add("Relu", value)
        grid = decoder.get_buffer(decoder.grids[i]) if decoder.grids else None
        value = _conv_transpose(nodes, f"decoder.deconvolutions.{i}", layer, value, grid)


def _layers(nodes: Nodes, name: str, layers: nn.Module, value: str, size: Size) -> tuple[str, Size]:
    """Add consecutive layers; return the last output's name, and its [H, W] if it has one."""
    for number, layer in layers.named_children():
        match layer:
            case nn.ReLU():
                value = nodes.add("Relu", value)
            case nn.Linear():
                value = _linear(nodes, f"{name}.{number}", layer, value)
            case SameConv2d():
                value = _conv(nodes, f"{name}.{number}", layer, value, size)
                size = [-(-length // layer.stride[0]) for length in size]
            case SameConvTranspose2d():
                value = _conv_transpose(nodes, f"{name}.{number}", layer, value, None)
                size = layer.size
            case _:
                raise _unknown(layer)
    return value, size


def _linear(nodes: Nodes, name: str, layer: nn.Linear, value: str) -> str:
    weights = _parameters(nodes, name, layer.weight, layer.bias)
    return nodes.add("Gemm", value, *weights, transB=1)


def _conv(nodes: Nodes, name: str, layer: SameConv2d, value: str, size: Size) -> str:
    kernel, stride = list(layer.weight.shape[2:]), layer.stride[0]
    pads = _pads(size, kernel, stride)
    weight = layer.weight
    if stride == 1 and weight.shape[0] < _FEW <= weight.shape[1]:
        weight = weight.flip(2, 3).transpose(0, 1)
        pads = [side - 1 - zeros for side, zeros in zip(2 * kernel, pads, strict=True)]
        weights = _parameters(nodes, name, weight, layer.bias)
        return nodes.add("ConvTranspose", value, *weights, pads=pads)
    weights = _parameters(nodes, name, weight, layer.bias)
    return nodes.add("Conv", value, *weights, pads=pads, strides=[stride, stride])


def _conv_transpose(
    nodes: Nodes, name: str, layer: SameConvTranspose2d, value: str, grid: Tensor | None
) -> str:
    """Add a transposed convolution; the part of appended coordinates is common to all images."""
    settings = _transposed(layer.size, layer.weight)
    if grid is None:
        weights = _parameters(nodes, name, layer.weight, layer.bias)
        return nodes.add("ConvTranspose", value, *weights, **settings)
    own = layer.weight.shape[0] - len(grid)
    of_value = nodes.weight(f"{name}.weight", layer.weight[:own])
    value = nodes.add("ConvTranspose", value, of_value, **settings)
    of_grid = _of_grid(nodes, name, "ConvTranspose", grid, layer.weight[own:], layer.bias, settings)
    return nodes.add("Add", value, of_grid)


def _broadcast_conv(
    nodes: Nodes, name: str, layer: BroadcastConv2d, value: str
) -> tuple[str, Size]:
    size, kernel = list(layer.grid.shape[1:]), list(layer.weight.shape[2:])
    small = [min(pair) for pair in zip(size, kernel, strict=True)]
    of_z, of_grid = layer.weight[:, : layer.features], layer.weight[:, layer.features :]
    plane = nodes.add(
        "Conv",
        _constant_planes(nodes, name, value, layer.features, small),
        nodes.weight(f"{name}.weight", of_z),
        pads=_pads(small, kernel, 1),
    )
    margins = [same_padding(length, kernel[0], 1) for length in size]
    plane = _stretched(nodes, name, plane, size, margins, period=1)
    settings = {"pads": _pads(size, kernel, 1)}
    return _plus(nodes, name, plane, "Conv", layer, of_grid, settings), size


def _broadcast_conv_transpose(
    nodes: Nodes, name: str, layer: BroadcastConvTranspose2d, value: str
) -> tuple[str, Size]:
    size, margins = layer.output_size, layer.margins()
    of_z, of_grid = layer.weight[: layer.features], layer.weight[layer.features :]
    fitting = layer.fitting_size()
    small = [-(-length // 2) for length in fitting]
    plane = nodes.add(
        "ConvTranspose",
        _constant_planes(nodes, name, value, layer.features, small),
        nodes.weight(f"{name}.weight", of_z),
        **_transposed(fitting, of_z),
    )
    plane = _stretched(nodes, name, plane, size, margins, period=2)
    settings = _transposed(size, of_grid)
    return _plus(nodes, name, plane, "ConvTranspose", layer, of_grid, settings), size


def _constant_planes(nodes: Nodes, name: str, value: str, features: int, size: Size) -> str:
    """Expand (N, K) to (N, K, h, w), constant over each plane."""
    pixel = nodes.add("Reshape", value, nodes.weight(f"{name}.pixel", [-1, features, 1, 1]))
    return nodes.add("Expand", pixel, nodes.weight(f"{name}.plane", [1, features, *size]))


def _stretched(
    nodes: Nodes, name: str, value: str, size: Size, margins: list[tuple[int, int]], *, period: int
) -> str:
    """Enlarge a plane by repeating its middle, as `stretch_add` does.

    Columns are repeated first, while there are few rows, since copying single numbers is slow.
    """
    for axis, length, (before, after) in zip((3, 2), size[::-1], margins[::-1], strict=True):
        if length <= before + period + after:
            continue
        middle = np.arange(length - before - after) % period
        end = range(before + period, before + period + after)
        taken = [*range(before), *(before + middle).tolist(), *end]
        index = nodes.weight(f"{name}.{'rows' if axis == 2 else 'columns'}", taken)
        value = nodes.add("Gather", value, index, axis=axis)
    return value


def _plus(
    nodes: Nodes,
    name: str,
    value: str,
    operator: str,
    layer: BroadcastConv2d | BroadcastConvTranspose2d,
    of_grid: Tensor,
    settings: dict[str, Size],
) -> str:
    """Add the part of the coordinates, and the bias."""
    if not len(layer.grid):
        return nodes.add("Add", value, nodes.weight(f"{name}.bias", layer.bias[:, None, None]))
    found = _of_grid(nodes, name, operator, layer.grid, of_grid, layer.bias, settings)
    return nodes.add("Add", value, found)


def _of_grid(
    nodes: Nodes,
    name: str,
    operator: str,
    grid: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    settings: dict[str, Size],
) -> str:
    """Apply a layer to the coordinates, with its bias: a constant, which is computed once."""
    planes = nodes.weight(f"{name}.grid", grid[None])
    weights = _parameters(nodes, f"{name}.of_grid", weight, bias)
    return nodes.add(operator, planes, *weights, **settings)


def _parameters(nodes: Nodes, name: str, weight: Tensor, bias: Tensor | None) -> list[str]:
    names = [nodes.weight(f"{name}.weight", weight)]
    return names if bias is None else [*names, nodes.weight(f"{name}.bias", bias)]


def _pads(size: Size, kernel: Size, stride: int) -> list[int]:
    """Return the zeros of same padding at the top, left, bottom and right."""
    each = [same_padding(*pair, stride) for pair in zip(size, kernel, strict=True)]
    return [before for before, _ in each] + [after for _, after in each]


def _transposed(size: Size, weight: Tensor) -> dict[str, list[int]]:
    """Return the attributes of a transposed convolution of stride 2 to an output of this size."""
    return {"pads": _pads(size, list(weight.shape[2:]), 2), "strides": [2, 2]}
