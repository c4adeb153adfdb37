"""Grids in two factors."""

import numpy as np
import pytest

from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.edit_space import customise
from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.data.factor_grid import factor_grid
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.mesh import tear


def space_of(preset: str) -> FactorSpace:
    return FactorSpace(named_space(f"circles:{preset}"))


MIXED = FactorSpace(
    SpaceConfig(
        factors=(
            FactorConfig(name="shape", kind="discrete", levels=(0, 1, 2)),
            FactorConfig(name="angle", low=0, high=360, period=360),
            FactorConfig(name="size", low=0.5, high=1),
        ),
        held_out=(
            {"shape": (0.5, 1), "angle": (0, 90)},
            {"angle": (45, 120), "size": (0.5, 0.8)},
        ),
    )
)


def test_a_grid_spans_both_ranges_with_the_hole() -> None:
    space = space_of("xy-hole")
    grid = factor_grid(space, ("y", "x"), 5, {"diameter": 0.4})
    rows = grid.factors.reshape(*grid.shape, 6)

    assert grid.shape == (5, 5)
    assert grid.names == ("y", "x")
    for i in range(5):
        for j in range(5):
            assert rows[i, j, 1] == np.float32(np.linspace(0.2, 0.8, 5)[i])
            assert rows[i, j, 0] == np.float32(np.linspace(0.2, 0.8, 5)[j])
    assert (rows[..., 2] == np.float32(0.4)).all()
    assert (rows[..., 3:] == 1).all()
    assert space.held_out_mask(grid.factors).reshape(5, 5)[2, 2]


def test_a_grid_shows_circles_and_keeps_other_factors_in_the_middle() -> None:
    grid = factor_grid(space_of("xh-blank"), ("x", "hue"), 3)
    assert (grid.factors[:, -1] == 1).all()
    middle = factor_grid(space_of("xyh-small"), ("x", "hue"), 3).factors[:, 1]
    assert (middle == np.float32(0.5)).all()


def test_a_circular_factor_is_not_shown_twice_and_levels_are_shown_once() -> None:
    grid = factor_grid(MIXED, ("shape", "angle"), 4)
    rows = grid.factors.reshape(*grid.shape, 3)
    assert grid.shape == (3, 4)
    assert rows[:, 0, 0].tolist() == [0, 1, 2]
    assert rows[0, :, 1].tolist() == [0, 90, 180, 270]
    assert (rows[..., 2] == 0.75).all()


@pytest.mark.parametrize(
    ("names", "size", "at", "message"),
    [
        (("x", "yy"), 4, {}, "factor yy is unknown; did you mean y?"),
        (("x", "y"), 4, {"diamter": 1}, "factor diamter is unknown; did you mean diameter?"),
        (("x", "x"), 4, {}, "a grid needs two factors, found x twice"),
        (("x", "diameter"), 4, {}, "diameter does not vary here; choose from x, y"),
        (("x", "y"), 1, {}, "a grid of 1 points a factor has no cells"),
        (("x", "y"), 4, {"x": 0.5}, "x spans the grid"),
    ],
)
def test_a_grid_that_makes_no_sense_is_refused(
    names: tuple, size: int, at: dict, message: str
) -> None:
    with pytest.raises(SbvaeError) as caught:
        factor_grid(space_of("xy"), names, size, at)
    assert str(caught.value).startswith(message)


def test_a_grid_leaves_a_hole_that_all_of_it_would_lie_in() -> None:
    space = FactorSpace(customise(named_space("circles:xyh-small"), holes=[{"hue": (0.4, 0.6)}]))
    grid = factor_grid(space, ("x", "y"), 4)
    assert not space.held_out_mask(grid.factors).any()
    held = factor_grid(space, ("x", "y"), 4, {"hue": 0.5})
    assert space.held_out_mask(held.factors).all()


def test_levels_that_go_all_around_wrap_by_one_step() -> None:
    space = FactorSpace(named_space("room"))
    grid = factor_grid(space, ("floor_hue", "wall_hue"), 10)
    scaled = space.scaled(grid.factors, grid.names).reshape(10, 10, 2)
    assert scaled[:, 0, 0].tolist() == pytest.approx([k / 10 for k in range(10)], abs=1e-6)
    angles = 2 * np.pi * scaled
    codes = np.stack([np.cos(angles[..., 0]), np.sin(angles[..., 1])], axis=-1)
    steps = np.full(10, 0.1)
    assert tear(codes, (steps, steps), (True, True)) < 3
