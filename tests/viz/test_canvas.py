"""Drawn pixels counted against geometry."""

import math

import numpy as np
import pytest
from PIL import Image

from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.text import text_width
from sbvae_cli.viz.theme import INK, SERIES, THEMES

BLACK = (0, 0, 0)


def ink(canvas: Canvas, scale: float = 1.0) -> np.ndarray:
    """Share of black in each pixel, (H, W)."""
    return 1.0 - np.asarray(canvas.raster(scale).convert("L"), dtype=float) / 255.0


@pytest.mark.parametrize("radius", [2.0, 3.3, 10.0, 25.5])
def test_a_disc_has_its_area_and_its_centre(radius: float) -> None:
    canvas = Canvas(70, 60)
    canvas.disc(33.0, 28.0, radius, BLACK)

    drawn = ink(canvas)

    y, x = np.mgrid[:60, :70] + 0.5
    assert drawn.sum() == pytest.approx(math.pi * radius**2, rel=0.05)
    assert (drawn * x).sum() / drawn.sum() == pytest.approx(33.0, abs=0.15)
    assert (drawn * y).sum() / drawn.sum() == pytest.approx(28.0, abs=0.15)


@pytest.mark.parametrize("width", [1.0, 2.0, 5.0])
def test_a_line_has_its_length_times_its_width(width: float) -> None:
    canvas = Canvas(60, 60)
    canvas.line([(10, 10), (50, 40)], BLACK, width)

    assert ink(canvas).sum() == pytest.approx(50 * width, rel=0.2)


def test_a_triangle_has_its_area() -> None:
    canvas = Canvas(60, 60)
    canvas.polygon([(5, 5), (55, 5), (5, 45)], BLACK)

    assert ink(canvas).sum() == pytest.approx(1000, rel=0.02)


def test_opacity_blends() -> None:
    canvas = Canvas(20, 20)
    canvas.rectangle(0, 0, 20, 20, (0, 0, 0, 51))

    assert ink(canvas)[10, 10] == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize(("anchor", "share"), [("l", 0.0), ("m", 0.5), ("r", 1.0)])
def test_text_lies_where_its_anchor_says(anchor: str, share: float, upright: bool) -> None:
    canvas = Canvas(300, 300)
    canvas.text(150, 150, "nonesuch", 20, BLACK, anchor + "m", upright=upright)

    drawn = ink(canvas)
    along = np.flatnonzero(drawn.sum(axis=1 if upright else 0) > 0.2)
    across = np.flatnonzero(drawn.sum(axis=0 if upright else 1) > 0.2)
    width = text_width("nonesuch", 20)

    start = 150 - share * width if not upright else 150 - (1 - share) * width
    assert along[0] == pytest.approx(start, abs=4)
    assert along[-1] == pytest.approx(start + width, abs=4)
    assert across.mean() == pytest.approx(150, abs=4)


def test_an_exponent_is_small_and_high() -> None:
    assert text_width("R²", 20) < text_width("R2", 20)
    canvas = Canvas(40, 40)
    canvas.text(10, 20, "²", 20, BLACK)

    rows = np.flatnonzero(ink(canvas).sum(axis=1) > 0.2)

    assert rows.max() < 21


def test_a_scale_enlarges_everything() -> None:
    canvas = Canvas(40, 30)
    canvas.disc(20, 10, 4.0, BLACK)

    drawn = ink(canvas, 2.5)

    assert drawn.shape == (75, 100)
    assert drawn.sum() == pytest.approx(math.pi * 10**2, rel=0.05)
    y, x = np.mgrid[:75, :100] + 0.5
    assert (drawn * x).sum() / drawn.sum() == pytest.approx(50.0, abs=0.3)
    assert (drawn * y).sum() / drawn.sum() == pytest.approx(25.0, abs=0.3)


def test_a_picture_keeps_its_pixels() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (8, 12, 3), dtype=np.uint8)
    canvas = Canvas(40, 40)
    canvas.image(Image.fromarray(pixels), 3, 5, 24)

    drawn = np.asarray(canvas.raster())

    np.testing.assert_array_equal(drawn[5:21:2, 3:27:2], pixels)
    assert (drawn[:, 27:] == 255).all() and (drawn[21:] == 255).all()


def test_a_long_picture_is_a_pixel_high_or_more() -> None:
    canvas = Canvas(40, 10)
    canvas.image(np.zeros((1, 200, 3), np.uint8), 0, 5, 40)

    assert ink(canvas).sum() == 40


@pytest.mark.parametrize("beside_shapes", [False, True], ids=["exact", "enlarged"])
def test_a_rectangle_on_whole_pixels_fills_just_these(beside_shapes: bool) -> None:
    canvas = Canvas(20, 20)
    canvas.rectangle(3, 5, 8, 6, BLACK)
    if beside_shapes:  # which are drawn enlarged, and so is all else
        canvas.disc(15, 15, 2, (255, 255, 255))

    drawn = ink(canvas)

    assert (drawn[5:11, 3:11] == 1).all() and drawn.sum() == 48


def test_a_star_has_its_area_and_one_point_up() -> None:
    canvas = Canvas(60, 60)
    canvas.star(30, 30, 20, BLACK)

    drawn = ink(canvas)

    # Ten triangles between a point, a notch at 0.45 of the radius and the centre.
    assert drawn.sum() == pytest.approx(5 * 20 * 9 * math.sin(math.pi / 5), rel=0.05)
    assert drawn[10:14, 29:31].sum() > 2 and drawn[46:].sum() < 0.2 * drawn.sum()


