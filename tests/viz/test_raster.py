"""Pixels of shapes: opacity, overlaps and bands."""

import numpy as np
import pytest

from sbvae_cli.viz import raster
from sbvae_cli.viz.primitives import Disc, Line, Rectangle, Region, Shape
from sbvae_cli.viz.raster import draw_raster

SIZE = (60.0, 40.0)
RED, FAINT_RED = (200, 0, 0, 255), (200, 0, 0, 100)
ZIGZAG = [(6.0, 30.0), (20.0, 8.0), (34.0, 30.0), (50.0, 10.3), (50.0, 33.0), (10.0, 20.0)]
SQUARES = [[(x, x), (x + 16, x), (x + 16, x + 16), (x, x + 16)] for x in (5.0, 12.5)]


def pixels(*shapes: Shape, scale: float = 1.0) -> np.ndarray:
    return np.asarray(draw_raster(SIZE, shapes, [], scale), dtype=float)


@pytest.mark.parametrize("scale", [1.0, 3.0])
@pytest.mark.parametrize(
    ("opaque", "translucent"),
    [
        (Line(ZIGZAG, RED, 3.0), Line(ZIGZAG, FAINT_RED, 3.0)),
        (Line(ZIGZAG, RED, 2.0, (5.0, 3.0)), Line(ZIGZAG, FAINT_RED, 2.0, (5.0, 3.0))),
        (Region(SQUARES, RED), Region(SQUARES, FAINT_RED)),
    ],
)
def test_opacity_changes_the_colour_and_nothing_else_even_where_a_shape_crosses_itself(
    opaque: Shape, translucent: Shape, scale: float
) -> None:
    blended = 255 + (pixels(opaque, scale=scale) - 255) * 100 / 255
    np.testing.assert_allclose(pixels(translucent, scale=scale), blended, atol=1.5)


def test_a_disc_and_a_rectangle_cover_their_area() -> None:
    disc = (255 - pixels(Disc(30.0, 20.0, 12.0, (0, 0, 0)), scale=2.0)).sum() / 255 / 3
    assert disc == pytest.approx(np.pi * 24**2, rel=0.01)
    box = 255 - pixels(Rectangle(10, 5, 20, 30, (0, 0, 0)))
    assert (box[5:35, 10:30] == 255).all() and box.sum() == 20 * 30 * 3 * 255


def test_a_picture_that_is_drawn_in_bands_has_no_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = (
        Line(ZIGZAG, FAINT_RED, 3.0),
        Region(SQUARES, FAINT_RED),
        Disc(40.0, 25.0, 9.0, RED),
        Rectangle(3, 2, 8, 36, RED),
    )
    whole = pixels(*shapes)
    monkeypatch.setattr(raster, "MAX_PIXELS", 1)  # bands of 16 rows
    # Pillow rounds a line's corners to pixels of the band: a fraction of a pixel at its edge.
    np.testing.assert_allclose(pixels(*shapes), whole, atol=8)
