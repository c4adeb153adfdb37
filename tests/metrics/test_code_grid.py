"""Codes of rows in any order, laid out as a grid and scored like one."""

import numpy as np
import pytest

from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.code_grid import code_grid
from sbvae_cli.metrics.geometry_scores import geometry_scores

RNG = np.random.default_rng(0)


def scores(codes: np.ndarray, factors: np.ndarray, **options: object) -> dict[str, object]:
    grid = code_grid(codes, factors, **options)  # type: ignore[arg-type]
    circular = options.get("circular", (False, False))
    held_out = np.isnan(grid.codes).any(axis=-1)
    return geometry_scores(grid.factors, grid.codes, held_out, circular)  # type: ignore[arg-type]


def test_a_shuffled_grid_is_put_in_order() -> None:
    rows = np.array([(3.0 * i, j / 7) for i in range(5) for j in range(8)])
    order = RNG.permutation(len(rows))
    grid = code_grid(rows[order] * 2 + 1, rows[order], others_vary=False)

    assert grid.factors.shape == (5, 8, 2) and grid.binned == (False, False)
    assert grid.factors[:, 0, 0] == pytest.approx(np.arange(5) / 4)
    assert grid.factors[0, :, 1] == pytest.approx(np.arange(8) / 7)
    np.testing.assert_allclose(grid.codes.reshape(-1, 2), rows * 2 + 1)


def test_other_factors_are_averaged_over() -> None:
    rows = np.array([(i, j, k) for i in range(4) for j in range(4) for k in (-1, 1)] * 4, float)
    grid = code_grid(rows[:, :2] + rows[:, 2:], rows[:, :2])
    np.testing.assert_allclose(grid.codes, 3 * grid.factors)


def test_continuous_factors_are_binned_and_a_linear_code_stays_linear() -> None:
    factors = RNG.uniform(size=(10_000, 2))
    grid = code_grid(factors, factors)
    assert grid.binned == (True, True) and grid.factors.shape == (32, 32, 2)
    found = scores(factors @ [[1, 1], [-1, 1]], factors)
    assert found["affine_r2"] > 0.999 and found["fold_fraction"] == 0
    assert scores(RNG.normal(size=(10_000, 2)), factors)["affine_r2"] < 0.05
    folded = np.abs(factors - [0.5, 0])
    assert scores(folded, factors)["fold_fraction"] == pytest.approx(0.5, abs=0.05)


def test_few_rows_make_few_bins() -> None:
    factors = RNG.uniform(size=(800, 2))
    assert code_grid(factors, factors).factors.shape == (10, 10, 2)
    levels = np.column_stack([RNG.integers(0, 4, 800), RNG.uniform(size=800)])
    assert code_grid(levels, levels).factors.shape == (4, 25, 2)
    assert code_grid(levels, levels[:, ::-1]).factors.shape == (25, 4, 2)
    fine = RNG.integers(0, 30, (800, 2)).astype(float)
    assert code_grid(fine, fine).factors.shape == (10, 10, 2)


def test_cells_without_a_row_are_left_out_of_the_support() -> None:
    factors = RNG.uniform(size=(8000, 2))
    factors = factors[(np.abs(factors - 0.5) > 0.25).any(axis=1)]  # a hole

    found = scores(factors, factors)

    assert found["affine_r2"] > 0.999 and 1 <= found["tear"] < 3
    assert found["fold_fraction"] == 0
    for name in ("heldout_nrmse", "heldout_ratio", "heldout_area_ratio", "fold_fraction_heldout"):
        assert found[name] is None


def test_a_circular_factor_closes() -> None:
    rows = np.array([(i / 12, j / 5) for i in range(12) for j in range(6)])
    turns = 2 * np.pi * rows[:, 0]
    ring = (1 + rows[:, 1:]) * np.column_stack([np.cos(turns), np.sin(turns)])

    grid = code_grid(ring, rows, circular=(True, False), others_vary=False)

    assert grid.factors[:, 0, 0] == pytest.approx(np.arange(12) / 12)
    found = scores(ring, rows, circular=(True, False), others_vary=False)
    assert found["tear"] < 2 and found["affine_r2"] is None
    fine = RNG.uniform(size=(5000, 2))
    assert code_grid(fine, fine, circular=(True, False)).factors[:, 0, 0] == pytest.approx(
        (np.arange(25) + 0.5) / 25
    )


def test_one_level_or_too_few_rows_are_refused() -> None:
    with pytest.raises(SbvaeError, match="two factors that vary"):
        code_grid(np.zeros((9, 2)), np.column_stack([np.zeros(9), np.arange(9)]))
    with pytest.raises(SbvaeError, match="9 rows are too few"):
        code_grid(np.zeros((9, 2)), RNG.uniform(size=(9, 2)))
