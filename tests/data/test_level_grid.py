"""The grid of all combinations against itertools, on random spaces."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.data.level_grid import combination_numbers, combinations, count_combinations


def factor(name: str, *levels: float) -> FactorConfig:
    return FactorConfig(name=name, kind="discrete", levels=levels)


def constant(name: str, value: float) -> FactorConfig:
    return FactorConfig(name=name, low=value, high=value)


@st.composite
def spaces(draw: st.DrawFn) -> SpaceConfig:
    """Up to five factors: levels in any order, constants, and perhaps some that no file stores."""
    value = st.integers(-7000, 7000).map(lambda i: i / 7)
    factors = []
    for i in range(draw(st.integers(1, 5))):
        levels = draw(st.lists(value, min_size=1, max_size=5, unique=True))
        is_constant = len(levels) == 1 and draw(st.booleans())
        factors.append(constant(f"f{i}", levels[0]) if is_constant else factor(f"f{i}", *levels))
    online = draw(st.sets(st.sampled_from([f.name for f in factors[1:]]))) if factors[1:] else ()
    return SpaceConfig(factors=tuple(factors), online=tuple(online))


def rows_of(space: SpaceConfig) -> np.ndarray:
    """All rows, one after the other, by itertools."""
    stored = [f for f in space.factors if f.name not in space.online]
    return np.array(list(product(*(f.levels or (f.low,) for f in stored))), np.float32)


def widened(space: SpaceConfig, stored: np.ndarray) -> np.ndarray:
    """Columns of all factors; those that are not stored hold nonsense."""
    rows = np.full((len(stored), len(space.names)), np.nan, np.float32)
    rows[:, [space.names.index(name) for name in space.stored]] = stored
    return rows


@settings(max_examples=150)
@given(spaces())
def test_rows_are_those_of_itertools_and_lead_back_to_their_numbers(space: SpaceConfig) -> None:
    expected = rows_of(space)
    count = count_combinations(space)
    assert count == len(expected)
    rows = combinations(space, np.arange(count))
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, expected)
    numbers = combination_numbers(space, widened(space, rows))
    np.testing.assert_array_equal(numbers, np.arange(count))
    assert numbers.dtype == np.int64


@settings(max_examples=60)
@given(spaces(), st.data())
def test_any_numbers_in_any_order(space: SpaceConfig, data: st.DataObject) -> None:
    expected = rows_of(space)
    some = data.draw(st.lists(st.integers(0, len(expected) - 1), max_size=8))
    numbers = np.array(some, np.int64)
    rows = combinations(space, numbers)
    np.testing.assert_array_equal(rows, expected[numbers])
    np.testing.assert_array_equal(combination_numbers(space, widened(space, rows)), numbers)


@settings(max_examples=150)
@given(spaces(), st.data())
def test_a_row_has_the_number_of_the_nearest_combination(
    space: SpaceConfig, data: st.DataObject
) -> None:
    value = st.floats(-1100, 1100, width=32)
    stored = data.draw(st.lists(value, min_size=len(space.stored), max_size=len(space.stored)))
    row = np.array([stored])
    number = combination_numbers(space, widened(space, row))[0]
    found = np.abs(combinations(space, np.array([number])) - row)[0]
    nearest = np.abs(rows_of(space) - row).min(axis=0)
    np.testing.assert_allclose(found, nearest, rtol=1e-4, atol=1e-4)


def test_the_last_factor_is_fastest() -> None:
    space = SpaceConfig(factors=(factor("a", 5, 1), factor("b", 7, 8, 9)))
    rows = combinations(space, np.arange(6))
    assert rows.tolist() == [[5, 7], [5, 8], [5, 9], [1, 7], [1, 8], [1, 9]]


def test_levels_may_stand_in_any_order() -> None:
    space = SpaceConfig(factors=(factor("a", 3, 1, 2),))
    found = combination_numbers(space, np.array([[0.0], [1.4], [1.6], [2.4], [2.6], [99.0]]))
    assert found.tolist() == [1, 1, 2, 2, 0, 0]


def test_a_constant_has_one_value_wherever_a_row_lies() -> None:
    space = SpaceConfig(factors=(factor("a", 0, 1), constant("b", 0.3)))
    assert count_combinations(space) == 2
    np.testing.assert_array_equal(
        combinations(space, np.arange(2)), np.array([[0, 0.3], [1, 0.3]], np.float32)
    )
    assert combination_numbers(space, np.array([[0, 7.0], [1, -7.0]])).tolist() == [0, 1]


def test_factors_that_no_file_stores_are_left_out() -> None:
    hue = FactorConfig(name="hue", low=0, high=1)
    space = SpaceConfig(factors=(factor("a", 0, 1), hue, factor("b", 4, 5)), online=("hue",))
    assert count_combinations(space) == 4
    assert combinations(space, np.array([2])).tolist() == [[1, 4]]
    rows = np.array([[1, 0.3, 4], [0, np.nan, 5]])
    assert combination_numbers(space, rows).tolist() == [2, 1]


def test_a_range_has_no_number_of_combinations() -> None:
    hue = FactorConfig(name="hue", low=0, high=1)
    assert count_combinations(SpaceConfig(factors=(factor("a", 0, 1), hue))) is None
    assert count_combinations(SpaceConfig()) is None
    assert count_combinations(SpaceConfig(factors=(hue,), online=("hue",))) is None


@pytest.mark.parametrize(
    ("renderer", "expected"),
    [("room", 480_000), ("sprites", None), ("chairs", None), ("circles", None)],
)
def test_the_datasets_have_as_many_combinations_as_the_public_ones(
    renderer: str, expected: int | None
) -> None:
    assert count_combinations(named_space(renderer)) == expected


def test_the_masks_of_sprites_are_737280_and_lead_back_to_their_numbers() -> None:
    changed = {**named_space("sprites").model_dump(), "online": ("hue", "saturation", "value")}
    space = SpaceConfig.model_validate(changed)
    assert count_combinations(space) == 737_280
    numbers = np.random.default_rng(0).integers(737_280, size=5000)
    rows = combinations(space, numbers)
    np.testing.assert_array_equal(combination_numbers(space, widened(space, rows)), numbers)
    # dSprites by hand: number = (((shape * 6 + scale) * 40 + orientation) * 32 + x) * 32 + y
    x, y = (np.rint(31 * rows[:, i]).astype(int) for i in (3, 4))
    angle = np.rint(rows[:, 2] * 39 / (2 * np.pi)).astype(int)
    scale = np.rint(10 * rows[:, 1] - 5).astype(int)
    shape = rows[:, 0].astype(int) - 1
    by_hand = (((shape * 6 + scale) * 40 + angle) * 32 + x) * 32 + y
    np.testing.assert_array_equal(by_hand, numbers)
