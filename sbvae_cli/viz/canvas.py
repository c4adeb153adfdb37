"""A canvas: a list of shapes, images and texts, drawn as pixels or written as SVG at the end."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from sbvae_cli.config.names import ThemeName
from sbvae_cli.viz.primitives import (
    Box,
    Dash,
    Disc,
    Line,
    Picture,
    Point,
    Polygon,
    Rectangle,
    Region,
    Shape,
    Text,
)
from sbvae_cli.viz.raster import draw_raster
from sbvae_cli.viz.svg import draw_svg
from sbvae_cli.viz.text import LINE_HEIGHT
from sbvae_cli.viz.theme import INK, Colour


class TextBox(NamedTuple):
    """A line of text and where it stands."""

    text: str
    box: Box


@dataclass
class Canvas:
    """A picture in the making; positions and sizes are in units, and need not be whole.

    A unit is a pixel at a scale of 1. Shapes are drawn in the order of the calls, all text above
    them. Scale and theme are chosen at the end.

    Args:
        width: Width of the picture.
        height: Height of the picture.
    """

    width: float
    height: float
    shapes: list[Shape] = field(default_factory=list)
    lines: list[Text] = field(default_factory=list)

    def line(
        self, points: ArrayLike, colour: Colour, width: float = 1.0, dash: Dash | None = None
    ) -> None:
        """Draw a polyline with round joins, or dashes along it.

        Args:
            points: Corners, x to the right and y down, shape (N, 2).
            colour: Colour of the line.
            width: Width of the line.
            dash: Length of a dash and of the gap after it.
        """
        self.shapes.append(Line(_pairs(points), colour, width, dash))

    def polygon(self, points: ArrayLike, colour: Colour) -> None:
        """Fill a polygon with the corners `points` (N, 2)."""
        self.shapes.append(Polygon(_pairs(points), colour))

    def region(self, parts: Sequence[ArrayLike], colour: Colour) -> None:
        """Fill convex polygons as one, each (N, 2): a colour with an opacity is laid on once."""
        self.shapes.append(Region([_pairs(part) for part in parts], colour))

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Fill a disc around (x, y)."""
        self.shapes.append(Disc(x, y, radius, colour))

    def star(
        self, x: float, y: float, radius: float, colour: Colour, edge: Colour | None = None
    ) -> None:
        """Fill a star with five points around (x, y), on a larger one in the colour of its edge."""
        if edge is not None:
            self.polygon(_star(x, y, 1.3 * radius), edge)
        self.polygon(_star(x, y, radius), colour)

    def rectangle(
        self, left: float, top: float, width: float, height: float, colour: Colour
    ) -> None:
        """Fill a rectangle, which is sharp where its edges are whole pixels."""
        self.shapes.append(Rectangle(left, top, width, height, colour))

    def image(
        self, image: Image.Image | NDArray[np.uint8], left: float, top: float, width: float
    ) -> None:
        """Put an image at the given width, its pixels not smoothed and its aspect kept.

        Args:
            image: A Pillow image, or an array of shape (H, W, 1 or 3).
            left: Left edge.
            top: Upper edge.
            width: Width that it takes.
        """
        if not isinstance(image, Image.Image):
            image = Image.fromarray(
                np.ascontiguousarray(np.broadcast_to(image, (*image.shape[:2], 3)))
            )
        self.shapes.append(Picture(image.convert("RGB"), left, top, width))

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = 13.0,
        colour: Colour = INK,
        anchor: str = "lm",
        upright: bool = False,
    ) -> None:
        """Write one line.

        Args:
            x: Position of the anchor from the left.
            y: Position of the anchor from the top.
            text: One line. Accents are put onto letters; what else the font lacks is written as
                its code point in hexadecimal, so that words stay apart.
            size: Height of the font.
            colour: Colour of the letters.
            anchor: Horizontal l, m or r, then vertical t, m or b, as the reader of the line sees.
            upright: Whether the line is turned, to be read from bottom to top.
        """
        self.lines.append(Text(x, y, text, size, colour, anchor, upright))

    def paragraph(
        self,
        x: float,
        y: float,
        lines: Sequence[str],
        size: float,
        colour: Colour = INK,
        anchor: str = "lt",
    ) -> None:
        """Write lines one below the other, the first at (x, y), as `text` takes each."""
        for number, line in enumerate(lines):
            self.text(x, y + LINE_HEIGHT * size * number, line, size, colour, anchor)

    def place(self, other: "Canvas", left: float, top: float, zoom: float = 1.0) -> None:
        """Put another canvas, enlarged, with its corner at (left, top)."""
        self.shapes += [shape.moved(left, top, zoom) for shape in other.shapes]
        self.lines += [line.moved(left, top, zoom) for line in other.lines]

    @property
    def texts(self) -> list[TextBox]:
        """What is written, and where."""
        return [TextBox(line.text, line.box) for line in self.lines]

    def raster(self, scale: float = 1.0, theme: ThemeName = "light") -> Image.Image:
        """The picture in pixels, RGB.

        Args:
            scale: Pixels of a unit.
            theme: Theme that gives the colours of roles.
        """
        return draw_raster((self.width, self.height), self.shapes, self.lines, scale, theme)

    def svg(self, theme: ThemeName = "light", about: Mapping[str, Any] | None = None) -> str:
        """The picture as SVG.

        Args:
            theme: Theme that gives the colours of roles.
            about: What the file says of itself, in plain containers.
        """
        return draw_svg((self.width, self.height), self.shapes, self.lines, theme, about)

    def _repr_png_(self) -> bytes:
        """PNG of twice the size, which a notebook shows."""
        content = io.BytesIO()
        self.raster(scale=2.0).save(content, format="PNG")
        return content.getvalue()


def _pairs(points: ArrayLike) -> list[Point]:
    return [(x, y) for x, y in np.asarray(points, dtype=np.float64).tolist()]


def _star(x: float, y: float, radius: float) -> NDArray[np.float64]:
    """Corners of a star with five points, one of them up, shape (10, 2)."""
    angles = np.pi * (np.arange(10) / 5.0 - 0.5)
    radii = radius * np.where(np.arange(10) % 2 == 0, 1.0, 0.45)
    star: NDArray[np.float64] = np.stack(
        [x + radii * np.cos(angles), y + radii * np.sin(angles)], axis=-1
    )
    return star
