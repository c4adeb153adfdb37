"""The panel of replicas from made results: every dataset of Figures 7, 8 and 13 to 22."""

import re

import numpy as np
import pytest

from sbvae_cli.data.factor_grid import factor_grid
from sbvae_cli.data.source import Source, open_source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.factor_embedding import FactorEmbedding, embed_points
from sbvae_cli.evaluation.grid_embedding import default_pair, grid_points
from sbvae_cli.evaluation.point_codes import PointCodes
from sbvae_cli.evaluation.training_points import training_points
from sbvae_cli.figures.panel import ChosenReplica, Replicas, draw_panel
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.primitives import Disc, Line, Picture, Polygon, Rectangle
from sbvae_cli.viz.theme import HELD_OUT, SERIES

# Preset, whether a region is held out, and the labels of its axes.
FIGURES = {
    "7 and 13": ("xy", False, "x (frame width)", "y (frame height)"),
    "8 and 14": ("xy-hole", True, "x (frame width)", "y (frame height)"),
    "15": ("xy-corner", True, "x (frame width)", "y (frame height)"),
    "16": ("xh", False, "x (frame width)", "hue (turn)"),
    "17": ("xh-hole", True, "x (frame width)", "hue (turn)"),
    "18": ("xh-corner", True, "x (frame width)", "hue (turn)"),
    "19": ("rg", False, "red", "green"),
    "20": ("rg-hole", True, "red", "green"),
    "21": ("rg-corner", True, "red", "green"),
    "22": ("xh-blank", False, "x (frame width)", "hue (turn)"),
}


def embedding(source: Source, turn: float = 0.3, size: int = 6) -> FactorEmbedding:
    """The grid itself, turned, in latents 2 and 3."""
    grid = factor_grid(source.space, default_pair(source.space), size)
    points = grid_points(source.space, grid, {})
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    plane = 3.0 * (points.scaled - 0.5) @ rotation
    codes = np.concatenate([0.0 * plane, plane], axis=-1)
    blank = np.array([0.0, 0.0, 0.1, -0.2]) if source.space.blank else None
    stds = np.broadcast_to([1.0, 1.0, 0.1, 0.1], codes.shape)
    return embed_points(points, PointCodes(codes, stds, blank=blank), np.eye(4, 2, -2))


def replicas(source: Source, name: str, decoder: str, scores: tuple[float, ...]) -> Replicas:
    chosen = (
        ChosenReplica("worst", 0, "seed 4", embedding(source)),
        ChosenReplica("best", len(scores) - 1, "seed 9", embedding(source, 1.0)),
    )
    return Replicas(name, scores, chosen, decoder)


def four_groups(source: Source) -> list[Replicas]:
    return [
        replicas(source, f"{model}, {decoder}", decoder, (low, low + 0.1, low + 0.3))
        for model, add in (("vae", 0.0), ("factor-vae", 0.2))
        for decoder, low in (("deconv", 0.05 + add), ("broadcast", 0.3 + add))
    ]


def draw(source: Source, groups: list[Replicas], **options: str) -> Canvas:
    trained = training_points(source, default_pair(source.space), count=200)
    return draw_panel(groups, trained, source, **options)


@pytest.mark.parametrize("figure", FIGURES)
def test_each_figure_shows_data_and_four_rows(figure: str) -> None:
    preset, hole, x, y = FIGURES[figure]
    source = open_source(f"circles:{preset}", 8, 8)

    canvas = draw(source, four_groups(source), caption=preset)

    written = [text.text for text in canvas.texts]
    assert written[0] == preset and "8x8 pixels" in " ".join(written)
    assert written.count(x) == written.count(y) == 2
    assert [text for text in written if "MIG 0." in text] == [
        *("worst: MIG 0.050", "best: MIG 0.350", "worst: MIG 0.300", "best: MIG 0.600"),
        *("worst: MIG 0.250", "best: MIG 0.550", "worst: MIG 0.500", "best: MIG 0.800"),
    ]
    assert written.count("seed 4, flat") == written.count("seed 9, flat") == 4
    assert sum(isinstance(shape, Picture) for shape in canvas.shapes) == 16
    discs = [s for s in canvas.shapes if isinstance(s, Disc) and s.colour == HELD_OUT]
    assert (len(discs) > 9) == hole and ("held out of training" in written) == hole
    stars = [s for s in canvas.shapes if isinstance(s, Polygon) and s.colour == HELD_OUT]
    assert len(stars) == (1 + 8 if figure == "22" else 0)
    assert ("50 % blank" in " ".join(written)) == (figure == "22")
    bars = [s.colour for s in canvas.shapes if isinstance(s, Rectangle) and s.colour in SERIES]
    assert set(bars) == {SERIES[0], SERIES[1]}


