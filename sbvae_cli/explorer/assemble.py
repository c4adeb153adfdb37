"""Assemble the page as one HTML file that loads nothing else.

Its scripts are plain modules in `page/`. An import map gives each of them its name and contains
it as a `data:` URL, so that they import each other as they do in files, without a bundler.
"""

import base64
import gzip
import html
import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from PIL import ImageFont

from sbvae_cli.explorer.payload import Payload
from sbvae_cli.viz.metadata import html_element

RUNTIME = {"runtime": "ort.wasm.bundle.min.mjs.gz", "wasm": "ort-wasm-simd-threaded.wasm.gz"}
WORKER = "worker.js"  # a classic script, which the page starts from its text

_FIRST = '<meta charset="utf-8">'  # the file's metadata is inserted behind it
_PLACE = re.compile(r"@@([A-Z]+)@@")
_FONT_SIZE = 16  # arbitrary: the font file has all sizes


def assemble(payload: Payload, command: str) -> bytes:
    """Return the HTML file; equal payloads and commands give equal bytes.

    Args:
        payload: Contents of the page.
        command: Command that writes the page.
    """
    parts = {name: base64.b64encode(gzip.compress(graph, 9, mtime=0)).decode()
             for name, graph in payload.parts.items()}  # fmt: skip
    if parts:
        parts = runtime_parts() | parts
    about = {"command": command, "runs": [dict(run) for run in payload.runs]}
    places = {
        "TITLE": html.escape(payload.title),
        "STYLE": _style().replace("@@FONT@@", font()),
        "IMPORTMAP": in_script(import_map()),
        "PAYLOAD": in_script(payload.as_json(command)),
        "WORKER": _worker(),
        "PARTS": "\n".join(part(name, text) for name, text in parts.items()),
    }
    page = _text("index.html").replace(_FIRST, f"{_FIRST}\n{html_element(about)}", 1)
    return _PLACE.sub(lambda found: places[found[1]], page).encode()


def import_map() -> dict[str, dict[str, str]]:
    """Return the import map: the `data:` URL of each module of the page, by name."""
    scripts = sorted(
        (each for each in _page().iterdir() if each.name.endswith(".js") and each.name != WORKER),
        key=lambda script: script.name,
    )
    return {
        "imports": {
            script.name.removesuffix(".js"): "data:text/javascript;base64,"
            + base64.b64encode(script.read_bytes()).decode()
            for script in scripts
        }
    }


@cache
def runtime_parts() -> dict[str, str]:
    """Return ONNX Runtime for browsers, as base64 of gzip, by the ids of its parts."""
    folder = files("sbvae_cli.explorer.runtime")
    return {
        name: base64.b64encode(folder.joinpath(file).read_bytes()).decode()
        for name, file in RUNTIME.items()
    }


def part(name: str, text: str) -> str:
    """Return a script element that contains text for the page."""
    return f'<script type="text/plain" id="{name}">{text}</script>'


def in_script(content: Mapping[str, Any]) -> str:
    """Return JSON that is safe in a script element, whatever its strings contain."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


@cache
def font() -> str:
    """Return the typeface of the tool's pictures as base64: Aileron (CC0), included in Pillow."""
    file: Any = ImageFont.load_default(_FONT_SIZE)
    return base64.b64encode(file.path.getvalue()).decode()


def _style() -> str:
    """Join all style sheets, beginning with `style.css`, which the others override."""
    names = [each.name for each in _page().iterdir() if each.name.endswith(".css")]
    return "\n".join(_text(name) for name in sorted(names, key=lambda n: (n != "style.css", n)))


def _worker() -> str:
    text = _text(WORKER)
    if "</script" in text or "<!--" in text:
        raise ValueError(f"{WORKER} would end the element that it stands in")
    return text


def _text(name: str) -> str:
    return _page().joinpath(name).read_text(encoding="utf-8")


def _page() -> Traversable:
    return files("sbvae_cli.explorer").joinpath("page")
