"""Many small images in one PNG."""

import io
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MOST_PIXELS = 1 << 24  # that every browser draws from, on a phone too


@dataclass(frozen=True)
class Atlas:
    """Images of one size, row by row.

    Attributes:
        png: The file.
        columns: Images in a row.
    """

    png: bytes
    columns: int


def shown_atlas(images: NDArray[np.uint8], columns: int | None = None) -> Atlas | None:
    """As `atlas_of`; None where they have more pixels together than every browser draws from."""
    return None if images[..., 0].size > MOST_PIXELS else atlas_of(images, columns)


def atlas_of(images: NDArray[np.uint8], columns: int | None = None) -> Atlas:
    """Lay images out in one PNG without loss.

    Args:
        images: Shape (n, H, W, C), C is 1 or 3; n at least 1.
        columns: Images in a row; None makes the whole about square.
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
