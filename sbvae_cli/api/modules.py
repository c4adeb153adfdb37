"""The Spatial Broadcast decoder as PyTorch modules for use in other networks (Section 2)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sbvae_cli.api.arguments import integer, items, two_sizes
from sbvae_cli.api.words import in_python_words, note
from sbvae_cli.config.load import check
from sbvae_cli.config.model import BroadcastDecoderConfig
from sbvae_cli.config.names import Coordinates
from sbvae_cli.errors import SbvaeError, format_value
from sbvae_cli.models.coordinates import coordinate_grid
from sbvae_cli.models.decoders import BroadcastDecoder
from sbvae_cli.models.spatial_broadcast import spatial_broadcast as broadcast_onto

_DEFAULTS = BroadcastDecoderConfig()


@in_python_words()
def spatial_broadcast(z: Tensor, size: int | tuple[int, int]) -> Tensor:
    """Tile latents over space and append the two coordinate channels (Algorithm 1).

    Args:
        z: Floating-point latents, shape (N, K), or (..., K), such as (N, slots, K).
        size: (H, W), or one integer for both, pixels.

    Returns:
        Shape (N, K + 2, H, W), or (..., K + 2, H, W): K constant planes, then x from -1 to 1 across
        the width, then y from -1 to 1 down the height.

    Raises:
        SbvaeError: If `z` is not a floating-point tensor or has no axis, or `size` is invalid.

    Example:
        >>> sbvae.spatial_broadcast(torch.zeros(5, 10), (48, 64)).shape
        torch.Size([5, 12, 48, 64])
        >>> sbvae.spatial_broadcast(torch.zeros(1, 1), 3)[0, 1]  # x
        tensor([[-1.,  0.,  1.],
                [-1.,  0.,  1.],
                [-1.,  0.,  1.]])
    """
    _require_tensor(z)
    grid = coordinate_grid(*two_sizes(size)).to(z.device, z.dtype)
    return _broadcast(z, grid)


class SpatialBroadcast(nn.Module):
    """The spatial broadcast as a layer without weights (Algorithm 1).

    Args:
        size: (H, W), or one integer for both, pixels.

    Example:
        >>> layer = sbvae.SpatialBroadcast(8)
        >>> network = torch.nn.Sequential(layer, torch.nn.Conv2d(10 + 2, 3, 3, padding=1))
        >>> network(torch.zeros(5, 10)).shape
        torch.Size([5, 3, 8, 8])
    """

    grid: Tensor

    @in_python_words()
    def __init__(self, size: int | tuple[int, int]) -> None:
        super().__init__()
        self.register_buffer("grid", coordinate_grid(*two_sizes(size)), persistent=False)

    @in_python_words()
    def forward(self, z: Tensor) -> Tensor:
        """Broadcast latents (..., K) to (..., K + 2, H, W)."""
        _require_tensor(z)
        return _broadcast(z, self.grid.to(z.dtype))

    def extra_repr(self) -> str:
        """Return the size, for `repr`."""
        return f"size={tuple(self.grid.shape[1:])}"


class SpatialBroadcastDecoder(BroadcastDecoder):
    """The decoder of the paper: a spatial broadcast, then convolutions of stride 1 (Table 1).

    It maps latents (N, K) to (N, C, H, W), without a nonlinearity at the end: logits of Bernoulli
    pixels, means of Gaussian ones, or any other channels, such as RGB and a mask. The first
    convolution is computed without the broadcast tensor, which gives the same result in less time
    and memory.

    Args:
        image_shape: Shape (C, H, W) of the output; H and W may have any size.
        latent_dim: Number of latents K.
        hidden_channels: Channels of each convolution between the broadcast and the output layer.
        kernel_size: Side of the square kernels, pixels.
        hidden_units: Units of each fully connected layer before the broadcast (Tables 7 and 9).
        upscales: Number of the first convolutions that are transposed convolutions of stride 2;
            the broadcast is smaller by this number of halvings (Table 10).
        coordinates: `linear`; `shuffled`, the same pairs of coordinates in a random order that
            stays fixed (Appendix B); `cosine`, waves of growing frequency; or `none`.
        cosines: Number of waves along each axis if coordinates are `cosine`.
        generator: CPU generator of the initial weights and of the shuffled order; None is the
            default generator of PyTorch, which `torch.manual_seed` seeds.

    Raises:
        SbvaeError: If an argument is invalid.

    Example:
        >>> decoder = sbvae.SpatialBroadcastDecoder((4, 48, 64), latent_dim=16)
        >>> decoder(torch.zeros(5, 16)).shape
        torch.Size([5, 4, 48, 64])
        >>> paper = sbvae.SpatialBroadcastDecoder((3, 64, 64), latent_dim=10)
        >>> sum(weight.numel() for weight in paper.parameters())  # as Table 1 has it
        81027
    """

    @in_python_words()
    def __init__(
        self,
        image_shape: tuple[int, int, int],
        latent_dim: int,
        hidden_channels: Sequence[int] = _DEFAULTS.hidden_channels,
        kernel_size: int = _DEFAULTS.kernel_size,
        *,
        hidden_units: Sequence[int] = (),
        upscales: int = 0,
        coordinates: Coordinates = "linear",
        cosines: int = _DEFAULTS.cosines,
        generator: torch.Generator | None = None,
    ) -> None:
        shape = _image_shape(image_shape)
        latent_dim = integer(latent_dim, "latent_dim", 1)
        if not (generator is None or isinstance(generator, torch.Generator)):
            why = f"is {generator!r}; give a torch.Generator on the CPU"
            raise SbvaeError(why, field="generator")
        given = {
            "hidden_channels": hidden_channels,
            "kernel_size": kernel_size,
            "hidden_units": hidden_units,
            "upscales": upscales,
            "coordinates": coordinates,
            "cosines": cosines,
        }
        with in_python_words(of=lambda line: next((n for n in given if line.startswith(n)), None)):
            settings = check(BroadcastDecoderConfig, given)
        super().__init__(
            shape,
            latent_dim,
            settings.hidden_channels,
            settings.kernel_size,
            hidden_units=settings.hidden_units,
            upscales=settings.upscales,
            coordinates=settings.coordinates,
            cosines=settings.cosines,
            generator=torch.default_generator if generator is None else generator,
        )
        self.image_shape, self.latent_dim = shape, latent_dim

    @in_python_words()
    def forward(self, z: Tensor) -> Tensor:
        """Decode latents (N, K) to (N, C, H, W)."""
        _require_tensor(z)
        if z.ndim != 2 or z.shape[1] != self.latent_dim:
            shape, way = tuple(z.shape), ""
            if z.ndim == 1 and len(z) == self.latent_dim:
                way = "; give z[None]"
            elif z.ndim > 2 and z.shape[-1] == self.latent_dim:
                way = f"; give z.flatten(0, {z.ndim - 2}) and unflatten the result"
            raise SbvaeError(
                f"has shape {shape}; the decoder takes (N, {self.latent_dim}){way}", field="z"
            )
        return super().forward(z)

    def extra_repr(self) -> str:
        """Return the shapes of output and input, for `repr`."""
        return f"image_shape={self.image_shape}, latent_dim={self.latent_dim}"


def _require_tensor(z: Tensor) -> None:
    if not isinstance(z, Tensor):
        why = f"is {type(z).__name__}; give a tensor, as torch.as_tensor(z, dtype=torch.float32)"
        raise SbvaeError(why, field="z")
    if not z.is_floating_point():  # coordinates would be rounded to integers
        kind = str(z.dtype).removeprefix("torch.")
        raise SbvaeError(f"has dtype {kind}; give floating point, as z.float()", field="z")


def _broadcast(z: Tensor, grid: Tensor) -> Tensor:
    if z.ndim == 0:
        raise SbvaeError("has no axis; give latents (N, K)", field="z")
    flat = broadcast_onto(z.flatten(0, -2) if z.ndim > 1 else z[None], grid)
    return flat.reshape(*z.shape[:-1], *flat.shape[1:])


def _image_shape(image_shape: tuple[int, int, int]) -> tuple[int, int, int]:
    try:
        channels, height, width = (integer(n, "image_shape", 1) for n in items(image_shape) or ())
    except (SbvaeError, ValueError):
        way = "give (channels, height, width), as (3, 64, 64)"
        raise SbvaeError(f"is {format_value(image_shape)}; {way}", field="image_shape") from None
    if width in (1, 3, 4) and min(channels, height) > 4:
        note(
            f"`image_shape` {channels, height, width} is read as {channels} channels of "
            f"{height}x{width} pixels; for images of {channels}x{height} give "
            f"({width}, {channels}, {height})"
        )
    return channels, height, width
