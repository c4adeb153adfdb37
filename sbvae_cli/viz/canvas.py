"""A white canvas: shapes are anti-aliased by drawing them large, text at its size."""

import math
import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int] | tuple[int, int, int, int]  # red, green, blue and opacity, 0 to 255
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

INK: Colour = (34, 34, 40)
QUIET: Colour = (110, 112, 120)
FAINT: Colour = (205, 207, 212)
OVERSAMPLE = 4
EXPONENTS = {"\u00b2": "2", "\u00b3": "3"}
# The font's own characters for accents: grave, acute, circumflex, tilde, diaeresis, ring, cedilla.
_MARKS = dict(zip("\u0300\u0301\u0302\u0303\u0308\u030a\u0327", "`\u00b4^~:\u00b0,", strict=True))
_ACCENTS = "".join(_MARKS)
_BEYOND_ASCII = set(
    "\u00a9\u00ab\u00b0\u00b1\u00b4\u00b7\u00bb\u2018\u2019\u201c\u201d\u2026\u2039\u203a\u2044\u2122"
)


@dataclass
class Canvas:
    """A picture in the making; positions and sizes are in units, and need not be whole.

    Shapes are drawn in the order of the calls, all text above them.

    Args:
        width: Width of the picture in units.
        height: Height of the picture in units.
        oversample: Pixels that shapes are drawn with for one of the picture; 1 is exact, and saves
            memory, where all edges lie on whole pixels.
        scale: Pixels of a unit: type, lines and margins grow with the picture.
    """

    width: float
    height: float
    oversample: int = OVERSAMPLE
    scale: float = 1.0
    _texts: list[tuple[Image.Image, tuple[int, int], Colour]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make the enlarged white image."""
        self._size = round(self.width * self.scale), round(self.height * self.scale)
        large = (self._size[0] * self.oversample, self._size[1] * self.oversample)
        self._image = Image.new("RGB", large, "white")
        self._draw = ImageDraw.Draw(self._image, "RGBA")  # blends colours that have an opacity
        self._zoom = self.oversample * self.scale

    def line(self, points: ArrayLike, colour: Colour, width: float = 1.0) -> None:
        """Draw a polyline with round joins; `points` (N, 2) as x to the right, y down."""
        flat = [(x * self._zoom, y * self._zoom) for x, y in np.asarray(points).tolist()]
        self._draw.line(flat, fill=colour, width=max(1, round(width * self._zoom)), joint="curve")

    def polygon(self, points: ArrayLike, colour: Colour) -> None:
        """Fill a polygon with the corners `points` (N, 2)."""
        flat = [(x * self._zoom, y * self._zoom) for x, y in np.asarray(points).tolist()]
        self._draw.polygon(flat, fill=colour)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Fill a disc around (x, y)."""
        x, y, radius = x * self._zoom, y * self._zoom, radius * self._zoom
        # Pillow's box includes its last pixel.
        box = (x - radius, y - radius, x + radius - 1.0, y + radius - 1.0)
        self._draw.ellipse(box, fill=colour)

    def rectangle(
        self, left: float, top: float, width: float, height: float, colour: Colour
    ) -> None:
        """Fill a rectangle."""
        # Pillow's box includes its last pixel.
        right, bottom = (left + width) * self._zoom - 1, (top + height) * self._zoom - 1
        box = [round(edge) for edge in (left * self._zoom, top * self._zoom, right, bottom)]
        self._draw.rectangle((box[0], box[1], max(box[::2]), max(box[1::2])), fill=colour)

    def image(self, picture: Image.Image, left: float, top: float, width: float) -> None:
        """Paste a picture at the given width in sharp pixels, its aspect kept."""
        large = (
            round(width * self._zoom),
            round(width * self._zoom * picture.height / picture.width),
        )
        enlarged = picture.convert("RGB").resize(large, Image.Resampling.NEAREST)
        self._image.paste(enlarged, (round(left * self._zoom), round(top * self._zoom)))

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
        mask = _text_mask(text, size * self.scale)
        if upright:
            mask = mask.transpose(Image.Transpose.ROTATE_90)
            anchor = {"t": "l", "m": "m", "b": "r"}[anchor[1]] + {"l": "b", "m": "m", "r": "t"}[
                anchor[0]
            ]
        share_x = {"l": 0.0, "m": 0.5, "r": 1.0}[anchor[0]]
        share_y = {"t": 0.0, "m": 0.5, "b": 1.0}[anchor[1]]
        left = round(x * self.scale - share_x * mask.width)
        top = round(y * self.scale - share_y * mask.height)
        self._texts.append((mask, (left, top), colour))

    def finish(self) -> Image.Image:
        """The picture so far, RGB."""
        result = self._image.resize(self._size, Image.Resampling.BOX)
        for mask, corner, colour in self._texts:
            result.paste(Image.new("RGB", mask.size, colour[:3]), corner, mask)
        return result


def text_width(text: str, size: float) -> float:
    """Width of a line in pixels, not rounded."""
    zoom = 16  # at which advances are no longer rounded visibly
    return (
        sum(_font(part * zoom).getlength(run.rstrip(_ACCENTS)) for run, part in _runs(text, size))
        / zoom
    )


def wrap(text: str, size: float, width: float) -> list[str]:
    """Lines of at most `width`: broken at a new line, between words, and within longer words."""
    if "\n" in text:
        return [line for part in text.split("\n") for line in wrap(part, size, width)]
    lines: list[str] = []
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(joined, size) <= width:
            lines[-1] = joined
            continue
        while text_width(word, size) > width and len(word) > 1:
            kept = len(word) - 1
            while kept > 1 and text_width(word[:kept], size) > width:
                kept -= 1
            lines.append(word[:kept])
            word = word[kept:]
        lines.append(word)
    return lines


def shorten(text: str, size: float, width: float) -> str:
    """The text itself where it fits into `width` pixels, else its start and three dots."""
    if text_width(text, size) <= width:
        return text
    kept = len(text)
    while kept > 1 and text_width(text[:kept].rstrip() + "...", size) > width:
        kept -= 1
    return text[:kept].rstrip() + "..."


@cache
def _font(size: float) -> Font:
    return ImageFont.load_default(size)


def _text_mask(text: str, size: float) -> Image.Image:
    """Coverage of a line, (L); its height depends on the size alone, so that lines align.

    Drawn large and reduced, as shapes are: hinted to whole pixels, small letters stand unevenly.
    """
    runs = [(run, _font(part * OVERSAMPLE)) for run, part in _runs(text, size)]
    width = (
        math.ceil(sum(font.getlength(run.rstrip(_ACCENTS)) for run, font in runs) / OVERSAMPLE) + 2
    )
    height = round(1.3 * size)
    mask = Image.new("L", (width * OVERSAMPLE, height * OVERSAMPLE), 0)
    draw, x = ImageDraw.Draw(mask), 1.0 * OVERSAMPLE
    for run, font in runs:
        top = 0.05 * size * OVERSAMPLE
        plain = run.rstrip(_ACCENTS)
        draw.text((x, top), plain, fill=255, font=font)
        for accent in run[len(plain) :]:
            _draw_accent(draw, (x, top), plain, accent, font)
        x += font.getlength(plain)
    return mask.resize((width, height), Image.Resampling.BOX)


def _runs(text: str, size: float) -> list[tuple[str, float]]:
    """Pieces of one size; a letter with its accents is one, and an exponent."""
    spelt = "".join(map(_spelt, unicodedata.normalize("NFC", text)))
    pieces = re.split(f"([\u00b2\u00b3]|.[{_ACCENTS}]+)", spelt)
    return [
        (EXPONENTS[piece], 0.65 * size) if piece in EXPONENTS else (piece, size)
        for piece in pieces
        if piece
    ]


def _spelt(letter: str) -> str:
    """A letter that the font has, one with its accents after it, or a code point."""
    if letter.isascii() or letter in EXPONENTS or letter in _BEYOND_ASCII:
        return letter
    base, *accents = list(unicodedata.normalize("NFD", letter))
    if accents and base.isascii() and all(accent in _MARKS for accent in accents):
        return base + "".join(accents)
    compatible = unicodedata.normalize("NFKD", letter)
    if compatible.isascii():
        return compatible
    return f"\\u{ord(letter):04x}"


def _draw_accent(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], letter: str, accent: str, font: Font
) -> None:
    """Put the font's own character for an accent above a letter, or below it."""
    mark = _MARKS[accent]
    left, top, right, bottom = font.getbbox(letter)
    own = font.getbbox(mark)
    x = at[0] + (left + right - own[0] - own[2]) / 2
    gap = 0.15 * (own[2] - own[0])
    if mark == ",":
        draw.text((x, at[1] + bottom - own[1]), mark, fill=255, font=font)
    elif mark == ":":  # two dots side by side
        radius, middle = 0.4 * (own[2] - own[0]), at[0] + (left + right) / 2
        y = max(at[1] + top - gap - 2 * radius, radius)
        for offset in (-1.8 * radius, 1.8 * radius):
            draw.ellipse(
                (middle + offset - radius, y - radius, middle + offset + radius, y + radius),
                fill=255,
            )
    else:
        draw.text((x, max(at[1] + top - gap - own[3], -own[1])), mark, fill=255, font=font)
