"""The FactorVAE score on votes counted by hand and on codes whose score is known."""

import numpy as np
import pytest
from sklearn.utils.extmath import cartesian

from sbvae_cli.metrics.factor_vae_score import factor_vae_score

LEVELS, L = 5, 16


def votes_of(encode: object, n: int, factors: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Codes (n, L, K) of votes whose images share one factor, and which."""
    rng = np.random.default_rng(seed)
    fixed = rng.integers(factors, size=n)
    v = rng.uniform(size=(n, L, factors))
    for vote, factor in zip(v, fixed, strict=True):
        vote[:, factor] = rng.uniform()
    return encode(v.reshape(-1, factors)).reshape(n, L, -1), fixed  # type: ignore[operator]


def score(encode: object, factors: int = 3, n: int = 400) -> object:
    codes, fixed = votes_of(encode, n, factors)
    everything = cartesian([np.linspace(0, 1, 12)] * factors)
    variance = encode(everything).var(axis=0, ddof=1)  # type: ignore[operator]
    return factor_vae_score(codes, fixed, variance, n // 2, factors)


def test_perfect_codes_in_any_order_and_scale_score_one() -> None:
    found = score(lambda v: v[:, [2, 0, 1]] * [1.0, -40.0, 0.7])
    assert found.score == found.train_score == 1
    assert found.classifier == (2, 0, 1) and found.alive == (0, 1, 2)
    assert found.chance == pytest.approx(1 / 3)


def test_noise_scores_near_chance() -> None:
    rng = np.random.default_rng(1)
    found = score(lambda v: rng.normal(size=(len(v), 4)), n=2000)
    assert found.score == pytest.approx(1 / 3, abs=0.05)


def test_latents_that_hardly_deviate_have_no_vote() -> None:
    """Two dead latents, one exactly constant: either would win every vote."""
    rng = np.random.default_rng(1)

    def encode(v: np.ndarray) -> np.ndarray:
        return np.column_stack([np.full(len(v), 0.3), v, 1e-3 * rng.normal(size=len(v))])

    found = score(encode)
    assert found.alive == (1, 2, 3)
    assert found.score == 1


def test_the_threshold_is_a_deviation_of_one_twentieth() -> None:
    codes = np.random.default_rng(0).normal(size=(4, 8, 3))
    variance = np.array([0.0499**2, 0.0501**2, 1.0])
    assert factor_vae_score(codes, [0, 1, 0, 1], variance, 2, 2).alive == (1, 2)


def test_where_no_latent_is_alive_the_most_frequent_factor_is_guessed() -> None:
    codes = np.zeros((8, 4, 2))
    found = factor_vae_score(codes, [1, 1, 0, 1, 1, 0, 0, 0], np.zeros(2), 4, 2)
    assert found.alive == found.classifier == ()
    assert (found.train_score, found.score) == (0.75, 0.25)


def test_a_constant_latent_is_not_alive_in_any_unit_of_the_codes() -> None:
    """Where all codes are equal, their unit is 0, and so is the smallest std."""
    codes = np.zeros((8, 4, 2))
    fixed = [1, 1, 0, 1, 1, 0, 0, 0]
    assert factor_vae_score(codes, fixed, np.zeros(2), 4, 2, least_std=0.0).alive == ()


def test_a_small_example_counted_by_hand() -> None:
    """Global variances 1 and 4, so a local variance of 1 wins against 2 in the second latent."""
    narrow, wide = np.array([0.0, 1.0, 2.0]), np.array([0.0, 2.0, 4.0])  # variances 1 and 4
    middle = np.array([0.0, 1.5, 3.0])  # variance 2.25
    first = np.stack([narrow / 2, wide], axis=1)  # shares 1/4 and 1: latent 0 wins
    second = np.stack([narrow, middle], axis=1)  # shares 1 and 0.5625: latent 1 wins
    codes = np.stack([first, second, second, first, first, second])
    fixed = [0, 1, 1, 0, 1, 1]

    found = factor_vae_score(codes, fixed, [1.0, 4.0], 3, 2)

    assert found.classifier == (0, 1)
    assert found.train_score == 1
    assert found.score == pytest.approx(2 / 3)  # the fifth vote went to latent 0


def test_rotations_up_to_30_degrees_are_not_seen_with_two_factors_and_45_are() -> None:
    def rotated(degrees: float) -> object:
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        return lambda v: v @ np.array([[c, -s], [s, c]])

    assert score(rotated(20), factors=2).score > 0.95
    assert score(rotated(45), factors=2).score == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("variance", [np.ones(3), np.array([1, np.nan])])
def test_each_latent_has_a_variance(variance: np.ndarray) -> None:
    with pytest.raises(ValueError, match="global_variance must be finite, one for each latent"):
        factor_vae_score(np.zeros((4, 3, 2)), [0, 1, 0, 1], variance, 2, 2)
