"""What columns become: levels or ranges, circular or not, in single or double precision."""

import math

import numpy as np
import pytest

from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.data.importers.factor_columns import DeclaredColumns, factor_table
from sbvae_cli.errors import SbvaeError


def one(cells: object, **declared: object) -> FactorConfig:
    said = {name: {"x": value} for name, value in declared.items()}
    (factor,) = factor_table({"x": cells}, "f.csv", DeclaredColumns(**said)).factors
    return factor


RNG = np.random.default_rng(0)
MEASURED = RNG.random(40)


@pytest.mark.parametrize(
    ("cells", "levels"),
    [
        (np.arange(100), 100),  # integers, each once
        (np.arange(101), 0),
        (np.arange(100.0), 100),
        (MEASURED, 0),  # decimals that do not repeat
        (np.tile([0.1, 0.5, 0.9], 2), 3),  # each twice
        (np.append(np.tile([0.1, 0.5], 10), 0.7), 3),  # one once, others often
        (np.append(np.round(MEASURED, 1), 5.25), 0 if len(set(np.round(MEASURED, 1))) > 7 else 8),
        ([f"w{i}" for i in range(200)], 200),
        (np.array([1.5]), 0),
    ],
)
def test_few_integers_and_what_repeats_are_levels(cells: object, levels: int) -> None:
    assert len(one(cells).levels or ()) == levels


def test_a_kind_that_is_declared_wins() -> None:
    assert one(MEASURED, kinds="levels").levels == tuple(np.sort(MEASURED))
    assert one(np.array([1, 2, 3, 1]), kinds="range") == FactorConfig(name="x", low=1, high=3)
    with pytest.raises(SbvaeError, match="holds words, which have no range; number") as caught:
        one(["a", "b"], kinds="range")
    assert caught.value.field == "kind"


@pytest.mark.parametrize(
    ("cells", "low", "high", "unit"),
    [
        (RNG.uniform(0, 360, 500), 0, 360, "degree"),
        (RNG.uniform(-180, 180, 500), -180, 180, "degree"),
        (RNG.uniform(0, 2 * math.pi, 500), 0, 2 * math.pi, "radian"),
        (RNG.uniform(-math.pi, math.pi, 500), -math.pi, math.pi, "radian"),
        (RNG.uniform(0, 1, 500), 0, 1, "turn"),
        (np.array([3, 5.5, 183]), 3, 183, ""),
    ],
)
def test_a_circular_range_is_a_whole_turn(
    cells: object, low: float, high: float, unit: str
) -> None:
    factor = one(cells, circular=None)
    assert (factor.bounds, factor.unit, factor.circular) == ((low, high), unit, True)
    assert factor.period == pytest.approx(high - low)


@pytest.mark.parametrize(
    ("cells", "period", "unit"),
    [
        (np.arange(0, 360, 10), 360, "degree"),
        (np.arange(0, 361, 10), 360, "degree"),
        (np.round(np.arange(8) * math.pi / 4, 2).repeat(2), 2 * math.pi, "radian"),
        (np.tile(np.arange(4) / 4, 2), 1, "turn"),
        (np.arange(24), 24, ""),
        (np.arange(1, 13), 12, ""),
    ],
)
def test_circular_levels_end_a_step_before_they_begin(
    cells: object, period: float, unit: str
) -> None:
    factor = one(cells, circular=None)
    assert (factor.period, factor.unit, factor.circular) == (pytest.approx(period), unit, True)
    assert factor.levels


def test_the_length_of_a_turn_may_be_given() -> None:
    assert one(np.arange(0, 180, 10), circular=180).period == 180
    with pytest.raises(SbvaeError, match="from 0 to 90, which is not a full turn of 360"):
        one(np.arange(0, 100, 10), circular=360)
    with pytest.raises(SbvaeError, match="steps of 10 to 90; levels of a circular factor are even"):
        one(np.array([0, 10, 100]), circular=None)
    with pytest.raises(SbvaeError, match="has 2 values; a circular factor has three"):
        one(np.array([0, 180]), circular=None)
    with pytest.raises(SbvaeError, match="holds words; number them in their order around"):
        one(["east", "north"], circular=None)


@pytest.mark.parametrize(
    ("cells", "dtype"),
    [
        (np.array([0.1, 0.25, 1e-30]), "float32"),
        (np.array([2**24]), "float32"),
        (np.array([2**24 + 1]), "float64"),
        (1_700_000_000 + np.arange(16), "float64"),
        (1.7e9 + np.arange(300) / 8, "float64"),
        (np.array([1e-50, 2e-50]), "float64"),
        (np.array([1e39, 0.0]), "float64"),
    ],
)
def test_rows_are_as_wide_as_the_values_need(cells: np.ndarray, dtype: str) -> None:
    table = factor_table({"x": cells, "y": np.zeros(len(cells))}, "f.csv")
    assert (table.rows.dtype, table.space.dtype) == (dtype, dtype)
    assert len(np.unique(table.rows[:, 0])) == len(np.unique(cells))


