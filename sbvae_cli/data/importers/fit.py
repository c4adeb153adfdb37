"""Fit an image to the size and channels of a dataset."""

from contextlib import suppress

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from sbvae_cli.config.names import Background, Fit
from sbvae_cli.data.importers.deep_images import DeepImage
from sbvae_cli.data.importers.levels import (
    Levels,
    count_outside,
    shown_number,
    to_uint8,
    value_range,
)
from sbvae_cli.data.importers.tally import Counted, Tally
from sbvae_cli.errors import SbvaeError

VISIBLE_DIFFERENCE = 8  # of 255: a smaller difference is invisible
_REDUCING_GAP = 3.0  # shrink by an integer factor first; according to Pillow, indistinguishable
_LOOKED_AT = 64  # rows and columns that are compared to decide whether an image has colours
_ORIENTATION = 0x0112  # EXIF tag
_EXACT = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX"}  # modes that convert without loss
_SRGB = (b"sRGB", "sRGB".encode("utf-16-be"))


def fit_image(
    image: Image.Image | DeepImage,
    size: tuple[int, int],
    fit: Fit = "crop",
    grey: bool = False,
    *,
    levels: Levels | None = None,
    background: Background = "black",
    tally: Tally | None = None,
) -> NDArray[np.uint8]:
    """Apply EXIF orientation and levels, remove transparency, and resize with Lanczos filtering.

    An 8-bit image that has the size and channels already does not change.

    Args:
        image: Image of any mode; its orientation is changed in place.
        size: Height and width of the result, in pixels.
        fit: "crop" keeps the largest central part of the right aspect ratio, "pad" adds black bars,
            "stretch" changes the aspect ratio.
        grey: Whether to keep the luma (ITU-R 601-2) only.
        levels: Values that become 0 and 255; None keeps 8-bit values.
        background: Colour behind transparent pixels.
        tally: Counts of changes, to be updated.

    Returns:
        Shape (H, W, 1) if `grey`, else (H, W, 3).

    Raises:
        SbvaeError: If the image has more than 8 bits per channel and `levels` is None, or if Pillow
            cannot convert its colours.
    """
    height, width = size
    tally = Tally() if tally is None else tally
    if not isinstance(image, DeepImage) and image.mode[0] in "IF":
        image = DeepImage(np.array(image))
    if isinstance(image, DeepImage):
        image, levels = _shallow(image, levels, tally), None
    with suppress(Exception):  # an intact image may have broken EXIF data
        if image.getexif().get(_ORIENTATION, 1) != 1:
            ImageOps.exif_transpose(image, in_place=True)
            tally[Counted.TURNED] += 1
    profile = image.info.get("icc_profile")
    if profile and not any(mark in profile for mark in _SRGB):
        tally[Counted.PROFILE] += 1
    flat = _flatten(image, levels, background, tally)
    if grey and flat.mode == "RGB":
        tally[Counted.COLOUR_LOST] += _has_colours(flat)
        flat = flat.convert("L")
    if flat.size != (width, height):
        flat = _resize(flat, height, width, fit, tally)
    if grey:
        return np.array(flat)[..., None]
    if flat.mode == "L":
        tally[Counted.GREY] += 1
        return np.array(flat.convert("RGB"))
    pixels: NDArray[np.uint8] = np.array(flat)
    tally[Counted.GREY] += _is_grey(pixels)
    return pixels


def _shallow(image: DeepImage, levels: Levels | None, tally: Tally) -> Image.Image:
    if levels is None:
        low, high = map(shown_number, value_range(image.values) or (0, 0))
        raise SbvaeError(
            f"{image.kind} with values {low}..{high}; say which values are black and white by "
            "`levels`, which leaves images of 8 bits as they are"
        )
    _count_levels(image.values.size, count_outside(image.values, levels), tally)
    return image.levelled(levels)


def _count_levels(values: int, outside: int, tally: Tally) -> None:
    tally[Counted.LEVELLED] += 1
    tally[Counted.CLIPPED] += outside > 0
    tally[Counted.VALUES] += values
    tally[Counted.VALUES_CLIPPED] += outside


def _flatten(
    image: Image.Image, levels: Levels | None, background: Background, tally: Tally
) -> Image.Image:
    """Return the image in mode L or RGB, with levels applied and without transparency."""
    alpha = None
    if image.has_transparency_data:
        image = _converted(image, "LA" if image.mode == "LA" else "RGBA")
        alpha = image.getchannel("A")
    colour = opaque(image)
    if image.mode not in _EXACT:
        tally[Counted.CONVERTED, image.mode] += 1
    if levels:
        colour = _levelled(colour, levels, tally)
    if alpha is None or alpha.getextrema() == (255, 255):
        return colour
    flat = Image.new(colour.mode, colour.size, background)
    flat.paste(colour, mask=alpha)
    tally[Counted.TRANSPARENT] += 1
    if not _is_visible(flat):
        tally[Counted.VANISHED] += _is_visible(alpha) or _is_visible(colour)
    return flat


