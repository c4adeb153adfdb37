"""Drawn discs against geometry and against brute force."""

import numpy as np
import pytest

from sbvae_cli.data.renderers.circles import disc_coverage, render_circles

RGB = ("x", "y", "diameter", "red", "green", "blue")
HSV = ("x", "y", "diameter", "hue", "saturation", "value")
SIZES = [(64, 64), (32, 48), (48, 32), (7, 5)]


def discs(n: int, seed: int = 0, low: float = 0.0, high: float = 1.0) -> np.ndarray:
    """White discs anywhere in the frame, with diameters from almost nothing to the whole width."""
    rng = np.random.default_rng(seed)
    rows = np.ones((n, 6), np.float32)
    rows[:, :2] = rng.uniform(low, high, (n, 2))
    rows[:, 2] = rng.uniform(0.02, high - low, n)
    return rows


def supersampled(x: float, y: float, diameter: float, height: int, width: int) -> np.ndarray:
    """Share of 64x64 points in each pixel that lie in the disc."""
    column = (np.arange(64 * width) + 0.5) / 64 - x * width
    row = (np.arange(64 * height) + 0.5) / 64 - (1 - y) * height
    inside = column[None, :] ** 2 + row[:, None] ** 2 < (diameter * width / 2) ** 2
    return inside.reshape(height, 64, width, 64).mean((1, 3))


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_each_pixel_is_within_two_grey_levels_of_the_covered_area(height: int, width: int) -> None:
    rows = discs(25)
    images = render_circles(rows, RGB, height, width)

    for row, image in zip(rows, images, strict=True):
        expected = 255 * supersampled(*row[:3].astype(float), height, width)
        assert np.abs(image[..., 0] - expected).max() <= 2


@pytest.mark.parametrize("diameter", [0.031, 0.075, 0.1])
def test_small_discs_are_as_exact(diameter: float) -> None:
    rows = discs(15, seed=1)
    rows[:, 2] = diameter
    images = render_circles(rows, RGB, 64, 64)

    for row, image in zip(rows, images, strict=True):
        expected = 255 * supersampled(*row[:3].astype(float), 64, 64)
        assert np.abs(image[..., 0] - expected).max() <= 2


@pytest.mark.parametrize(("height", "width"), [(64, 64), (96, 64), (512, 512)])
def test_a_whole_disc_has_the_area_and_centroid_of_geometry(height: int, width: int) -> None:
    rows = discs(20, low=0.3, high=0.7)
    rows[:, 2] = np.linspace(0.1, 0.55, 20)
    shares = render_circles(rows, RGB, height, width)[..., 1] / 255

    area = shares.sum((1, 2))
    column = (shares * (np.arange(width) + 0.5)).sum((1, 2)) / area
    row = (shares * (np.arange(height) + 0.5)[:, None]).sum((1, 2)) / area
    np.testing.assert_allclose(area, np.pi * (rows[:, 2] * width / 2) ** 2, rtol=5e-3)
    np.testing.assert_allclose(column, rows[:, 0] * width, atol=0.02)
    np.testing.assert_allclose(row, (1 - rows[:, 1]) * height, atol=0.02)


def test_coverage_is_exact_where_rounding_to_grey_levels_would_hide_it() -> None:
    radius = np.array([[0.3], [1.0], [6.4], [200.0]])
    centre = np.array([[0.1], [0.77], [0.5], [0.25]])
    edges = np.arange(-210, 211) - centre
    areas = disc_coverage(edges, edges, radius).sum((1, 2))
    np.testing.assert_allclose(areas, np.pi * radius[:, 0] ** 2, rtol=1e-10)


def test_y_points_up_and_x_to_the_right() -> None:
    upper_left = np.array([[0.25, 0.75, 0.2, 1, 1, 1]])
    image = render_circles(upper_left, RGB, 40, 80)[0, ..., 0]
    assert image[10, 20] == 255
    assert image.sum() == image[:20, :40].sum()


def test_colours_fill_the_disc() -> None:
    image = render_circles(np.array([[0.5, 0.5, 0.5, 0.4, 0.8, 1.0]]), RGB, 32, 32)[0]
    assert image[16, 16].tolist() == [102, 204, 255]
    assert image[0, 0].tolist() == [0, 0, 0]


def test_hue_is_converted() -> None:
    image = render_circles(np.array([[0.5, 0.5, 0.5, 1 / 3, 1, 1]]), HSV, 32, 32)[0]
    assert image[16, 16].tolist() == [0, 255, 0]


def test_rows_are_drawn_each_by_itself() -> None:
    rows = discs(300)
    rows[:, 3:] = np.random.default_rng(1).random((300, 3))
    together = render_circles(rows, RGB, 24, 20)
    alone = [render_circles(rows[i : i + 1], RGB, 24, 20)[0] for i in range(300)]
    np.testing.assert_array_equal(together, alone)


def test_discs_that_differ_in_colour_only_are_drawn_as_if_alone() -> None:
    rows = discs(10)
    rows[:, :3] = rows[0, :3]
    rows[:, 3:] = np.random.default_rng(1).random((10, 3))
    alone = [render_circles(row[None], RGB, 24, 20)[0] for row in rows]
    np.testing.assert_array_equal(render_circles(rows, RGB, 24, 20), alone)


def test_blank_rows_are_black_and_others_are_not() -> None:
    rows = np.array([[np.nan] * 6 + [0], [0.5, 0.5, 0.2, 1, 1, 1, 0], [0.5, 0.5, 0.2, 1, 1, 1, 1]])
    images = render_circles(rows, (*RGB, "present"), 16, 16)
    assert [image.any() for image in images] == [False, False, True]
    assert not render_circles(rows[:1], (*RGB, "present"), 16, 16).any()


def test_columns_are_found_by_name() -> None:
    rows = discs(5)
    turned = render_circles(rows[:, ::-1], RGB[::-1], 16, 16)
    np.testing.assert_array_equal(turned, render_circles(rows, RGB, 16, 16))


def test_no_rows_give_no_images() -> None:
    assert render_circles(np.empty((0, 6)), RGB, 16, 8).shape == (0, 16, 8, 3)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ValueError, match="there is no factor blue"):
        render_circles(np.ones((1, 5)), RGB[:5], 16, 16)
