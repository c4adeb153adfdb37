"""The unsupervised scores against other routes to them, and on codes whose scores are known."""

import itertools
import math

import numpy as np
import pytest
from scipy.linalg import sqrtm
from sklearn.metrics import mutual_info_score

from sbvae_cli.metrics.unsupervised import UnsupervisedScores, unsupervised

GRID = np.array(list(itertools.product(range(10), repeat=3)), dtype=float)


def correlated(rho: float) -> np.ndarray:
    """Two latents of variance 1 and exactly this correlation."""
    z = np.random.default_rng(0).normal(size=(500, 2))
    white = np.linalg.inv(np.linalg.cholesky(np.cov(z, rowvar=False)))
    return z @ white.T @ np.linalg.cholesky([[1, rho], [rho, 1]]).T


@pytest.mark.parametrize("rho", [-0.9, 0.0, 0.3, 0.99])
def test_two_correlated_latents_have_the_scores_of_the_closed_forms(rho: float) -> None:
    scores = unsupervised(correlated(rho))

    # The covariance's eigenvalues are 1 + rho and 1 - rho, the diagonal is the identity.
    wasserstein = 4 - 2 * (math.sqrt(1 + rho) + math.sqrt(1 - rho))
    assert scores.gaussian_total_correlation == pytest.approx(-0.5 * math.log(1 - rho**2), abs=1e-9)
    assert scores.gaussian_wasserstein == pytest.approx(wasserstein, abs=1e-9)
    assert scores.gaussian_wasserstein_normed == pytest.approx(wasserstein / 2, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_all_scores_agree_with_determinants_matrix_roots_and_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(600, 4)) @ rng.normal(size=(4, 4)) * [1, 5, 0.1, 2]
    c = np.cov(z, rowvar=False)
    d = np.diag(np.diag(c))
    distance = np.trace(c + d - 2 * sqrtm(np.sqrt(d) @ c @ np.sqrt(d)))
    bins = [np.digitize(column, np.histogram(column, 20)[1][:-1]) for column in z.T]
    pairs = [mutual_info_score(a, b) for a, b in itertools.permutations(bins, 2)]

    scores = unsupervised(z)

    total = 0.5 * (np.log(np.diag(c)).sum() - np.log(np.linalg.det(c)))
    assert scores.gaussian_total_correlation == pytest.approx(total, rel=1e-9)
    assert scores.gaussian_wasserstein == pytest.approx(distance, rel=1e-9)
    assert scores.gaussian_wasserstein_normed == pytest.approx(distance / np.trace(c), rel=1e-9)
    assert scores.mutual_information == pytest.approx(np.mean(pairs), abs=1e-12)


def test_independent_latents_score_zero_whatever_their_scales() -> None:
    scores = unsupervised(GRID * [1, 100, 0.01])

    assert scores.gaussian_total_correlation == pytest.approx(0, abs=1e-12)
    assert scores.gaussian_wasserstein_normed == pytest.approx(0, abs=1e-9)
    assert scores.mutual_information == pytest.approx(0, abs=1e-12)


def test_a_rotation_of_equal_variances_is_seen_by_the_mutual_information_alone() -> None:
    rotated = GRID[:, :2] @ np.array([[1, 1], [-1, 1]]) / math.sqrt(2)

    scores = unsupervised(rotated)

    assert scores.gaussian_total_correlation == pytest.approx(0, abs=1e-12)
    assert scores.gaussian_wasserstein == pytest.approx(0, abs=1e-9)
    assert scores.mutual_information > 0.3


def test_copies_of_one_latent_share_its_entropy_and_stay_finite() -> None:
    scores = unsupervised(np.repeat(GRID[:, :1], 4, axis=1))

    assert scores.mutual_information == pytest.approx(math.log(10), abs=1e-12)
    # All variance lies along one direction: 2 K - 2 sqrt(K) over K.
    assert scores.gaussian_wasserstein_normed == pytest.approx(1, abs=1e-6)
    # The floor of 1e-12 stands for the three directions without variance, the fourth has 4.
    total = 0.5 * (3 * math.log(1e12) - math.log(4))
    assert scores.gaussian_total_correlation == pytest.approx(total)


def test_dead_latents_count_only_as_pairs_without_information() -> None:
    z = correlated(0.8)
    alive, dead = unsupervised(z), unsupervised(np.insert(z, 1, 0.1, axis=1))

    assert dead.gaussian_total_correlation == alive.gaussian_total_correlation
    assert dead.gaussian_wasserstein == alive.gaussian_wasserstein
    assert dead.gaussian_wasserstein_normed == alive.gaussian_wasserstein_normed
    assert dead.mutual_information == pytest.approx(alive.mutual_information / 3, abs=1e-12)


@pytest.mark.parametrize("alive", [0, 1])
def test_fewer_than_two_living_latents_score_zero(alive: int) -> None:
    z = np.full((100, 3), 0.1)
    z[:, :alive] = np.random.default_rng(0).normal(size=(100, alive))

    assert unsupervised(z) == UnsupervisedScores(0, 0, 0, 0)
    assert unsupervised(z[:, :1]) == UnsupervisedScores(0, 0, 0, 0)
