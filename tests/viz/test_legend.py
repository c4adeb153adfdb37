"""Legends and pages: nothing that is written meets anything else, or leaves the picture."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.legend import APART, Entry, draw_legend, draw_mark, legend_rows
from sbvae_cli.viz.page import MARGIN, page
from sbvae_cli.viz.primitives import Disc, Line, Polygon, Rectangle
from sbvae_cli.viz.theme import PAPER, SERIES

WORDS = st.text("abc defghi WM", min_size=1, max_size=120)


@settings(max_examples=40, deadline=None)
@given(
    caption=WORDS,
    names=st.lists(WORDS, max_size=8),
    note=WORDS,
    width=st.floats(100, 1500),
    zoom=st.floats(1, 3),
)
def test_texts_of_a_page_stay_apart_and_within(
    legible: Callable[[Canvas], None],
    caption: str,
    names: list[str],
    note: str,
    width: float,
    zoom: float,
) -> None:
    content = Canvas(width, 50)
    content.rectangle(0, 0, width, 50, SERIES[0])
    found = page(content, caption, [Entry(name, SERIES[1]) for name in names], note, zoom)
    legible(found)
    (drawn,) = [shape for shape in found.shapes if isinstance(shape, Rectangle)]
    assert drawn.left == round(MARGIN * zoom)
    assert drawn.left + drawn.width <= found.width - MARGIN * zoom + 1
    assert drawn.top + drawn.height <= found.height - MARGIN * zoom + 1
    above = [text.box.bottom for text in found.texts if text.box.bottom <= drawn.top]
    assert len(above) >= 1 or not caption.strip()


def test_a_legend_takes_a_new_line_where_the_first_is_full() -> None:
    entry = Entry("a name of some length", SERIES[0])
    width = 2 * entry.width + APART
    assert [len(row) for row in legend_rows([entry] * 5, width)] == [2, 2, 1]
    assert [len(row) for row in legend_rows([entry] * 5, width - 1)] == [1] * 5
    ((short,),) = legend_rows([entry], 100)
    assert short.text.endswith("...") and short.width <= 100


@pytest.mark.parametrize(
    "mark", ["disc", "ring", "star", "area", "bar", "interval", "frame", "line"]
)
def test_every_mark_has_its_colour_and_is_where_it_is_put(mark: str) -> None:
    canvas = Canvas(60, 40)
    draw_mark(canvas, Entry("", SERIES[2], mark), 30, 20)  # type: ignore[arg-type]
    first = canvas.shapes[0]
    assert isinstance(first, Disc | Line | Polygon | Rectangle) and first.colour == SERIES[2]
    box = first.box
    assert (box.left + box.right) / 2 == pytest.approx(30, abs=0.1)
    assert box.top < 20 < box.bottom
    if mark == "ring":
        inner = canvas.shapes[1]
        assert isinstance(inner, Disc) and inner.colour == PAPER


def test_marks_stand_before_their_texts_and_a_text_alone_at_the_margin() -> None:
    entries = [
        Entry("nearest the start", SERIES[0], "frame"),
        Entry("a line of text", mark="none"),
        Entry("deconv", SERIES[1], "line", (9.0, 5.0)),
    ]
    canvas = Canvas(1000, 100)
    draw_legend(canvas, legend_rows(entries, 1000), 20, 30)

    frame, inside, line = canvas.shapes
    assert isinstance(line, Line) and line.dash == (9.0, 5.0)
    assert isinstance(inside, Rectangle) and inside.colour == PAPER
    texts = {box.text: box.box for box in canvas.texts}
    assert 20 <= frame.box.left < inside.box.left < texts["nearest the start"].left - 18
    assert texts["a line of text"].right < line.box.left < texts["deconv"].left

    rows = legend_rows(entries[1:2], 1000)
    canvas = Canvas(1000, 100)
    draw_legend(canvas, rows, 20, 30)
    assert canvas.shapes == [] and canvas.texts[0].box.left == pytest.approx(20, abs=1)
