"""Read images of more than 8 bits per channel in full depth, which Pillow keeps for grey only."""

import re
import sys
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile

from sbvae_cli.data.importers.levels import Levels, is_wide, to_uint8

_FULL = (0.0, 65535.0)  # range of 16-bit opacity
_BITS_PER_SAMPLE, _PLANAR_CONFIGURATION = 258, 284  # TIFF tags
_NATIVE = "L" if sys.byteorder == "little" else "B"
_TWO_BYTES = re.compile("([A-Za-z]+);16([LBN])")  # 16 bits per channel; BGR;16 is 16 per pixel
_COLOURS = {"RGB", "RGBA", "RGBX"}

Kind = Literal[
    "bytes", "integers", "floats"
]  # type of an image's values; "integers" have more than 8 bits


@dataclass(frozen=True)
class DeepImage:
    """Image of more than 8 bits per channel; levels must define its black and white.

    Attributes:
        values: Values of any real type, shape (H, W) or (H, W, 3).
        alpha: Opacity, shape (H, W), 255 for opaque; None if all pixels are opaque.
        exif: Stored EXIF data, such as the orientation; None if there are none.
    """

    values: NDArray[Any]
    alpha: NDArray[np.uint8] | None = None
    exif: bytes | None = None

    @property
    def height(self) -> int:
        """Height in pixels."""
        return len(self.values)

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.values.shape[1])

    @property
    def numbers(self) -> Kind:
        """Kind of its values, "integers" or "floats"."""
        return "floats" if self.values.dtype.kind == "f" else "integers"

    @property
    def kind(self) -> str:
        """Description for messages, such as `16-bit grey`."""
        item = self.values.dtype
        depth = "float" if item.kind == "f" else f"{8 * item.itemsize}-bit"
        return f"{depth} {'colour' if self.values.ndim == 3 else 'grey'}"

    def levelled(self, levels: Levels) -> Image.Image:
        """Return the image with 8 bits per channel and its transparency."""
        image = Image.fromarray(to_uint8(self.values, levels))
        if self.alpha is not None:
            image.putalpha(Image.fromarray(self.alpha))
        if self.exif:
            image.info["exif"] = self.exif
        return image


def pixels_to_image(pixels: NDArray[Any]) -> Image.Image | DeepImage:
    """Make an image from an array: 8-bit from bytes and booleans, else a DeepImage.

    Args:
        pixels: Shape (H, W) or (H, W, C) with 3 or 4 channels, the fourth being opacity.

    Raises:
        ValueError: If the opacity is not finite.
    """
    if not is_wide(pixels.dtype):
        return Image.fromarray(pixels.view(np.uint8) * np.uint8(255 if pixels.dtype == bool else 1))
    if pixels.shape[2:] != (4,):
        return DeepImage(pixels)
    alpha = pixels[..., 3]
    if alpha.dtype.kind == "f" and not np.isfinite(alpha).all():
        raise ValueError("the fourth channel, which is opacity, is not finite (NaN or infinite)")
    full = np.iinfo(alpha.dtype).max if alpha.dtype.kind in "iu" else 1
    return DeepImage(pixels[..., :3], to_uint8(alpha, (0, full)))


def deep_image(image: ImageFile) -> DeepImage | None:
    """Read the values of an image that is not decoded yet; return None if it has 8 bits.

    Pillow keeps only the upper byte of 16-bit colour. The lower byte is read in a second pass with
    the byte order reversed.

    Raises:
        ValueError: If Pillow can read only the upper bytes of this format.
        Exception: Any exception that Pillow's readers raise for a broken file.
    """
    codec, raw_mode, most = _stored_as(image)
    if image.format == "PPM" and most > 255:
        return DeepImage(_pnm_values(image, codec))
    if image.mode[0] in "IF":
        values = np.array(image)  # decoding also reads transparency and EXIF after the pixels
        return DeepImage(values, _opaque(values, image.info.get("transparency")), _exif(image))
    if stored_kind(image) == "bytes":
        return None
    two_bytes = _TWO_BYTES.fullmatch(raw_mode)
    if raw_mode == "LA;16B" and codec == "zip":
        pairs = _reread(image, "RGBA")  # the four bytes of each pixel, unchanged
        values = np.array(pairs).view(">u2")
        return DeepImage(values[..., 0], to_uint8(values[..., 1], _FULL), _exif(pairs))
    in_planes = (
        getattr(image, "tag_v2", {}).get(_PLANAR_CONFIGURATION) == 2
    )  # Pillow unpacks separate planes in another way
    if not two_bytes or two_bytes[1] not in _COLOURS or codec == "SGI16" or in_planes:
        found = f"16-bit {image.format} of a kind that would keep 8 bits ({raw_mode})"
        raise ValueError(f"{found}; save it as 16-bit RGB PNG")
    return _colour(image, two_bytes[1], two_bytes[2])


