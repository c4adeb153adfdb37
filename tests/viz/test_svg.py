"""A canvas as SVG: well-formed whatever is written, with colours, places and texts as asked."""

import base64
import io
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFont

from sbvae_cli.config.names import ThemeName
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.text import is_in_font, text_width
from sbvae_cli.viz.theme import HELD_OUT, PAPER, THEMES

SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"


def parsed(canvas: Canvas, theme: ThemeName = "light") -> ElementTree.Element:
    return ElementTree.fromstring(canvas.svg(theme).encode())


@settings(deadline=None)
@given(
    text=st.text(min_size=1, max_size=30),
    size=st.sampled_from([4, 16, 20.5]),
    upright=st.booleans(),
)
def test_any_text_is_well_formed_and_stands_in_its_box(
    text: str, size: float, upright: bool
) -> None:
    canvas = Canvas(300, 200)
    canvas.text(150, 100, text, size, anchor="mm", upright=upright)
    (element,) = parsed(canvas).iter(f"{SVG}text")
    allowed = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
    # A parser reads line ends as \n.
    wanted = allowed.sub("\ufffd", text).replace("\r\n", "\n").replace("\r", "\n")
    assert element.text == wanted
    width = text_width(text, size)
    if is_in_font(text):
        assert float(element.attrib["textLength"]) == pytest.approx(width, abs=0.006)
    else:
        assert "textLength" not in element.attrib
    box = canvas.texts[0].box
    x, y = float(element.attrib["x"]), float(element.attrib["y"])
    if upright:  # read from bottom to top: the letters' foot is at the right
        assert (y, box.bottom - box.top) == pytest.approx((box.bottom, width), abs=0.006)
        assert box.left < x < box.right
        assert (
            element.attrib["transform"]
            == f"rotate(-90 {element.attrib['x']} {element.attrib['y']})"
        )
    else:
        assert (x, box.right - box.left) == pytest.approx((box.left, width), abs=0.006)
        assert box.top < y < box.bottom


@pytest.mark.parametrize(("text", "fitted"), [("Grün R²", True), ("赤い車", False)])
def test_letters_that_the_font_lacks_are_not_stretched_to_their_code_points(
    text: str, fitted: bool
) -> None:
    canvas = Canvas(300, 200)
    canvas.text(150, 100, text, 16)
    (element,) = parsed(canvas).iter(f"{SVG}text")
    assert element.text == text and ("textLength" in element.attrib) == fitted


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_shapes_keep_their_order_place_and_colours(theme: ThemeName) -> None:
    canvas = Canvas(40.5, 30)
    canvas.disc(10, 20, 3.456, (255, 0, 10))
    canvas.line([(0, 1), (2.004, 3)], HELD_OUT, 1.5, dash=(4, 2))
    canvas.polygon([(0, 0), (5, 0), (0, 5)], (1, 2, 3, 51))
    canvas.rectangle(1, 2, 3, 4, (9, 9, 9))
    root = parsed(canvas, theme)
    assert (root.attrib["width"], root.attrib["viewBox"]) == ("40.5", "0 0 40.5 30")
    paper, *groups = root
    assert paper.attrib["fill"] == "#{:02x}{:02x}{:02x}".format(*THEMES[theme][PAPER.name])
    (disc,), (line,), (polygon,), (rectangle,) = groups
    assert disc.attrib == {"cx": "10", "cy": "20", "r": "3.46"}
    assert line.attrib["d"] == "M0 1L2 3" and polygon.attrib["d"] == "M0 0L5 0L0 5z"
    assert rectangle.attrib == {"x": "1", "y": "2", "width": "3", "height": "4"}
    held_out = "#{:02x}{:02x}{:02x}".format(*THEMES[theme][HELD_OUT.name])
    assert [group.get("fill") for group in groups] == ["#ff000a", "none", "#010203", "#090909"]
    assert groups[1].attrib["stroke"] == held_out
    assert (groups[1].attrib["stroke-width"], groups[1].attrib["stroke-dasharray"]) == (
        "1.5",
        "4 2",
    )
    assert groups[2].attrib["fill-opacity"] == "0.200"


def test_an_image_is_in_the_file_pixel_by_pixel() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 6, 3), dtype=np.uint8)
    canvas = Canvas(100, 100)
    canvas.image(pixels, 10, 20, 60)
    (image,) = parsed(canvas).iter(f"{SVG}image")
    assert [image.attrib[name] for name in ("x", "y", "width", "height")] == [
        "10",
        "20",
        "60",
        "30",
    ]
    encoded = image.attrib[HREF].removeprefix("data:image/png;base64,")
    found = Image.open(io.BytesIO(base64.b64decode(encoded)))
    assert np.array_equal(np.asarray(found), pixels)


def test_the_font_is_in_the_file_where_something_is_written() -> None:
    canvas = Canvas(10, 10)
    assert "font-face" not in canvas.svg()
    canvas.text(5, 5, "a")
    canvas.text(5, 5, "")  # which has no width that letters could be fitted to
    svg = canvas.svg()
    font = ImageFont.truetype(io.BytesIO(base64.b64decode(re.search("base64,([^)]+)", svg)[1])), 16)
    assert font.getname() == ("Aileron", "Regular")
    assert 'font-family="Aileron, sans-serif"' in svg and svg.count("<text ") == 1


def test_parts_of_a_region_are_one_path_that_turns_one_way() -> None:
    square = np.array([(0, 0), (10, 0), (10, 10), (0, 10)])
    canvas = Canvas(30, 30)
    canvas.region([square, square[::-1] + 5], (1, 2, 3, 51))
    (path,) = parsed(canvas).iter(f"{SVG}path")
    numbers = [re.findall(r"[\d.]+", part) for part in path.attrib["d"].split("z") if part]
    turned = []
    for part in numbers:
        x, y = np.array([float(number) for number in part]).reshape(-1, 2).T
        turned.append(np.sign(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)))
    assert turned == [1.0, 1.0]
    assert "fill-rule" not in ElementTree.tostring(parsed(canvas)).decode()
