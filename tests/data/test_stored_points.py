"""Which stored rows show two factors, as a grid or scattered, in whatever order they are."""

from collections.abc import Sequence

import numpy as np
import pytest

from sbvae_cli.data.stored_points import StoredFactors, StoredPoints, _distinct, stored_points
from sbvae_cli.errors import SbvaeError

RNG = np.random.default_rng(0)
NAMES = ("y", "hue", "x")


def product(*levels: Sequence[float]) -> np.ndarray:
    """All combinations, in no order."""
    rows = np.stack(np.meshgrid(*levels, indexing="ij"), axis=-1).reshape(-1, len(levels))
    return np.random.default_rng(1).permutation(rows).astype(np.float32)


def choose(factors: np.ndarray, size: int = 8, **at: float) -> StoredPoints:
    found = stored_points(factors, NAMES, ("x", "y"), at, size, np.random.default_rng(0))
    assert np.all(np.diff(found.rows) > 0)
    shown = factors[found.rows][:, [2, 0]]
    np.testing.assert_array_equal(found.values.reshape(-1, 2)[found.point], shown)
    return found


def test_a_complete_grid_in_any_order_has_every_point_once_and_the_others_in_the_middle() -> None:
    factors = product(range(5), (0.0, 0.1, 0.5, 0.9), (3.0, 4.0, 7.0))

    found = choose(factors)

    assert found.values.shape == (3, 5, 2)
    assert found.values[:, 0, 0].tolist() == [3, 4, 7] and found.values[0, :, 1].tolist() == [
        *range(5)
    ]
    assert sorted(found.point) == list(range(15))
    assert found.fixed == {"hue": pytest.approx(0.5)} and found.free == ()


def test_others_stand_where_they_are_put_or_next_to_it() -> None:
    factors = product(range(4), (0.0, 0.5, 1.0), range(4))
    found = choose(factors, hue=0.9)
    assert found.fixed == {"hue": 1.0}
    assert set(factors[found.rows, 1]) == {1.0}


def test_the_setting_that_shows_most_is_shown() -> None:
    factors = product(range(4), (0.0, 0.5, 1.0), range(4))
    factors = factors[(factors[:, 1] == 1.0) | (factors[:, 2] < 2)]
    found = choose(factors)
    assert found.fixed == {"hue": 1.0} and len(found.rows) == 16


def test_a_grid_with_gaps_is_still_one() -> None:
    factors = product(range(6), (0.5,), range(6))
    factors = factors[(factors[:, 0] + factors[:, 2]) % 5 != 0]
    found = choose(factors)
    assert found.values.shape == (6, 6, 2)
    assert len(found.rows) == len(factors) < 36


def test_a_factor_of_ever_new_values_does_not_hide_the_grid_of_the_two() -> None:
    factors = product(range(5), (0.0,), range(5))
    factors[:, 1] = RNG.random(len(factors))
    found = choose(factors)
    assert found.values.shape == (5, 5, 2) and found.free == ("hue",) and not found.fixed


def test_a_few_rows_of_each_point_are_taken() -> None:
    factors = np.repeat(product(range(3), (0.0,), range(3)), 20, axis=0)
    found = choose(factors)
    assert np.bincount(found.point).tolist() == [8] * 9


def test_rows_in_no_grid_lie_scattered_and_are_few() -> None:
    factors = RNG.random((500, 3)).astype(np.float32)
    found = choose(factors, size=8)
    assert found.values.shape == (64, 2) and found.free == ("hue",) and found.found == 500
    assert found.point.tolist() == list(range(64))


def test_thousands_of_levels_are_thinned() -> None:
    factors = np.zeros((150 * 150, 3), np.float32)
    factors[:, 0], factors[:, 2] = np.divmod(np.arange(150 * 150), 150)
    found = choose(factors, size=10)
    assert found.values.shape == (10, 10, 2)
    assert found.values[[0, -1], 0, 0].tolist() == [0, 149]


def test_pairs_that_choose_from_one_sorting_choose_what_each_chooses_alone() -> None:
    factors = product(range(5), (0.0, 0.1, 0.5), (3.0, 4.0, 7.0))[:-7]
    at_once = StoredFactors(factors, NAMES, np.random.default_rng(0))
    for pair in (("x", "y"), ("hue", "x"), ("y", "hue")):
        found = at_once.points(pair, 4)
        alone = stored_points(factors, NAMES, pair, {}, 4, np.random.default_rng(0))
        for name in ("values", "rows", "point"):
            np.testing.assert_array_equal(getattr(found, name), getattr(alone, name))
        assert (found.fixed, found.free) == (alone.fixed, alone.free)
        assert found.fixed.keys() == set(NAMES) - set(pair)


@pytest.mark.parametrize("bound", [5, 50, 5_000])
def test_a_table_tells_what_sorting_tells(bound: int) -> None:
    numbers = np.random.default_rng(bound).integers(0, bound, 60)
    wanted = np.unique(numbers, return_index=True, return_inverse=True)
    for found, each in zip(_distinct(numbers, bound), wanted, strict=True):
        np.testing.assert_array_equal(found, each)


def test_blank_rows_show_nothing() -> None:
    factors = product(range(3), (0.0,), range(3))
    factors[4] = np.nan
    assert 4 not in choose(factors).rows


def test_one_value_is_refused_with_what_would_do() -> None:
    factors = product(range(3), (0.0, 1.0), range(3))
    factors[factors[:, 1] == 1.0, 0] = 2
    with pytest.raises(SbvaeError, match="y has one value in all images with hue = 1; name other"):
        choose(factors, hue=1.0)
