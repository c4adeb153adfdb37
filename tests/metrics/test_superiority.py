"""The probability of superiority, against counting, other libraries, and simulated samples."""

import itertools
import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import mannwhitneyu, norm, t

from sbvae_cli.metrics.superiority import (
    Superiority,
    probability_of_rise,
    probability_of_superiority,
    share_of_pairs,
)
from sbvae_cli.random import stream


def counted(a: list[int], b: list[int]) -> float:
    """Share of pairs in which the first is higher, ties half, by counting."""
    pairs = list(itertools.product(a, b))
    return (sum(x > y for x, y in pairs) + sum(x == y for x, y in pairs) / 2) / len(pairs)


@pytest.mark.parametrize("seed", range(10))
def test_it_is_the_share_of_pairs_as_counted_and_as_scipy_has_it(seed: int) -> None:
    random = np.random.default_rng(seed)
    a, b = random.integers(0, 6, 7), random.integers(0, 5, 4)  # with ties

    found = probability_of_superiority([(a, b)])

    assert found.probability == pytest.approx(counted(a.tolist(), b.tolist()), abs=1e-12)
    assert found.probability == pytest.approx(mannwhitneyu(a, b).statistic / 28, abs=1e-12)
    assert found.low <= found.probability <= found.high


def test_swapping_the_samples_gives_the_rest() -> None:
    a, b = [3.0, 1.0, 4.0, 1.5, 5.0], [2.0, 7.0, 1.0]

    there, back = probability_of_superiority([(a, b)]), probability_of_superiority([(b, a)])

    assert there.probability == pytest.approx(1 - back.probability, abs=1e-12)
    assert there.low == pytest.approx(1 - back.high, abs=0.02)  # other resamples
    assert there.high == pytest.approx(1 - back.low, abs=0.02)


def test_ties_alone_are_one_half() -> None:
    found = probability_of_superiority([([1.0, 1.0], [1.0, 1.0, 1.0])])

    assert found.probability == 0.5
    assert found.low < 0.5 < found.high


def test_strata_count_alike_whatever_their_sizes() -> None:
    wins, loses = ([2.0, 3.0], [0.0, 1.0]), ([0.0] * 9, [1.0] * 9)

    assert probability_of_superiority([wins, loses]).probability == pytest.approx(0.5, abs=1e-12)


def test_only_values_of_one_stratum_are_held_against_each_other() -> None:
    one, other = ([2.0, 3.0], [0.0, 1.0]), ([102.0, 103.0], [100.0, 101.0])

    assert probability_of_superiority([one, other]).probability == 1
    pooled = probability_of_superiority([([*one[0], *other[0]], [*one[1], *other[1]])])
    assert pooled.probability == 0.75


def test_where_all_pairs_agree_the_interval_has_a_width_that_seeds_make_smaller() -> None:
    of = {n: probability_of_superiority([(np.arange(n) + 100, np.arange(n))]) for n in (3, 6, 15)}

    assert all(found.probability == found.high == 1 for found in of.values())
    assert of[3].low < 0.5 < of[6].low < of[15].low < 1


def test_few_seeds_decide_nothing_that_a_permutation_test_would_not() -> None:
    """Three against three agree by chance in one of ten arrangements, twice two in one of 36."""
    three, twice_two = [3.0, 4.0, 5.0], ([2.0, 3.0], [0.0, 1.0])

    assert probability_of_superiority([(three, [0.0, 1.0, 2.0])]).low < 0.5
    assert probability_of_superiority([twice_two, twice_two]).low < 0.5
    assert probability_of_superiority([twice_two] * 5).low > 0.5


def test_one_run_against_another_tells_nothing() -> None:
    assert probability_of_superiority([([2.0], [1.0])]) == Superiority(1.0, 0.0, 1.0)


