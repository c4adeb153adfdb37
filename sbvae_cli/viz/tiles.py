"""Images as tiles of one size: whole pixels enlarged, or averaged, each in a frame."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.theme import FAINT, Colour

Size = tuple[float, float]  # height and width in units

GAP = 3.0  # between tiles of a grid


def tile_size(shape: tuple[int, ...], side: int) -> Size:
    """Height and width of a tile whose longer side is about `side`.

    It shows an image enlarged by the largest whole factor that fits, so that every pixel stays a
    sharp square, or reduced by the smallest.

    Args:
        shape: Shape of an image, (H, W) or (H, W, C).
        side: Most pixels of the longer side.
    """
    height, width = shape[:2]
    longer = max(height, width)
    if longer > side:
        factor = math.ceil(longer / side)
        return float(math.ceil(height / factor)), float(math.ceil(width / factor))
    zoom = side // longer
    return float(zoom * height), float(zoom * width)


def draw_tile(
    canvas: Canvas,
    image: NDArray[np.uint8],
    place: tuple[float, float],
    size: Size,
    frame: Colour | None = None,
    wide: float = 3.0,
) -> None:
    """Draw an image on a hairline, so that white ones have an edge, or in a coloured frame.

    An image of another aspect than the tile's is as large as fits into it, in the middle.

    Args:
        canvas: Canvas to draw on.
        image: Shape (H, W, 1 or 3).
        place: Left and upper edge of the image.
        size: Height and width of the tile.
        frame: Colour of a frame; None for a hairline.
        wide: Width of the frame.
    """
    place, size = _inside(image, place, size)
    draw_edge(canvas, place, size, frame, wide)
    canvas.image(fitted(image, size), *place, size[1])


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
        draw_edge(canvas, (x, y), (tile * aspect, tile))
        canvas.image(image, x, y, tile)
    return float(top + rows * (tile * aspect + GAP) - GAP)


def draw_edge(
    canvas: Canvas,
    place: tuple[float, float],
    size: Size,
    frame: Colour | None = None,
    wide: float = 3.0,
) -> None:
    """Draw what an image lies on, as `draw_tile` does before the image."""
    (left, top), (height, width) = place, size
    edge, colour = (1.0, FAINT) if frame is None else (wide, frame)
    canvas.rectangle(left - edge, top - edge, width + 2 * edge, height + 2 * edge, colour)


def fitted(image: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
    """The image, averaged over squares of pixels where it is larger than a tile."""
    factor = math.ceil(max(image.shape[:2]) / round(max(size)))
    if factor <= 1:
        return image
    colours = np.ascontiguousarray(np.broadcast_to(image, (*image.shape[:2], 3)))
    return np.asarray(Image.fromarray(colours).reduce(factor))


def _inside(
    image: NDArray[np.uint8], place: tuple[float, float], size: Size
) -> tuple[tuple[float, float], Size]:
    """Where an image is as large as fits into a tile; all of it, but for rounding, if alike."""
    (left, top), (height, width) = place, size
    aspect = image.shape[1] / image.shape[0]
    if abs(width - height * aspect) < 1 or abs(height - width / aspect) < 1:
        return place, size
    whole = min(height, width / aspect), min(width, height * aspect)
    return (left + (width - whole[1]) // 2, top + (height - whole[0]) // 2), whole
