"""Pictures of the whole page, to be looked at; the README has one.

They stay in a folder where one is named, and may be of another page than that of the tests:

    SBVAE_PAGE=demo/explorer.html SBVAE_SCREENSHOTS=examples \
        python -m pytest tests/explorer/test_screenshots.py
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

WIDE = {"viewport": {"width": 1280, "height": 900}}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}
# Words that are cut off: their element shows less than it holds.
CUT = """() => Array.from(document.querySelectorAll("h1, h2, p, dt, dd, th, td, button, .more"))
  .filter((node) => node.offsetParent && !node.closest(".sr") && node.textContent.trim()
    && node.scrollWidth > node.clientWidth + 1 && getComputedStyle(node).display !== "inline")
  .map((node) => node.textContent.trim().slice(0, 60))"""


@pytest.mark.parametrize(
    ("name", "options"), [("explorer", WIDE), ("explorer-phone", PHONE)], ids=["wide", "phone"]
)
def test_the_page_fits_its_width(
    name: str, options: dict[str, Any], explored: Any, explore: Callable[..., Any], tmp_path: Path
) -> None:
    explorer = explore(Path(os.environ.get("SBVAE_PAGE", explored.path)).resolve(), **options)
    folder = Path(os.environ.get("SBVAE_SCREENSHOTS", tmp_path))
    width = options["viewport"]["width"]
    for theme in ("light", "dark"):
        explorer.page.emulate_media(color_scheme=theme)
        explorer.settle()
        path = folder / (f"{name}.png" if theme == "light" else f"{name}-dark.png")
        explorer.page.screenshot(path=path)

        assert explorer.js("document.documentElement.scrollWidth") == width
        assert explorer.js(f"({CUT})()") == []
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("L"))
            assert picture.width == width * options.get("device_scale_factor", 1)
        assert (pixels[4, 4] > 128) == (theme == "light")
