"""Sample images with their factors' values beneath (as the samples of Figures 7 and 16 to 22)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sbvae_cli.viz.canvas import FAINT, INK, QUIET, Canvas, shorten, text_width
from sbvae_cli.viz.image_grid import fit_tiles

MARGIN, GAP, HEADER = 24, 18, 58
TITLE_SIZE, NOTE_SIZE, LINE = 24.0, 16.0, 20
MOST_SIDE, LEAST_WIDTH = 128, 96  # pixels of a tile, and of a column


def draw_samples(
    images: NDArray[np.uint8],
    notes: Sequence[Sequence[str]],
    caption: str = "",
    columns: int = 8,
) -> Image.Image:
    """Draw images in reading order, with notes beneath each.

    Args:
        images: Shape (N, H, W, 1 or 3); small ones are enlarged in sharp pixels.
        notes: For each image short texts, which are broken into lines between them.
        caption: The line at the top.
        columns: Images a row.

    Returns:
        RGB.

    Raises:
        ValueError: If shapes do not agree.
    """
    if images.ndim != 4 or images.shape[3] not in (1, 3) or 0 in images.shape:
        raise ValueError(f"images must have shape (N, H, W, 1 or 3), got {images.shape}")
    if len(notes) != len(images):
        raise ValueError(f"{len(notes)} notes do not fit {len(images)} images")
    tiles = fit_tiles(images, MOST_SIDE)  # (N, h, w, 3)
    height, width = tiles.shape[1:3]
    step_x = max(width, LEAST_WIDTH) + GAP
    lines = [wrap(texts, step_x - GAP) for texts in notes]
    step_y = height + 6 + LINE * max(map(len, lines)) + GAP
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    canvas = Canvas(
        2 * MARGIN + max(columns * step_x - GAP, 300), HEADER + rows * step_y, oversample=1
    )
    fitting = shorten(caption, TITLE_SIZE, canvas.width - 2 * MARGIN)
    canvas.text(MARGIN, 32, fitting, TITLE_SIZE, INK, "lm")
    for index, (tile, note) in enumerate(zip(tiles, lines, strict=True)):
        row, column = divmod(index, columns)
        left, top = MARGIN + column * step_x, HEADER + row * step_y
        canvas.rectangle(left - 1, top - 1, width + 2, height + 2, FAINT)
        canvas.image(Image.fromarray(np.ascontiguousarray(tile)), left, top, width)
        for number, text in enumerate(note):
            y = top + height + 6 + LINE * number
            canvas.text(left, y, text, NOTE_SIZE, QUIET, "lt")
    return canvas.finish()


def wrap(texts: Sequence[str], width: float) -> list[str]:
    """Join texts with two spaces into as few lines as fit into `width`, in order."""
    lines: list[str] = []
    for text in texts:
        joined = f"{lines[-1]}  {text}" if lines else text
        if lines and text_width(joined, NOTE_SIZE) <= width:
            lines[-1] = joined
        else:
            lines.append(shorten(text, NOTE_SIZE, width))
    return lines
