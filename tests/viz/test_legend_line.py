"""Legends in lines: nothing is wider than there is room, and boxes stand before their texts."""

import pytest

from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.legend_line import Entry, draw_entries, wrap_entries
from sbvae_cli.viz.primitives import Rectangle
from sbvae_cli.viz.theme import MARK, WARN

ENTRIES = [Entry("nearest the start", MARK), Entry("a line of text"), Entry("held out", WARN)]


@pytest.mark.parametrize("width", [60, 150, 300, 1000])
def test_lines_keep_all_entries_within_the_width(width: float) -> None:
    lines = wrap_entries(ENTRIES, 16, width)

    assert [entry.frame for line in lines for entry in line] == [MARK, None, WARN]
    for line in lines:
        assert sum(entry.width(16) for entry in line) <= width
    assert len(lines) == (1 if width == 1000 else 3 if width < 200 else 2)


def test_boxes_stand_before_their_texts() -> None:
    canvas = Canvas(1000, 100)
    draw_entries(canvas, wrap_entries(ENTRIES, 16, 1000), (20, 30), 16)

    boxes = [shape for shape in canvas.shapes if isinstance(shape, Rectangle)][::2]
    texts = {box.text: box.box for box in canvas.texts}
    assert [box.colour for box in boxes] == [MARK, WARN]
    assert boxes[0].left == 20
    assert boxes[0].left + boxes[0].width < texts["nearest the start"].left
    assert texts["a line of text"].right < boxes[1].left < texts["held out"].left