def test_a_rise_is_the_share_of_pairs_of_levels() -> None:
    levels = [[1, 4], [2, 2, 5], [3, 6]]
    shares = [counted(b, a) for a, b in itertools.combinations(levels, 2)]

    assert probability_of_rise([levels]).probability == pytest.approx(sum(shares) / 3, abs=1e-12)
    assert probability_of_rise([levels, levels]).probability == pytest.approx(sum(shares) / 3)
    assert probability_of_rise([[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]).low > 0.5  # 1 of 1,680 orders


def test_the_interval_of_a_rise_has_the_variance_of_jonckheeres_statistic() -> None:
    """Over its 27 pairs, by the formula for n values in all and three of each level."""
    n = 9
    variance = (n**2 * (2 * n + 3) - 3 * 3**2 * (2 * 3 + 3)) / 72 / 27**2

    def shape(theta: float) -> float:  # of Hanley and McNeil (1982), of two more of each kind
        return theta * (1 - theta) * (1 + 2 * ((1 - theta) / (2 - theta) + theta / (1 + theta)))

    def above(theta: float) -> float:
        spread = math.sqrt(variance * shape(theta) / shape(0.5))
        return 1 - theta - float(t.ppf(0.975, n - 3)) * spread

    found = probability_of_rise([[[1, 2, 3], [4, 5, 6], [7, 8, 9]]])

    assert found.low == pytest.approx(brentq(above, 0.01, 0.99), abs=1e-6)


def test_a_rise_over_two_levels_is_the_superiority_of_the_second() -> None:
    a, b = [1.0, 2.0, 5.0, 3.0], [4.0, 2.5, 6.0]

    assert (
        probability_of_rise([[a, b]]).probability
        == probability_of_superiority([(b, a)]).probability
    )
    assert probability_of_rise([[a, b]]).low == pytest.approx(
        probability_of_superiority([(b, a)]).low, abs=0.02
    )


@pytest.mark.parametrize("strata", [[], [([], [1.0])], [([math.nan], [1.0])]])
def test_samples_without_finite_values_are_refused(strata: list[tuple[list[float], ...]]) -> None:
    with pytest.raises(ValueError, match="one value or more, all of them finite"):
        probability_of_superiority(strata)  # type: ignore[arg-type]


def test_one_level_is_no_rise() -> None:
    with pytest.raises(ValueError, match="two levels or more, got 1"):
        probability_of_rise([[[1.0, 2.0]]])


def covered(size: int, strata: int, theta: float, trials: int, spread: float = 1.0) -> float:
    """Share of simulated samples whose interval holds the probability that they have."""
    shift = math.hypot(1.0, spread) * norm.ppf(theta)
    held = 0
    for trial in range(trials):
        random = stream(trial, "evaluation", size, strata)
        pairs = [
            (random.normal(shift, spread, size), random.normal(0, 1, size)) for _ in range(strata)
        ]
        found = probability_of_superiority(pairs)
        held += found.low <= theta <= found.high
    return held / trials


@pytest.mark.parametrize(("size", "strata"), [(3, 1), (6, 1), (2, 5)])
def test_the_interval_holds_the_probability_as_often_as_it_says(size: int, strata: int) -> None:
    assert covered(size, strata, 0.7, trials=100) >= 0.93


@pytest.mark.slow
@pytest.mark.parametrize(("size", "strata"), [(2, 2), (3, 1), (15, 1), (3, 4)])
@pytest.mark.parametrize("theta", [0.5, 0.7, 0.9, 0.98])
@pytest.mark.parametrize("spread", [1.0, 4.0])
def test_the_interval_holds_it_for_any_of_it(
    size: int, strata: int, theta: float, spread: float
) -> None:
    assert covered(size, strata, theta, 250, spread) >= 0.93


def test_the_interval_of_a_rise_holds_it_too() -> None:
    """Three levels of four values; the variance has what pairs with a common sample share."""
    held = 0
    for trial in range(100):
        random = stream(trial, "evaluation")
        levels = [random.normal(level, 1, 4) for level in range(3)]
        truth = (2 * norm.cdf(1 / math.sqrt(2)) + norm.cdf(2 / math.sqrt(2))) / 3
        found = probability_of_rise([levels])
        held += found.low <= truth <= found.high
    assert held >= 93


def test_ends_of_an_interval_are_probabilities() -> None:
    """Weights such as 1/3 do not add up to one."""
    found = probability_of_rise([[[float(i + j)] * 3 for i in range(3)] for j in range(3)])

    assert found.high == found.probability == 1.0
    falls = probability_of_rise([[[float(-i)] * 3 for i in range(6)] for _ in range(7)])
    assert 0.0 == falls.low == falls.probability


def test_the_share_of_pairs_is_that_of_all_pairs_of_levels() -> None:
    """Of (1), (3, 2) and (2) the second is higher, then the third; of these a tie counts half."""
    assert share_of_pairs([[1.0], [3.0, 2.0], [2.0]]) == pytest.approx((1 + 1 + 0.25) / 3)
