"""Converts images and latents of the public API to a model's tensors, and back."""

from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sbvae_cli.data.pixels import grey_levels, planes
from sbvae_cli.errors import SbvaeError

# A NumPy array gives a NumPy array, a tensor gives a tensor.
Array = TypeVar("Array", NDArray[Any], Tensor)
_TOLERANCE = 1e-3  # tolerated distance from [0, 1], by rounding


class ModelImages(NamedTuple):
    """Images in the layout of a model, with their original form.

    Attributes:
        tensor: Images in [0, 1], shape (N, C, H, W).
        channels_last: Whether channels were the last axis of the original array.
        is_uint8: Whether the original array had uint8 levels from 0 to 255.
    """

    tensor: Tensor
    channels_last: bool
    is_uint8: bool


def to_model_images(
    images: NDArray[Any] | Tensor, shape: tuple[int, int, int], like: Tensor, field: str = "images"
) -> ModelImages:
    """Check images, and convert them to a model's layout, range, dtype and device.

    Args:
        images: uint8 from 0 to 255 or floats in [0, 1], shape (N, H, W, C) or (N, C, H, W). If C, H
            and W are equal, uint8 is read as the first layout and floats as the second.
        shape: (C, H, W) of the model's images.
        like: Tensor with the model's dtype and device.
        field: Name of the argument.

    Raises:
        SbvaeError: If the shape, dtype or range is not one of these, or a value is not finite.
    """
    found = _tensor(images, field)
    is_uint8 = found.dtype == torch.uint8
    channels_last = _channels_last(found, shape, is_uint8, field)
    if is_uint8:
        tensor = planes(
            found.to(like.device) if channels_last else found.to(like.device).movedim(1, -1)
        )
        return ModelImages(tensor.to(like.dtype), channels_last, is_uint8)
    if not (found.is_floating_point() or found.dtype == torch.bool):
        dtype = str(found.dtype).removeprefix("torch.")
        raise SbvaeError(
            f"have dtype {dtype}; give grey levels as uint8, or floats in [0, 1]", field=field
        )
    numbers = found.to(like.device, like.dtype)
    if not torch.isfinite(numbers).all():
        raise SbvaeError("have pixels that are NaN or infinite", field=field)
    low, high = float(numbers.min()), float(numbers.max())
    if low < -_TOLERANCE or high > 1 + _TOLERANCE:
        way = "divide them by 255" if low >= 0 and high > 2 else "scale them to [0, 1]"
        way = "add 1 and halve them" if -1.01 < low < -0.5 and high < 1.01 else way
        raise SbvaeError(
            f"are floats from {low:.3g} to {high:.3g}, not in [0, 1]; {way}", field=field
        )
    return ModelImages(
        numbers.movedim(-1, 1) if channels_last else numbers, channels_last, is_uint8
    )


def to_model_latents(z: NDArray[Any] | Tensor, latent_dim: int, like: Tensor) -> Tensor:
    """Check latents of shape (N, K), and convert them to a model's device and dtype.

    Args:
        z: Latents.
        latent_dim: Number of latents K.
        like: Tensor with the model's dtype and device.

    Raises:
        SbvaeError: If `z` has another shape, or values that are not real or not finite.
    """
    found = _tensor(z, "z")
    if found.ndim == 1 and len(found) == latent_dim:
        why = f"has shape ({latent_dim},), one code without the axis of the batch; give z[None]"
        raise SbvaeError(why, field="z")
    if found.ndim != 2 or found.shape[1] != latent_dim or not len(found):
        why = f"has shape {tuple(found.shape)}; the model takes (N, {latent_dim})"
        raise SbvaeError(why, field="z")
    if found.dtype.is_complex:
        raise SbvaeError("has complex numbers; give real ones", field="z")
    numbers = found.to(like.device, like.dtype)
    if not torch.isfinite(numbers).all():
        raise SbvaeError("has values that are NaN or infinite", field="z")
    return numbers


def as_type_of(found: Tensor, given: Array) -> Array:
    """Convert a result to a NumPy array if the argument was one, else return the tensor."""
    if isinstance(given, Tensor):
        return found
    return found.detach().cpu().numpy()


def as_layout_of(found: Tensor, original: ModelImages) -> Tensor:
    """Convert images (N, C, H, W) to the original layout and range of other images.

    Levels of uint8 are rounded and clipped; floats are not changed.
    """
    if original.is_uint8:
        found = grey_levels(found)
    return found.movedim(1, -1).contiguous() if original.channels_last else found


def _tensor(value: NDArray[Any] | Tensor, field: str) -> Tensor:
    if isinstance(value, Tensor):
        return value
    if not isinstance(value, np.ndarray):
        kind = type(value).__name__
        many = "is" if field == "z" else "are"
        why = f"{many} of type {kind}; give a NumPy array or a tensor"
        raise SbvaeError(why, field=field)
    if value.dtype.kind not in "biuf":
        raise SbvaeError(f"have dtype {value.dtype}; give numbers", field=field)
    if value.dtype.kind == "f":
        value = value.astype(value.dtype.newbyteorder("=") if value.itemsize <= 8 else np.float64)
    elif value.dtype.kind in "iu" and value.itemsize > 1:
        value = value.astype(np.int64)
    # A copy, since PyTorch warns of read-only arrays and refuses negative strides.
    return torch.from_numpy(np.array(value, order="C"))


def _channels_last(found: Tensor, shape: tuple[int, int, int], is_uint8: bool, field: str) -> bool:
    channels, height, width = shape
    first, last = (channels, height, width), (height, width, channels)
    sizes = tuple(found.shape)
    if found.ndim == 4 and len(found) and sizes[1:] in (first, last):
        return sizes[1:] == last and (is_uint8 or first != last)
    name = field
    if found.ndim == 4 and not len(found):
        why = "no image; give one or more"
    elif sizes in (first, last):
        why = f"one image without the axis of the batch; give {name}[None]"
    elif channels == 1 and sizes == (height, width):
        why = f"one image without its axes of batch and channels; give {name}[None, ..., None]"
    elif channels == 1 and sizes[1:] == (height, width):
        why = f"grey images without the axis of channels; give {name}[..., None]"
    else:
        why = f"the model takes (N, {height}, {width}, {channels}) or (N, {channels}, {height}, "
        raise SbvaeError(f"have shape {sizes}; {why}{width})", field=field)
    raise SbvaeError(f"have shape {sizes}, {why}", field=field)
