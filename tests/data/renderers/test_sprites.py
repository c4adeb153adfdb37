"""Drawn sprites against geometry: counted areas, centroids and symmetries."""

from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
import pytest

from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.data.renderers.sprites import paint, render_masks

NAMES = ("shape", "scale", "orientation", "x", "y")
LEVELS = {name: named_space("sprites").factor(name).levels for name in NAMES}
SQUARE, ELLIPSE, HEART = 1, 2, 3
SHAPES = [SQUARE, ELLIPSE, HEART]
SIDE = 0.3249  # of the square at scale 1, in shorter sides of the frame; the others match its area


def draw(*rows: tuple[float, ...], size: tuple[int, int] = (64, 64)) -> np.ndarray:
    """Masks as booleans, shape (N, H, W)."""
    return render_masks(np.array(rows, float), NAMES, *size)[..., 0] > 0


def centroids(masks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean column and mean row of each mask's lit pixels, in pixels from the upper left corner."""
    height, width = masks.shape[1:]
    area = masks.sum((1, 2))
    column = (masks * (np.arange(width) + 0.5)).sum((1, 2)) / area
    row = (masks * (np.arange(height) + 0.5)[:, None]).sum((1, 2)) / area
    return column, row


def everything(n: int) -> np.ndarray:
    """Rows of random levels."""
    rng = np.random.default_rng(0)
    return np.stack([rng.choice(LEVELS[name], n) for name in NAMES], 1)


def brute_force(shape: float, scale: float, orientation: float, x: float, y: float) -> np.ndarray:
    """Pixels of a 64x64 frame whose centres lie in the shape, in complex double precision."""
    steps = np.arange(64) + 0.5 - 16.5
    plane = (steps - 31 * x) + 1j * (steps - 31 * y)[:, None]
    plane = plane * np.exp(-1j * orientation) / (64 * scale)
    if shape == SQUARE:
        return (abs(plane.real) < SIDE / 2) & (abs(plane.imag) < SIDE / 2)
    if shape == ELLIPSE:
        return (plane.real / 0.23) ** 2 + (plane.imag / (SIDE**2 / np.pi / 0.23)) ** 2 < 1
    side = SIDE / np.sqrt(1 + np.pi / 4)
    # The square's centre lies below the centroid by the half discs' moment over the whole area.
    plane = plane - 1j * (np.pi / 8 + 1 / 6) * side / np.sqrt(2) / (1 + np.pi / 4)
    turned = plane * np.exp(0.25j * np.pi)
    square = (abs(turned.real) < side / 2) & (abs(turned.imag) < side / 2)
    right, left = abs(turned - side / 2), abs(turned + 1j * side / 2)  # from the discs' centres
    return square | (right < side / 2) | (left < side / 2)


def test_masks_equal_brute_force() -> None:
    rows = everything(300)
    for row, mask in zip(rows, draw(*rows), strict=True):
        np.testing.assert_array_equal(mask, brute_force(*row))


@pytest.mark.parametrize("size", [(512, 512), (400, 600)])
@pytest.mark.parametrize("scale", LEVELS["scale"])
def test_a_square_has_the_area_of_its_sides(scale: float, size: tuple[int, int]) -> None:
    masks = draw(*[(SQUARE, scale, o, 0.5, 0.5) for o in (0.1, 0.7, 3.0)], size=size)
    expected = (SIDE * scale * min(size)) ** 2
    np.testing.assert_allclose(masks.sum((1, 2)), expected, rtol=0.01)


@pytest.mark.parametrize("size", [(512, 512), (400, 600)])
@pytest.mark.parametrize("scale", LEVELS["scale"])
def test_an_ellipse_has_the_area_of_its_axes(scale: float, size: tuple[int, int]) -> None:
    mask = draw((ELLIPSE, scale, 0, 0.5, 0.5), size=size)[0]
    width, height = mask.any(0).sum(), mask.any(1).sum()
    assert width == pytest.approx(0.46 * scale * min(size), abs=1.5)
    assert mask.sum() == pytest.approx(np.pi * width * height / 4, rel=0.02)


@pytest.mark.parametrize("scale", LEVELS["scale"])
def test_all_shapes_of_a_scale_have_the_same_area(scale: float) -> None:
    masks = draw(*[(shape, scale, 0.3, 0.5, 0.5) for shape in SHAPES], size=(512, 512))
    np.testing.assert_allclose(masks.sum((1, 2)), (SIDE * scale * 512) ** 2, rtol=0.005)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_centroid_is_at_the_position(shape: int) -> None:
    rng = np.random.default_rng(shape)
    x, y = rng.random((2, 20))
    turns = rng.uniform(0, 2 * np.pi, 20)
    rows = [(shape, 0.8, *pose) for pose in zip(turns, x, y, strict=True)]
    column, row = centroids(draw(*rows, size=(256, 384)))
    margin = 16.5 / 64 * 256
    np.testing.assert_allclose(column, margin + x * (384 - 2 * margin), atol=0.2)
    np.testing.assert_allclose(row, margin + y * (256 - 2 * margin), atol=0.2)


@pytest.mark.parametrize("shape", SHAPES)
def test_levels_of_position_are_a_pixel_apart(shape: int) -> None:
    pose = (shape, 0.9, 0.4)
    corner = draw((*pose, 0, 0))[0]
    for i, j in [(1, 0), (0, 1), (5, 9), (31, 31)]:
        moved = draw((*pose, LEVELS["x"][i], LEVELS["y"][j]))[0]
        np.testing.assert_array_equal(moved, np.roll(corner, (j, i), axis=(0, 1)))


def test_x_moves_right_and_y_moves_down() -> None:
    column, row = centroids(draw((3, 1, 0, 0.2, 0.2), (3, 1, 0, 0.6, 0.2), (3, 1, 0, 0.2, 0.6)))
    np.testing.assert_allclose(column - column[0], [0, 0.4 * 31, 0], atol=0.5)
    np.testing.assert_allclose(row - row[0], [0, 0, 0.4 * 31], atol=0.5)


@pytest.mark.parametrize("angle", [0.0, 0.2, 1.0])
def test_a_square_turned_by_a_quarter_is_itself(angle: float) -> None:
    before, after = draw((SQUARE, 1, angle, 0.5, 0.5), (SQUARE, 1, angle + np.pi / 2, 0.5, 0.5))
    np.testing.assert_array_equal(before, after)
    np.testing.assert_array_equal(before, np.rot90(before))


def test_an_ellipse_turned_by_a_quarter_is_transposed() -> None:
    flat, upright = draw((ELLIPSE, 1, 0, 0.5, 0.5), (ELLIPSE, 1, np.pi / 2, 0.5, 0.5))
    np.testing.assert_array_equal(upright, flat.T)
    assert flat.any(0).sum() > 1.4 * flat.any(1).sum()


@pytest.mark.parametrize("angle", [0.0, 0.3, 0.9])
def test_shapes_turn_clockwise_on_the_screen(angle: float) -> None:
    rows = [(shape, 1, angle + q, 0.5, 0.5) for shape in SHAPES for q in (0, np.pi / 2)]
    masks = draw(*rows)
    for before, after in zip(masks[::2], masks[1::2], strict=True):
        np.testing.assert_array_equal(after, np.rot90(before, -1))


def test_the_long_axis_of_an_ellipse_falls_to_the_right_as_it_turns() -> None:
    mask = draw((ELLIPSE, 1, np.pi / 4, 0.5, 0.5))[0]
    assert mask[40, 40] and mask[23, 23]  # below and right of the centre, above and left
    assert not mask[40, 23] and not mask[23, 40]


def test_a_full_turn_changes_nothing() -> None:
    rest = list(product(SHAPES, LEVELS["scale"]))
    start = draw(*[(*row, LEVELS["orientation"][0], 0.5, 0.5) for row in rest])
    end = draw(*[(*row, LEVELS["orientation"][-1], 0.5, 0.5) for row in rest])
    np.testing.assert_array_equal(start, end)


def test_a_heart_is_symmetric_about_its_axis() -> None:
    masks = draw(*[(HEART, scale, 0, 0.5, 0.5) for scale in LEVELS["scale"]])
    np.testing.assert_array_equal(masks, masks[:, :, ::-1])


@pytest.mark.parametrize("scale", LEVELS["scale"])
def test_a_heart_has_two_lobes_above_and_one_tip_below(scale: float) -> None:
    mask = draw((HEART, scale, 0, 15 / 31, 15 / 31))[0]
    lit = np.flatnonzero(mask.any(1))
    top, bottom = mask[lit[0]].astype(int), mask[lit[-1]].astype(int)
    assert (np.diff(top) == 1).sum() == 2
    assert bottom.sum() == 1
    widths = mask[lit].sum(1)
    assert widths.argmax() < len(lit) / 2


@pytest.mark.parametrize("size", [(64, 64), (32, 48), (48, 32)])
def test_everything_lies_within_the_frame(size: tuple[int, int]) -> None:
    extremes = list(product(SHAPES, (0.5, 1), LEVELS["orientation"], (0, 1), (0, 1)))
    masks = draw(*extremes, size=size)
    seen = masks.any(0)
    assert not (seen[[0, -1]].any() or seen[:, [0, -1]].any())
    whole = (SIDE * min(size) * np.array(extremes)[:, 1]) ** 2
    assert (masks.sum((1, 2)) > 0.8 * whole).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_the_largest_shapes_reach_less_than_15_pixels(shape: int) -> None:
    masks = draw(*[(shape, 1.0, o, 0.5, 0.5) for o in LEVELS["orientation"]])
    offset = np.arange(64) + 0.5 - 32
    distance = np.hypot(offset, offset[:, None])
    assert 13 < distance[masks.any(0)].max() < 15


def test_pixels_stay_square_in_any_frame() -> None:
    pose = (HEART, 1, 0.7, 0.5, 0.5)
    square, wide, tall = (draw(pose, size=size)[0] for size in [(40, 40), (40, 60), (60, 40)])
    np.testing.assert_array_equal(wide[:, 10:50], square)
    np.testing.assert_array_equal(tall[10:50], square)
    assert wide.sum() == tall.sum() == square.sum()


def test_pixels_are_black_or_white() -> None:
    images = render_masks(everything(200), NAMES, 32, 48)
    assert images.shape == (200, 32, 48, 1)
    assert images.dtype == np.uint8
    assert np.unique(images).tolist() == [0, 255]


def test_single_precision_draws_the_same() -> None:
    rows = everything(2000)
    expected = render_masks(rows, NAMES, 64, 64)
    np.testing.assert_array_equal(render_masks(rows.astype(np.float32), NAMES, 64, 64), expected)


def test_rows_are_drawn_each_by_itself() -> None:
    rows = everything(100)
    together = render_masks(rows, NAMES, 64, 64)
    alone = [render_masks(rows[i : i + 1], NAMES, 64, 64)[0] for i in range(100)]
    np.testing.assert_array_equal(together, alone)


def test_threads_draw_the_same() -> None:
    rows = everything(800)
    with ThreadPoolExecutor(4) as pool:
        parts = pool.map(lambda some: render_masks(some, NAMES, 32, 48), np.split(rows, 8))
    np.testing.assert_array_equal(np.concatenate(list(parts)), render_masks(rows, NAMES, 32, 48))


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("column", range(5))
def test_rows_that_are_not_finite_are_black(column: int, value: float) -> None:
    rows = everything(3)
    rows[:, 2] = 0
    rows[1, column] = value
    images = render_masks(rows, NAMES, 32, 32)
    assert [image.any() for image in images] == [True, False, True]


def test_a_shape_of_no_size_is_black() -> None:
    assert not draw((SQUARE, 0, 0, 0, 0)).any()


def test_rows_that_are_not_present_are_black() -> None:
    rows = np.column_stack([everything(3), [1, 0, np.nan]])
    images = render_masks(rows, (*NAMES, "present"), 32, 32)
    assert [image.any() for image in images] == [True, False, False]


def test_columns_are_found_by_name() -> None:
    rows = everything(20)
    more = np.column_stack([rows, np.full(20, np.nan)])[:, ::-1]
    turned = render_masks(more, ("hue", *NAMES[::-1]), 32, 32)
    np.testing.assert_array_equal(turned, render_masks(rows, NAMES, 32, 32))


def test_no_rows_give_no_images() -> None:
    assert render_masks(np.empty((0, 5)), NAMES, 16, 8).shape == (0, 16, 8, 1)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_column_is_named(name: str) -> None:
    others = [other for other in NAMES if other != name]
    with pytest.raises(ValueError, match=f"there is no factor {name} among {', '.join(others)}"):
        render_masks(np.ones((1, 4)), others, 16, 16)


@pytest.mark.parametrize("shape", [0, 4, 1.5])
def test_an_unknown_shape_is_refused(shape: float) -> None:
    rows = np.array([[1, 1, 0, 0.5, 0.5], [shape, 1, 0, 0.5, 0.5]])
    with pytest.raises(ValueError, match=rf"3 \(heart\), got {shape:g}$"):
        render_masks(rows, NAMES, 16, 16)


def test_paint_rounds_mask_times_colour() -> None:
    rng = np.random.default_rng(0)
    masks = rng.integers(0, 256, (50, 20, 30, 1)).astype(np.uint8)
    colours = rng.random((50, 3))
    painted = paint(masks, colours)
    assert painted.shape == (50, 20, 30, 3)
    assert painted.dtype == np.uint8
    assert np.abs(painted - masks * colours[:, None, None, :]).max() <= 0.5001


def test_paint_gives_each_lit_pixel_the_colour_of_its_image() -> None:
    masks = render_masks(everything(2), NAMES, 32, 32)
    painted = paint(masks, np.array([[0.4, 0.8, 1.0], [0.2, 0.0, 0.5]]))
    for mask, image, colour in zip(masks, painted, [[102, 204, 255], [51, 0, 128]], strict=True):
        np.testing.assert_array_equal(image, (mask > 0) * colour)


def test_paint_is_black_where_a_colour_is_nan() -> None:
    masks = np.full((3, 4, 5, 1), 255, np.uint8)
    painted = paint(masks, np.array([[1, 1, 1], [1, np.nan, 1], [np.nan] * 3]))
    assert painted.reshape(3, -1).max(1).tolist() == [255, 0, 0]


def test_paint_of_nothing_is_nothing() -> None:
    assert paint(np.empty((0, 4, 5, 1), np.uint8), np.empty((0, 3))).shape == (0, 4, 5, 3)


@pytest.mark.parametrize(
    ("masks", "colours"), [((2, 4, 4, 3), (2, 3)), ((2, 4, 4), (2, 3)), ((2, 4, 4, 1), (1, 3))]
)
def test_paint_refuses_other_shapes(masks: tuple[int, ...], colours: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="painting needs masks"):
        paint(np.zeros(masks, np.uint8), np.zeros(colours))
