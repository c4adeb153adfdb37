"""Legends and pages: nothing that is written meets anything else, or leaves the picture."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.legend import APART, MARGIN, Entry, draw_mark, legend_rows, page
from sbvae_cli.viz.primitives import Disc, Polygon, Rectangle
from sbvae_cli.viz.theme import PAPER, SERIES

WORDS = st.text("abc defghi WM", min_size=1, max_size=120)


@settings(max_examples=40, deadline=None)
@given(
    caption=WORDS,
    names=st.lists(WORDS, max_size=8),
    note=WORDS,
    width=st.floats(100, 1500),
    least=st.floats(200, 600),
)
def test_texts_of_a_page_stay_apart_and_within(
    legible: Callable[[Canvas], None],
    caption: str,
    names: list[str],
    note: str,
    width: float,
    least: float,
) -> None:
    content = Canvas(width, 50)
    content.rectangle(0, 0, width, 50, SERIES[0])
    found = page(content, caption, [Entry(name, SERIES[1]) for name in names], note, least)
    legible(found)
    (drawn,) = [shape for shape in found.shapes if isinstance(shape, Rectangle)]
    assert drawn.left == MARGIN and drawn.left + drawn.width <= found.width - MARGIN + 1e-6
    above = [text.box.bottom for text in found.texts if text.box.bottom <= drawn.top]
    assert len(above) >= 1 or not caption.strip()


def test_a_legend_takes_a_new_line_where_the_first_is_full() -> None:
    entry = Entry("a name of some length", SERIES[0])
    width = 2 * entry.width + APART
    assert [len(row) for row in legend_rows([entry] * 5, width)] == [2, 2, 1]
    assert [len(row) for row in legend_rows([entry] * 5, width - 1)] == [1] * 5
    ((short,),) = legend_rows([entry], 100)
    assert short.text.endswith("...") and short.width <= 100


@pytest.mark.parametrize("mark", ["disc", "ring", "star", "area", "bar", "interval"])
def test_every_mark_has_its_colour_and_is_where_it_is_put(mark: str) -> None:
    canvas = Canvas(60, 40)
    draw_mark(canvas, Entry("", SERIES[2], mark), 30, 20)  # type: ignore[arg-type]
    first = canvas.shapes[0]
    assert isinstance(first, Disc | Polygon | Rectangle) and first.colour == SERIES[2]
    box = first.box
    assert (box.left + box.right) / 2 == pytest.approx(30, abs=0.1)
    assert box.top < 20 < box.bottom
    if mark == "ring":
        inner = canvas.shapes[1]
        assert isinstance(inner, Disc) and inner.colour == PAPER
