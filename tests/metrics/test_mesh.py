"""Triangles of an embedded grid against areas known from geometry."""

import numpy as np
import pytest

from sbvae_cli.metrics.mesh import folded_triangles, signed_areas, triangles_within


def grid(n0: int, n1: int) -> np.ndarray:
    lines = np.linspace(0, 1, n0), np.linspace(0, 1, n1)
    return np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1)


def test_areas_sum_to_the_area_within_the_outline() -> None:
    points = grid(7, 5)
    points[1:-1, 1:-1] += np.random.default_rng(0).normal(size=(5, 3, 2))  # the rim stands still

    assert signed_areas(points).shape == (6, 4, 2)
    assert signed_areas(points).sum() == pytest.approx(1.0)
    assert np.abs(signed_areas(points)).sum() > 1.5


def test_areas_scale_with_the_determinant() -> None:
    matrix = np.array([[2.0, 1.0], [0.5, -3.0]])

    np.testing.assert_allclose(signed_areas(grid(4, 6) @ matrix), -6.5 / 30, atol=1e-12)


def test_one_point_of_the_mask_belongs_to_six_triangles() -> None:
    mask = np.ones((5, 5), dtype=bool)
    mask[2, 2] = False

    assert np.count_nonzero(~triangles_within(mask)) == 6


def test_a_point_pulled_over_its_neighbour_folds_triangles_beside_it() -> None:
    points = grid(5, 5)
    points[2, 2] = [0.95, 0.5]

    folded = folded_triangles(grid(5, 5), points, np.ones((5, 5), dtype=bool))

    assert 0 < np.count_nonzero(folded) <= 6
    assert not folded[0].any()
