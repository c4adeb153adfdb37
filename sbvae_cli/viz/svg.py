"""Render shapes and texts as SVG 1.1 with an embedded font, which scales to any size.

Texts remain texts, which can be searched, copied and edited. In a program that does not support
embedded fonts, lines whose letters are in the font keep their width (`textLength`), so that they
do not overlap.
"""

import base64
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape

from PIL import Image, ImageFont

from sbvae_cli.config.names import ThemeName
from sbvae_cli.viz.metadata import svg_element
from sbvae_cli.viz.primitives import (
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
from sbvae_cli.viz.text import baseline, is_in_font, text_width
from sbvae_cli.viz.theme import PAPER, Colour, resolve

FONT = "Aileron"  # of Pillow, by Sora Sagano, dedicated to the public domain (CC0)
_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SHARP = 'image-rendering="optimizeSpeed" style="image-rendering:pixelated"'


def draw_svg(
    size: tuple[float, float],
    shapes: Sequence[Shape],
    texts: Sequence[Text],
    theme: ThemeName = "light",
    about: Mapping[str, Any] | None = None,
) -> str:
    """Render shapes in their order, and all text above them.

    Args:
        size: Width and height of the picture in units, which are CSS pixels.
        shapes: Shapes in units, x to the right and y down.
        texts: Lines of text.
        theme: Theme that determines the colours of roles.
        about: Metadata of the file; None for none.
    """
    width, height = (_number(side) for side in size)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'version="1.1" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
    ]
    if about is not None:
        lines.append(svg_element(about))
    lines.append(f'<rect width="100%" height="100%" {_paint("fill", PAPER, theme)}/>')
    drawn = (_shape(shape, theme) for shape in shapes)
    lines += _grouped(drawn)
    written = [text for text in texts if text.text]
    if written:
        lines.append(_font_face())
        lines.append(f'<g font-family="{FONT}, sans-serif" xml:space="preserve">')
        lines += [_text(text, theme) for text in written]
        lines.append("</g>")
    return "\n".join([*lines, "</svg>", ""])


def _grouped(drawn: Iterable[tuple[str, str]]) -> list[str]:
    """Group consecutive elements of one style, as meshes have thousands of them."""
    lines: list[str] = []
    for style, group in groupby(drawn, key=lambda each: each[0]):
        elements = [element for _, element in group]
        lines += [f"<g {style}>", *elements, "</g>"]
    return lines


def _shape(shape: Shape, theme: ThemeName) -> tuple[str, str]:
    """Return the style attributes and the element of a shape."""
    match shape:
        case Line(points, colour, width, dash):
            style = f'fill="none" stroke-linejoin="round" stroke-width="{_number(width)}"'
            if dash:
                style += f' stroke-dasharray="{" ".join(map(_number, dash))}"'
            return f"{style} {_paint('stroke', colour, theme)}", f'<path d="{_path(points)}"/>'
        case Polygon(points, colour):
            return _paint("fill", colour, theme), f'<path d="{_path(points)}z"/>'
        case Region(parts, colour):
            path = "".join(f"{_path(_clockwise(part))}z" for part in parts)
            return _paint("fill", colour, theme), f'<path d="{path}"/>'
        case Disc(x, y, radius, colour):
            circle = f'<circle cx="{_number(x)}" cy="{_number(y)}" r="{_number(radius)}"/>'
            return _paint("fill", colour, theme), circle
        case Rectangle(colour=colour):
            style = f'shape-rendering="crispEdges" {_paint("fill", colour, theme)}'
            return style, f"<rect {_place(shape)}/>"
        case Picture(image=image):
            place = f'{_place(shape)} preserveAspectRatio="none"'
            return _SHARP, f'<image {place} xlink:href="data:image/png;base64,{_png(image)}"/>'


def _clockwise(points: Sequence[Point]) -> Sequence[Point]:
    """Orient a polygon clockwise, since overlapping polygons of opposite orientation make holes."""
    area = sum(
        x0 * y1 - x1 * y0
        for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True)
    )
    return points if area >= 0 else points[::-1]


def _text(text: Text, theme: ThemeName) -> str:
    """Return a text element, which starts at the left of its box, or at the bottom if upright."""
    box, rise = text.box, baseline(text.size)
    if text.upright:
        x, y = _number(box.left + rise), _number(box.bottom)
        place = f'x="{x}" y="{y}" transform="rotate(-90 {x} {y})"'
    else:
        place = f'x="{_number(box.left)}" y="{_number(box.top + rise)}"'
    paint = _paint("fill", text.colour, theme)
    letters = escape(_NO_XML.sub("\ufffd", text.text))
    fitted = ""
    if is_in_font(text.text):  # others are measured as code points but written unchanged
        width = _number(text_width(text.text, text.size))
        fitted = f'textLength="{width}" lengthAdjust="spacingAndGlyphs" '
    return f'<text {place} font-size="{_number(text.size)}" {fitted}{paint}>{letters}</text>'


def _place(shape: Rectangle | Picture) -> str:
    sides = {"x": shape.left, "y": shape.top, "width": shape.width, "height": shape.height}
    return " ".join(f'{name}="{_number(side)}"' for name, side in sides.items())


def _path(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{_number(x)} {_number(y)}" for x, y in points)


def _paint(attribute: str, colour: Colour, theme: ThemeName) -> str:
    red, green, blue, opacity = resolve(colour, theme)
    paint = f'{attribute}="#{red:02x}{green:02x}{blue:02x}"'
    return paint if opacity == 255 else f'{paint} {attribute}-opacity="{opacity / 255:.3f}"'


def _number(value: float) -> str:
    """Format a number with at most two decimals: a hundredth of a pixel is invisible."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _png(image: Image.Image) -> str:
    content = io.BytesIO()
    image.save(content, format="PNG")
    return base64.b64encode(content.getvalue()).decode()


@cache
def _font_face() -> str:
    """Return a style with the font, if Pillow has it (unless it was built without FreeType)."""
    font = ImageFont.load_default(12)
    if not isinstance(font, ImageFont.FreeTypeFont) or not hasattr(font, "font_bytes"):
        return "<style/>"
    encoded = base64.b64encode(font.font_bytes).decode()
    source = f"url(data:font/ttf;base64,{encoded})"
    return f'<style>@font-face{{font-family:"{FONT}";src:{source}}}</style>'
