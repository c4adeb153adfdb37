"""The interventional robustness score against plain loops, and on codes whose score is known."""

import itertools

import numpy as np
import pytest

from sbvae_cli.metrics.irs import irs

GRID = np.array(list(itertools.product(range(5), range(5), range(4))))  # each combination once


def looped(
    codes: np.ndarray, classes: np.ndarray, q: float, alike: bool = False
) -> tuple[float, np.ndarray]:
    latents, factors = codes.shape[1], classes.shape[1]
    matrix, largest = np.zeros((latents, factors)), np.zeros(latents)
    for k in range(latents):
        largest[k] = max(abs(v - np.mean(codes[:, k])) for v in codes[:, k])
        for f in range(factors):
            spreads, samples = [], []
            for level in sorted(set(classes[:, f].tolist())):
                held = [codes[n, k] for n in range(len(codes)) if classes[n, f] == level]
                spreads.append(np.quantile([abs(v - np.mean(held)) for v in held], q))
                samples.append(len(held))
            mean = np.mean(spreads) if alike else np.dot(spreads, samples) / len(codes)
            matrix[k, f] = 1 - mean / largest[k]
    return float(np.sum(matrix.max(axis=1) * largest) / largest.sum()), matrix


@pytest.mark.parametrize("q", [0.0, 0.5, 0.99, 1.0])
@pytest.mark.parametrize("seed", range(5))
def test_irs_is_what_plain_loops_over_latents_factors_and_values_find(seed: int, q: float) -> None:
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, 6, size=(90, 3)) * 2  # odd classes do not occur
    codes = classes @ rng.normal(size=(3, 4)) + rng.normal(size=(90, 4))

    found = irs(codes, classes, q)
    score, matrix = looped(codes, classes, q)

    assert found.score == pytest.approx(score, abs=1e-12)
    assert found.matrix == pytest.approx(matrix, abs=1e-12)
    assert found.by_latent == pytest.approx(matrix.max(axis=1), abs=1e-12)
    assert found.factor_of_latent.tolist() == matrix.argmax(axis=1).tolist()


def test_in_bins_it_is_what_the_library_of_2018_computes() -> None:
    """Levels as of dSprites; numpy's histogram gives the bins."""
    rng = np.random.default_rng(0)
    sizes = np.array([6, 40])
    classes = np.floor(sizes * rng.uniform(size=(600, 2)) ** 1.2).astype(int)
    codes = classes / sizes + 0.1 * rng.normal(size=classes.shape)
    binned = np.stack([np.digitize(c, np.histogram(c, 20)[1][:-1]) for c in classes.T], axis=1)

    found = irs(codes, classes, bins=20)
    score, matrix = looped(codes, binned, 0.99, alike=True)

    assert found.score == pytest.approx(score, abs=1e-12)
    assert found.matrix == pytest.approx(matrix, abs=1e-12)
    assert found.score < irs(codes, classes).score - 0.003


def test_latents_that_follow_one_factor_each_score_one_in_any_order_and_warp() -> None:
    codes = np.stack([np.exp(GRID[:, 2]), -3.0 * GRID[:, 0], GRID[:, 1] ** 3.0], axis=1)

    found = irs(codes, GRID)

    assert found.score == pytest.approx(1, abs=1e-12)
    assert found.factor_of_latent.tolist() == [2, 0, 1]


def test_a_duplicated_latent_or_a_missing_factor_costs_nothing() -> None:
    assert irs(GRID[:, [0, 0]], GRID).score == pytest.approx(1, abs=1e-12)


def test_a_rotation_by_45_degrees_leaves_half_of_the_largest_spread() -> None:
    codes = np.stack([GRID[:, 0] + GRID[:, 1], GRID[:, 0] - GRID[:, 1]], axis=1)

    # Held at one factor a latent spreads by 2, over both by 4.
    assert irs(codes, GRID, quantile=1).score == pytest.approx(0.5, abs=1e-12)


def test_noise_scores_what_lies_between_its_quantile_and_its_largest_std() -> None:
    rng = np.random.default_rng(0)
    classes, codes = rng.integers(0, 4, size=(10_000, 2)), rng.uniform(-1, 1, size=(10_000, 3))

    assert irs(codes, classes).score == pytest.approx(0.01, abs=0.01)
    assert irs(rng.normal(size=(10_000, 3)), classes).score > 0.2


def test_values_of_a_single_sample_do_not_make_noise_robust() -> None:
    rng = np.random.default_rng(0)
    classes = np.concatenate([np.arange(1000) % 2, np.arange(2, 62)])[:, None]

    assert irs(rng.uniform(-1, 1, size=(1060, 3)), classes).score < 0.1


def test_latents_weigh_by_their_largest_std() -> None:
    mixed = (GRID[:, 0] + GRID[:, 1]) / 4  # largest deviation 1, robustness 0.5
    codes = np.stack([mixed, 1.5 * GRID[:, 0]], axis=1)  # largest deviation 3, robustness 1

    assert irs(codes, GRID, quantile=1).score == pytest.approx((0.5 + 3) / 4, abs=1e-12)


def test_dead_latents_change_nothing_and_stand_for_no_factor() -> None:
    alive = np.stack([GRID[:, 0] + 0.3 * GRID[:, 1], GRID[:, 2]], axis=1)
    dead = np.insert(alive, 1, 0.1, axis=1)

    found = irs(dead, GRID)

    assert found.score == irs(alive, GRID).score
    assert found.factor_of_latent.tolist() == [0, -1, 2]
    assert found.by_latent[1] == 0 and not found.matrix[1].any()


def test_codes_that_are_all_dead_score_zero() -> None:
    assert irs(np.full((100, 2), 0.1), GRID).score == 0


def test_a_quantile_is_a_share() -> None:
    with pytest.raises(ValueError, match=r"quantile must be in \[0, 1\], got 1.1"):
        irs(np.zeros((3, 2)), np.zeros((3, 1), int), 1.1)
