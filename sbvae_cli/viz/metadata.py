"""Metadata of picture files: the command that drew it, its seed, step and scores.

The metadata are one JSON object, where each format has text: a PNG chunk `sbvae`, `<metadata>` of
an SVG, a script element of an HTML page, the comment of a GIF, and the image description in the
Exif data of a WebP.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape, unescape

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from sbvae_cli import __version__
from sbvae_cli.files import parse_json

About = Mapping[str, Any]

KEY = "sbvae"
# Keys of every picture that has such a value.
PICTURE_KEYS = ("version", "command", "seed", "step", "scores")
_SOFTWARE, _DESCRIPTION = 0x0131, 0x010E  # Exif tags
_SCRIPT = re.compile(rf'<script type="application/json" id="{KEY}">(.*?)</script>', re.DOTALL)
_ELEMENT = re.compile(rf'<metadata\b[^>]*\bid="{KEY}"[^>]*>(.*?)</metadata>', re.DOTALL)


def complete(about: About) -> dict[str, Any]:
    """Add the version; the entries of a single one of `runs` are moved to the top level."""
    completed = {"version": __version__, **about}
    if len(completed.get("runs", ())) == 1:
        completed |= completed.pop("runs")[0]
    return completed


def png_chunks(about: About) -> PngInfo:
    """Return the text chunks of a PNG: `Software`, `sbvae`, and `Description` if there is one."""
    chunks = PngInfo()
    chunks.add_text("Software", software(about))
    if "description" in about:
        chunks.add_itxt("Description", _printable(str(about["description"])))
    chunks.add_text(KEY, _json(about))
    return chunks


def gif_comment(about: About) -> bytes:
    """Return the comment of a GIF."""
    return _json({KEY: about}).encode()


def webp_exif(about: About) -> bytes:
    """Return the Exif data of a WebP."""
    exif = Image.Exif()
    exif[_SOFTWARE] = software(about)
    exif[_DESCRIPTION] = _json({KEY: about})
    return exif.tobytes()


def svg_element(about: About) -> str:
    """Return the element `<metadata>` of an SVG."""
    return f'<metadata id="{KEY}">{escape(_json(about))}</metadata>'


def html_element(about: About) -> str:
    """Return the element `<script>` of an HTML page, whose JSON is not executed."""
    text = _json(complete(about)).replace("<", "\\u003c")
    return f'<script type="application/json" id="{KEY}">{text}</script>'


def software(about: About) -> str:
    """Return the program's name and version for a picture."""
    return f"{KEY} {_printable(str(about.get('version', '')))}".strip()


def about_image(image: Image.Image) -> dict[str, Any] | None:
    """Read the metadata of an image file; None if sbvae did not write it.

    Args:
        image: Opened image, which need not be decoded.
    """
    match image.format:
        case "PNG":
            return _object(image.info.get(KEY))
        case "GIF":
            return _object(image.info.get("comment"), KEY)
        case "WEBP":
            try:
                description = image.getexif().get(_DESCRIPTION)
            except Exception:  # Pillow raises various errors for damaged Exif data
                return None
            return _object(description, KEY)
        case _:
            return None


def about_svg(text: str) -> dict[str, Any] | None:
    """Read the metadata of an SVG; None if sbvae did not write it.

    Args:
        text: Contents of the file, which are searched instead of parsed, so that no entity is
            expanded.
    """
    found = _ELEMENT.search(text)
    return _object(unescape(found[1]) if found else None)


def about_html(text: str) -> dict[str, Any] | None:
    """Read the metadata of an HTML page; None if sbvae did not write it.

    Args:
        text: Contents of the file, or their beginning.
    """
    found = _SCRIPT.search(text)
    return _object(found[1] if found else None)


def _json(content: About) -> str:
    """Return ASCII JSON, with null for numbers that are not finite."""
    return json.dumps(_finite(content), allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _object(text: object, key: str | None = None) -> dict[str, Any] | None:
    """Parse a JSON object, or the object under one of its keys; None if it is not one."""
    if not isinstance(text, str | bytes):
        return None
    try:
        found = parse_json(text)
    except ValueError:
        return None
    if key is not None and isinstance(found, dict):
        found = found.get(key)
    return found if isinstance(found, dict) else None


def _printable(text: str) -> str:
    """Replace what a chunk cannot hold: NUL and unpaired surrogates."""
    return text.replace("\0", " ").encode(errors="replace").decode()
