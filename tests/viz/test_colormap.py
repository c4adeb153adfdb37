"""The colours of the square."""

import numpy as np
import pytest

from sbvae_cli.viz.colormap import CORNERS, square_colours


def test_corners_are_the_named_colours() -> None:
    found = square_colours([[0, 0], [1, 0], [0, 1], [1, 1]])

    assert found.dtype == np.uint8
    assert np.abs(found.astype(int) - np.array(CORNERS)).max() <= 1


def test_every_point_of_a_grid_has_its_own_colour() -> None:
    line = np.linspace(0, 1, 16)
    grid = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1)

    colours = square_colours(grid).reshape(-1, 3)

    assert len(np.unique(colours, axis=0)) == 256


@pytest.mark.parametrize("wraps", [(True, False), (False, True), (True, True)], ids=str)
def test_a_turn_ends_in_the_colours_in_which_it_begins(wraps: tuple[bool, bool]) -> None:
    line = np.linspace(0, 1, 17)
    grid = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1)
    colours = square_colours(grid, wraps).astype(int)
    for axis in (0, 1):
        along = np.moveaxis(colours, axis, 0)
        assert (along[0] == along[-1]).all() == wraps[axis]
        assert np.abs(np.diff(along, axis=0)).max() < 60  # without a seam
    kept = colours[tuple(slice(0, 17 - turn) for turn in wraps)].reshape(-1, 3)
    assert len(np.unique(kept, axis=0)) == len(kept)
    luminance = kept @ np.array([0.2126, 0.7152, 0.0722])
    assert luminance.min() > 35 and luminance.max() < 210


def test_all_colours_stand_out_from_white_and_black() -> None:
    grid = np.stack(np.meshgrid(*[np.linspace(0, 1, 20)] * 2), axis=-1)

    luminance = square_colours(grid) @ np.array([0.2126, 0.7152, 0.0722])

    assert luminance.min() > 35 and luminance.max() < 200


def test_the_two_diagonals_differ_without_red_against_green() -> None:
    """Blue and luminance, what most colour-blind readers keep, tell the corners apart."""
    corners = square_colours([[0, 0], [1, 0], [0, 1], [1, 1]]).astype(float)
    kept = np.stack([corners @ [0.2126, 0.7152, 0.0722], corners[:, 2]], axis=1)

    distances = np.linalg.norm(kept[:, None] - kept[None], axis=-1)

    assert distances[~np.eye(4, dtype=bool)].min() > 35