def test_dashes_leave_gaps_of_their_length() -> None:
    canvas = Canvas(100, 40)
    canvas.line([(10, 20), (50, 20), (90, 20)], BLACK, 4.0, dash=(10.0, 6.0))

    drawn = (ink(canvas)[20] > 0.5).astype(int)

    changes = np.flatnonzero(np.diff(drawn)) + 1
    assert changes.tolist() == [10, 20, 26, 36, 42, 52, 58, 68, 74, 84]


def test_bands_of_a_high_picture_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    canvas = Canvas(50, 90)
    canvas.line([(2, 3), (47, 88)], BLACK, 3.0)
    canvas.disc(25, 40, 17, (200, 30, 30, 120))
    canvas.text(25, 40, "text", 12, BLACK, "mm")
    whole = canvas.raster()

    monkeypatch.setattr("sbvae_cli.viz.raster.MAX_PIXELS", 50 * 16 * 16)

    assert canvas.raster().tobytes() == whole.tobytes()


def test_a_placed_canvas_is_moved_and_enlarged() -> None:
    own, other = Canvas(60, 60), Canvas(20, 20)
    for shown, left, top, zoom in ((other, 0, 0, 1), (own, 10, 20, 2)):
        shown.disc(left + 8 * zoom, top + 5 * zoom, 4 * zoom, BLACK)
        shown.line(
            [(left, top), (left + 18 * zoom, top + 12 * zoom)], BLACK, zoom, (3 * zoom, zoom)
        )
        shown.text(left + 5 * zoom, top + 10 * zoom, "a", 8 * zoom, BLACK)
    placed = Canvas(60, 60)
    placed.place(other, 10, 20, zoom=2)

    assert placed.raster().tobytes() == own.raster().tobytes()
    assert placed.texts == own.texts


def test_the_theme_gives_roles_their_colours_and_leaves_others() -> None:
    canvas = Canvas(30, 10)
    canvas.rectangle(0, 0, 10, 10, SERIES[1])
    canvas.rectangle(10, 0, 10, 10, (1, 2, 3))

    for theme, colours in THEMES.items():
        drawn = np.asarray(canvas.raster(theme=theme))
        found = [tuple(drawn[5, x]) for x in (5, 15, 25)]
        assert found == [colours["series 1"], (1, 2, 3), colours["paper"]]


def test_a_text_box_is_where_its_letters_are() -> None:
    for upright in (False, True):
        canvas = Canvas(200, 200)
        canvas.text(100, 90, "Hxgh", 30, INK, "mm", upright)
        box = canvas.texts[0].box

        rows, columns = np.nonzero(ink(canvas) > 0.2)

        assert box.left - 1 <= columns.min() and columns.max() <= box.right + 1
        assert box.top - 1 <= rows.min() and rows.max() <= box.bottom + 1


def test_words_that_differ_in_letters_beyond_ascii_are_drawn_apart() -> None:
    def drawn(text: str) -> bytes:
        canvas = Canvas(200, 40)
        canvas.text(5, 20, text, 20)
        return canvas.raster().tobytes()

    words = ["resume", "résumé", "rèsumè", "rësümé", "赤", "青", "\\u8d65", "größe", "grosse"]
    assert len({drawn(word) for word in words}) == len(words)
    assert drawn("赤") == drawn("\\u8d64")
    assert drawn("e\u0301") == drawn("é")
    assert text_width("é", 20) == text_width("e", 20)


@pytest.mark.parametrize("clockwise", [True, False])
def test_a_region_lays_its_colour_on_once_where_its_parts_overlap(clockwise: bool) -> None:
    left = [(10, 10), (50, 10), (50, 50), (10, 50)]
    right = [(30, 10), (70, 10), (70, 50), (30, 50)]
    canvas = Canvas(80, 60)
    canvas.region([left, right if clockwise else right[::-1]], (0, 0, 0, 128))
    pixels = np.asarray(canvas.raster())
    once = pixels[30, 20].tolist()
    assert once == pixels[30, 40].tolist() == pixels[30, 60].tolist()
    assert once[0] == pytest.approx(127, abs=2)
    assert pixels[5, 5].tolist() == [255, 255, 255]
    darkness = (255 - pixels[..., 0].astype(float)).sum() / (255 - once[0])
    assert darkness == pytest.approx(60 * 40, rel=0.03)


def test_a_line_lays_its_colour_on_once_where_it_crosses_itself() -> None:
    canvas = Canvas(80, 60)
    canvas.line([(10, 30), (70, 30), (70, 10), (40, 10), (40, 55)], (0, 0, 0, 128), 6.0)
    pixels = np.asarray(canvas.raster())[..., 0]
    once = pixels[30, 20]
    assert once == pixels[30, 40] == pixels[45, 40] == pytest.approx(127, abs=2)
    assert pixels.min() == once  # at no corner either


def test_a_region_that_reaches_beyond_the_picture_is_cut_at_its_edge() -> None:
    canvas = Canvas(20, 10)
    canvas.region([[(-50, -50), (8, -50), (8, 50), (-50, 50)]], (0, 0, 0, 255))
    canvas.region([[(30, 0), (40, 0), (40, 9)]], (255, 0, 0, 255))
    pixels = np.asarray(canvas.raster())
    assert (pixels[:, :8] == 0).all() and (pixels[:, 9:] == 255).all()
