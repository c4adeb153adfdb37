"""Pages: a caption above a drawing, a legend and a note below it."""

from collections.abc import Sequence

from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.legend import ROW, Entry, draw_legend, legend_rows
from sbvae_cli.viz.text import LINE_HEIGHT, wrap
from sbvae_cli.viz.theme import INK, QUIET

MARGIN = 24.0
CAPTION_SIZE, NOTE_SIZE = 24.0, 16.0
CAPTION_GAP, LEGEND_GAP, NOTE_GAP = 12.0, 10.0, 6.0  # below a caption, above legend and note
MIN_WIDTH = 480.0  # of texts, so that they are readable below a narrow drawing


def page(
    content: Canvas,
    caption: str = "",
    legend: Sequence[Entry] = (),
    note: str = "",
    zoom: float = 1.0,
) -> Canvas:
    """Put a caption above a drawing, and the legend and note below, in as many lines as needed.

    Args:
        content: The drawing, without a margin.
        caption: Text at the top, in large type.
        legend: Meaning of the marks.
        note: Text at the bottom, in small type.
        zoom: Enlargement of type and margins, to match that of a large drawing.
    """
    canvas, corner = empty_page((content.width, content.height), caption, legend, note, zoom)
    canvas.place(content, *corner)
    return canvas


def empty_page(
    size: tuple[float, float],
    caption: str = "",
    legend: Sequence[Entry] = (),
    note: str = "",
    zoom: float = 1.0,
) -> tuple[Canvas, tuple[float, float]]:
    """Make the page of `page` for a drawing that will be placed later.

    Args:
        size: Width and height of the drawing.
        caption: As in `page`.
        legend: As in `page`.
        note: As in `page`.
        zoom: As in `page`.

    Returns:
        The page, and the position of the drawing's upper left corner, in whole units.
    """
    room = max(size[0] / zoom, MIN_WIDTH)
    captions, notes = wrap(caption, CAPTION_SIZE, room), wrap(note, NOTE_SIZE, room)
    rows = legend_rows(legend, room)
    top = MARGIN + LINE_HEIGHT * CAPTION_SIZE * len(captions) + CAPTION_GAP * bool(captions)
    corner = float(round(MARGIN * zoom)), float(round(top * zoom))
    legend_top = (corner[1] + size[1]) / zoom + (LEGEND_GAP if rows or notes else 0.0)
    note_top = legend_top + ROW * len(rows) + NOTE_GAP * bool(rows and notes)
    texts = Canvas(room + 2 * MARGIN, note_top + LINE_HEIGHT * NOTE_SIZE * len(notes) + MARGIN)
    texts.paragraph(MARGIN, MARGIN, captions, CAPTION_SIZE, INK)
    draw_legend(texts, rows, MARGIN, legend_top)
    texts.paragraph(MARGIN, note_top, notes, NOTE_SIZE, QUIET)
    canvas = Canvas(texts.width * zoom, texts.height * zoom)
    canvas.place(texts, 0.0, 0.0, zoom)
    return canvas, corner
