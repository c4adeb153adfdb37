"""Isotonic regression against scikit-learn's."""

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from sbvae_cli.metrics.isotonic import isotonic_fit, isotonic_r2


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("levels", [3, 17, 10**9])
def test_fit_is_scikit_learns_with_and_without_ties(seed: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, levels, size=80).astype(float)
    y = rng.normal(size=80) + 0.02 * x / levels

    expected = IsotonicRegression().fit_transform(x, y)

    np.testing.assert_allclose(isotonic_fit(x, y), expected, atol=1e-12)


def test_a_falling_function_is_as_good_as_a_rising_one() -> None:
    x = np.linspace(0, 1, 50)

    assert isotonic_r2(x, -(x**3)) == pytest.approx(1.0)
    assert isotonic_r2(-x, x) == pytest.approx(1.0)


def test_a_constant_explains_nothing() -> None:
    assert isotonic_r2(np.zeros(50), np.linspace(0, 1, 50)) == 0.0


def test_a_fold_keeps_the_share_of_its_better_half() -> None:
    x = np.linspace(-1, 1, 2001)

    # |x| tells nothing of the sign of x, and both signs are equally frequent: every mean is 0.
    assert isotonic_r2(np.abs(x), x) == pytest.approx(0.0, abs=1e-3)
