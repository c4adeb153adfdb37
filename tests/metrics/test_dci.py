"""DCI: entropies counted in plain Python, scikit-learn's own forests, codes of known score."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier

from sbvae_cli.metrics.dci import Dci, Model, boosting, dci, forest

N, CUT = 1500, 1000
LEVELS = (3, 4, 6)


def sample(seed: int = 0, rows: int = N) -> tuple[np.ndarray, np.ndarray]:
    """Perfect codes, and classes."""
    rng = np.random.default_rng(seed)
    classes = np.stack([rng.integers(0, count, rows) for count in LEVELS], axis=1)
    return 2 * classes / (np.array(LEVELS) - 1) - 1, classes


def noise(latents: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(N, latents))


def score(
    codes: np.ndarray, classes: np.ndarray, model: Model = forest, jobs: int = 1, seed: int = 0
) -> Dci:
    split = codes[:CUT], classes[:CUT], codes[CUT:], classes[CUT:]
    return dci(*split, model=model, jobs=jobs, seed=seed)


def concentration(weights: list[float]) -> float:
    """1 - entropy to the base of the number of weights, of at least one that is not 0."""
    shares = [weight / sum(weights) for weight in weights]
    return 1 + sum(p * math.log(p, len(weights)) for p in shares if p > 0)


def rotated(codes: np.ndarray, degrees: float) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.column_stack([codes[:, :2] @ np.array([[c, -s], [s, c]]), codes[:, 2:]])


def test_the_scores_are_weighted_means_of_entropies() -> None:
    codes, classes = sample()
    mixed = np.column_stack([codes @ np.random.default_rng(2).normal(size=(3, 4)), noise(1)])

    found = score(mixed, classes)

    importance = found.importance.tolist()
    by_latent = [concentration(row) for row in importance]
    total = sum(map(sum, importance))
    mean = sum(c * sum(row) for c, row in zip(by_latent, importance, strict=True)) / total
    by_factor = [concentration(list(column)) for column in zip(*importance, strict=True)]
    assert found.by_latent == pytest.approx(by_latent, abs=1e-12)
    assert found.by_factor == pytest.approx(by_factor, abs=1e-12)
    assert found.disentanglement == pytest.approx(mean, abs=1e-12)
    assert found.completeness == pytest.approx(sum(by_factor) / 3, abs=1e-12)
    assert 0.05 < found.disentanglement < 0.9


def test_boosting_is_that_of_scikit_learn_with_its_defaults() -> None:
    codes, classes = sample(rows=300)
    mixed = codes[:, :2] @ np.array([[1.0, 0.5], [-0.5, 1.0]])
    train, test = slice(200), slice(200, 300)

    found = dci(mixed[train], classes[train, :2], mixed[test], classes[test, :2], seed=3)

    for factor in range(2):
        plain = GradientBoostingClassifier(random_state=3).fit(mixed[train], classes[train, factor])
        right = plain.predict(mixed[test]) == classes[test, factor]
        assert found.importance[:, factor] == pytest.approx(plain.feature_importances_, abs=1e-12)
        assert found.accuracies[factor] == right.mean()
    assert found.informativeness == found.accuracies.mean()


def test_an_importance_that_rounding_leaves_below_zero_is_none() -> None:
    class Rounded(GradientBoostingClassifier):
        @property
        def feature_importances_(self) -> np.ndarray:
            own = super().feature_importances_
            return np.where(own > 0.5, own, -1e-17)

    codes, classes = sample(rows=60)
    train, test = slice(40), slice(40, 60)
    fits = (codes[train, :2], classes[train, :2], codes[test, :2], classes[test, :2])
    found = dci(*fits, model=lambda seed: Rounded(n_estimators=5), jobs=1)
    assert found.disentanglement == found.completeness == 1.0
    assert found.importance.min() == 0.0


def test_perfect_codes_score_one_in_any_order_and_warp() -> None:
    codes, classes = sample()
    found = score(np.exp(codes[:, [2, 0, 1]]), classes)
    assert found.disentanglement == pytest.approx(1, abs=1e-9)
    assert found.completeness == pytest.approx(1, abs=1e-9)
    assert found.informativeness == found.train_accuracy == 1


def test_a_rotation_costs_more_the_further_it_goes() -> None:
    _, classes = sample()
    spread = np.random.default_rng(3).uniform(0.0, 1.0, classes.shape)  # classes touch each other
    codes = 2 * (classes + spread) / np.array(LEVELS) - 1
    straight, near, far = (score(rotated(codes, degrees), classes) for degrees in (0, 10, 45))

    assert straight.disentanglement > 0.95
    assert 0.95 > near.disentanglement > far.disentanglement + 0.15
    assert 0.95 > near.completeness > far.completeness + 0.15
    assert far.by_latent[:2].max() < 0.5 and far.by_factor[:2].max() < 0.5
    assert min(far.by_latent[2], far.by_factor[2]) > far.disentanglement + 0.15


def test_duplicates_cost_completeness_alone() -> None:
    codes, classes = sample()
    both = np.column_stack([codes, codes[:, 0] + 0.01 * noise(1)[:, 0]])
    found = score(both, classes)
    assert found.disentanglement > 0.97
    assert found.by_factor[0] < 0.9 and found.by_factor[1:].min() > 0.97


def test_noise_scores_near_zero_and_knows_no_more_than_a_guess() -> None:
    classes = sample()[1]
    found = score(noise(4), classes)
    assert found.disentanglement < 0.05 and found.completeness < 0.05
    assert found.informativeness < found.chance + 0.02


def test_noise_beside_perfect_codes_costs_little() -> None:
    codes, classes = sample()
    found = score(np.column_stack([codes, noise(3)]), classes)
    assert found.disentanglement > 0.97 and found.completeness > 0.97


def test_a_missing_factor_hands_its_importance_to_the_others() -> None:
    codes, classes = sample()
    found = score(np.column_stack([codes[:, :2], noise(2)]), classes)
    assert found.by_factor[:2].min() > 0.97 and found.by_factor[2] < 0.6
    assert found.accuracies[2] == pytest.approx(1 / 6, abs=0.06)
    assert found.completeness == pytest.approx(found.by_factor.mean(), abs=1e-12)


def test_dead_latents_have_no_importance_and_no_weight() -> None:
    codes, classes = sample(rows=N)
    dead = np.column_stack([codes, np.full(N, 0.1), np.zeros(N)])
    found = score(dead, classes)
    assert not found.importance[3:].any() and found.by_latent[3:].tolist() == [0, 0]
    assert found.disentanglement == pytest.approx(1, abs=1e-9)


def test_codes_that_are_all_dead_score_zero() -> None:
    found = score(np.full((N, 3), 0.1), sample()[1])
    assert found.disentanglement == found.completeness == 0
    assert found.by_latent.tolist() == found.by_factor.tolist() == [0, 0, 0]


def test_a_factor_of_one_class_has_no_weight() -> None:
    codes, classes = sample()
    classes[:, 1] = 2
    found = score(codes, classes)
    assert not found.importance[:, 1].any() and found.by_factor[1] == 0
    assert found.completeness == pytest.approx(1, abs=0.01)
    assert found.accuracies[1] == 1


def test_classes_that_only_test_rows_have_are_predicted_wrong() -> None:
    codes, classes = sample()
    truth = classes[CUT:].copy()
    truth[:100, 0] = 7
    found = dci(codes[:CUT], classes[:CUT], codes[CUT:], truth, model=forest, jobs=1)
    assert found.accuracies.tolist() == [0.8, 1, 1]


def test_chance_is_the_share_of_the_most_frequent_class() -> None:
    codes, classes = sample()
    classes[:, 0], classes[CUT : CUT + 400, 0] = 1, 0
    shares = [0.8, *(np.unique(c[CUT:], return_counts=True)[1].max() / 500 for c in classes.T[1:])]
    assert score(codes, classes).chance == pytest.approx(np.mean(shares), abs=1e-12)


@pytest.mark.parametrize(("scale", "shift"), [(1e-9, 0.0), (1e3, 0.0), (1.0, 1e7)])
def test_neither_scale_nor_offset_of_codes_changes_anything(scale: float, shift: float) -> None:
    codes, classes = sample()
    plain, scaled = score(codes, classes), score(codes * scale + shift, classes)
    assert scaled.importance == pytest.approx(plain.importance, abs=1e-9)
    assert scaled.accuracies.tolist() == plain.accuracies.tolist()


def test_scores_depend_on_the_seed_and_not_on_the_number_of_jobs() -> None:
    codes, classes = sample()
    codes = rotated(codes, 30) + 0.1 * noise(3)
    one, two, every = (score(codes, classes, jobs=jobs).importance for jobs in (1, 2, -1))
    assert one.tolist() == two.tolist() == every.tolist()
    assert score(codes, classes, seed=1).importance.tolist() != one.tolist()


@pytest.mark.slow
@pytest.mark.parametrize(("degrees", "blur"), [(0, 0.05), (45, 0.05), (0, 0.5)])
def test_the_forest_stands_in_for_boosting(degrees: float, blur: float) -> None:
    codes, classes = sample()
    noisy = np.column_stack([rotated(codes + blur * noise(3), degrees), noise(1, seed=4)])
    slow, fast = (score(noisy, classes, model, -1) for model in (boosting, forest))
    assert fast.disentanglement == pytest.approx(slow.disentanglement, abs=0.1)
    assert fast.completeness == pytest.approx(slow.completeness, abs=0.1)


def test_classes_as_many_as_rows_warn_of_nothing() -> None:
    codes, classes = noise(2)[:36], np.stack([np.arange(36), np.arange(36) % 2], axis=1)
    found = dci(codes[:24], classes[:24], codes[24:], classes[24:], model=forest, jobs=2)
    assert found.accuracies[0] == 0


@pytest.mark.parametrize("cut", [lambda z: (z[:, :1], z), lambda z: (z, z[:, :1])])
def test_one_latent_or_one_factor_is_refused(
    cut: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
) -> None:
    codes, classes = cut(np.zeros((N, 2)))
    with pytest.raises(ValueError, match="dci compares latents and factors, got"):
        score(codes, classes.astype(int))
