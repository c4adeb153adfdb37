"""Lines of text: widths, line breaks, and masks of their letters."""

import math
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache, lru_cache

from PIL import Image, ImageDraw, ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

TOP = 0.05  # from the upper edge of a line's box to its ascent, in units of its size
LINE_HEIGHT = 1.3  # of a line's box, in units of its size
OVERSAMPLE = 4
EXPONENTS = {"\u00b2": "2", "\u00b3": "3"}
# The font's own characters for accents: grave, acute, circumflex, tilde, diaeresis, ring, cedilla.
_MARKS = dict(zip("\u0300\u0301\u0302\u0303\u0308\u030a\u0327", "`\u00b4^~:\u00b0,", strict=True))
_ACCENTS = "".join(_MARKS)
_BEYOND_ASCII = set(
    "\u00a9\u00ab\u00b0\u00b1\u00b4\u00b7\u00bb\u2018\u2019\u201c\u201d\u2026\u2039\u203a\u2044\u2122"
)


@lru_cache(maxsize=4096)
def text_width(text: str, size: float) -> float:
    """Compute the width of a line in the unit of `size`, without rounding."""
    zoom = 16  # at which the rounding of advances is invisible
    return (
        sum(_font(part * zoom).getlength(run.rstrip(_ACCENTS)) for run, part in _runs(text, size))
        / zoom
    )


def is_in_font(text: str) -> bool:
    """Return whether the font has all letters, with accents, so that no code point is written."""
    return all(_letter(letter) is not None for letter in unicodedata.normalize("NFC", text))


def wrap(text: str, size: float, width: float, pieces: Sequence[str] | None = None) -> list[str]:
    """Break a text into lines of at most `width`: at line breaks, between or within words.

    Args:
        text: The text.
        size: Size of the font.
        width: Largest width of a line.
        pieces: Pieces of a text of one line that are broken only if they are wider than a line;
            None takes the words.
    """
    if "\n" in text:
        return [line for part in text.split("\n") for line in wrap(part, size, width)]
    lines: list[str] = []
    for word in text.split() if pieces is None else pieces:
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(joined, size) <= width:
            lines[-1] = joined
            continue
        while text_width(word, size) > width and len(word) > 1:
            shorter = range(1, len(word))
            fitting = bisect_right(shorter, width, key=lambda n: text_width(word[:n], size))
            kept = max(1, fitting)
            lines.append(word[:kept])
            word = word[kept:]
        lines.append(word)
    return lines


def shorten(text: str, size: float, width: float) -> str:
    """Return a text that fits into `width`: unchanged, or its start and three dots.

    If not even the dots fit, the result is empty.
    """
    if text_width(text, size) <= width:
        return text

    def start(kept: int) -> str:
        return text[:kept].rstrip() + "..."

    fitting = bisect_right(range(len(text)), width, key=lambda n: text_width(start(n), size))
    return start(fitting - 1) if fitting else ""


def baseline(size: float) -> float:
    """Return the distance from the upper edge of a line's box to its baseline."""
    font = _font(16.0 * size)
    ascent = font.getmetrics()[0] if isinstance(font, ImageFont.FreeTypeFont) else 16.0 * size
    return TOP * size + ascent / 16.0


@cache
def _font(size: float) -> Font:
    return ImageFont.load_default(size)


@lru_cache(256)  # frames of an animation share most lines
def text_mask(text: str, size: float) -> Image.Image:
    """Render the coverage of a line (L), with a margin of one pixel at both ends.

    All lines of a size have the same height. The line is drawn enlarged and reduced, like shapes:
    small letters hinted to whole pixels would be spaced unevenly.
    """
    runs = [(run, _font(part * OVERSAMPLE)) for run, part in _runs(text, size)]
    width = (
        math.ceil(sum(font.getlength(run.rstrip(_ACCENTS)) for run, font in runs) / OVERSAMPLE) + 2
    )
    height = max(1, round(LINE_HEIGHT * size))
    mask = Image.new("L", (width * OVERSAMPLE, height * OVERSAMPLE), 0)
    draw, x = ImageDraw.Draw(mask), 1.0 * OVERSAMPLE
    for run, font in runs:
        top = TOP * size * OVERSAMPLE
        plain = run.rstrip(_ACCENTS)
        draw.text((x, top), plain, fill=255, font=font)
        for accent in run[len(plain) :]:
            _draw_accent(draw, (x, top), plain, accent, font)
        x += font.getlength(plain)
    return mask.resize((width, height), Image.Resampling.BOX)


def _runs(text: str, size: float) -> list[tuple[str, float]]:
    """Split a text into pieces of one size; a letter with accents, or an exponent, is a piece."""
    spelt = "".join(map(_spelt, unicodedata.normalize("NFC", text)))
    pieces = re.split(f"([\u00b2\u00b3]|.[{_ACCENTS}]+)", spelt)
    return [
        (EXPONENTS[piece], 0.65 * size) if piece in EXPONENTS else (piece, size)
        for piece in pieces
        if piece
    ]


def _spelt(letter: str) -> str:
    """Return a letter as it is drawn, or its code point."""
    return _letter(letter) or f"\\u{ord(letter):04x}"


def _letter(letter: str) -> str | None:
    """Return a letter of the font, perhaps followed by accents, or None."""
    if letter.isascii() or letter in EXPONENTS or letter in _BEYOND_ASCII:
        return letter
    base, *accents = list(unicodedata.normalize("NFD", letter))
    if accents and base.isascii() and all(accent in _MARKS for accent in accents):
        return base + "".join(accents)
    compatible = unicodedata.normalize("NFKD", letter)
    return compatible if compatible.isascii() else None


def _draw_accent(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], letter: str, accent: str, font: Font
) -> None:
    """Draw the font's own character for an accent above or below a letter."""
    mark = _MARKS[accent]
    left, top, right, bottom = font.getbbox(letter)
    own = font.getbbox(mark)
    x = at[0] + (left + right - own[0] - own[2]) / 2
    gap = 0.15 * (own[2] - own[0])
    if mark == ",":
        draw.text((x, at[1] + bottom - own[1]), mark, fill=255, font=font)
    elif mark == ":":  # a colon becomes two dots side by side
        radius, middle = 0.4 * (own[2] - own[0]), at[0] + (left + right) / 2
        y = max(at[1] + top - gap - 2 * radius, radius)
        for offset in (-1.8 * radius, 1.8 * radius):
            draw.ellipse(
                (middle + offset - radius, y - radius, middle + offset + radius, y + radius),
                fill=255,
            )
    else:
        draw.text((x, max(at[1] + top - gap - own[3], -own[1])), mark, fill=255, font=font)
