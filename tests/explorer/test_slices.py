"""Which grids a page has."""

import itertools

import pytest

from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.data.factor_grid import factor_grid, middle_of
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.explorer.slices import DEFAULT_BUDGET, make_grid, plan_grids, thinned, values_of


def space_of(*names: str, levels: int = 0) -> FactorSpace:
    factors = [
        FactorConfig(name=name, kind="discrete", levels=tuple(range(levels)))
        if levels
        else FactorConfig(name=name, low=0, high=1)
        for name in names
    ]
    return FactorSpace(SpaceConfig(factors=tuple(factors)))


def test_two_factors_have_one_fine_grid() -> None:
    grids = plan_grids(space_of("x", "y"), ("x", "y"), 300)

    assert [(grid.pair, grid.size, grid.at) for grid in grids] == [(("x", "y"), 32, {})]


def test_the_first_pair_stands_at_other_values_of_the_third_factor_too() -> None:
    space = space_of("x", "y", "hue")
    grids = plan_grids(space, ("x", "y"), 300)

    assert {grid.pair for grid in grids} == {("x", "y"), ("x", "hue"), ("y", "hue")}
    hues = [grid.at.get("hue", 0.5) for grid in grids if grid.pair == ("x", "y")]
    assert sorted(hues) == [0, 0.25, 0.5, 0.75, 1]


@pytest.mark.parametrize("count", [2, 3, 5, 9])
@pytest.mark.parametrize("point_bytes", [50, 700, 6_000, 90_000])
def test_the_budget_is_kept_and_every_pair_has_a_grid(count: int, point_bytes: int) -> None:
    space = space_of(*"abcdefghi"[:count])
    grids = plan_grids(space, ("a", "b"), point_bytes)

    least = 16 * len(list(itertools.combinations(space.varying, 2)))
    images = sum(grid.size**2 for grid in grids)
    assert images <= DEFAULT_BUDGET.images + least
    assert images * point_bytes <= DEFAULT_BUDGET.all_bytes + least * point_bytes
    assert grids[0].size ** 2 * point_bytes <= max(DEFAULT_BUDGET.first_bytes, 16 * point_bytes)
    pairs = {grid.pair for grid in grids}
    assert pairs == set(itertools.combinations(space.varying, 2))
    settings = [(grid.pair, tuple(sorted(grid.at.items()))) for grid in grids]
    assert len(set(settings)) == len(settings)


def test_the_values_offered_have_the_middle_among_them() -> None:
    for factor in (
        FactorConfig(name="size", low=0.25, high=0.75),
        FactorConfig(name="hue", low=0, high=1, period=1),
        *(FactorConfig(name="n", kind="discrete", levels=tuple(range(n))) for n in (2, 7, 31)),
    ):
        values = values_of(factor)
        assert middle_of(factor) in values
        assert len(values) <= 9
        assert values == sorted(values)


def test_a_circular_factor_is_not_offered_at_both_ends() -> None:
    assert 1.0 not in values_of(FactorConfig(name="hue", low=0, high=1, period=1))


def test_a_factor_of_many_levels_is_thinned_evenly() -> None:
    space = space_of("a", "b", levels=40)
    grid = factor_grid(space, ("a", "b"), 8)
    thin = thinned(grid, 8)

    assert thin.shape == (8, 8)
    rows = thin.factors.reshape(8, 8, 2)
    assert rows[:, 0, 0].tolist() == list(range(0, 40, 5))
    assert rows[0, :, 1].tolist() == list(range(0, 40, 5))
    assert make_grid(space, plan_grids(space, ("a", "b"), 300)[0]).shape == (20, 20)
