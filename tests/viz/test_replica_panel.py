"""The panel of replicas: what stands where, in which colour, and that no text covers another."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sbvae_cli.viz.axes import Panel
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.colormap import square_colours
from sbvae_cli.viz.embedding import Embedding, FactorPanel
from sbvae_cli.viz.mesh import draw_points
from sbvae_cli.viz.primitives import Disc, Line, Picture, Polygon, Rectangle
from sbvae_cli.viz.replica_panel import (
    SIDE,
    ReplicaRow,
    ReplicaStar,
    ReplicaTexts,
    draw_replicas,
)
from sbvae_cli.viz.theme import HELD_OUT, SERIES

TEXTS = ReplicaTexts("MIG", "100 images", "3x4 grid", "8x8 pixels", "a caption", "a note")


def factors(hole: bool = True) -> FactorPanel:
    points = np.stack(np.meshgrid([0.2, 0.5, 0.8], [0, 1, 2, 3], indexing="ij"), axis=-1)
    held_out = np.zeros((3, 4), bool)
    held_out[1, 1:3] = hole
    return FactorPanel(points.astype(float), ("x (frame width)", "y"), held_out)


def star(score: float, mark: str = "worst", colour: int = 6, **changed: object) -> ReplicaStar:
    codes = 2.0 * factors().positions - 1.0
    embedding = Embedding(codes, ("latent 3", "latent 7"), **changed)
    return ReplicaStar(score, SERIES[colour], f"{mark}: MIG {score}", "seed 3, flat", embedding)


def row(name: str = "deconv vae", colour: int = 0, scores: tuple[float, ...] = (0.1, 0.32, 0.6)):
    both = star(min(scores)), star(max(scores), "best", 5)
    return ReplicaRow(name, "3 replicas", scores, SERIES[colour], both)


def trained() -> np.ndarray:
    return np.random.default_rng(0).uniform([0.2, 0], [0.8, 3], (100, 2))


def panel_of(canvas: Canvas, frame_number: int) -> tuple[float, float]:
    """Left and upper edge of a panel that has axes, by the order in which frames are drawn."""
    frames = [s for s in canvas.shapes if isinstance(s, Line) and len(s.points) == 6]
    return frames[frame_number].points[0]


def test_a_row_has_a_histogram_and_two_framed_latent_spaces() -> None:
    rows = [row(), row("broadcast vae", 1, (0.55, 0.62, 0.93))]
    canvas = draw_replicas(factors(), trained(), rows, TEXTS, np.zeros((16, 8, 8, 3), np.uint8))

    frames = [s for s in canvas.shapes if isinstance(s, Line) and len(s.points) == 6]
    assert [f.colour.name for f in frames[2:]] == [
        *("faint", "series 6", "series 5"),
        *("faint", "series 6", "series 5"),
    ]
    lefts, tops = np.array([f.points[0] for f in frames]).T
    np.testing.assert_allclose(lefts[2:5], lefts[5:])  # columns
    assert lefts[0] == lefts[2] and lefts[1] == lefts[3]
    assert len(set(tops[2:5])) == len(set(tops[5:])) == 1 and tops[0] < tops[2] < tops[5]
    assert sum(isinstance(shape, Picture) for shape in canvas.shapes) == 16
    assert canvas.width == pytest.approx(1280, abs=60)


def test_bars_and_stars_of_all_rows_share_one_axis() -> None:
    scores = (0.1, 0.32, 0.6), (0.55, 0.62, 0.93)
    canvas = draw_replicas(
        factors(), trained(), [row(scores=scores[0]), row("b", 1, scores[1])], TEXTS
    )

    bars = [s for s in canvas.shapes if isinstance(s, Rectangle)]
    stars = [s for s in canvas.shapes if isinstance(s, Polygon) and len(s.points) == 10]
    for group, colour in ((0, "series 0"), (1, "series 1")):
        left, _ = panel_of(canvas, 2 + 3 * group)  # of three frames a row
        own = [bar for bar in bars if bar.colour.name == colour]
        for value in scores[group]:  # bins of 0.1 from 0.1 to 1.0, and a margin
            x = left + (value - 0.055) / 0.99 * SIDE
            assert any(bar.left - 1 <= x <= bar.box.right + 1 for bar in own), value
        tips = [s.points[0][0] for s in stars if left < s.points[0][0] < left + SIDE]
        for value in (scores[group][0], scores[group][-1]):
            assert min(abs(tip - (left + (value - 0.055) / 0.99 * SIDE)) for tip in tips) < 1.0
    assert sum(bar.colour.name == "series 0" for bar in bars) == 3


def test_points_of_latent_space_stand_at_their_codes_and_held_out_ones_are_black() -> None:
    canvas = draw_replicas(factors(), trained(), [row()], TEXTS)

    left, top = panel_of(canvas, 3)
    axes = star(0.1).embedding.ranges(factors())
    box = Panel(left, top, SIDE, SIDE, *axes)
    discs = {(round(d.x, 3), round(d.y, 3)): d for d in canvas.shapes if isinstance(d, Disc)}
    colours = square_colours(factors().positions)
    for index in np.ndindex(3, 4):
        x, y = box.place(star(0.1).embedding.codes[index]).tolist()
        expected = HELD_OUT if factors().held_out[index] else tuple(colours[index].tolist())
        assert discs[round(x, 3), round(y, 3)].colour == expected


def test_the_code_of_a_blank_image_is_a_star_that_theme_and_panel_show() -> None:
    blank = np.array([3.5, 0.0])  # beyond all points
    rows = [replace(row(), stars=[star(0.1, blank=blank)])]
    canvas = draw_replicas(factors(hole=False), trained(), rows, TEXTS)

    found = [s for s in canvas.shapes if isinstance(s, Polygon) and s.colour == HELD_OUT]

    left, top = panel_of(canvas, 3)
    box = Panel(left, top, SIDE, SIDE, *rows[0].stars[0].embedding.ranges(factors()))
    x, y = box.place(blank)
    in_panel = [s for s in found if s.points[0][0] == pytest.approx(x)]
    assert len(in_panel) == 1 and left < x < left + SIDE
    assert in_panel[0].points[0][1] == pytest.approx(y - 9)
    assert "blank image" in [text.text for text in canvas.texts]
    light, dark = (canvas.raster(theme=name) for name in ("light", "dark"))
    assert light.getpixel((round(x), round(y))) == (0, 0, 0)
    assert dark.getpixel((round(x), round(y))) == (255, 255, 255)


def test_levels_are_discs_whose_area_tells_how_many_images_there_are() -> None:
    canvas, points = Canvas(300, 300), np.array([[0.0, 0.0]] * 9 + [[1.0, 0.0]] + [[1.0, 1.0]] * 4)
    draw_points(canvas, Panel(0, 0, 300, 300, (-1, 2), (-1, 2)), points)

    radii = {(d.x, d.y): d.radius for d in canvas.shapes if isinstance(d, Disc)}
    assert radii[100, 200] / radii[200, 200] == pytest.approx(3)
    assert radii[200, 100] / radii[200, 200] == pytest.approx(2)


WORDS = st.text("abc xyz", min_size=1, max_size=60)


@settings(max_examples=25, deadline=None)
@given(
    names=st.lists(WORDS, min_size=1, max_size=4),
    marks=st.lists(WORDS, max_size=4),
    caption=WORDS,
    scale=st.sampled_from([1e-4, 1.0, 1e5]),
    count=st.integers(1, 40),
    samples=st.booleans(),
)
def test_no_text_covers_another_or_leaves_the_picture(
    names: list[str], marks: list[str], caption: str, scale: float, count: int, samples: bool
) -> None:
    rng = np.random.default_rng(count)
    scores = tuple(scale * rng.random(count))
    stars = [star(scores[k % count], mark, k, name="n") for k, mark in enumerate(marks)]
    rows = [ReplicaRow(name, name, scores, SERIES[0], stars) for name in names]
    images = np.zeros((16, 4, 4, 1), np.uint8) if samples else None

    canvas = draw_replicas(
        factors(), trained(), rows, replace(TEXTS, caption=caption, score=caption), images
    )

    boxes = [text.box for text in canvas.texts if text.text.strip()]
    for box in boxes:
        assert box.left >= 0 and box.top >= 0
        assert box.right <= canvas.width + 0.5 and box.bottom <= canvas.height + 0.5
    for (one, a), (two, b) in itertools.combinations(
        [(text.text, text.box) for text in canvas.texts if text.text.strip()], 2
    ):
        across = min(a.right, b.right) - max(a.left, b.left)
        down = min(a.bottom, b.bottom) - max(a.top, b.top)
        assert across <= 0.5 or down <= 0.3 * 16, (one, two)


def test_rows_without_scores_are_refused() -> None:
    with pytest.raises(ValueError, match="each with a score"):
        draw_replicas(factors(), trained(), [replace(row(), scores=())], TEXTS)
    with pytest.raises(ValueError, match="a row or more"):
        draw_replicas(factors(), trained(), [], TEXTS)
