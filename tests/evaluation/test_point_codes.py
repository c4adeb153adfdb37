"""Rows of a file that show the same point: which points are held out, and what averages lose."""

import numpy as np
import pytest

from sbvae_cli.data.stored_points import StoredPoints
from sbvae_cli.evaluation.point_codes import averaged, points_of

RNG = np.random.default_rng(0)
VALUES = np.stack(np.meshgrid([0.0, 2.0], [0.0, 4.0], indexing="ij"), axis=-1)


def rows_of_points(point: np.ndarray) -> StoredPoints:
    return StoredPoints(VALUES, np.arange(len(point)), point)


def test_a_point_is_held_out_if_half_of_its_rows_or_more_are() -> None:
    stored = rows_of_points(np.array([0, 0, 1, 1, 1, 2, 2, 2]))  # point 3 has no row
    held_out = np.array([1, 0, 1, 0, 0, 1, 1, 0], np.bool_)

    points = points_of(stored, ("x", "y"), lambda v: v / [2, 4], held_out, (False, True), True)

    assert points.held_out.tolist() == [[True, False], [True, False]]
    np.testing.assert_array_equal(points.scaled, VALUES / [2, 4])


def test_averages_and_the_variance_within_points_are_those_of_an_analysis_of_variance() -> None:
    point = np.array([0] * 4 + [1] * 2 + [3] * 6)  # point 2 has no row
    means, stds = RNG.normal(size=(2, len(point), 3))
    means += 2.0 * point[:, None]

    found = averaged(rows_of_points(point), means, stds)

    groups, sizes = [means[point == number] for number in (0, 1, 3)], np.array([4, 2, 6])
    flat = found.means.reshape(4, 3)
    np.testing.assert_allclose(flat[[0, 1, 3]], [group.mean(axis=0) for group in groups])
    assert np.isnan(flat[2]).all()
    np.testing.assert_allclose(found.stds[0, 1], stds[point == 1].mean(axis=0))
    squares = sum((len(group) - 1) * group.var(axis=0, ddof=1) for group in groups)
    np.testing.assert_allclose(found.noise, squares / (12 - 3) * np.mean(1 / sizes))
    between = np.repeat(flat[[0, 1, 3]], sizes, axis=0).var(axis=0)
    np.testing.assert_allclose(found.within, 1 - between / means.var(axis=0))


def test_points_of_one_row_each_lose_nothing() -> None:
    means = RNG.normal(size=(4, 3))
    means[:, 2] = 1.0  # a constant latent has no variance to lose

    found = averaged(rows_of_points(np.arange(4)), means, None)

    np.testing.assert_array_equal(found.means, means.reshape(2, 2, 3))
    assert found.noise == pytest.approx([0, 0, 0]) and found.within == pytest.approx([0, 0, 0])
