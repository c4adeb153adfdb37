"""Render shapes and texts as pixels: shapes are drawn enlarged and reduced, for anti-aliasing."""

import itertools
import math
from collections.abc import Callable, Sequence
from functools import partial

from PIL import Image, ImageDraw

from sbvae_cli.config.names import ThemeName
from sbvae_cli.viz.primitives import (
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
from sbvae_cli.viz.text import text_mask
from sbvae_cli.viz.theme import PAPER, RGBA, resolve

MAX_PIXELS = 24_000_000  # largest enlarged image; larger pictures are drawn in bands


def draw_raster(
    size: tuple[float, float],
    shapes: Sequence[Shape],
    texts: Sequence[Text],
    scale: float = 1.0,
    theme: ThemeName = "light",
) -> Image.Image:
    """Render shapes in their order, and all text above them.

    Args:
        size: Width and height of the picture in units.
        shapes: Shapes in units, x to the right and y down.
        texts: Lines of text.
        scale: Pixels in a unit.
        theme: Theme that determines the colours of roles.

    Returns:
        An RGB image, whose size is rounded to whole pixels.
    """
    return draw_rasters(size, [(shapes, texts)], scale, theme)[0]


def draw_rasters(
    size: tuple[float, float],
    frames: Sequence[tuple[Sequence[Shape], Sequence[Text]]],
    scale: float = 1.0,
    theme: ThemeName = "light",
) -> list[Image.Image]:
    """Render the frames of an animation; shapes with which all frames begin are drawn once.

    Args:
        size: Width and height of the frames in units.
        frames: Shapes and texts of each frame, as in `draw_raster`.
        scale: Pixels in a unit.
        theme: Theme that determines the colours of roles.

    Returns:
        The frames as images, equal to those of `draw_raster`.
    """
    width, height = (max(1, round(side * scale)) for side in size)
    paper = resolve(PAPER, theme)[:3]
    results = [Image.new("RGB", (width, height), paper) for _ in frames]
    exact = all(isinstance(s, Rectangle | Picture) for shapes, _ in frames for s in shapes)
    oversample = 1 if exact else 4 if scale < 2 else 2
    zoom = oversample * scale
    shared = _shared([shapes for shapes, _ in frames])
    step = max(16, MAX_PIXELS // (width * oversample * oversample))
    for top in range(0, height, step):
        rows = min(step, height - top)
        ground = Image.new("RGB", (width * oversample, rows * oversample), paper)
        _Pen(ground, zoom, top * oversample, theme).draw_all(frames[0][0][:shared])
        for result, (shapes, _) in zip(results, frames, strict=True):
            band = ground.copy() if len(frames) > 1 else ground
            _Pen(band, zoom, top * oversample, theme).draw_all(shapes[shared:])
            result.paste(band.reduce(oversample), (0, top))
    for result, (_, texts) in zip(results, frames, strict=True):
        for text in texts:
            _draw_text(result, text, scale, theme)
    return results


def _shared(frames: Sequence[Sequence[Shape]]) -> int:
    """Count the shapes with which all frames begin."""
    for number, shapes in enumerate(zip(*frames, strict=False)):
        if any(shape is not shapes[0] for shape in shapes):
            return number
    return min(map(len, frames))


class _Pen:
    """Draws shapes on an enlarged band of the picture.

    Args:
        band: Enlarged rows of the picture.
        zoom: Pixels of the band in a unit.
        top: Number of enlarged pixels above the band.
        theme: Theme that determines the colours of roles.
    """

    def __init__(self, band: Image.Image, zoom: float, top: int, theme: ThemeName) -> None:
        self.band, self.zoom, self.top = band, zoom, top
        self.pen = ImageDraw.Draw(band, "RGBA")  # blends transparent colours
        self.colour = partial(resolve, theme=theme)

    def draw_all(self, shapes: Sequence[Shape]) -> None:
        """Draw the shapes that overlap the band."""
        last = self.top + self.band.height
        for shape in shapes:
            box = shape.box
            if self.zoom * box.bottom + 2 >= self.top and self.zoom * box.top - 2 <= last:
                self.draw(shape)

    def draw(self, shape: Shape) -> None:
        """Draw one shape."""
        match shape:
            case Line(points, colour, width, dash):
                self.line(dashes(points, dash) if dash else [points], self.colour(colour), width)
            case Polygon(points, colour):
                self.pen.polygon(self.pixels(points), fill=self.colour(colour))
            case Region(parts, colour):
                self.lay(parts, self.colour(colour), lambda pen, part, o: pen.polygon(part, fill=o))
            case Disc(x, y, radius, colour):
                ((x, y),), radius = self.pixels([(x, y)]), radius * self.zoom
                # Pillow's boxes include their last pixel.
                box = (x - radius, y - radius, x + radius - 1.0, y + radius - 1.0)
                self.pen.ellipse(box, fill=self.colour(colour))
            case Rectangle():
                self.rectangle(shape)
            case Picture(image, left, top, width):
                ((x, y),) = self.pixels([(left, top)])
                wide, high = (max(1, round(s * self.zoom)) for s in (width, shape.height))
                enlarged = image.resize((wide, high), Image.Resampling.NEAREST)
                self.band.paste(enlarged, (round(x), round(y)))

    def rectangle(self, shape: Rectangle) -> None:
        """Fill a rectangle of at least one pixel."""
        box = shape.box
        corners = self.pixels([(box.left, box.top), (box.right, box.bottom)])
        # Pillow's boxes include their last pixel.
        (left, top), (right, bottom) = corners
        left, top, right, bottom = map(round, (left, top, right - 1, bottom - 1))
        box_in_pixels = (left, top, max(left, right), max(top, bottom))
        self.pen.rectangle(box_in_pixels, fill=self.colour(shape.colour))

    def line(self, parts: Sequence[Sequence[Point]], colour: RGBA, width: float) -> None:
        """Draw polylines, whose opacity does not add up where they cross themselves."""
        wide = max(1, round(width * self.zoom))
        if colour[3] == 255:
            for part in parts:
                self.pen.line(self.pixels(part), colour, wide, joint="curve")
        else:
            self.lay(parts, colour, lambda pen, part, o: pen.line(part, o, wide, "curve"), wide)

    def lay(
        self,
        parts: Sequence[Sequence[Point]],
        colour: RGBA,
        draw: Callable[[ImageDraw.ImageDraw, list[Point], int], None],
        margin: int = 0,
    ) -> None:
        """Draw the union of shapes in one colour, without adding up opacity where they overlap.

        Args:
            parts: Corners of each shape, in units.
            colour: Colour of all shapes.
            draw: Draws one shape from its corners in pixels and its opacity.
            margin: Pixels by which shapes extend beyond their corners.
        """
        drawn = [self.pixels(part) for part in parts]
        if not drawn:
            return
        columns, rows = zip(*(corner for part in drawn for corner in part), strict=True)
        left = max(0, math.floor(min(columns)) - margin)
        top = max(0, math.floor(min(rows)) - margin)
        right = min(self.band.width, math.ceil(max(columns)) + 1 + margin)
        bottom = min(self.band.height, math.ceil(max(rows)) + 1 + margin)
        if left >= right or top >= bottom:
            return
        mask = Image.new("L", (right - left, bottom - top), 0)
        pen = ImageDraw.Draw(mask)
        for part in drawn:
            draw(pen, [(x - left, y - top) for x, y in part], colour[3])
        self.band.paste(colour[:3], (left, top, right, bottom), mask)

    def pixels(self, points: Sequence[Point]) -> list[Point]:
        """Convert positions to pixels of the band."""
        return [(x * self.zoom, y * self.zoom - self.top) for x, y in points]


def dashes(points: Sequence[Point], dash: Dash) -> list[list[Point]]:
    """Divide a polyline into dashes.

    Args:
        points: Corners of the polyline.
        dash: Lengths of a dash and of a gap, above 0.
    """
    pieces: list[list[Point]] = []
    on, left = True, dash[0]  # remaining length of the current dash or gap
    piece = [points[0]]
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        length = math.hypot(x1 - x0, y1 - y0)
        done = 0.0
        while length - done > left:
            done += left
            corner = (x0 + (x1 - x0) * done / length, y0 + (y1 - y0) * done / length)
            if on:
                pieces.append([*piece, corner])
            piece, on = [corner], not on
            left = dash[0] if on else dash[1]
        left -= length - done
        piece.append((x1, y1))
    return [*pieces, piece] if on and len(piece) > 1 else pieces


def _draw_text(picture: Image.Image, text: Text, scale: float, theme: ThemeName) -> None:
    mask = text_mask(text.text, text.size * scale)
    box = text.box
    left, top = round(box.left * scale), round(box.top * scale)
    if text.upright:
        mask, top = mask.transpose(Image.Transpose.ROTATE_90), top - 1
    else:
        left -= 1  # the mask has one pixel of margin at both ends
    *colour, opacity = resolve(text.colour, theme)
    if opacity < 255:
        mask = mask.point(lambda value: value * opacity // 255)
    picture.paste(Image.new("RGB", mask.size, tuple(colour)), (left, top), mask)
