"""Unsupervised disentanglement ranking against plain loops, and on models made to agree or not."""

import itertools

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.linear_model import Lasso

from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.udr import Similarity, udr

GRID = np.array(list(itertools.product(range(6), repeat=3)), dtype=float)  # exactly uncorrelated
ONES = np.ones(3)
ROTATION = np.array([[1, 1, 0], [-1, 1, 0], [0, 0, 1]]) / np.sqrt([2, 2, 1])


def looped(similarity: np.ndarray) -> float:
    """The paper's equation, term by term."""
    rows, columns = similarity.shape
    total = 0.0
    for a in range(rows):
        if sum(similarity[a]) > 0:
            total += max(similarity[a]) ** 2 / sum(similarity[a])
    for b in range(columns):
        if sum(similarity[:, b]) > 0:
            total += max(similarity[:, b]) ** 2 / sum(similarity[:, b])
    return total / (rows + columns)


def looped_apart(similarity: np.ndarray) -> float:
    """As the code of 2018: the mean over rows and that over columns, then of both."""
    by_row, by_column = (
        np.mean([max(line) ** 2 / sum(line) if sum(line) > 0 else 0.0 for line in lines])
        for lines in (similarity, similarity.T)
    )
    return float(by_row + by_column) / 2


def models(seed: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(300, 4))
    widths = [4, 5, 3, 6]
    codes = [
        np.round(hidden @ rng.normal(size=(4, k)) + rng.normal(size=(300, k)), 1) for k in widths
    ]
    kls = [np.where(rng.uniform(size=k) < 0.3, 0.009, 0.5) for k in widths]
    for kl in kls:
        kl[0] = 0.01  # informative, if barely
    return codes, kls


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_spearman_scores_are_what_plain_loops_over_latents_find(seed: int, apart: bool) -> None:
    codes, kls = models(seed)
    kept = [z[:, kl >= 0.01] for z, kl in zip(codes, kls, strict=True)]
    expected = np.zeros((4, 4))
    for i, j in itertools.permutations(range(4), 2):
        r = [[abs(spearmanr(a, b).statistic) for b in kept[j].T] for a in kept[i].T]
        expected[i, j] = (looped_apart if apart else looped)(np.array(r))

    found = udr(codes, kls, apart=apart)

    assert found.pairwise == pytest.approx(expected, abs=1e-12)
    medians = [np.median(np.delete(row, i)) for i, row in enumerate(expected)]
    assert found.scores == pytest.approx(medians, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_lasso_scores_have_the_other_models_latents_predict_each_of_the_scored_one(
    seed: int,
) -> None:
    codes, kls = models(seed)
    kept = [z[:, kl >= 0.01] for z, kl in zip(codes, kls, strict=True)]
    kept = [(z - z.mean(axis=0)) / z.std(axis=0) for z in kept]
    expected = np.zeros((4, 4))
    for i, j in itertools.permutations(range(4), 2):
        rows = [np.abs(Lasso(alpha=0.1).fit(kept[j], target).coef_) for target in kept[i].T]
        expected[i, j] = looped(np.array(rows))

    assert udr(codes, kls, "lasso").pairwise == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("method", "expected"), [("spearman", 1.0), ("lasso", 0.9)])
def test_permuted_flipped_and_scaled_latents_agree(method: Similarity, expected: float) -> None:
    codes = [GRID, -2 * GRID[:, [2, 0, 1]], 5 - GRID[:, [1, 2, 0]]]

    # The Lasso shrinks a correlation of 1 by its alpha.
    assert udr(codes, [ONES] * 3, method).scores == pytest.approx([expected] * 3, abs=1e-3)


def test_a_monotone_warp_costs_nothing_in_ranks() -> None:
    assert udr([GRID, np.exp(GRID)], [ONES] * 2).scores == pytest.approx([1, 1], abs=1e-12)


@pytest.mark.parametrize("method", ["spearman", "lasso"])
def test_the_rotated_model_among_aligned_ones_scores_least(method: Similarity) -> None:
    codes = [GRID, GRID[:, [1, 0, 2]], -GRID, GRID @ ROTATION]

    scores = udr(codes, [ONES] * 4, method).scores

    assert scores[3] < 0.7 < 0.85 < min(scores[:3])


def test_a_copied_latent_is_shared_out_and_models_of_other_widths_count_each_latent() -> None:
    two, three = GRID[:, :2], GRID[:, [0, 1, 0]]

    # Three latents find one match each, two find 1/2 and 1; the sum goes over all five.
    found = udr([two, three], [ONES[:2], ONES])

    assert found.pairwise == pytest.approx(np.array([[0, 0.9], [0.9, 0]]), abs=1e-12)


def test_models_that_share_nothing_score_zero() -> None:
    codes = [GRID[:, :1], GRID[:, 1:2]]

    assert udr(codes, [ONES[:1]] * 2).scores == pytest.approx([0, 0], abs=1e-12)
    assert udr(codes, [ONES[:1]] * 2, "lasso").scores.tolist() == [0, 0]


def test_latents_of_little_kl_are_not_seen() -> None:
    noise = np.random.default_rng(0).normal(size=(len(GRID), 2))
    padded = np.concatenate([noise, GRID], axis=1)
    kl = np.array([0.0099, 0, 0.01, 1, 1])

    assert udr([padded, padded], [kl, kl]).scores == pytest.approx([1, 1], abs=1e-12)


@pytest.mark.parametrize("method", ["spearman", "lasso"])
def test_a_model_without_informative_latents_scores_zero(method: Similarity) -> None:
    found = udr([GRID, GRID, GRID, GRID], [ONES, ONES, ONES, ONES * 0.001], method)

    assert found.scores[3] == 0 and found.scores[0] == found.pairwise[0, 1] > 0
    assert not found.pairwise[3].any() and not found.pairwise[:, 3].any()


@pytest.mark.parametrize("method", ["spearman", "lasso"])
def test_a_constant_latent_of_high_kl_is_a_latent_without_match(method: Similarity) -> None:
    dead = np.concatenate([GRID, np.full((len(GRID), 1), 0.1)], axis=1)
    full = udr([GRID, GRID], [ONES, ONES], method).scores

    scores = udr([dead, GRID], [np.ones(4), ONES], method).scores

    assert scores == pytest.approx(full * 6 / 7, abs=1e-12)
    assert udr([dead[:, 3:], GRID], [ONES[:1], ONES], method).scores.tolist() == [0, 0]


def test_one_model_cannot_be_ranked() -> None:
    with pytest.raises(SbvaeError, match="compares models, found 1; give two"):
        udr([GRID], [ONES])


def test_an_unknown_similarity_is_refused() -> None:
    with pytest.raises(ValueError, match="method must be spearman or lasso, got pearson"):
        udr([GRID, GRID], [ONES, ONES], "pearson")  # type: ignore[arg-type]
