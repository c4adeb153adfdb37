"""Mutual information against counting, scikit-learn and known values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import mutual_info_score

from sbvae_cli.metrics.information import mutual_information


def bins_of(column: np.ndarray, bins: int) -> np.ndarray:
    """Equal-width bins one by one, as `numpy.histogram` counts them."""
    edges = np.histogram(column, bins)[1]
    return np.digitize(column, edges[:-1])


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("bins", [2, 20])
def test_agrees_with_scikit_learn(seed: int, bins: int) -> None:
    rng = np.random.default_rng(seed)
    factors = np.stack([rng.integers(0, 5, 600), rng.integers(-3, 9, 600)], axis=1)
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

    found = mutual_information(codes, factors)

    expected = mutual_info_score(bins_of(codes[:, 0], 20), bins_of(factors[:, 0], 20))
    assert found[0, 0] == pytest.approx(expected, abs=1e-9)


def test_a_factor_of_as_many_values_as_allowed_is_not_binned() -> None:
    values = np.arange(60.0)[:, None]

    assert mutual_information(values, values, max_classes=60)[0, 0] == pytest.approx(np.log(20))
    assert mutual_information(values, values, 60, max_classes=60)[0, 0] == pytest.approx(np.log(60))
    assert mutual_information(values, values, 30, max_classes=59)[0, 0] == pytest.approx(np.log(30))


def test_a_constant_code_or_factor_has_none() -> None:
    rng = np.random.default_rng(0)
    codes, factors = rng.normal(size=(100, 2)), rng.integers(0, 4, size=(100, 2)).astype(float)
    codes[:, 1], factors[:, 1] = 0.3, 7.0

    found = mutual_information(codes, factors)

    assert found[0, 0] > 0
    assert found[1].tolist() == [0.0, 0.0] and found[:, 1].tolist() == [0.0, 0.0]


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 999),
    scale=st.floats(0.01, 100),
    shift=st.floats(-5, 5),
)
def test_a_factors_own_scale_does_not_matter(seed: int, scale: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    factors = rng.integers(0, 6, size=(200, 1)).astype(float)
    codes = factors + rng.normal(size=(200, 2))

    scaled = mutual_information(codes, scale * factors + shift)

    np.testing.assert_allclose(scaled, mutual_information(codes, factors), atol=1e-12)


@pytest.mark.parametrize(
    ("codes", "factors", "message"),
    [
        (np.zeros((4, 2)), np.zeros((5, 2)), "do not fit"),
        (np.zeros(4), np.zeros((4, 2)), "do not fit"),
        (np.zeros((0, 2)), np.zeros((0, 2)), "do not fit"),
        (np.full((4, 2), np.nan), np.zeros((4, 2)), "finite"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    codes: np.ndarray, factors: np.ndarray, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        mutual_information(codes, factors)
