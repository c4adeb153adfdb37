"""The geometry picture: what is drawn, where, and in which colour."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from sbvae_cli.viz.axes import Panel
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.colormap import square_colours
from sbvae_cli.viz.embedding import Embedding, FactorPanel
from sbvae_cli.viz.geometry import draw_embedding, draw_embeddings
from sbvae_cli.viz.mesh import PRIOR, draw_mesh, draw_prior
from sbvae_cli.viz.primitives import Disc, Line, Region

LABELS = ("latent 3", "latent 7")
SCORES = {
    "affine_r2": 0.998, "inverse_r2": 0.997, "similarity_r2": 0.9, "monotone_r2": 1.0,
    "fold_fraction": 0.004, "tear": 1.7, "heldout_ratio": None, "heldout_area_ratio": 12345.6,
}  # fmt: skip


def factor_grid(n0: int = 8, n1: int = 8, hole: bool = True) -> FactorPanel:
    held_out = np.zeros((n0, n1), dtype=bool)
    if hole:
        held_out[n0 // 4 : -(n0 // 4), n1 // 4 : -(n1 // 4)] = True
    values = np.linspace(0.2, 0.8, n0), np.linspace(0.0, 1.0, n1)
    points = np.stack(np.meshgrid(*values, indexing="ij"), axis=-1)
    return FactorPanel(points, ("x (frame widths)", "hue (turns)"), held_out)


def codes_of(grid: FactorPanel) -> np.ndarray:
    return 3.0 * (grid.positions - 0.5)


def margins_are_white(image: Image.Image, margin: int = 4) -> bool:
    pixels = np.asarray(image)
    edges = (pixels[:margin], pixels[-margin:], pixels[:, :margin], pixels[:, -margin:])
    return all((edge == 255).all() for edge in edges)


def test_one_model_is_about_1400_pixels_wide() -> None:
    grid = factor_grid()

    image = draw_embedding(grid, Embedding(codes_of(grid), LABELS)).raster()

    assert image.mode == "RGB" and 1300 <= image.width <= 1500


def test_points_have_their_colour_and_held_out_points_are_black() -> None:
    grid = factor_grid()
    canvas, panel = Canvas(400, 400), Panel(0, 0, 400, 400, (-2, 2), (-2, 2))
    codes = codes_of(grid)
    draw_mesh(canvas, panel, codes, grid.positions, grid.held_out)

    pixels = np.asarray(canvas.raster()).astype(int)

    colours = square_colours(grid.positions)
    for index in np.ndindex(8, 8):
        x, y = np.floor(panel.place(codes[index])).astype(int)
        expected = [0, 0, 0] if grid.held_out[index] else colours[index]
        assert np.abs(pixels[y, x] - expected).max() <= 2, index


def test_lines_join_neighbours_and_the_two_ends_where_a_factor_wraps() -> None:
    grid = factor_grid(8, 2, hole=False)
    angle = 2 * np.pi * np.arange(8) / 8
    ring = (
        np.stack([np.cos(angle), np.sin(angle)], axis=-1)[:, None] * np.array([1.0, 2.0])[:, None]
    )
    panel = Panel(0, 0, 400, 400, (-3, 3), (-3, 3))
    seam = np.floor(panel.place((ring[0, 1] + ring[-1, 1]) / 2)).astype(int)
    drawn = []
    for wraps in ((False, False), (True, False)):
        canvas = Canvas(400, 400)
        draw_mesh(canvas, panel, ring, grid.positions, grid.held_out, wraps=wraps)
        around = np.asarray(canvas.raster())[seam[1] - 2 : seam[1] + 3, seam[0] - 2 : seam[0] + 3]
        drawn.append(bool((around < 200).any()))

    assert drawn == [False, True]


def test_cells_close_a_turn_where_its_ends_meet_and_not_where_a_model_cut_it_open() -> None:
    grid = replace(factor_grid(6, 8, hole=False), wraps=(False, True))
    angle, radius = 2 * np.pi * np.arange(8) / 8, np.linspace(1.0, 2.0, 6)[:, None]
    ring = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
    panel = Panel(0, 0, 400, 400, (-3, 3), (-3, 3))
    counts = []
    for codes, closed in ((ring, True), (codes_of(grid), True), (ring, False)):
        canvas = Canvas(400, 400)
        mesh = codes, grid.positions, grid.held_out, grid.wraps
        draw_mesh(canvas, panel, *mesh, closed=closed)
        counts.append(sum(isinstance(shape, Region) for shape in canvas.shapes))
    assert counts == [5 * 8, 5 * 7, 5 * 7]


def test_the_last_value_of_a_turn_has_a_colour_of_its_own() -> None:
    grid = replace(factor_grid(6, 8), wraps=(False, True))
    assert grid.positions.reshape(-1, 2).max(axis=0).tolist() == [1.0, 7 / 8]


def test_the_priors_circles_stay_within_the_panel() -> None:
    canvas, panel = Canvas(300, 300), Panel(100, 100, 100, 100, (-1.2, 1.2), (-1.2, 1.2))
    draw_prior(canvas, panel)

    rows, columns = np.nonzero(np.asarray(canvas.raster().convert("L")) < 250)

    assert rows.min() >= 99 and rows.max() <= 200
    assert columns.min() == pytest.approx(100 + 100 * 0.2 / 2.4, abs=1.5)  # radius 1; 2 is outside


def test_held_out_points_are_black_in_both_panels() -> None:
    with_hole, without = factor_grid(16, 16), factor_grid(16, 16, hole=False)

    counts = []
    for grid in (with_hole, without):
        image = draw_embedding(grid, Embedding(codes_of(grid), LABELS)).raster()
        black = (np.asarray(image)[100:520] < 8).all(axis=-1)
        counts.append((int(black[:, :560].sum()), int(black[:, 600:1050].sum())))

    assert min(counts[0]) > 64 * 10  # 64 points a panel
    assert max(counts[1]) == 0


def test_the_same_call_draws_the_same_pixels() -> None:
    grid = factor_grid()
    embedding = Embedding(codes_of(grid), LABELS, scores=SCORES)
    samples = np.random.default_rng(0).integers(0, 256, (16, 20, 20, 3), dtype=np.uint8)

    first = draw_embedding(grid, embedding, "caption", samples).raster()
    second = draw_embedding(grid, embedding, "caption", samples).raster()

    assert first.tobytes() == second.tobytes()


@pytest.mark.parametrize(
    "codes",
    [
        np.zeros((8, 8, 2)),
        np.full((8, 8, 2), 1e-12),
        codes_of(factor_grid()) * [1.0, 0.0],
        codes_of(factor_grid()) * 1e6 + 3e7,
        codes_of(factor_grid()) * 1e-9,
        np.float32(codes_of(factor_grid())),
    ],
    ids=["one point", "tiny", "dead latent", "huge", "small", "float32"],
)
def test_degenerate_codes_are_drawn_within_the_picture(codes: np.ndarray) -> None:
    grid = factor_grid()

    image = draw_embedding(grid, Embedding(codes, LABELS, scores=SCORES), "x").raster()

    assert margins_are_white(image)
    assert (np.asarray(image)[100:520, 620:1040] < 200).any()


@pytest.mark.parametrize("shape", [(2, 2), (3, 40), (64, 64)])
def test_grids_of_any_size_are_drawn(shape: tuple[int, int]) -> None:
    grid = factor_grid(*shape, hole=False)

    assert margins_are_white(draw_embedding(grid, Embedding(codes_of(grid), LABELS)).raster())


def test_long_names_stay_within_the_picture() -> None:
    name = "a name that goes on and on " * 10
    grid = factor_grid()
    named = FactorPanel(grid.points, (name, name), grid.held_out)
    embedding = Embedding(codes_of(grid), (name, name), name, SCORES)

    assert margins_are_white(draw_embedding(named, embedding, name).raster())
    assert margins_are_white(draw_embeddings(named, [embedding] * 2, name).raster())


@pytest.mark.parametrize("shape", [(16, 64, 64, 3), (1, 30, 90, 1), (3, 90, 30, 3), (40, 8, 8, 3)])
def test_samples_of_any_shape_leave_room_for_the_scores(shape: tuple[int, ...]) -> None:
    grid = factor_grid()
    samples = np.zeros(shape, np.uint8)

    image = draw_embedding(
        grid, Embedding(codes_of(grid), LABELS, scores=SCORES), samples=samples
    ).raster()

    assert margins_are_white(image)


def test_a_comparison_grows_by_a_column_for_each_model_and_then_by_rows() -> None:
    grid = factor_grid()
    embedding = Embedding(codes_of(grid), LABELS, "broadcast", SCORES)

    sizes = [draw_embeddings(grid, [embedding] * count).raster().size for count in (1, 2, 3, 4)]

    widths, heights = zip(*sizes, strict=True)
    assert widths[0] < widths[1] < widths[2]
    assert widths[3] < widths[2] and heights[3] > 1.5 * heights[1]


def test_all_grows_with_the_panels_type_and_lines_too() -> None:
    grid = factor_grid()
    embedding = Embedding(codes_of(grid), LABELS, scores=SCORES)

    canvas = draw_embedding(grid, embedding, "caption", note="note")
    one, three = canvas.raster(0.7), canvas.raster(2.1)

    assert np.abs(np.subtract(three.size, np.multiply(3, one.size))).max() <= 3
    reduced = np.asarray(three.resize(one.size).convert("L"), dtype=float)
    assert np.abs(reduced - np.asarray(one.convert("L"), dtype=float)).mean() < 3


def test_points_without_an_image_and_their_lines_are_left_out() -> None:
    grid = factor_grid(8, 8, hole=False)
    codes = codes_of(grid)
    canvas, panel = Canvas(400, 400), Panel(0, 0, 400, 400, (-2, 2), (-2, 2))
    missing = codes.copy()
    missing[3:5, 3:5] = np.nan
    draw_mesh(canvas, panel, missing, grid.positions, grid.held_out)

    pixels = np.asarray(canvas.raster())

    inside = np.floor(panel.place(codes[3:5, 3:5])).astype(int)
    for x, y in inside.reshape(-1, 2):
        assert (pixels[y, x] == 255).all()
    x, y = np.floor(panel.place(codes[2, 2])).astype(int)
    assert (pixels[y, x] < 250).any()
    assert margins_are_white(
        draw_embedding(grid, Embedding(missing, LABELS, scores=SCORES)).raster()
    )


def test_scattered_points_are_drawn_without_lines() -> None:
    rng = np.random.default_rng(0)
    points, held_out = rng.random((5, 2)), np.arange(5) == 0
    canvas, panel = Canvas(400, 400), Panel(0, 0, 400, 400, (0, 1), (0, 1))
    draw_mesh(canvas, panel, points, points, held_out)

    inked = (np.asarray(canvas.raster()) < 250).any(axis=-1)

    places = np.floor(panel.place(points)).astype(int)
    assert all(inked[y, x] for x, y in places)
    assert inked.sum() < 5 * np.pi * 7**2
    factors = FactorPanel(points, ("x", "y"), held_out)
    assert margins_are_white(
        draw_embedding(factors, Embedding(points, LABELS, scores=SCORES)).raster()
    )


@pytest.mark.parametrize(("verdict", "red"), [("flat", 0), ("collapsed to a line", 50)])
def test_what_has_collapsed_is_written_in_red(verdict: str, red: int) -> None:
    grid = factor_grid(2, 2, hole=False)
    image = draw_embeddings(grid, [Embedding(codes_of(grid), LABELS, "", SCORES, verdict)]).raster()

    assert (np.asarray(image) == (176, 32, 38)).all(axis=-1).sum() >= red
    assert red or not (np.asarray(image) == (176, 32, 38)).all(axis=-1).any()


def test_what_cannot_be_drawn_is_refused() -> None:
    grid = factor_grid()
    with pytest.raises(ValueError, match="do not fit points"):
        draw_embedding(grid, Embedding(np.zeros((7, 8, 2)), LABELS)).raster()
    with pytest.raises(ValueError, match="finite somewhere"):
        draw_embedding(grid, Embedding(np.full((8, 8, 2), np.nan), LABELS)).raster()
    with pytest.raises(ValueError, match="one embedding or more"):
        draw_embeddings(grid, []).raster()


def test_a_cell_of_the_mesh_is_one_area_without_a_line_across() -> None:
    canvas, panel = Canvas(100, 100), Panel(0, 0, 100, 100, (0, 1), (0, 1))
    square = np.stack(np.meshgrid([0.1, 0.9], [0.1, 0.9], indexing="ij"), axis=-1)
    draw_mesh(canvas, panel, square, square, np.zeros((2, 2), np.bool_))
    inside = np.asarray(canvas.raster())[20:80, 20:80]
    assert (inside == inside[0, 0]).all() and (inside[0, 0] < 255).any()


def test_the_priors_circles_lie_over_the_cells_and_under_the_points() -> None:
    grid = factor_grid(8, 8)
    canvas = draw_embedding(grid, Embedding(codes_of(grid), LABELS))

    dashes = [i for i, s in enumerate(canvas.shapes) if isinstance(s, Line) and s.colour == PRIOR]
    cells = [i for i, shape in enumerate(canvas.shapes) if isinstance(shape, Region)]
    points = [i for i, shape in enumerate(canvas.shapes) if isinstance(shape, Disc)]
    circles = dashes[1:]  # after the legend's
    assert max(cells) < min(circles) and sum(i > max(circles) for i in points) == 64
