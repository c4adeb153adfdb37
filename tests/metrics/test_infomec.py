"""InfoMEC and its estimator against scikit-learn, counting, and codes whose scores are known."""

import itertools
import math

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import digamma
from sklearn.feature_selection import mutual_info_classif
from sklearn.metrics import mutual_info_score

from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.infomec import explicit_information, infomec
from sbvae_cli.metrics.neighbour_information import nearest_information

GRID = np.array(list(itertools.product(range(6), repeat=3)))


def jittered(repeats: int, noise: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """Each combination of three factors of six levels, repeated, and codes that name them."""
    classes = np.tile(GRID, (repeats, 1))
    rng = np.random.default_rng(0)
    return classes + rng.uniform(-noise, noise, size=classes.shape), classes


def test_information_agrees_with_scikit_learn_where_values_are_distinct() -> None:
    rng = np.random.default_rng(0)
    # Classes of over 20 samples: below, scikit-learn finds distances by a route that rounds.
    classes = np.stack([rng.integers(0, n, 800) for n in (2, 5, 12)], axis=1)
    codes = classes @ rng.normal(size=(3, 4)) * 0.3 + rng.normal(size=(800, 4))

    for neighbours in (1, 3, 10):
        found = nearest_information(codes, classes, neighbours)
        for factor, column in enumerate(classes.T):
            expected = [
                mutual_info_classif(z[:, None], column, n_neighbors=neighbours, random_state=0)[0]
                for z in codes.T
            ]
            assert found[:, factor] == pytest.approx(expected, abs=1e-6)


def looped(values: list[float], classes: list[int], neighbours: int) -> float:
    """The estimator sample by sample, over all distances."""
    kept = [n for n, c in enumerate(classes) if classes.count(c) > 1]
    terms = []
    for n in kept:
        of_class = [m for m in kept if classes[m] == classes[n]]
        near = sorted(abs(values[m] - values[n]) for m in of_class if m != n)
        radius = near[min(neighbours, len(near)) - 1]
        k = sum(d <= radius for d in near)
        everywhere = sum(abs(values[m] - values[n]) <= radius for m in kept if m != n)
        terms.append(digamma(k) - digamma(len(of_class)) - digamma(everywhere))
    return max(0.0, float(digamma(len(kept)) + np.mean(terms)))


@pytest.mark.parametrize("seed", range(8))
def test_information_counts_ties_and_small_classes_as_plain_loops_do(seed: int) -> None:
    rng = np.random.default_rng(seed)
    classes = np.minimum(rng.geometric(0.25, 120), 12)  # some classes have one or two samples
    codes = np.stack([rng.integers(0, 9, 120) + classes, rng.integers(0, 50, 120)], axis=1) / 4

    found = nearest_information(codes, classes[:, None], 3)

    expected = [looped(z.tolist(), classes.tolist(), 3) for z in codes.T]
    assert found[:, 0] == pytest.approx(expected, abs=1e-12)


def test_discrete_codes_get_nearly_the_plug_in_information() -> None:
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 5, size=(4000, 1))
    codes = (classes + rng.integers(0, 3, size=classes.shape)) / 7

    counted = mutual_info_score((codes * 7).astype(int)[:, 0], classes[:, 0])

    assert nearest_information(codes, classes)[0, 0] == pytest.approx(counted, abs=0.005)


def test_information_of_shifted_normals_is_that_of_the_integral() -> None:
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 2, size=(20_000, 1))
    codes = rng.normal(size=classes.shape) + 2 * classes
    x = np.linspace(-8, 10, 20_001)
    normals = [np.exp(-((x - m) ** 2) / 2) / math.sqrt(2 * math.pi) for m in (0, 2)]
    mixture = (normals[0] + normals[1]) / 2
    exact = sum(np.sum(p * np.log(p / mixture)) / 2 * (x[1] - x[0]) for p in normals)

    assert nearest_information(codes, classes)[0, 0] == pytest.approx(exact, abs=0.02)


