"""Explicitness and its classifier: scikit-learn's own numbers, and codes of known score."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from sbvae_cli.metrics.explicitness import CHANCE, explicitness
from sbvae_cli.metrics.fitting import fit_logistic

N, CUT = 900, 600
LEVELS = (2, 3, 5)


def sample(seed: int = 0, noise: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """A latent for each factor, of a std near 1, and one of noise."""
    rng = np.random.default_rng(seed)
    classes = np.stack([rng.integers(0, count, N) for count in LEVELS], axis=1)
    codes = 4 * classes / (np.array(LEVELS) - 1) - 2 + noise * rng.normal(size=classes.shape)
    return np.column_stack([codes, rng.normal(size=N)]), classes


def score(codes: np.ndarray, classes: np.ndarray) -> object:
    return explicitness(codes[:CUT], classes[:CUT], codes[CUT:], classes[CUT:])


def rotation(degrees: float) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turned = np.eye(4)
    turned[:2, :2] = [[c, -s], [s, c]]
    return turned


@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_mean_area_that_scikit_learn_finds(seed: int) -> None:
    codes, classes = sample(seed, noise=1.5)
    expected = []
    for column in classes.T:
        model = LogisticRegression(tol=1e-8, max_iter=10_000).fit(codes[:CUT], column[:CUT])
        odds, truth = model.predict_proba(codes[CUT:]), column[CUT:]
        areas = [roc_auc_score(truth == level, odds[:, level]) for level in range(odds.shape[1])]
        expected.append(np.mean(areas))

    found = score(codes, classes)

    assert found.by_factor == pytest.approx(expected, abs=1e-3)
    assert found.score == pytest.approx(np.mean(expected), abs=1e-3)


def test_standardised_it_is_what_the_study_of_2018_computes() -> None:
    """Scikit-learn's default classifier of codes by the fitted rows' mean and std, no shared code.

    The codes are monotone warps of levels of a known std, of which raw codes score more.
    """
    rng = np.random.default_rng(0)
    classes = np.stack([rng.integers(0, size, 1200) for size in (6, 15)], axis=1)
    codes, cut = np.exp(3 * classes / [5, 14]) + 0.1 * rng.normal(size=(1200, 2)), 800
    seen = (codes - codes[:cut].mean(axis=0)) / codes[:cut].std(axis=0)
    expected = []
    for column in classes.T:
        odds = LogisticRegression().fit(seen[:cut], column[:cut]).predict_proba(seen[cut:])
        one_hot = np.eye(odds.shape[1], dtype=int)[column[cut:]]
        expected.append(roc_auc_score(one_hot, odds))

    rows = codes[:cut], classes[:cut], codes[cut:], classes[cut:]
    found = explicitness(*rows, standardised=True)

    assert found.by_factor == pytest.approx(expected, abs=1e-5)
    assert found.score < explicitness(*rows).score - 0.001


def test_ties_count_half_as_in_scikit_learn() -> None:
    codes, classes = sample(noise=0)
    rounded = np.round(codes[:, [3]])  # few values, and none that knows anything
    classes = (classes[:, [0]] + (np.abs(rounded) > 1)) % 2

    model = LogisticRegression(tol=1e-8).fit(rounded[:CUT], classes[:CUT, 0])
    odds = model.predict_proba(rounded[CUT:])[:, 1]

    assert len(np.unique(odds)) < 10
    expected = roc_auc_score(classes[CUT:, 0], odds)
    assert score(rounded, classes).score == pytest.approx(expected, abs=1e-9)


def test_codes_that_hold_the_factors_score_one_however_they_are_turned() -> None:
    codes, classes = sample(noise=0.01)
    assert score(codes, classes).score > 0.98
    for degrees in (10, 45):
        turned = score(codes @ rotation(degrees), classes)
        assert turned.by_factor == pytest.approx(score(codes, classes).by_factor, abs=1e-3)


def test_a_duplicated_or_a_dead_latent_costs_nothing() -> None:
    codes, classes = sample(noise=0.01)
    plain = score(codes, classes).score
    assert score(codes[:, [0, 0, 1, 2, 3]], classes).score == pytest.approx(plain, abs=0.01)
    assert score(np.insert(codes, 1, 0.1, axis=1), classes).score == pytest.approx(plain, abs=0.01)


def test_noise_and_dead_codes_score_chance() -> None:
    codes, classes = sample()
    noise = np.random.default_rng(1).normal(size=codes.shape)
    assert score(noise, classes).score == pytest.approx(CHANCE, abs=0.06)
    assert score(np.full_like(codes, 0.1), classes).score == CHANCE


def test_a_factor_that_is_not_encoded_scores_chance_and_the_others_do_not() -> None:
    codes, classes = sample(noise=0.01)
    missing = score(np.delete(codes, 1, axis=1), classes).by_factor
    assert missing[1] == pytest.approx(CHANCE, abs=0.06)
    assert missing[[0, 2]] == pytest.approx(score(codes, classes).by_factor[[0, 2]], abs=0.01)


def test_a_factor_of_one_class_has_the_score_of_chance() -> None:
    codes, classes = sample()
    classes[:, 1] = 3
    assert score(codes, classes).by_factor[1] == CHANCE


def test_classes_on_one_side_alone_are_left_out() -> None:
    codes, classes = sample()
    train, test = classes[:CUT].copy(), classes[CUT:].copy()
    train[train[:, 2] == 1, 2] = 2  # class 1 is in the test rows alone
    test[test[:, 2] == 3, 2] = 4  # and class 3 in the fitted ones

    found = explicitness(codes[:CUT], train, codes[CUT:], test)

    model = LogisticRegression(tol=1e-8, max_iter=10_000).fit(codes[:CUT], train[:, 2])
    odds = dict(zip([0, 2, 3, 4], model.predict_proba(codes[CUT:]).T, strict=True))
    expected = np.mean([roc_auc_score(test[:, 2] == level, odds[level]) for level in (0, 2, 4)])
    assert found.by_factor[2] == pytest.approx(expected, abs=1e-3)


def test_test_rows_of_one_class_say_nothing() -> None:
    codes, classes = sample()
    found = explicitness(codes[:CUT], classes[:CUT], codes[CUT:], np.zeros_like(classes[CUT:]))
    assert found.by_factor.tolist() == [CHANCE] * 3


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_the_classifier_minimises_the_loss_of_raw_features(scale: float) -> None:
    """The gradient of the sum of log losses, plus half the squared weights, is next to 0."""
    codes, classes = sample(noise=1.0)  # not separable, so that no optimum is far away
    codes, target = scale * codes[:CUT] + scale, classes[:CUT, 2]

    found = fit_logistic(codes, target)

    surplus = found.probabilities(codes) - np.eye(LEVELS[2])[target]
    weights = found.model.coef_ / found.scale
    gradient = surplus.T @ codes + weights
    assert np.abs(gradient).max() < 1e-3 * CUT * scale
    assert np.abs(surplus.sum(axis=0)).max() < 1e-3 * CUT


@pytest.mark.parametrize("scale", [1e-3, 1e3, np.logspace(-4, 4, 4)])
def test_codes_of_odd_scales_warn_of_nothing(scale: float) -> None:
    codes, classes = sample()
    found = score(codes * scale, classes)
    assert np.isfinite(found.by_factor).all() and found.score > 0.6


def test_a_fit_that_takes_all_of_its_steps_warns_of_nothing() -> None:
    codes, classes = sample()
    odds = fit_logistic(codes, classes[:, 0], most_steps=1).probabilities(codes)
    assert odds.sum(axis=1) == pytest.approx(1)


def test_classes_as_many_as_rows_warn_of_nothing() -> None:
    codes, each = sample()[0], np.arange(40)[:, None]
    found = explicitness(codes[:40], each, codes[40:80], each)
    assert 0 <= found.score <= 1


def test_large_codes_are_read_at_least_as_well_as_plain_ones() -> None:
    codes, classes = sample()
    assert score(1e3 * codes, classes).score >= score(codes, classes).score - 1e-3


def test_the_same_rows_give_the_same_numbers() -> None:
    codes, classes = sample()
    assert score(codes, classes).by_factor.tolist() == score(codes, classes).by_factor.tolist()
