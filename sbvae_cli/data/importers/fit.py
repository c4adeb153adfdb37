"""One image to the size and channels of a dataset."""

from contextlib import suppress

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from sbvae_cli.config.names import Fit
from sbvae_cli.errors import SbvaeError

_REDUCING_GAP = 3.0  # shrink by a whole factor first; Pillow calls the result indistinguishable


def fit_image(
    image: Image.Image, size: tuple[int, int], fit: Fit = "crop", grey: bool = False
) -> NDArray[np.uint8]:
    """Turn upright, flatten, and resize with antialiasing (Lanczos).

    The EXIF orientation is applied. Transparency is laid over black. An image that has the size and
    the channels keeps every bit. 16-bit and float images are refused, not scaled: many fill only a
    small part of their range, and what their values mean is not known here. (16-bit RGB does not
    get here: Pillow itself keeps the upper eight bits.)

    Args:
        image: Image of any mode with 8 bits a channel or less; turned upright in place.
        size: Height and width of the result.
        fit: "crop" keeps the largest central part of the right shape, "pad" keeps all between black
            bars, "stretch" changes the shape.
        grey: Whether to keep the luma (ITU-R 601-2) alone.

    Returns:
        Shape (H, W, 1) if `grey`, else (H, W, 3).

    Raises:
        SbvaeError: If the image has more than 8 bits a channel, or colours that Pillow cannot
            convert.
    """
    height, width = size
    if image.mode[0] in "IF":
        kind = "float" if image.mode == "F" else "16-bit or 32-bit"
        raise SbvaeError(
            f"{kind} image (mode {image.mode}); convert it to 8 bits a channel, as by "
            "ImageMagick's -auto-level -depth 8"
        )
    with suppress(Exception):  # broken EXIF data in a good image; Pillow raises anything
        ImageOps.exif_transpose(image, in_place=True)
    try:
        flat = _flatten(image, "L" if grey else "RGB")
    except ValueError as error:
        raise SbvaeError(f"{error}; convert the image to RGB") from error
    if flat.size != (width, height):
        flat = _resize(flat, height, width, fit)
    pixels: NDArray[np.uint8] = np.array(flat)
    return pixels[..., None] if grey else pixels


def _flatten(image: Image.Image, mode: str) -> Image.Image:
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        image = Image.new("RGB", image.size)
        image.paste(layer.convert("RGB"), mask=layer.getchannel("A"))
    return image if image.mode == mode else image.convert(mode)


def _resize(image: Image.Image, height: int, width: int, fit: Fit) -> Image.Image:
    if fit == "stretch":
        return _resample(image, height, width, (0, 0, *image.size))
    if fit == "crop":
        scale = min(image.width / width, image.height / height)
        return _resample(image, height, width, _central(image, scale * height, scale * width))
    scale = max(image.width / width, image.height / height)
    inner_height = min(height, max(1, round(image.height / scale)))
    inner_width = min(width, max(1, round(image.width / scale)))
    inner = _resample(image, inner_height, inner_width, (0, 0, *image.size))
    padded = Image.new(image.mode, (width, height))
    padded.paste(inner, ((width - inner_width) // 2, (height - inner_height) // 2))
    return padded


def _central(image: Image.Image, height: float, width: float) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a central part, in whole pixels."""
    rows = min(image.height, max(1, round(height)))
    columns = min(image.width, max(1, round(width)))
    left, top = (image.width - columns) // 2, (image.height - rows) // 2
    return left, top, left + columns, top + rows


def _resample(
    image: Image.Image, height: int, width: int, box: tuple[int, int, int, int]
) -> Image.Image:
    if (box[2] - box[0], box[3] - box[1]) == (width, height):
        return image.crop(box)  # no pixel changes
    lanczos = Image.Resampling.LANCZOS
    return image.resize((width, height), lanczos, box=box, reducing_gap=_REDUCING_GAP)
