"""Pack many small images into one PNG."""

import io
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MAX_PIXELS = 1 << 24  # largest image that every browser can draw from, also on a phone


@dataclass(frozen=True)
class Atlas:
    """Images of one size in rows.

    Attributes:
        png: Contents of the PNG file.
        columns: Number of images in a row.
    """

    png: bytes
    columns: int


def shown_atlas(images: NDArray[np.uint8], columns: int | None = None) -> Atlas | None:
    """Pack images as `atlas_of` does; None if they have more than `MAX_PIXELS` pixels."""
    return None if images[..., 0].size > MAX_PIXELS else atlas_of(images, columns)


def atlas_of(images: NDArray[np.uint8], columns: int | None = None) -> Atlas:
    """Pack images into one PNG without loss.

    Args:
        images: Images, shape (n, H, W, C), C is 1 or 3; n at least 1.
        columns: Number of images in a row; None for a roughly square PNG.
    """
    n, height, width, channels = images.shape
    columns = columns or max(1, round(math.sqrt(n * height / width)))
    rows = -(-n // columns)
    cells = np.zeros((rows * columns, height, width, channels), np.uint8)
    cells[:n] = images
    sheet = cells.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    sheet = sheet.reshape(rows * height, columns * width, channels)
    file = io.BytesIO()
    Image.fromarray(sheet[..., 0] if channels == 1 else sheet).save(file, "PNG", optimize=True)
    return Atlas(file.getvalue(), columns)