def test_training_images_of_other_data_than_the_points_say_so() -> None:
    source = open_source("circles:xy", 8, 8)
    trained = training_points(source, ("x", "y"), count=50)
    black = np.zeros((4, 8, 8, 3), np.uint8)

    canvas = draw_panel(four_groups(source)[:1], trained, source, samples=black, trained_on="rg")

    written = [text.text for text in canvas.texts]
    assert {"50 images of rg at random", "of rg, 8x8 pixels"} <= set(written)
    pictures = [shape for shape in canvas.shapes if isinstance(shape, Picture)]
    assert len(pictures) == 4


def test_frames_have_the_colours_of_the_stars_on_the_histograms() -> None:
    source = open_source("circles:xy", 8, 8)
    canvas = draw(source, four_groups(source))

    frames = [s for s in canvas.shapes if isinstance(s, Line) and s.colour in SERIES]
    stars = [s for s in canvas.shapes if isinstance(s, Polygon) and s.colour in SERIES]

    assert [frame.colour for frame in frames] == [SERIES[6], SERIES[4]] * 4
    for colour in (SERIES[6], SERIES[4]):  # one on a histogram and one before a title, each row
        assert sum(star.colour == colour for star in stars) == 8


def test_replicas_chosen_by_seed_differ_in_colour_from_each_other_and_from_ranked_ones() -> None:
    source = open_source("circles:xy", 8, 8)
    marks = ("worst", "", "median", "", "best")
    chosen = [
        ChosenReplica(mark, i, f"seed {i}", embedding(source)) for i, mark in enumerate(marks)
    ]
    group = Replicas("deconv", (0.1, 0.2, 0.3, 0.4, 0.5), chosen, "deconv")

    shapes = draw(source, [group]).shapes

    frames = {shape.colour for shape in shapes if isinstance(shape, Line)} & set(SERIES)
    bars = {shape.colour for shape in shapes if isinstance(shape, Rectangle)} & set(SERIES)
    assert len(frames) == len(marks) and len(bars) == 1 and not frames & bars


def test_lower_is_better_of_an_elbo_and_the_axis_says_so() -> None:
    source = open_source("circles:xy", 8, 8)
    group = replicas(source, "deconv", "deconv", (41.25, 40.0, 38.5))

    written = [text.text for text in draw(source, [group], by="neg_elbo").texts]

    assert "negative ELBO (lower is better)" in written
    assert "worst: negative ELBO 41.2" in written and "best: negative ELBO 38.5" in written
    assert "3 replicas, median 40" in written


def test_codes_have_no_samples_and_a_colour_for_each_group() -> None:
    source = open_source("circles:xy-hole", 8, 8)
    trained = training_points(source, ("x", "y"), count=50)
    groups = [replicas(source, name, "", (0.1, 0.5)) for name in ("ours", "theirs")]

    canvas = draw_panel(groups, trained)

    assert not any(isinstance(shape, Picture) for shape in canvas.shapes)
    written = " ".join(text.text for text in canvas.texts)
    assert "samples" not in written and "seed alone" not in written
    bars = [s.colour for s in canvas.shapes if isinstance(s, Rectangle)]
    assert len(set(bars)) == 2


def test_the_same_results_give_the_same_picture_in_either_theme() -> None:
    source = open_source("circles:xh-blank", 8, 8)
    for theme in ("light", "dark"):
        one, two = (draw(source, four_groups(source)[:1]).raster(0.5, theme) for _ in range(2))
        assert one.tobytes() == two.tobytes()


def test_embeddings_of_other_points_do_not_share_a_panel() -> None:
    source, other = (open_source(f"circles:{preset}", 8, 8) for preset in ("xy", "xy-hole"))
    groups = [
        replicas(source, "a", "deconv", (0.1, 0.2)),
        replicas(other, "b", "broadcast", (0.1, 0.2)),
    ]
    with pytest.raises(SbvaeError, match=re.escape("b, seed 4: its points or held-out regions")):
        draw(source, groups)
    with pytest.raises(ValueError, match="a group or more"):
        draw(source, [])


def test_scores_have_as_many_digits_as_tell_them_apart() -> None:
    source = open_source("circles:xy", 8, 8)
    group = replicas(source, "deconv", "deconv", (0.99962, 0.9997, 0.99994))

    written = [text.text for text in draw(source, [group], by="affine_r2").texts]

    assert [text.split()[-1] for text in written if text.startswith(("worst:", "best:"))] == [
        *("0.9996", "0.9999"),
    ]
