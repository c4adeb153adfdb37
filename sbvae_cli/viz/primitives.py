"""Elements that a canvas records: shapes, images and lines of text, in units of the picture."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from PIL import Image

from sbvae_cli.viz.text import LINE_HEIGHT, text_width
from sbvae_cli.viz.theme import Colour

Point = tuple[float, float]
Dash = tuple[float, float]  # lengths of a dash and of the gap after it


class Box(NamedTuple):
    """Edges of a rectangle."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Line:
    """A polyline with round joins."""

    points: Sequence[Point]
    colour: Colour
    width: float
    dash: Dash | None = None

    def moved(self, left: float, top: float, zoom: float) -> "Line":
        """Return the line on another canvas, enlarged and moved to (left, top)."""
        dash = (self.dash[0] * zoom, self.dash[1] * zoom) if self.dash else None
        return Line(_moved(self.points, left, top, zoom), self.colour, self.width * zoom, dash)

    @property
    def box(self) -> Box:
        """Bounding box."""
        return _around(self.points, self.width)


@dataclass(frozen=True, slots=True)
class Polygon:
    """A filled polygon."""

    points: Sequence[Point]
    colour: Colour

    def moved(self, left: float, top: float, zoom: float) -> "Polygon":
        """Return the polygon on another canvas, enlarged and moved to (left, top)."""
        return Polygon(_moved(self.points, left, top, zoom), self.colour)

    @property
    def box(self) -> Box:
        """Bounding box."""
        return _around(self.points, 0.0)


@dataclass(frozen=True, slots=True)
class Region:
    """Convex polygons filled as one, without adding up opacity where they overlap."""

    parts: Sequence[Sequence[Point]]
    colour: Colour

    def moved(self, left: float, top: float, zoom: float) -> "Region":
        """Return the region on another canvas, enlarged and moved to (left, top)."""
        return Region([_moved(part, left, top, zoom) for part in self.parts], self.colour)

    @property
    def box(self) -> Box:
        """Bounding box."""
        return _around([point for part in self.parts for point in part], 0.0)


@dataclass(frozen=True, slots=True)
class Disc:
    """A filled disc."""

    x: float
    y: float
    radius: float
    colour: Colour

    def moved(self, left: float, top: float, zoom: float) -> "Disc":
        """Return the disc on another canvas, enlarged and moved to (left, top)."""
        x, y = left + zoom * self.x, top + zoom * self.y
        return Disc(x, y, zoom * self.radius, self.colour)

    @property
    def box(self) -> Box:
        """Bounding box."""
        return _around([(self.x, self.y)], self.radius)


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A filled rectangle, at least one pixel wide and high."""

    left: float
    top: float
    width: float
    height: float
    colour: Colour

    def moved(self, left: float, top: float, zoom: float) -> "Rectangle":
        """Return the rectangle on another canvas, enlarged and moved to (left, top)."""
        x, y = left + zoom * self.left, top + zoom * self.top
        return Rectangle(x, y, zoom * self.width, zoom * self.height, self.colour)

    @property
    def box(self) -> Box:
        """Bounding box."""
        return Box(self.left, self.top, self.left + self.width, self.top + self.height)


@dataclass(frozen=True, slots=True)
class Picture:
    """An image with sharp pixels and its own aspect ratio."""

    image: Image.Image
    left: float
    top: float
    width: float

    def moved(self, left: float, top: float, zoom: float) -> "Picture":
        """Return the image on another canvas, enlarged and moved to (left, top)."""
        x, y = left + zoom * self.left, top + zoom * self.top
        return Picture(self.image, x, y, zoom * self.width)

    @property
    def height(self) -> float:
        """Height in units."""
        return self.width * self.image.height / self.image.width

    @property
    def box(self) -> Box:
        """Bounding box."""
        return Box(self.left, self.top, self.left + self.width, self.top + self.height)


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text.

    Attributes:
        x: Position of the anchor from the left.
        y: Position of the anchor from the top.
        text: The line.
        size: Height of the font.
        colour: Colour of the letters.
        anchor: Horizontal l, m or r, then vertical t, m or b, relative to the direction of reading.
        upright: Whether the line is rotated, to be read from bottom to top.
    """

    x: float
    y: float
    text: str
    size: float
    colour: Colour
    anchor: str
    upright: bool

    def moved(self, left: float, top: float, zoom: float) -> "Text":
        """Return the text on another canvas, enlarged and moved to (left, top)."""
        x, y = left + zoom * self.x, top + zoom * self.y
        return replace(self, x=x, y=y, size=zoom * self.size)

    @property
    def box(self) -> Box:
        """Bounding box of the line, whose height depends only on the size."""
        along, across = text_width(self.text, self.size), LINE_HEIGHT * self.size
        share = {"l": 0.0, "m": 0.5, "r": 1.0}[self.anchor[0]]
        share_across = {"t": 0.0, "m": 0.5, "b": 1.0}[self.anchor[1]]
        if self.upright:
            left, top = self.x - share_across * across, self.y - (1.0 - share) * along
            return Box(left, top, left + across, top + along)
        left, top = self.x - share * along, self.y - share_across * across
        return Box(left, top, left + along, top + across)


Shape = Line | Polygon | Region | Disc | Rectangle | Picture


def _moved(points: Sequence[Point], left: float, top: float, zoom: float) -> list[Point]:
    return [(left + zoom * x, top + zoom * y) for x, y in points]


def _around(points: Sequence[Point], margin: float) -> Box:
    columns, rows = zip(*points, strict=True)
    return Box(min(columns) - margin, min(rows) - margin, max(columns) + margin, max(rows) + margin)