def test_a_table_makes_a_space() -> None:
    table = factor_table({"colour": ["red", "blue"], "size": ["1", "2"]}, "f.csv")
    colour = FactorConfig(
        name="colour", kind="discrete", levels=(0, 1), level_names=("blue", "red")
    )
    size = FactorConfig(name="size", kind="discrete", levels=(1, 2))
    assert table.space == SpaceConfig(factors=(colour, size))
    assert table.rows.tolist() == [[1, 1], [0, 2]]


@pytest.mark.parametrize(
    ("title", "found"),
    [("", "no name"), ("present", "called present"), ("a,b", "commas"), ("a\nb", "odd characters")],
)
def test_names_that_no_factor_can_have_are_refused(title: str, found: str) -> None:
    with pytest.raises(SbvaeError, match=found):
        factor_table({title: ["1", "2"]}, "f.csv")


@pytest.mark.parametrize("argument", ["kinds", "circular"])
def test_a_column_that_is_not_there_is_named_with_the_nearest(argument: str) -> None:
    said = DeclaredColumns(**{argument: {"sise": "levels" if argument == "kinds" else None}})
    with pytest.raises(SbvaeError, match="did you mean size") as caught:
        factor_table({"size": ["1", "2"]}, "f.csv", said)
    assert caught.value.field == argument.removesuffix("s")


def test_a_column_that_looks_circular_says_so() -> None:
    columns = {
        "azimuth": np.arange(0, 360, 10),
        "radians": np.linspace(0, 2 * math.pi, 36),
        "share": np.linspace(0, 1, 36),
        "few": np.tile([0, 120, 240], 12),
    }
    found = factor_table(columns, "f.csv").remarks
    assert found == {name: f"a full turn, if `circular={name}`" for name in ("azimuth", "radians")}
    said = DeclaredColumns(circular={"azimuth": None})
    assert factor_table(columns, "f.csv", said).remarks["azimuth"] == "a full turn of 360"
    both_ends = {"azimuth": np.arange(0, 361, 10)}
    assert factor_table(both_ends, "f.csv", said).remarks["azimuth"] == (
        "a full turn of 360; 0 and 360 are one setting, kept as two levels"
    )


def test_as_many_words_as_there_are_images_are_no_levels() -> None:
    with pytest.raises(SbvaeError, match="has 10,001 different words, too many for levels; leave"):
        factor_table({"note": [f"w{i}" for i in range(10_001)]}, "f.csv")


def test_dates_say_that_they_are_words() -> None:
    columns = {"day": ["2024-01-02", "2023-12-31"], "time": ["2024-01-02T10:00:00Z", "2024-01-01"]}
    found = factor_table(columns, "f.csv").remarks
    assert set(found) == {"day", "time"} and "dates are words" in found["day"]


def test_words_for_numbers_are_the_names_of_levels_where_there_is_one_for_each() -> None:
    columns = {"a": np.array([0, 2, 2]), "b": np.array([0, 3, 3]), "c": np.array([0.5, 1, 1])}
    words = dict.fromkeys(columns, ("cat", "dog", "owl"))
    a, b, c = factor_table(columns, "f.npz", level_names=words).factors
    assert (a.levels, a.level_names) == ((0, 2), ("cat", "owl"))
    assert b.level_names is c.level_names is None


def test_some_rows_have_levels_ranges_and_kinds_of_their_own() -> None:
    columns = {
        "count": np.arange(101),
        "word": ["abc"[i % 3] if i > 1 else "z" for i in range(101)],
        "measured": np.append([0.25, 0.25], np.linspace(1, 2, 99)),
        "step": np.arange(101),
        "turn": np.arange(101) * 3.6,
    }
    said = DeclaredColumns(kinds={"step": "range"}, circular={"turn": 360})
    table = factor_table(columns, "f.csv", said)
    numbers = np.array([5, 2, 100, 6, 9])
    found = table.select_rows(numbers)
    count, word, measured, step, turn = found.factors
    assert (table.factors[0].levels, count.levels) == (None, (2, 5, 6, 9, 100))
    assert (word.levels, word.level_names) == ((0, 1, 2), ("a", "b", "c"))
    assert measured.bounds == (1, 2)
    assert step == FactorConfig(name="step", low=2, high=100)
    assert turn == table.factors[4]
    np.testing.assert_array_equal(found.rows, table.rows[numbers])
    assert table.select_rows(np.arange(101)).factors == table.factors
