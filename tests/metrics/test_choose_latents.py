"""Which two latents are shown, on codes where both rules are known to differ."""

import numpy as np
import pytest

from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.choose_latents import LatentChoice, choose_pair
from sbvae_cli.metrics.classes import factor_classes
from sbvae_cli.metrics.information import mutual_information


def choose(
    variances: np.ndarray, means: np.ndarray, factors: np.ndarray, **rule: object
) -> LatentChoice:
    information = mutual_information(means, factor_classes(factors))
    return choose_pair(variances, means.std(axis=0), information, **rule)  # type: ignore[arg-type]


def made_codes() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Latent 1 carries the second factor, 3 the first, 0 something else at little variance."""
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 8, size=(2000, 2)).astype(float)
    means = rng.normal(size=(2000, 5))
    means[:, 1] = factors[:, 1] + 0.1 * means[:, 1]
    means[:, 3] = -factors[:, 0] + 0.1 * means[:, 3]
    return np.array([0.01, 0.02, 1.0, 0.03, 1.0]), means, factors


def test_where_two_factors_vary_the_least_uncertain_two_are_taken() -> None:
    choice = choose(*made_codes(), exactly_two_vary=True)

    assert choice.rule == "variance"
    assert choice.latents == choice.by_variance == (0, 1)
    assert choice.by_information == (3, 1)
    assert not choice.rules_agree


def test_where_more_vary_the_most_informative_pair_is_taken() -> None:
    choice = choose(*made_codes(), exactly_two_vary=False)

    assert choice.rule == "informative" and choice.latents == (3, 1)


def test_a_named_rule_stands_whatever_varies() -> None:
    made = made_codes()

    assert choose(*made, select="informative", exactly_two_vary=True).latents == (3, 1)
    assert choose(*made, select="variance", exactly_two_vary=False).latents == (0, 1)


def test_the_first_latent_goes_with_the_first_factor_under_either_rule() -> None:
    _, means, factors = made_codes()
    variances = np.array([1.0, 0.01, 1.0, 0.02, 1.0])  # latent 1 first, but it has factor 1

    choice = choose(variances, means, factors)

    assert choice.by_variance == choice.by_information == (3, 1)
    assert choice.rules_agree


def test_one_latent_may_not_stand_for_both_factors() -> None:
    rng = np.random.default_rng(1)
    factors = rng.integers(0, 4, size=(3000, 2)).astype(float)
    both = factors @ np.array([4.0, 1.0])
    means = np.stack([both, factors[:, 1] + rng.normal(size=3000), np.zeros(3000)], axis=1)

    assert choose(np.ones(3), means, factors, select="informative").latents == (0, 1)


def test_dead_latents_are_chosen_without_complaint() -> None:
    factors = np.random.default_rng(2).uniform(size=(50, 2))

    choice = choose(np.ones(3), np.zeros((50, 3)), factors)

    assert set(choice.latents) == {0, 1}


def test_a_model_of_one_latent_is_refused() -> None:
    with pytest.raises(SbvaeError, match="needs two latents, the model has 1"):
        choose(np.ones(1), np.zeros((9, 1)), np.zeros((9, 2)))


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        choose_pair(np.ones(3), np.ones(2), np.zeros((3, 2)))
    with pytest.raises(ValueError, match="do not fit"):
        choose_pair(np.ones(3), np.ones(3), np.zeros((2, 2)))


def test_a_faint_exact_trace_in_a_dead_latent_is_not_chosen() -> None:
    variances, means, factors = made_codes()
    means[:, 0] = 1e-4 * factors[:, 0]

    assert choose(variances, means, factors, select="informative").latents == (3, 1)
