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
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
# Words that are cut off: their element shows less than it holds.
CUT = """() => Array.from(document.querySelectorAll("h1, h2, p, dt, dd, th, td, button, .more"))
  .filter((node) => node.offsetParent && !node.closest(".sr") && node.textContent.trim()
    && node.scrollWidth > node.clientWidth + 1 && getComputedStyle(node).display !== "inline")
  .map((node) => node.textContent.trim().slice(0, 60))"""


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("explorer", {**WIDE, "color_scheme": "light"}),
        ("explorer-dark", {**WIDE, "color_scheme": "dark"}),
        ("explorer-phone", {**PHONE, "color_scheme": "light", "device_scale_factor": 2}),
        ("explorer-phone-dark", {**PHONE, "color_scheme": "dark"}),
    ],
)
def test_the_page_fits_its_width(
    name: str, options: dict[str, Any], explored: Any, explore: Callable[..., Any], tmp_path: Path
) -> None:
    explorer = explore(Path(os.environ.get("SBVAE_PAGE", explored.path)).resolve(), **options)
    folder = Path(os.environ.get("SBVAE_SCREENSHOTS", tmp_path))
    explorer.page.screenshot(path=folder / f"{name}.png")

    width = options["viewport"]["width"]
    assert explorer.js("document.documentElement.scrollWidth") == width
    assert explorer.js(f"({CUT})()") == []
    with Image.open(folder / f"{name}.png") as picture:
        pixels = np.asarray(picture.convert("L"))
        assert picture.width == round(width * options.get("device_scale_factor", 1))
    assert (pixels[4, 4] > 128) == (options["color_scheme"] == "light")