def test_information_does_not_depend_on_order_shift_or_scale() -> None:
    codes, classes = jittered(2, noise=1.5)
    order = np.random.default_rng(0).permutation(len(codes))
    found = nearest_information(codes, classes)

    assert nearest_information(codes[order], classes[order]) == pytest.approx(found, abs=1e-12)
    assert nearest_information(1e6 - 8 * codes, classes) == pytest.approx(found, abs=1e-6)


def test_axis_aligned_codes_are_modular_explicit_and_compact() -> None:
    codes, classes = jittered(10)

    scores = infomec(codes, classes)

    assert scores.infom == pytest.approx(1, abs=0.02)
    assert scores.infoc == pytest.approx(1, abs=0.02)
    assert scores.infoe == pytest.approx(1, abs=0.01)
    assert np.diag(scores.nmi) == pytest.approx(1, abs=0.01)
    assert scores.active == (0, 1, 2)


def test_a_rotation_by_45_degrees_shares_information_alike_and_leaves_it_explicit() -> None:
    codes, classes = jittered(10)
    rotated = codes[:, :2] @ np.array([[1, 1], [-1, 1]])

    scores = infomec(rotated, classes[:, :2])

    assert scores.infom == pytest.approx(0, abs=0.05)
    assert scores.infoc == pytest.approx(0, abs=0.05)
    assert scores.infoe == pytest.approx(1, abs=0.01)


def test_copied_latents_are_modular_but_half_compact() -> None:
    codes, classes = jittered(10)

    scores = infomec(codes[:, [0, 1, 0, 1]], classes[:, :2])

    assert scores.infom == pytest.approx(1, abs=0.02)
    assert scores.infoc == pytest.approx((1 / 2 - 1 / 4) / (1 - 1 / 4), abs=0.02)


def test_scores_are_means_of_the_largest_shares() -> None:
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 4, size=(2000, 3))
    codes = classes @ rng.normal(size=(3, 5)) + rng.normal(size=(2000, 5))

    scores = infomec(codes, classes, neighbours=3)

    for factor, column in enumerate(classes.T):
        entropy = mutual_info_score(column, column)
        expected = nearest_information(codes, classes, 3)[:, factor] / entropy
        assert scores.nmi[:, factor] == pytest.approx(expected, abs=1e-12)
    by_latent = [(max(row) / sum(row) - 1 / 3) / (1 - 1 / 3) for row in scores.nmi.tolist()]
    by_factor = [(max(row) / sum(row) - 1 / 5) / (1 - 1 / 5) for row in scores.nmi.T.tolist()]
    assert scores.infom == pytest.approx(sum(by_latent) / 5, abs=1e-12)
    assert scores.infoc == pytest.approx(sum(by_factor) / 3, abs=1e-12)
    assert scores.infoe == pytest.approx(scores.explicitness.mean(), abs=1e-12)


def test_a_missing_factor_costs_explicitness_alone() -> None:
    codes, classes = jittered(10)

    scores = infomec(codes[:, :2], classes)

    assert scores.infom == pytest.approx(1, abs=0.02)
    assert scores.explicitness == pytest.approx([1, 1, 0], abs=0.02)
    assert scores.infoe == pytest.approx(2 / 3, abs=0.01)


def test_a_latent_or_a_factor_without_any_information_counts_zero() -> None:
    missing = infomec(GRID[:, :2], GRID)  # discrete codes of a full grid: exactly independent
    spare = infomec(GRID, GRID[:, :2])

    assert not missing.nmi[:, 2].any() and not spare.nmi[2].any()
    assert (missing.infom, missing.infoc) == pytest.approx((1, 2 / 3), abs=1e-12)
    assert (spare.infom, spare.infoc) == pytest.approx((2 / 3, 1), abs=1e-12)


