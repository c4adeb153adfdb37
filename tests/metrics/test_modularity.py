"""Modularity against the formula by hand, and on codes whose score is known."""

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from sbvae_cli.metrics.modularity import modularity

N = 5000


def levels(seed: int = 0, factors: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 8, (N, factors))


@pytest.mark.parametrize("seed", range(3))
def test_it_is_one_less_the_squares_of_what_else_a_latent_knows(seed: int) -> None:
    factors = levels(seed)
    rng = np.random.default_rng(seed)
    codes = (factors @ rng.integers(0, 3, (3, 4)) + rng.integers(0, 2, (N, 4))) % 11

    expected = []
    for z in codes.T:
        known = sorted(mutual_info_score(z, v) for v in factors.T)
        others = sum(m * m for m in known[:-1]) / known[-1] ** 2 / 2
        expected.append(1 - others)

    found = modularity(codes, factors)
    assert found.by_latent == pytest.approx(expected, abs=1e-9)
    assert found.score == pytest.approx(np.mean(expected), abs=1e-9)
    assert found.interval is None or found.interval.low <= found.score <= found.interval.high


def test_a_latent_for_each_factor_scores_one_and_a_dead_one_nothing() -> None:
    factors = levels()
    assert modularity(factors, factors).score == pytest.approx(1, abs=1e-3)
    assert modularity(np.repeat(factors, 2, axis=1), factors).score == pytest.approx(1, abs=1e-3)
    dead = modularity(np.column_stack([factors, np.full(N, 0.3)]), factors)
    assert dead.by_latent.tolist()[3] == 0
    assert dead.score == pytest.approx(0.75, abs=1e-3)


def test_a_sum_of_two_factors_is_half_modular_of_three() -> None:
    factors = levels()
    both = factors[:, :1] + factors[:, 1:2]
    assert modularity(both, factors).score == pytest.approx(0.5, abs=0.05)


def test_noise_scores_low() -> None:
    noise = np.random.default_rng(0).normal(size=(N, 5))
    assert modularity(noise, levels()).score < 0.4


def test_one_factor_is_refused() -> None:
    with pytest.raises(ValueError, match="needs two factors"):
        modularity(np.zeros((9, 2)), np.zeros((9, 1), int))


def test_codes_that_know_less_than_eight_times_chance_have_no_interval() -> None:
    """Of 8 bins and 8 levels chance is 7 * 7 / 2N nats, of log 8 that exact codes know."""
    factors = levels()
    assert modularity(factors[:60], factors[:60]).interval is None
    found = modularity(np.column_stack([factors, np.full(N, 0.3)]), factors)  # a constant one
    assert found.interval is not None
    noise = np.random.default_rng(0).normal(size=N)
    assert modularity(np.column_stack([factors, noise]), factors).interval is None
