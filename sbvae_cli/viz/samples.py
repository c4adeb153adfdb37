"""Draw sample images with factor values below (as in Figures 7 and 16 to 22)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.page import MIN_WIDTH, NOTE_SIZE, page
from sbvae_cli.viz.text import LINE_HEIGHT, shorten, text_width
from sbvae_cli.viz.theme import QUIET
from sbvae_cli.viz.tiles import draw_tile, tile_size

GAP = 18
LINE = LINE_HEIGHT * NOTE_SIZE
MAX_SIDE, MIN_COLUMN = 128, 96  # pixels of a tile's longer side, and of a column
COLUMNS = 8  # number of images in a row
LEGEND = "beneath each image:"


def draw_noted_images(
    images: NDArray[np.uint8],
    notes: Sequence[Sequence[str]],
    names: Sequence[str] = (),
    caption: str = "",
) -> Canvas:
    """Draw images in reading order with values below each, and the values' names at the top.

    Each value is in the same line below all images, and its name is in the matching place.

    Args:
        images: Images, shape (N, H, W, 1 or 3); small ones are enlarged with sharp pixels.
        notes: Short texts for each image, one for each name, or a single one instead.
        names: Names of the texts, in order.
        caption: Text at the top of the picture.

    Raises:
        ValueError: If the shapes do not fit.
    """
    if images.ndim != 4 or images.shape[3] not in (1, 3) or 0 in images.shape:
        raise ValueError(f"images must have shape (N, H, W, 1 or 3), got {images.shape}")
    if len(notes) != len(images):
        raise ValueError(f"{len(notes)} notes do not fit {len(images)} images")
    if not {len(texts) for texts in notes} <= {1, len(names)}:
        raise ValueError(f"each image needs {len(names)} texts or 1, one for each of {names}")
    height, width = size = tile_size(images.shape[1:], MAX_SIDE)
    step_x = max(width, MIN_COLUMN) + GAP
    lines = arrange(notes, len(names), step_x - GAP)
    columns = min(COLUMNS, len(images))
    rows = -(-len(images) // columns)
    full_width = max(columns * step_x - GAP, MIN_WIDTH)
    legend = _legend(names, lines, full_width)
    header = round(len(legend) * LINE + 10) if legend else 0
    step_y = height + 6 + round(LINE * max(len(lines), 1)) + GAP
    canvas = Canvas(full_width, header + rows * step_y - GAP)
    canvas.paragraph(0, 0, legend, NOTE_SIZE, QUIET)
    for index, (image, texts) in enumerate(zip(images, notes, strict=True)):
        row, column = divmod(index, columns)
        left, top = column * step_x, header + row * step_y
        draw_tile(canvas, image, (left, top), size)
        shown = [_join(texts[line]) for line in lines] if len(texts) == len(names) else texts
        fitting = [shorten(text, NOTE_SIZE, step_x - GAP) for text in shown]
        canvas.paragraph(left, top + height + 6, fitting, NOTE_SIZE, QUIET)
    return page(canvas, caption)


def arrange(notes: Sequence[Sequence[str]], count: int, width: float) -> list[slice]:
    """Divide texts into as few lines of `width` as possible, in the same way for all images.

    Args:
        notes: Texts of each image; images with another number of texts than `count` are ignored.
        count: Number of texts of an image.
        width: Width of a line in pixels.

    Returns:
        Slice of the texts in each line.
    """
    whole = [texts for texts in notes if len(texts) == count]
    lines: list[slice] = []
    for index in range(count):
        if lines:
            longer = slice(lines[-1].start, index + 1)
            if all(text_width(_join(texts[longer]), NOTE_SIZE) <= width for texts in whole):
                lines[-1] = longer
                continue
        lines.append(slice(index, index + 1))
    return lines


def _legend(names: Sequence[str], lines: Sequence[slice], width: float) -> list[str]:
    """Return the names in lines, with a slash where the values' lines break."""
    words = [_join(names[line]) for line in lines]
    legend: list[str] = []
    for word in [LEGEND + "  " + words[0], *words[1:]] if words else []:
        joined = f"{legend[-1]}  /  {word}" if legend else word
        if legend and text_width(joined, NOTE_SIZE) <= width:
            legend[-1] = joined
        else:
            legend.append(shorten(word, NOTE_SIZE, width))
    return legend


def _join(texts: Sequence[str]) -> str:
    return ", ".join(texts)