def test_noise_is_not_explicit() -> None:
    classes = jittered(10)[1]
    noise = np.random.default_rng(1).normal(size=classes.shape)

    scores = infomec(noise, classes)

    # Fifteen free weights explain 15 / 2N nats by chance.
    assert scores.infoe == pytest.approx(15 / (2 * len(noise) * math.log(6)), abs=0.003)
    assert scores.nmi.max() < 0.03


def test_dead_and_nearly_dead_latents_are_inactive() -> None:
    codes, classes = jittered(5)
    alive = infomec(codes, classes)
    faint = np.random.default_rng(1).uniform(-0.1, 0.1, size=(len(codes), 1))

    scores = infomec(np.concatenate([np.full_like(faint, 0.1), codes, faint], axis=1), classes)

    assert scores.active == (1, 2, 3)
    assert (scores.infom, scores.infoc) == (alive.infom, alive.infoc)
    assert scores.infoe == pytest.approx(alive.infoe, abs=0.001)
    assert not scores.nmi[0].any()


def test_codes_that_are_all_dead_score_zero() -> None:
    scores = infomec(np.full((len(GRID), 2), 0.1), GRID)

    assert (scores.infom, scores.infoe, scores.infoc) == (0, 0, 0)
    assert scores.active == () and not scores.nmi.any()


def test_one_factor_or_one_latent_leaves_nothing_to_share() -> None:
    codes, classes = jittered(3)

    scores = infomec(codes[:, :1], classes[:, :1])

    assert (scores.infom, scores.infoc) == (1, 1)


def test_a_factor_of_one_level_is_refused_by_its_name() -> None:
    classes = np.stack([GRID[:, 0], np.zeros(len(GRID), int)], axis=1)

    with pytest.raises(SbvaeError, match="factor 1 has one level, InfoMEC needs two; leave it out"):
        infomec(GRID, classes)
    with pytest.raises(SbvaeError, match="factor hue has one level"):
        infomec(GRID, classes, names=["x", "hue"])


@pytest.mark.parametrize("levels", [2, 4])
def test_explicitness_is_the_optimum_of_a_plain_multinomial_regression(levels: int) -> None:
    rng = np.random.default_rng(levels)
    classes = np.minimum(rng.geometric(0.4, 400) - 1, levels - 1)  # unequal classes
    codes = rng.normal(size=(400, 2)) + np.stack([classes, classes**2 / 3], axis=1)
    design = np.concatenate([codes, np.ones((400, 1))], axis=1)

    def loss(weights: np.ndarray) -> float:
        logits = design @ weights.reshape(3, levels)
        return float(np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[range(400), classes]))

    best = minimize(loss, np.zeros(3 * levels)).fun
    expected = 1 - best / mutual_info_score(classes, classes)

    assert explicit_information(codes, classes[:, None])[0] == pytest.approx(expected, abs=1e-4)


def test_explicitness_does_not_change_under_an_invertible_linear_map() -> None:
    codes, classes = jittered(3, noise=0.8)
    mapped = codes @ np.array([[10, 1, 0], [9, 1, 1], [0, 0.01, 0.02]]) + 5

    before = explicit_information(codes, classes)

    assert explicit_information(mapped, classes) == pytest.approx(before, abs=1e-4)
    twice = np.concatenate([mapped, mapped], axis=1)
    assert explicit_information(twice, classes) == pytest.approx(before, abs=1e-4)


def test_a_fit_that_stops_early_gives_no_warning_and_no_more_than_the_entropy() -> None:
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 40, size=(500, 1))
    warped = np.exp(3 * (classes / 40 + rng.normal(0, [0.01, 0.3, 0.3], size=(500, 3))))

    assert 0.5 < explicit_information(warped, classes)[0] < 1


def test_classes_of_one_sample_each_have_no_information() -> None:
    assert nearest_information(np.arange(4.0)[:, None], np.arange(4)[:, None]).tolist() == [[0.0]]


def test_there_is_a_neighbour_at_least() -> None:
    with pytest.raises(ValueError, match="neighbours must be at least 1, got 0"):
        nearest_information(np.zeros((3, 2)), np.zeros((3, 1), int), 0)
