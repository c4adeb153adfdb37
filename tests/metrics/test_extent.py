"""What is left of a grid, on codes made by construction."""

import numpy as np
import pytest

from sbvae_cli.metrics.extent import extent

LINE = np.linspace(-1, 1, 16)
X, Y = np.meshgrid(LINE, LINE, indexing="ij")
NOTHING = np.zeros(X.shape, bool)


def codes(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.stack(np.broadcast_arrays(first, second), axis=-1)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (codes(X, Y), "sheet"),
        (codes(X, 0.2 * Y), "sheet"),
        (codes(X, np.abs(Y)), "sheet"),  # folded, which is another matter
        (codes(X + Y, X - Y), "sheet"),
        (codes(X, 0.02 * Y), "line"),
        (codes(X + 0.01 * Y, X - 0.01 * Y), "line"),  # though an affine map gets both factors back
        (codes(X, 0 * Y), "line"),
        (codes(np.cos(3 * X), np.sin(3 * X)), "line"),
        (codes(X, X**2 + 0.001 * Y), "line"),
        (codes(0.01 * X, 0.01 * Y), "point"),
        (codes(0 * X, 0 * Y), "point"),
        (3e7 + codes(0 * X, 0 * Y), "point"),
    ],
)
def test_sheets_lines_and_points_are_told_apart(made: np.ndarray, expected: str) -> None:
    assert extent(made, NOTHING) == expected
    assert extent(3 * made + 5, NOTHING, dead_below=0.15) == expected


def test_what_the_posterior_drowns_does_not_count() -> None:
    sheet = codes(X, Y)  # of a std of 0.61
    assert [extent(sheet, NOTHING, v) for v in ([0.1, 0.1], [0.1, 0.8], [0.8, 0.8])] == [
        "sheet", "line", "point",
    ]  # fmt: skip


def test_a_lone_direction_that_the_posterior_nearly_drowns_is_a_line() -> None:
    faint = codes(0.4 * X, 0.1 * Y)  # of stds of 0.25 and 0.06
    assert [extent(faint, NOTHING, [std**2] * 2) for std in (0.35, 0.45, 0.55)] == [
        "line", "line", "point",
    ]  # fmt: skip


def test_a_hole_and_missing_points_do_not_thin_a_sheet() -> None:
    hole = (np.abs(X) < 0.5) & (np.abs(Y) < 0.5)
    holed = codes(X, 0.15 * Y)
    assert extent(holed, hole) == "sheet"
    holed[np.random.default_rng(0).random(X.shape) < 0.3] = np.nan
    assert extent(holed, NOTHING) == "sheet"


def test_scattered_points_are_a_line_along_a_straight_one() -> None:
    points = np.random.default_rng(0).random((50, 2))
    none = np.zeros(50, bool)
    assert extent(points, none) == "sheet"
    assert extent(points @ np.array([[1.0, 1.0], [0.01, -0.01]]), none) == "line"
    assert extent(0.01 * points, none) == "point"
