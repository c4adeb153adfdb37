"""Coordinate channels of every kind."""

import math

import pytest
import torch

from sbvae_cli.models.coordinates import coordinate_channels, coordinate_grid


def channels(kind: str, size: list[int], cosines: int = 4, seed: int = 0) -> torch.Tensor:
    return coordinate_channels(kind, size, cosines, torch.Generator().manual_seed(seed))


def test_x_runs_across_the_width_and_y_down_the_height() -> None:
    x, y = coordinate_grid(3, 5)
    assert x[0].tolist() == [-1, -0.5, 0, 0.5, 1]
    assert y[:, 0].tolist() == [-1, 0, 1]


def test_a_single_row_or_column_lies_in_the_middle() -> None:
    assert coordinate_grid(1, 1).tolist() == [[[0.0]], [[0.0]]]


def test_linear_ones_are_algorithm_1() -> None:
    assert torch.equal(channels("linear", [4, 7]), coordinate_grid(4, 7))


@pytest.mark.parametrize("size", [[1, 1], [6, 6], [4, 9]])
def test_shuffled_ones_are_the_same_pairs_at_other_places(size: list[int]) -> None:
    grid, shuffled = coordinate_grid(*size), channels("shuffled", size)

    def pairs(of: torch.Tensor) -> list[tuple[float, ...]]:
        return [tuple(pair) for pair in of.flatten(1).T.tolist()]

    assert sorted(pairs(shuffled)) == sorted(pairs(grid))
    if grid[0].numel() > 1:
        assert pairs(shuffled) != pairs(grid)


def test_the_permutation_follows_from_the_seed() -> None:
    first, again, other = (channels("shuffled", [8, 8], seed=seed) for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_cosines_are_waves_of_growing_frequency_along_each_axis() -> None:
    found = channels("cosine", [3, 5], cosines=3)
    x, y = coordinate_grid(3, 5)
    assert found.shape == (6, 3, 5)
    for n in range(3):
        for row in range(3):
            for column in range(5):
                of_x = math.cos((n + 1) * math.pi * (x[row, column].item() + 1) / 2)
                of_y = math.cos((n + 1) * math.pi * (y[row, column].item() + 1) / 2)
                assert found[n, row, column].item() == pytest.approx(of_x, abs=1e-6)
                assert found[3 + n, row, column].item() == pytest.approx(of_y, abs=1e-6)


def test_none_are_no_channels() -> None:
    assert channels("none", [4, 7]).shape == (0, 4, 7)
