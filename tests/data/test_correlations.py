"""Factors that follow each other, and those that are drawn when an image is read."""

import time

import numpy as np
import pytest
from scipy import stats
from scipy.special import erf

from sbvae_cli.cli.parse import parse_correlation
from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.edit_space import customise
from sbvae_cli.config.space import CorrelationConfig, FactorConfig, SpaceConfig
from sbvae_cli.data.factors import FactorSpace

COLOURS = ("hue", "saturation", "value")


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def correlated(std: float, **changes: object) -> FactorSpace:
    """x in 0.2..0.8 and y in 0.1..0.3 that follow each other."""
    ranges = {"x": (0.2, 0.8), "y": (0.1, 0.3)}
    pairs = [CorrelationConfig(factors=("x", "y"), std=std)]
    space = customise(named_space("circles:xy"), ranges=ranges, correlations=pairs, **changes)
    return FactorSpace(space)


def differences(space: FactorSpace, rows: np.ndarray) -> np.ndarray:
    first, second = space.scaled(rows, ("x", "y")).T
    return first - second


def cdf_of_difference(d: np.ndarray, std: float) -> np.ndarray:
    """Of the difference of two uniforms, weighted by a Gaussian: (1 - |d|) exp(-d^2 / 2 s^2)."""

    def mass(t: np.ndarray) -> np.ndarray:  # of [0, t]
        gaussian = std * np.sqrt(np.pi / 2) * erf(t / std / np.sqrt(2))
        return gaussian - std**2 * (1 - np.exp(-np.square(t / std) / 2))

    return 0.5 + 0.5 * np.sign(d) * mass(np.abs(d)) / mass(np.array(1.0))


@pytest.mark.parametrize("std", [0.01, 0.1, 0.3, 1.0, 10.0])
def test_the_scaled_difference_has_the_density_of_the_closed_form(std: float) -> None:
    space = correlated(std)
    found = differences(space, space.sample(rng(), 20_000))
    test = stats.kstest(found, lambda d: cdf_of_difference(d, std))
    assert test.pvalue > 1e-3


def test_the_joint_density_is_that_of_counted_cells() -> None:
    """Sixteen cells of the unit square, against a fine sum of the density."""
    space = correlated(0.25)
    scaled = space.scaled(space.sample(rng(1), 40_000), ("x", "y"))
    found = np.histogram2d(*scaled.T, bins=4, range=[(0, 1)] * 2)[0]
    middles = (np.arange(400) + 0.5) / 400
    density = np.exp(-np.square(middles - middles[:, None]) / 2 / 0.25**2)
    expected = density.reshape(4, 100, 4, 100).sum((1, 3))
    test = stats.chisquare(found.ravel(), expected.ravel() / expected.sum() * len(scaled))
    assert test.pvalue > 1e-3


def test_levels_follow_each_other_as_their_weights_say() -> None:
    """Three levels against a factor of five, counted."""
    factors = (
        FactorConfig(name="a", kind="discrete", levels=(1, 2, 3)),
        FactorConfig(name="b", kind="discrete", levels=(0, 10, 20, 30, 40)),
    )
    pair = CorrelationConfig(factors=("a", "b"), std=0.4)
    space = FactorSpace(SpaceConfig(factors=factors, correlated=(pair,)))
    rows = space.sample(rng(2), 30_000)
    found = np.array([[(rows == (a, b)).all(1).sum() for b in range(0, 50, 10)] for a in (1, 2, 3)])
    difference = np.linspace(0, 1, 3)[:, None] - np.linspace(0, 1, 5)
    weights = np.exp(-np.square(difference / 0.4) / 2)
    assert found.sum() == len(rows)
    expected = weights / weights.sum() * len(rows)
    assert stats.chisquare(found.ravel(), expected.ravel()).pvalue > 1e-3


def test_two_correlations_multiply() -> None:
    """x with y and y with hue: their differences, counted against weighted uniform rows."""
    pairs = [parse_correlation("x,y=0.2"), parse_correlation("hue,y=0.4")]
    space = FactorSpace(customise(named_space("circles:xyh-small"), correlations=pairs))
    found = space.scaled(space.sample(rng(3), 30_000), ("x", "y", "hue"))
    middles = (np.arange(60) + 0.5) / 60
    x, y, hue = np.meshgrid(middles, middles, middles, indexing="ij")
    weights = np.exp(-np.square((x - y) / 0.2) / 2 - np.square((hue - y) / 0.4) / 2)
    bins = [(0, 0.25, 0.5, 0.75, 1)] * 3
    counts = np.histogramdd(found, bins)[0]
    shares = weights.reshape(4, 15, 4, 15, 4, 15).sum((1, 3, 5))
    expected = shares / shares.sum() * len(found)
    some = expected > 5
    spread = (counts - expected)[some] / np.sqrt(expected[some])
    assert np.abs(spread).max() < 4.5
    assert some.sum() > 40


