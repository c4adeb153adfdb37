"""Draw rows of images with labels: reconstructions, interpolations, samples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.viz.axes import LABEL_SIZE, TITLE_SIZE
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.legend import Entry
from sbvae_cli.viz.page import MIN_WIDTH, NOTE_SIZE, page
from sbvae_cli.viz.text import shorten, text_width
from sbvae_cli.viz.theme import INK, QUIET, Colour
from sbvae_cli.viz.tiles import Size, draw_tile, tile_size
from sbvae_cli.viz.traversal_layout import (
    GAP,
    LABEL_GAP,
    LINE,
    MAX_SIDE,
    MIN_PITCH,
)

LONGEST_LABEL = 300.0
SECTION_GAP = 22.0


@dataclass(frozen=True)
class ImageRow:
    """A row of images.

    Attributes:
        label: One or two lines at the left, the second one smaller; empty for none.
        images: Images, each of shape (h, w, 1 or 3), of one aspect ratio but perhaps different
            sizes.
        frames: Colours of frames, by the index of the image.
    """

    label: tuple[str, ...]
    images: Sequence[NDArray[np.uint8]]
    frames: Mapping[int, Colour] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """Rows that belong together.

    Attributes:
        rows: Rows from top to bottom.
        columns: Names above the columns; empty for none.
        title: Line above the section; "" for none.
    """

    rows: Sequence[ImageRow]
    columns: Sequence[str] = ()
    title: str = ""

    @property
    def above(self) -> float:
        """Height that title and names of columns need."""
        return (LINE * TITLE_SIZE + 6) * bool(self.title) + (LINE * NOTE_SIZE + 4) * bool(
            self.columns
        )


def draw_image_rows(
    sections: Sequence[Section],
    caption: str = "",
    legend: Sequence[Entry] = (),
    side: int = MAX_SIDE,
) -> Canvas:
    """Draw sections of rows, one below the other, with labels at the left and aligned columns.

    Args:
        sections: One or more sections, each with one or more rows.
        caption: Text at the top of the picture, in as many lines as needed.
        legend: Meaning of the frames.
        side: Largest length of an image's longer side to which small images are enlarged.

    Returns:
        A canvas as wide as the longest row needs.
    """
    rows = [row for section in sections for row in section.rows]
    largest = max((image.shape[:2] for row in rows for image in row.images), key=max)
    size = tile_size(largest, max(side, *largest))
    labels = [shorten(line, LABEL_SIZE, LONGEST_LABEL) for row in rows for line in row.label]
    widest = max((text_width(label, LABEL_SIZE) for label in labels), default=0.0)
    left = round(widest + LABEL_GAP) if labels else 0
    columns = max(len(row.images) for row in rows)
    width = max(left + columns * (size[1] + GAP) - GAP, MIN_WIDTH)
    pitch = max(size[0] + GAP, MIN_PITCH if labels else 0.0)
    tops = [0.0]
    for section in sections:
        tops.append(tops[-1] + section.above + pitch * len(section.rows) + SECTION_GAP - GAP)
    canvas = Canvas(width, tops.pop() - SECTION_GAP)
    for section, top in zip(sections, tops, strict=True):
        _draw_section(canvas, section, (left, round(top)), size, pitch)
    return page(canvas, caption, legend)


def _draw_section(
    canvas: Canvas, section: Section, corner: tuple[float, float], size: Size, pitch: float
) -> None:
    left, top = corner
    if section.title:
        title = shorten(section.title, TITLE_SIZE, canvas.width)
        canvas.text(0, top, title, TITLE_SIZE, INK, "lt")
    first = round(top + section.above)
    for column, name in enumerate(section.columns):
        x = left + column * (size[1] + GAP) + size[1] / 2
        text = shorten(name, NOTE_SIZE, size[1] + GAP - 2)
        canvas.text(x, first - 6, text, NOTE_SIZE, QUIET, "mb")
    for number, row in enumerate(section.rows):
        y = round(first + number * pitch)
        apart = 11.0 if len(row.label) > 1 else 0.0
        for line, text in enumerate(row.label):
            kind, colour = (NOTE_SIZE, QUIET) if line else (LABEL_SIZE, INK)
            middle = y + size[0] / 2 + (apart if line else -apart)
            shown = shorten(text, kind, LONGEST_LABEL)
            canvas.text(0, middle, shown, kind, colour, "lm")
        for column, image in enumerate(row.images):
            place = left + column * (size[1] + GAP), y
            draw_tile(canvas, image, place, size, row.frames.get(column))
