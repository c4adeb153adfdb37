"""Canvas: a list of shapes, images and texts, to be rendered as pixels or SVG."""

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
    """A line of text with its bounding box."""

    text: str
    box: Box


@dataclass
class Canvas:
    """A picture under construction; positions and sizes are in units, not necessarily whole.

    A unit is a pixel at a scale of 1. Shapes are drawn in the order of the calls, and all text
    above them. Scale and theme are chosen when the picture is rendered.

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
        """Draw a polyline with round joins, solid or dashed.

        Args:
            points: Corners, x to the right and y down, shape (N, 2).
            colour: Colour of the line.
            width: Width of the line.
            dash: Lengths of a dash and of the gap after it; None for a solid line.
        """
        self.shapes.append(Line(_pairs(points), colour, width, dash))

    def polygon(self, points: ArrayLike, colour: Colour) -> None:
        """Fill a polygon with corners `points` (N, 2)."""
        self.shapes.append(Polygon(_pairs(points), colour))

    def region(self, parts: Sequence[ArrayLike], colour: Colour) -> None:
        """Fill convex polygons (N, 2) as one, so that opacity does not add up in overlaps."""
        self.shapes.append(Region([_pairs(part) for part in parts], colour))

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Fill a disc around (x, y)."""
        self.shapes.append(Disc(x, y, radius, colour))

    def star(
        self, x: float, y: float, radius: float, colour: Colour, edge: Colour | None = None
    ) -> None:
        """Fill a five-pointed star around (x, y), perhaps with an edge in another colour."""
        if edge is not None:
            self.polygon(_star(x, y, 1.3 * radius), edge)
        self.polygon(_star(x, y, radius), colour)

    def rectangle(
        self, left: float, top: float, width: float, height: float, colour: Colour
    ) -> None:
        """Fill a rectangle, which is sharp if its edges are at whole pixels."""
        self.shapes.append(Rectangle(left, top, width, height, colour))

    def image(
        self, image: Image.Image | NDArray[np.uint8], left: float, top: float, width: float
    ) -> None:
        """Draw an image at the given width, with sharp pixels and its own aspect ratio.

        Args:
            image: A Pillow image, or an array of shape (H, W, 1 or 3).
            left: Left edge.
            top: Upper edge.
            width: Width in units.
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
            text: One line. Accents are composed; another character that the font lacks is written
                as its hexadecimal code point, so that words remain distinguishable.
            size: Height of the font.
            colour: Colour of the letters.
            anchor: Horizontal l, m or r, then vertical t, m or b, relative to the direction of
                reading.
            upright: Whether the line is rotated, to be read from bottom to top.
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
        """Write lines one below the other, beginning at (x, y), with the arguments of `text`."""
        for number, line in enumerate(lines):
            self.text(x, y + LINE_HEIGHT * size * number, line, size, colour, anchor)

    def place(self, other: "Canvas", left: float, top: float, zoom: float = 1.0) -> None:
        """Draw another canvas, enlarged by `zoom`, with its upper left corner at (left, top)."""
        self.shapes += [shape.moved(left, top, zoom) for shape in other.shapes]
        self.lines += [line.moved(left, top, zoom) for line in other.lines]

    @property
    def texts(self) -> list[TextBox]:
        """All texts with their bounding boxes."""
        return [TextBox(line.text, line.box) for line in self.lines]

    def raster(self, scale: float = 1.0, theme: ThemeName = "light") -> Image.Image:
        """Render the picture as an RGB image.

        Args:
            scale: Pixels in a unit.
            theme: Theme that determines the colours of roles.
        """
        return draw_raster((self.width, self.height), self.shapes, self.lines, scale, theme)

    def svg(self, theme: ThemeName = "light", about: Mapping[str, Any] | None = None) -> str:
        """Render the picture as SVG.

        Args:
            theme: Theme that determines the colours of roles.
            about: Metadata of the file, in plain containers.
        """
        return draw_svg((self.width, self.height), self.shapes, self.lines, theme, about)

    def _repr_png_(self) -> bytes:
        """Render a PNG at twice the size, for notebooks."""
        content = io.BytesIO()
        self.raster(scale=2.0).save(content, format="PNG")
        return content.getvalue()


def _pairs(points: ArrayLike) -> list[Point]:
    return [(x, y) for x, y in np.asarray(points, dtype=np.float64).tolist()]


def _star(x: float, y: float, radius: float) -> NDArray[np.float64]:
    """Return the corners of a five-pointed star with one point up, shape (10, 2)."""
    angles = np.pi * (np.arange(10) / 5.0 - 0.5)
    radii = radius * np.where(np.arange(10) % 2 == 0, 1.0, 0.45)
    star: NDArray[np.float64] = np.stack(
        [x + radii * np.cos(angles), y + radii * np.sin(angles)], axis=-1
    )
    return star