def stored_kind(image: Image.Image) -> Kind:
    """Return the kind of values of an image that is not decoded yet."""
    if image.mode[0] in "IF":
        return "floats" if image.mode[0] == "F" else "integers"
    if not isinstance(image, ImageFile):
        return "bytes"
    _, raw_mode, most = _stored_as(image)
    bits = max(getattr(image, "tag_v2", {}).get(_BITS_PER_SAMPLE, (8,)))
    wide = (image.format == "PPM" and most > 255) or _TWO_BYTES.fullmatch(raw_mode) or bits > 8
    return "integers" if wide else "bytes"


def _stored_as(image: ImageFile) -> tuple[str, str, int]:
    """Return Pillow's codec and raw mode, and the largest value, 255 if the format has none."""
    if not image.tile:
        return "", "", 255
    codec, _, _, arguments = image.tile[0]
    if not isinstance(arguments, tuple):
        return codec, str(arguments), 65535 if arguments == "I;16B" else 255
    raw_mode, *others = arguments
    most = others[0] if image.format == "PPM" and others else 255
    return codec, str(raw_mode), most


def _colour(image: ImageFile, colours: str, order: str) -> DeepImage:
    order = _NATIVE if order == "N" else order
    lower = np.array(_reread(image, f"{colours};16{'B' if order == 'L' else 'L'}"))
    values = (np.array(image).astype(np.uint16) << 8) | lower
    if colours == "RGBA":
        return DeepImage(values[..., :3], to_uint8(values[..., 3], _FULL), _exif(image))
    return DeepImage(values, _opaque(values, image.info.get("transparency")), _exif(image))


def _reread(image: ImageFile, raw_mode: str) -> ImageFile:
    """Open the image again, so that its bytes are decoded in another raw mode."""
    fresh = type(image)(BytesIO(_bytes(image)), "")
    fresh.seek(image.tell())
    fresh.tile = [_with_raw_mode(tile, raw_mode) for tile in fresh.tile]
    return fresh


def _with_raw_mode(tile: Any, raw_mode: str) -> Any:
    codec, extents, offset, arguments = tile
    changed = (raw_mode, *arguments[1:]) if isinstance(arguments, tuple) else raw_mode
    named = hasattr(tile, "_replace")  # since Pillow 11
    return tile._replace(args=changed) if named else (codec, extents, offset, changed)


def _pnm_values(image: ImageFile, codec: str) -> NDArray[Any]:
    """Return the stored values of a PGM or PPM file; Pillow would rescale them."""
    data, offset = _bytes(image), image.tile[0][2]
    channels = 1 if image.mode == "I" else 3
    count = image.width * image.height * channels
    if codec == "ppm_plain":
        values = np.array(data[offset:].split()[:count], np.uint16)
    else:
        values = np.frombuffer(data, ">u2", count, offset)
    shape = (image.height, image.width, channels)
    return values.reshape(shape)[..., 0] if channels == 1 else values.reshape(shape)


def _opaque(values: NDArray[Any], key: Any) -> NDArray[np.uint8] | None:
    """Return the opacity if `key` is the value or colour of transparent pixels; else None."""
    if not isinstance(key, int | tuple):
        return None
    same = values == np.array(key)
    return np.where(same.all(-1) if same.ndim == 3 else same, 0, 255).astype(np.uint8)


def _bytes(image: Any) -> bytes:
    stored: bytes = image.fp.getvalue()
    return stored


def _exif(image: Image.Image) -> bytes | None:
    exif = image.info.get("exif")
    return exif if isinstance(exif, bytes) else None
