"""Images side by side in rows."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.theme import FAINT

GAP = 3.0  # between tiles


def draw_tiles(
    canvas: Canvas, images: NDArray[np.uint8], left: float, top: float, side: float
) -> float:
    """Draw images in reading order, as square as possible, not smoothed, with a frame each.

    Args:
        canvas: Canvas to draw on.
        images: Images, shape (N, H, W, C), C 1 or 3.
        left: Left edge.
        top: Upper edge.
        side: Width of all, or their height where that is larger.

    Returns:
        The lower edge.

    Raises:
        ValueError: If `images` is empty or has another shape or type.
    """
    if images.ndim != 4 or len(images) == 0 or images.shape[3] not in (1, 3):
        raise ValueError(f"images must have shape (N, H, W, 1 or 3), got {images.shape}")
    if images.dtype != np.uint8:
        raise ValueError(f"images must be uint8, got {images.dtype}")
    count, height, width, _ = images.shape
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    aspect = height / width
    tile = min((side + GAP) / columns - GAP, ((side + GAP) / rows - GAP) / aspect)  # its width
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        x, y = left + column * (tile + GAP), top + row * (tile * aspect + GAP)
        canvas.rectangle(x - 1, y - 1, tile + 2, tile * aspect + 2, FAINT)
        canvas.image(image, x, y, tile)
    return float(top + rows * (tile * aspect + GAP) - GAP)


def fit_tiles(images: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Images whose longer side is about `side` pixels: whole pixels repeated, or averaged.

    Args:
        images: Images, shape (..., H, W, C), C 1 or 3.
        side: Most pixels that the longer side may have.

    Returns:
        Shape (..., h, w, 3): enlarged by the largest whole factor that fits, so that every pixel
        stays a sharp square; images that are too large are reduced by the smallest.
    """
    *leading, height, width, channels = images.shape
    longer = max(height, width)
    if longer > side:
        flat = images.reshape(-1, height, width, channels)
        reduced = [_reduce(image, math.ceil(longer / side)) for image in flat]
        return np.stack(reduced).reshape(*leading, *reduced[0].shape)
    zoom = side // longer
    enlarged = np.repeat(np.repeat(images, zoom, axis=-3), zoom, axis=-2)
    return np.broadcast_to(enlarged, (*enlarged.shape[:-1], 3))


def _reduce(image: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """Averages of squares of `factor` pixels, (H, W, 1 or 3) to (h, w, 3)."""
    colours = np.broadcast_to(image, (*image.shape[:-1], 3))
    return np.asarray(Image.fromarray(np.ascontiguousarray(colours)).reduce(factor))
