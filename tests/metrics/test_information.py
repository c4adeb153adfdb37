"""Mutual information against counting, scikit-learn and known values."""

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from sbvae_cli.metrics.classes import factor_classes
from sbvae_cli.metrics.information import beyond_chance, count, fills_table, mutual_information


def entropies(classes: np.ndarray) -> np.ndarray:
    return count(np.zeros((len(classes), 1)), classes).entropies()


def bins_of(column: np.ndarray, bins: int) -> np.ndarray:
    """Equal-width bins one by one, as `numpy.histogram` counts them."""
    edges = np.histogram(column, bins)[1]
    return np.digitize(column, edges[:-1])


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("bins", [2, 20])
def test_agrees_with_scikit_learn(seed: int, bins: int) -> None:
    rng = np.random.default_rng(seed)
    factors = np.stack([rng.integers(0, 5, 600), rng.integers(0, 12, 600)], axis=1)
    codes = factors @ rng.normal(size=(2, 3)) + rng.normal(size=(600, 3))

    found = mutual_information(codes, factors, bins=bins)

    assert found.shape == (3, 2)
    for k in range(3):
        for f in range(2):
            expected = mutual_info_score(bins_of(codes[:, k], bins), factors[:, f])
            assert found[k, f] == pytest.approx(expected, abs=1e-9)


def test_a_continuous_factor_is_binned() -> None:
    rng = np.random.default_rng(0)
    factors, codes = rng.uniform(size=(900, 1)), rng.normal(size=(900, 1))

    found = mutual_information(codes, factor_classes(factors))

    expected = mutual_info_score(bins_of(codes[:, 0], 20), bins_of(factors[:, 0], 20))
    assert found[0, 0] == pytest.approx(expected, abs=1e-9)


def test_a_constant_code_or_factor_has_none() -> None:
    rng = np.random.default_rng(0)
    codes, factors = rng.normal(size=(100, 2)), rng.integers(0, 4, size=(100, 2))
    codes[:, 1], factors[:, 1] = 0.3, 7

    found = mutual_information(codes, factors)

    assert found[0, 0] > 0
    assert found[1].tolist() == [0.0, 0.0] and found[:, 1].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("seed", range(5))
def test_bins_of_equal_frequency_agree_with_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    factors = rng.integers(0, 5, (1000, 1))
    codes = factors + rng.normal(size=(1000, 1)) ** 3

    found = mutual_information(codes, factors, binning="frequency")

    rank = codes[:, 0].argsort().argsort() * 20 // 1000  # 50 codes a bin
    assert found[0, 0] == pytest.approx(mutual_info_score(rank, factors[:, 0]), abs=1e-9)


def test_ties_share_a_bin_of_equal_frequency() -> None:
    levels = np.repeat([0, 1, 2], [880, 60, 60])[:, None]

    found = mutual_information(levels, levels, binning="frequency")

    assert found[0, 0] == pytest.approx(-sum(p * np.log(p) for p in (0.88, 0.06, 0.06)))


def test_a_constant_code_has_none_in_either_binning() -> None:
    codes, factors = np.full((50, 1), 0.1), np.arange(50)[:, None]
    assert mutual_information(codes, factors, binning="frequency")[0, 0] == 0


def test_a_factors_entropy_is_that_of_its_classes() -> None:
    levels = np.repeat(np.arange(4), [10, 20, 30, 40])

    found = entropies(np.stack([levels, np.zeros(100, int), np.arange(100)], axis=1))

    expected = -sum(p * np.log(p) for p in (0.1, 0.2, 0.3, 0.4))
    assert found == pytest.approx([expected, 0, np.log(100)])


def test_a_table_is_filled_by_a_row_for_each_cell_of_the_finest_factor() -> None:
    classes = np.stack([np.arange(60) % 3, np.arange(60) % 2], axis=1)
    assert fills_table(classes, 20) and not fills_table(classes[:59], 20)
    assert fills_table(classes, 10, of_a_cell=2) and not fills_table(classes, 11, of_a_cell=2)


def test_bins_of_equal_frequency_are_left_closed() -> None:
    codes = np.arange(21.0)[:, None]  # the edges lie on 1, 2, ..., 19
    first, last_two = codes == 0, codes >= 19

    classes = np.hstack([first, last_two]).astype(int)

    found = mutual_information(codes, classes, binning="frequency")

    assert found[0] == pytest.approx(entropies(classes))


def test_bins_of_equal_frequency_count_values_not_distinct_ones() -> None:
    """Nine tenths of the codes are one value, so that two edges are left for the rest."""
    codes = np.concatenate([np.zeros(900, int), np.arange(1, 101)])[:, None]

    found = mutual_information(codes, codes, binning="frequency")

    shares = (0.9, 0.05, 0.05)
    assert found[0, 0] == pytest.approx(-sum(p * np.log(p) for p in shares), abs=0.01)


def test_what_chance_adds_is_taken_from_shares_as_far_as_little_is_known() -> None:
    shares = beyond_chance([0.0, 0.05, 0.1, 0.55, 1.0, 1.2], 0.1)

    np.testing.assert_allclose(shares, [0, 0, 0.01, 0.505, 1, 1])
