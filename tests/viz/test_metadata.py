"""What a picture file says of itself comes back as it was, whatever the texts are."""

import io
import math
import xml.etree.ElementTree as ElementTree
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sbvae_cli.viz.animation import Animation
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.metadata import about_image, about_svg
from sbvae_cli.viz.save import encode

ANY_TEXT = st.text(max_size=40)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False,
    allow_infinity=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
KEYS = ANY_TEXT.filter(lambda key: key != "runs")  # its value is always a list of mappings


def picture(ending: str) -> Canvas | Animation:
    frames = [Canvas(8, 6), Canvas(8, 6)]
    frames[1].rectangle(0, 0, 4, 4, (0, 0, 0))
    return Animation(frames, [20, 30]) if ending in (".gif", ".webp") else frames[1]


def read(content: bytes, ending: str) -> dict[str, Any] | None:
    if ending == ".svg":
        return about_svg(content.decode())
    return about_image(Image.open(io.BytesIO(content)))


@pytest.mark.parametrize("ending", [".png", ".svg", ".gif", ".webp"])
@settings(max_examples=25, deadline=None)
@given(about=st.dictionaries(KEYS, PLAIN, max_size=4))
def test_what_was_said_is_read_back(ending: str, about: dict[str, Any]) -> None:
    content = encode(picture(ending), ending, about={**about, "version": "1.2"})
    assert read(content, ending) == {**about, "version": "1.2"}


@pytest.mark.parametrize("ending", [".png", ".svg", ".gif", ".webp"])
def test_numbers_that_are_not_finite_are_null_as_json_has_none(ending: str) -> None:
    about = {"scores": {"tear": math.inf, "mig": 0.5, "by_latent": (math.nan, 1.0)}}
    found = read(encode(picture(ending), ending, about=about), ending)
    assert found is not None
    assert found["scores"] == {"tear": None, "mig": 0.5, "by_latent": [None, 1.0]}


def test_other_programs_find_what_drew_a_picture_and_its_description() -> None:
    about = {"description": "Zürich \ud800 \0, 東京", "version": "1.2"}
    png = Image.open(io.BytesIO(encode(picture(".png"), ".png", about=about)))
    assert isinstance(png.info, dict)
    assert (png.info["Software"], png.info["Description"]) == ("sbvae 1.2", "Zürich ?  , 東京")
    webp = Image.open(io.BytesIO(encode(picture(".webp"), ".webp", about=about)))
    assert webp.getexif()[0x0131] == "sbvae 1.2"


def test_pictures_of_others_say_nothing() -> None:
    image = Image.fromarray(np.zeros((4, 4, 3), np.uint8))
    for kind, options in [
        ("PNG", {}),
        ("GIF", {"comment": b"made by hand"}),
        ("GIF", {"comment": b'{"sbvae": [1]}'}),
        ("GIF", {"comment": b"[" * 100_000}),
        ("WEBP", {}),
        ("JPEG", {"comment": b"{}"}),
        ("BMP", {}),
    ]:
        content = io.BytesIO()
        image.save(content, format=kind, **options)
        assert about_image(Image.open(content)) is None
    for text in ("", "<svg/>", "<metadata id='sbvae'>{}</metadata>", '<metadata id="sbvae">{<'):
        assert about_svg(text) is None


def test_an_svg_that_another_program_saved_again_is_read_still() -> None:
    svg = encode(picture(".svg"), ".svg", about={"command": "sbvae a <b> & 'c'"}).decode()
    again = ElementTree.tostring(ElementTree.fromstring(svg), encoding="unicode")
    assert "<ns0:metadata" in again  # a prefix that another program chose
    for text in (svg, again.replace("ns0:", ""), svg.replace("<metadata id", "<metadata\n  id")):
        found = about_svg(text)
        assert found is not None and found["command"] == "sbvae a <b> & 'c'"
