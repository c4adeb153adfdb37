"""Draw images as tiles of one size with frames, enlarged by whole factors or averaged."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.theme import FAINT, Colour

Size = tuple[float, float]  # height and width in units

GAP = 3.0  # between tiles of a grid


def tile_size(shape: tuple[int, ...], side: int) -> Size:
    """Return the height and width of a tile whose longer side is about `side`.

    An image is enlarged by the largest whole factor that fits, so that every pixel remains a sharp
    square, or reduced by the smallest whole factor.

    Args:
        shape: Shape of an image, (H, W) or (H, W, C).
        side: Largest length of the longer side in pixels.
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
    """Draw an image with a hairline, so that white images have an edge, or a coloured frame.

    An image of another aspect ratio than the tile's is centred, as large as possible.

    Args:
        canvas: Canvas to draw on.
        image: Image, shape (H, W, 1 or 3).
        place: Left and upper edges of the tile.
        size: Height and width of the tile.
        frame: Colour of the frame; None for a hairline.
        wide: Width of the frame.
    """
    place, size = _inside(image, place, size)
    draw_edge(canvas, place, size, frame, wide)
    canvas.image(fitted(image, size), *place, size[1])


def draw_tiles(
    canvas: Canvas, images: NDArray[np.uint8], left: float, top: float, side: float
) -> float:
    """Draw images in reading order in a nearly square grid, with sharp pixels and hairlines.

    Args:
        canvas: Canvas to draw on.
        images: Images, shape (N, H, W, C), C 1 or 3.
        left: Left edge.
        top: Upper edge.
        side: Width of the grid, or its height if that is larger.

    Returns:
        The lower edge of the grid.

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
    # Width of a tile.
    tile = min((side + GAP) / columns - GAP, ((side + GAP) / rows - GAP) / aspect)
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
    """Draw the hairline or frame of an image, before the image."""
    (left, top), (height, width) = place, size
    edge, colour = (1.0, FAINT) if frame is None else (wide, frame)
    canvas.rectangle(left - edge, top - edge, width + 2 * edge, height + 2 * edge, colour)


def fitted(image: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
    """Reduce an image that is larger than a tile, by averaging squares of pixels."""
    factor = math.ceil(max(image.shape[:2]) / round(max(size)))
    if factor <= 1:
        return image
    colours = np.ascontiguousarray(np.broadcast_to(image, (*image.shape[:2], 3)))
    return np.asarray(Image.fromarray(colours).reduce(factor))


def _inside(
    image: NDArray[np.uint8], place: tuple[float, float], size: Size
) -> tuple[tuple[float, float], Size]:
    """Return the place and size of an image in a tile, or the tile itself if nearly equal."""
    (left, top), (height, width) = place, size
    aspect = image.shape[1] / image.shape[0]
    if abs(width - height * aspect) < 1 or abs(height - width / aspect) < 1:
        return place, size
    whole = min(height, width / aspect), min(width, height * aspect)
    return (left + (width - whole[1]) // 2, top + (height - whole[0]) // 2), whole
