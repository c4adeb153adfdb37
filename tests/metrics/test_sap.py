"""SAP against plain scikit-learn calls, and on codes whose score is known."""

import numpy as np
import pytest
from sklearn.svm import LinearSVC

from sbvae_cli.metrics.sap import Sap, sap

N, CUT = 3000, 2000


def two_levels(factors: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2, (N, factors))


def noise(latents: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(N, latents))


def score(codes: np.ndarray, classes: np.ndarray) -> Sap:
    return sap(codes[:CUT], classes[:CUT], codes[CUT:], classes[CUT:])


@pytest.mark.parametrize("seed", range(2))
def test_the_matrix_is_what_plain_support_vector_machines_predict(seed: int) -> None:
    rng = np.random.default_rng(seed)
    classes = np.stack([rng.integers(0, count, N) for count in (2, 3, 6)], axis=1)
    codes = classes @ rng.normal(size=(3, 4)) + rng.normal(size=(N, 4))

    expected = np.empty((4, 3))
    for latent in range(4):
        for factor in range(3):
            machine = LinearSVC(C=0.01, class_weight="balanced", dual=False)
            machine.fit(codes[:CUT, latent : latent + 1], classes[:CUT, factor])
            right = machine.predict(codes[CUT:, latent : latent + 1]) == classes[CUT:, factor]
            expected[latent, factor] = right.mean()
    gaps = [sorted(column)[-1] - sorted(column)[-2] for column in expected.T.tolist()]

    found = score(codes, classes)

    assert found.matrix == pytest.approx(expected, abs=1e-12)
    assert found.by_factor == pytest.approx(gaps, abs=1e-12)
    assert found.score == pytest.approx(np.mean(gaps), abs=1e-12)


def test_the_primal_optimum_is_that_of_the_solver_of_the_study() -> None:
    classes = two_levels()
    codes = classes + noise(3)
    dual = LinearSVC(C=0.01, class_weight="balanced", dual=True, random_state=0, max_iter=20_000)
    dual.fit(codes[:CUT, :1], classes[:CUT, 0])
    accuracy = (dual.predict(codes[CUT:, :1]) == classes[CUT:, 0]).mean()
    assert score(codes, classes).matrix[0, 0] == pytest.approx(accuracy, abs=2e-3)


def test_perfect_codes_of_two_levels_gain_half_over_a_guess() -> None:
    classes = two_levels()
    assert score(2.0 * classes - 1, classes).by_factor == pytest.approx([0.5] * 3, abs=0.06)


def test_perfect_codes_of_ten_levels_gain_a_tenth_at_most() -> None:
    classes = np.random.default_rng(0).integers(0, 10, (N, 3))
    codes = (classes - 4.5) / 2.9
    assert 0.05 < score(codes, classes).score < 0.13


def test_a_rotation_by_45_degrees_or_a_duplicate_leaves_no_gap() -> None:
    classes = two_levels(2)
    codes = 2.0 * classes - 1
    turned = np.stack([codes[:, 0] + codes[:, 1], codes[:, 0] - codes[:, 1]], axis=1)
    assert score(turned + 0.01 * noise(2), classes).score < 0.05

    doubled = score(codes[:, [0, 0, 1]], classes)
    assert doubled.by_factor[0] == 0
    assert doubled.by_factor[1] == pytest.approx(0.5, abs=0.06)


def test_a_rotation_by_10_degrees_costs_nothing_with_two_levels() -> None:
    classes = two_levels(2)
    c, s = np.cos(np.radians(10)), np.sin(np.radians(10))
    turned = (2.0 * classes - 1) @ np.array([[c, -s], [s, c]])
    best = score(turned, classes).matrix.max(axis=0)
    assert best.tolist() == [1, 1]


def test_noise_and_a_missing_factor_have_next_to_no_gap() -> None:
    classes = two_levels()
    assert score(noise(5), classes).score < 0.05
    codes = np.column_stack([classes[:, :2], noise(2)])
    assert score(codes, classes).by_factor[2] < 0.05


def test_a_dead_latent_counts_as_one_that_guesses() -> None:
    """Were it 0, one live latent beside a dead one would have a gap of 1."""
    classes = two_levels(1)
    perfect, dead = 2.0 * classes - 1, np.full((N, 1), 0.1)

    found = score(np.column_stack([perfect, dead]), classes)

    assert found.matrix[:, 0].tolist() == [1, 0.5]
    beside_noise = score(np.column_stack([perfect, noise(1)]), classes)
    assert found.score == pytest.approx(beside_noise.score, abs=0.05)


def test_a_dead_latent_is_never_better_than_one_that_knows_of_a_rare_class() -> None:
    classes = (np.random.default_rng(0).uniform(size=(N, 1)) < 0.05).astype(int)
    codes = np.column_stack([classes + 0.5 * noise(1), np.full(N, 0.1)])
    assert score(codes, classes).matrix[:, 0].argmax() == 0


def test_codes_that_are_all_dead_score_zero() -> None:
    assert score(np.full((N, 3), 0.1), two_levels()).score == 0


def test_a_factor_of_one_class_has_no_gap_even_beside_a_dead_latent() -> None:
    classes = two_levels()
    classes[:, 1] = 4
    codes = np.column_stack([classes, np.full(N, 0.1)])
    found = score(codes, classes)
    assert found.by_factor[1] == 0 and found.matrix[:, 1].tolist() == [1, 1, 1, 1]


def test_classes_that_only_test_rows_have_are_predicted_wrong() -> None:
    classes = two_levels(1)
    codes = np.column_stack([2.0 * classes - 1, noise(1)])
    truth = classes[CUT:].copy()
    truth[:250] = 2
    found = sap(codes[:CUT], classes[:CUT], codes[CUT:], truth)
    assert found.matrix[0, 0] == 0.75


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 1e3, 1e6])
def test_codes_of_odd_scales_warn_of_nothing(scale: float) -> None:
    classes = np.random.default_rng(0).integers(0, 6, (N, 2))
    found = score(scale * (classes + 0.1 * noise(2)), classes)
    assert np.isfinite(found.matrix).all() and 0 <= found.score <= 1


def test_classes_as_many_as_rows_warn_of_nothing() -> None:
    each = np.arange(40)[:, None]
    found = sap(noise(2)[:40], each, noise(2)[40:80], np.full_like(each, 40))
    assert found.matrix.tolist() == [[0], [0]]


def test_the_same_rows_give_the_same_numbers() -> None:
    classes = two_levels()
    codes = classes + noise(3)
    assert score(codes, classes).matrix.tolist() == score(codes, classes).matrix.tolist()


def test_one_latent_is_refused() -> None:
    with pytest.raises(ValueError, match=r"sap compares two latents, got codes of shape \(2000, 1"):
        score(noise(1), two_levels())