@pytest.mark.parametrize("std", [0.01, 0.1, 1.0])
def test_factors_stay_in_their_ranges_and_others_stay_uniform(std: float) -> None:
    space = correlated(std, blank=0.0)
    config = customise(space.config, ranges={"red": (0.0, 1.0)})
    rows = FactorSpace(config).sample(rng(), 20_000)
    for name, low, high in (("x", 0.2, 0.8), ("y", 0.1, 0.3), ("red", 0.0, 1.0)):
        column = rows[:, config.names.index(name)]
        assert np.float32(low) <= column.min() < low + 0.02 * (high - low)
        assert high - 0.02 * (high - low) < column.max() <= np.float32(high)
    red = rows[:, config.names.index("red")]
    assert stats.kstest(red, "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(red, rows[:, 0])[0, 1]) < 0.03


def test_a_smaller_deviation_ties_them_closer() -> None:
    found = [np.corrcoef(correlated(s).sample(rng(), 5000)[:, :2].T)[0, 1] for s in (3, 0.3, 0.03)]
    assert abs(found[0]) < 0.06
    assert 0.5 < found[1] < 0.95
    assert found[2] > 0.99


@pytest.mark.parametrize("n", [0, 1, 64, 5000])
def test_a_small_deviation_ends_soon_with_as_many_rows_as_asked(n: int) -> None:
    space = correlated(0.01)
    start = time.monotonic()
    rows = space.sample(rng(), n)
    assert time.monotonic() - start < 2
    assert rows.shape == (n, 6)
    assert rows.dtype == np.float32


def test_correlations_and_holes_hold_together() -> None:
    space = correlated(0.1, holes=[{"x": (0.2, 0.5), "y": (0.1, 0.2)}])
    rows = space.sample(rng(), 20_000)
    assert not space.held_out_mask(rows).any()
    unheld = correlated(0.1)
    free = unheld.sample(rng(1), 60_000)
    expected = differences(unheld, free[~space.held_out_mask(free)])
    assert stats.ks_2samp(differences(space, rows), expected).pvalue > 1e-3
    # The hole covers half of what the correlation likes.
    assert 0.4 < space.held_out_mask(free).mean() < 0.5


@pytest.mark.parametrize("population", ["full", "heldout"])
def test_only_the_training_set_has_the_correlation(population: str) -> None:
    hole = [{"x": (0.3, 0.5)}]
    space = correlated(0.05, holes=hole)
    plain = FactorSpace(space.config.model_copy(update={"correlated": ()}))
    rows = space.sample(rng(), 5000, population)
    np.testing.assert_array_equal(rows, plain.sample(rng(), 5000, population))
    assert abs(np.corrcoef(rows[:, :2].T)[0, 1]) < 0.07
    assert np.corrcoef(space.sample(rng(), 5000)[:, :2].T)[0, 1] > 0.9


def test_blank_rows_have_their_share_beside_correlations() -> None:
    space = correlated(0.1, blank=0.3)
    rows = space.sample(rng(), 10_000)
    blank = rows[:, -1] == 0
    assert blank.mean() == pytest.approx(0.3, abs=0.02)
    assert np.isnan(rows[blank, :-1]).all()
    shown = differences(space, rows[~blank])
    assert stats.kstest(shown, lambda d: cdf_of_difference(d, 0.1)).pvalue > 1e-3


@pytest.mark.parametrize("changes", [{}, {"holes": [{"x": (0.3, 0.5)}], "blank": 0.4}])
def test_the_same_seed_draws_the_same_rows(changes: dict) -> None:
    space = correlated(0.1, **changes)
    first, again, other = (space.sample(rng(seed), 300) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other, equal_nan=True)


def test_rows_that_are_present_are_the_training_set_without_its_blanks() -> None:
    space = correlated(0.1, holes=[{"x": (0.3, 0.5)}], blank=0.9)
    rows = space.sample_present(rng(), 10_000)
    assert rows.shape == (10_000, 7)
    assert (rows[:, -1] == 1).all()
    assert not np.isnan(rows).any()
    assert not space.held_out_mask(rows).any()
    others = FactorSpace(customise(space.config, blank=0)).sample(rng(1), 10_000)
    for i in (0, 1):
        assert stats.ks_2samp(rows[:, i], others[:, i]).pvalue > 1e-3


def sprites(**changes: object) -> FactorSpace:
    """Colours are drawn when an image is read."""
    space = customise(named_space("sprites"), **changes)
    return FactorSpace(SpaceConfig.model_validate({**space.model_dump(), "online": COLOURS}))


def stored_rows(space: FactorSpace, n: int, seed: int = 0) -> np.ndarray:
    rows = space.sample(rng(seed), n)
    return rows[:, [space.index(name) for name in space.config.stored]]


def test_stored_columns_stay_bit_by_bit_and_colours_are_uniform() -> None:
    space = sprites()
    stored = stored_rows(space, 20_000)
    stored[::3] *= np.float32(1.0000001)  # not on any level any more
    rows = space.fill_online(rng(1), stored)
    assert rows.shape == (20_000, 8)
    assert rows[:, :5].tobytes() == stored.tobytes()
    for name, low, high in (("hue", 0, 1), ("saturation", 0.3, 0.7), ("value", 0.3, 0.7)):
        column = rows[:, space.index(name)]
        assert np.float32(low) <= column.min() and column.max() <= np.float32(high)
        assert stats.kstest(column, stats.uniform(low, high - low).cdf).pvalue > 1e-3


def test_each_reading_has_other_colours_and_each_seed_its_own() -> None:
    space = sprites()
    stored = stored_rows(space, 50)
    random = rng()
    first, second = space.fill_online(random, stored), space.fill_online(random, stored)
    assert (first[:, 5:] != second[:, 5:]).all()
    np.testing.assert_array_equal(first, space.fill_online(rng(), stored))


def test_the_columns_of_colours_are_found_by_name() -> None:
    space = sprites()
    order = ("hue", "x", "value", "shape", "scale", "saturation", "orientation", "y")
    factors = [space.config.factors[space.index(name)] for name in order]
    mixed = FactorSpace(SpaceConfig(factors=factors, online=COLOURS))
    assert mixed.config.stored == ("x", "shape", "scale", "orientation", "y")
    stored = stored_rows(mixed, 300)
    rows = mixed.fill_online(rng(1), stored)
    assert rows[:, [1, 3, 4, 6, 7]].tobytes() == stored.tobytes()
    assert rows[:, 0].max() > 0.9 and rows[:, [2, 5]].max() <= 0.7


def test_blank_rows_stay_nan() -> None:
    space = sprites(blank=0.4)
    stored = stored_rows(space, 2000)
    blank = stored[:, -1] == 0
    rows = space.fill_online(rng(1), stored)
    assert blank.mean() == pytest.approx(0.4, abs=0.05)
    assert np.isnan(rows[blank, :-1]).all()
    assert not np.isnan(rows[~blank]).any()
    assert space.names[-1] == "present"
    np.testing.assert_array_equal(rows[:, -1], stored[:, -1])
    assert rows[:, :5].tobytes() == stored[:, :5].tobytes()


def test_a_hole_and_a_correlation_in_colours_hold_when_they_are_drawn() -> None:
    space = sprites(
        holes=[{"hue": (0.25, 0.75)}, {"x": (0.0, 0.5)}],
        correlations=[parse_correlation("saturation,value=0.1"), parse_correlation("x,y=0.2")],
    )
    stored = stored_rows(space, 5000)
    rows = space.fill_online(rng(1), stored)
    assert not space.held_out_mask(rows).any()
    assert rows[:, :5].tobytes() == stored.tobytes()
    hue, saturation, value = rows[:, 5:].T
    assert ((hue < 0.25) | (hue > 0.75)).all()
    assert np.corrcoef(saturation, value)[0, 1] > 0.85
    assert abs(np.corrcoef(hue, rows[:, 3])[0, 1]) < 0.06


def test_rows_of_a_file_that_stores_all_are_returned_as_they_are() -> None:
    space = FactorSpace(named_space("circles:xy"))
    rows = space.sample(rng(), 5)
    assert space.fill_online(rng(1), rows) is rows


def test_no_rows_get_no_colours() -> None:
    assert sprites().fill_online(rng(), np.empty((0, 5), np.float32)).shape == (0, 8)
