"""Texts that are made to fit."""

import pytest

from sbvae_cli.viz.text import shorten, text_width, wrap


@pytest.mark.parametrize("text", ["a name that goes on and on", "WWW", "i", ""])
def test_a_shortened_text_is_its_longest_start_that_fits(text: str) -> None:
    starts = [text[:kept].rstrip() + "..." for kept in range(len(text))]
    for width in range(int(text_width(text, 15)) + 20):
        short = shorten(text, 15, width)
        assert text_width(short, 15) <= width
        if text_width(text, 15) <= width:
            assert short == text
        else:
            fitting = [start for start in starts if text_width(start, 15) <= width]
            assert short == max(fitting, key=len, default="")


@pytest.mark.parametrize("width", [12.0, 60.0, 200.0, 1000.0])
def test_wrapped_text_fits_and_loses_nothing(width: float) -> None:
    text = "a name that-goes-on-without-any-space and on\nnext"

    lines = wrap(text, 15, width)

    assert all(text_width(line, 15) <= width or len(line) == 1 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "").replace("\n", "")
    assert "next" in lines or width < 60
    assert wrap("", 15, width) == []