def opaque(image: Image.Image) -> Image.Image:
    """Convert an image to mode L or RGB, dropping its alpha channel.

    Raises:
        SbvaeError: If Pillow cannot convert its colours.
    """
    return _converted(image, "L" if image.mode in ("1", "L", "LA") else "RGB")


def _converted(image: Image.Image, mode: str) -> Image.Image:
    if image.mode == mode:
        return image
    try:
        return image.convert(mode)
    except ValueError as error:
        raise SbvaeError(f"{error}; convert the image to RGB") from error


def _levelled(image: Image.Image, levels: Levels, tally: Tally) -> Image.Image:
    values = np.arange(256, dtype=np.uint8)
    counts = np.array(image.histogram()).reshape(-1, 256).sum(0)
    outside = (values < levels[0]) | (values > levels[1])
    _count_levels(int(counts.sum()), int(counts[outside].sum()), tally)
    return image.point(to_uint8(values, levels).tolist() * len(image.getbands()))


def _is_visible(image: Image.Image) -> bool:
    """Return whether any channel has visibly different values."""
    return any(high - low >= VISIBLE_DIFFERENCE for low, high in channel_extrema(image))


def channel_extrema(image: Image.Image) -> list[tuple[int, int]]:
    """Return the smallest and largest value of each channel of an 8-bit image."""
    found = np.array(image.getextrema()).reshape(-1, 2)
    return [(int(low), int(high)) for low, high in found]


def _has_colours(image: Image.Image) -> bool:
    steps = [max(1, side // _LOOKED_AT) for side in image.size]
    pixels = np.asarray(image)[:: steps[1], :: steps[0]].astype(np.int16)
    return bool(np.ptp(pixels, axis=-1).max() >= VISIBLE_DIFFERENCE)


def _is_grey(pixels: NDArray[np.uint8]) -> bool:
    """Return whether all three channels are equal, testing a corner and every 8th row first."""
    return len(set(pixels[-1, -1].tolist())) == 1 and all(
        bool((rows[..., :2] == rows[..., 1:]).all()) for rows in (pixels[::8], pixels)
    )


def _resize(image: Image.Image, height: int, width: int, fit: Fit, tally: Tally) -> Image.Image:
    whole = (0, 0, *image.size)
    central = _central(image, height, width)
    if fit == "stretch":
        tally[Counted.STRETCHED] += central != whole
        return _resample(image, height, width, whole, tally)
    if fit == "crop":
        if central != whole:
            tally[Counted.CROPPED] += 1
            tally[Counted.CUT] += _cuts(image, central)
        return _resample(image, height, width, central, tally)
    scale = max(image.width / width, image.height / height)
    inner_height = min(height, max(1, round(image.height / scale)))
    inner_width = min(width, max(1, round(image.width / scale)))
    inner = _resample(image, inner_height, inner_width, whole, tally)
    tally[Counted.PADDED] += inner.size != (width, height)
    padded = Image.new(image.mode, (width, height))
    padded.paste(inner, ((width - inner_width) // 2, (height - inner_height) // 2))
    return padded


def _cuts(image: Image.Image, box: tuple[int, int, int, int]) -> bool:
    """Return whether the part outside of a box has visibly different colours."""
    left, top, right, bottom = box
    width, height = image.size
    edges = [
        (0, 0, left, height),
        (right, 0, width, height),
        (0, 0, width, top),
        (0, bottom, width, height),
    ]
    cut = [image.crop(edge) for edge in edges if edge[0] < edge[2] and edge[1] < edge[3]]
    ranges = np.array([channel_extrema(part) for part in cut])  # (parts, channels, 2)
    return bool((ranges[..., 1].max(0) - ranges[..., 0].min(0)).max() >= VISIBLE_DIFFERENCE)


def _central(image: Image.Image, height: int, width: int) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom, in pixels, of the largest central part of this shape."""
    scale = min(image.width / width, image.height / height)
    rows = min(image.height, max(1, round(scale * height)))
    columns = min(image.width, max(1, round(scale * width)))
    left, top = (image.width - columns) // 2, (image.height - rows) // 2
    return left, top, left + columns, top + rows


def _resample(
    image: Image.Image, height: int, width: int, box: tuple[int, int, int, int], tally: Tally
) -> Image.Image:
    found = (box[2] - box[0], box[3] - box[1])
    if found == (width, height):
        return image.crop(box)  # no pixel changes
    tally[Counted.ENLARGED if found < (width, height) else Counted.REDUCED] += 1
    lanczos = Image.Resampling.LANCZOS
    return image.resize((width, height), lanczos, box=box, reducing_gap=_REDUCING_GAP)
