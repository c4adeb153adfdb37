"""Intervals cover what is known of simulated data, 95 times of a hundred."""

import numpy as np
import pytest

from sbvae_cli.metrics.classes import factor_classes
from sbvae_cli.metrics.compute import compute
from sbvae_cli.metrics.information import Binning
from sbvae_cli.metrics.intervals import (
    MIN_VALUES_FOR_MEDIAN,
    jackknife_interval,
    median_interval,
    random_groups,
    spread_interval,
    subsample_interval,
    t_quantile,
    wilson_interval,
)
from sbvae_cli.metrics.labelled_codes import LabelledCodes
from sbvae_cli.metrics.mig import InformationGap, mutual_information_gap
from sbvae_cli.metrics.modularity import modularity
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.score import mean_score

LEAST = 0.9  # of 200 runs: an interval of 95 % covers in fewer than 91 % once in a hundred times


def share_of_information(flips: float, levels: int) -> float:
    """I(z; v) / H(v) where z is v, or with a probability any level."""
    joint = np.eye(levels) * (1 - flips) / levels + flips / levels**2
    return float((joint * np.log(joint * levels**2)).sum() / np.log(levels))


def flipped(rng: np.random.Generator, rows: int, flips: list[float], levels: int) -> np.ndarray:
    """Factors beside latents, each of which repeats its factor or now and then a random level."""
    factors = rng.integers(0, levels, (rows, len(flips)))
    replaced = rng.random(factors.shape) < flips
    latents = np.where(replaced, rng.integers(0, levels, factors.shape), factors)
    return np.stack([factors, latents])


@pytest.mark.parametrize(
    ("rows", "levels", "flips", "noise"),
    [
        (1000, 5, [0.1, 0.3], 0),
        (1000, 5, [0.1, 0.6], 6),
        (2000, 10, [0.02, 0.02, 0.02], 7),
        (500, 10, [0.02, 0.5], 3),
    ],
)
def test_the_interval_of_the_mig_covers_what_it_tends_to(
    rows: int, levels: int, flips: list[float], noise: int
) -> None:
    truth = np.mean([share_of_information(flip, levels) for flip in flips])
    covered = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        factors, latents = flipped(rng, rows, flips, levels)
        codes = np.column_stack([latents, rng.normal(size=(rows, noise))])
        found = mutual_information_gap(codes, factors)
        assert found.interval is not None
        covered += found.interval.low <= truth <= found.interval.high
        assert found.interval.low <= found.score <= found.interval.high
        assert found.interval.high - found.interval.low < 0.25
    assert covered >= 100 * LEAST


def test_the_interval_of_the_modularity_covers_what_it_tends_to() -> None:
    levels = 4
    both = np.array([(a, b) for a in range(levels) for b in range(levels)])
    mixed = (4 * both[:, 0] + both[:, 1]) // 2  # the first factor, and half of the second
    truth = modularity(np.column_stack([mixed, both[:, 1]]), both).score  # of every combination
    covered = 0
    for seed in range(200):
        rows = np.random.default_rng(seed).integers(len(both), size=400)
        factors = both[rows]
        codes = np.column_stack([mixed[rows], factors[:, 1]])
        found = modularity(codes, factors).interval
        assert found is not None
        covered += found.low <= truth <= found.high
    assert 0.5 < truth < 0.99
    assert covered >= 200 * LEAST


@pytest.mark.parametrize("rows", [800, 2000])
@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_the_interval_of_the_mig_of_a_range_covers_with_two_rows_for_each_cell(
    rows: int, noise: float
) -> None:
    def drawn(rows: int, seed: int, binning: Binning = "width") -> InformationGap:
        rng = np.random.default_rng(seed)
        factors = rng.uniform(size=(rows, 2))
        codes = np.column_stack(
            [factors + noise * rng.normal(size=(rows, 2)), rng.normal(size=(rows, 3))]
        )
        return mutual_information_gap(codes, factor_classes(factors), binning=binning)

    truth = drawn(200_000, 0).score
    found = [drawn(rows, seed).interval for seed in range(1, 61)]
    assert sum(ends is not None and ends.low <= truth <= ends.high for ends in found) >= 60 * LEAST
    assert drawn(799, 0).interval is None
    assert drawn(2000, 0, "frequency").interval is None


@pytest.mark.parametrize(("rows", "given"), [(1000, False), (6000, True)])
def test_the_modularity_of_weak_codes_has_an_interval_where_counts_are_more_than_chance(
    rows: int, given: bool
) -> None:
    """Bins are those of each sample: what many rows in the same ones tend to is covered."""

    def drawn(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        factors = rng.integers(0, [3, 6], (rows, 2))
        mixed = factors / [2, 5] @ np.array([[1, 0.4, 0.7], [-0.5, 1, 0.7]])
        return mixed + 0.7 * rng.normal(size=(rows, 3)), factors

    many, truths = drawn(60_000, 0), []
    covered = shown = 0
    for seed in range(1, 21):
        codes, factors = drawn(rows, seed)
        found = modularity(codes, factors).interval
        if found is None:
            continue
        shown += 1
        inside = np.clip(many[0], codes.min(axis=0), codes.max(axis=0))
        ends = np.concatenate([inside, codes]), np.concatenate([many[1], factors])
        truths.append(modularity(*ends).score)
        covered += found.low <= truths[-1] <= found.high
    assert shown == (20 if given else 0)
    assert covered >= shown * LEAST


def test_the_jackknife_takes_away_a_bias_that_falls_with_the_number_of_rows() -> None:
    """The plug-in variance is too small by 1/N; with ten rows that is a tenth of it."""
    covered = 0
    for seed in range(200):
        sample = np.random.default_rng(seed).normal(size=10)
        without = [np.delete(sample, row).var() for row in range(10)]
        low, high = jackknife_interval(float(sample.var()), without, (0.0, 9.0))
        covered += low <= 1 <= high
        corrected = 10 * sample.var() - 9 * np.mean(without)
        assert corrected == pytest.approx(sample.var(ddof=1))  # an identity of the jackknife
        assert low <= corrected <= high and low <= sample.var() <= high
    assert covered >= 200 * 0.85  # a variance of ten is skewed


def test_disjoint_parts_tell_how_sure_a_fit_is() -> None:
    """A slope by least squares, whose error is known: 1 / sqrt(rows)."""

    def slope(x: np.ndarray, y: np.ndarray) -> float:
        return float(x @ y / (x @ x))

    covered, widths = 0, []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=400)
        y = 0.3 * x + rng.normal(size=400)
        value = slope(x, y)
        (found,) = subsample_interval(
            lambda rows, x=x, y=y: slope(x[rows], y[rows]), value, 400, seed, (-1, 1)
        )
        covered += found.low <= 0.3 <= found.high
        widths.append(found.high - found.low)
    assert covered >= 200 * LEAST
    assert np.mean(widths) == pytest.approx(2 * 2.365 / 20, rel=0.1)  # Student's t of 7


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["explicitness", "sap", "dci-fast", "unsupervised"])
def test_the_intervals_of_parts_cover_the_mean_of_scores_of_as_many_rows(metric: str) -> None:
    """Mixed and blurred levels beside two latents that know nothing."""
    found = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        factors = rng.integers(0, [3, 6, 8], (1500, 3)).astype(float)
        mixed = factors / [2, 5, 7] @ (np.eye(3) + 0.5 * np.tri(3)[::-1])
        codes = mixed + 0.15 * rng.normal(size=(1500, 3))
        codes = np.column_stack([codes, rng.normal(size=(1500, 2))])
        sample = LabelledCodes(codes, factors, ("a", "b", "c"), frozenset(), "file", 1500)
        found.append(compute(metric, sample, Protocol(seed=seed)))
    for name in found[0]:
        mean = np.mean([scores[name].value for scores in found])
        ends = [(scores[name].low, scores[name].high) for scores in found]
        covered = sum(
            low is not None and high is not None and low <= mean <= high for low, high in ends
        )
        assert covered >= 10, name


def test_several_scores_of_one_fit_have_an_interval_each() -> None:
    found = subsample_interval(lambda rows: [0.5, len(rows) / 10], [0.5, 0.9], 21, 0)
    assert found[0] == (0.5, 0.5)
    assert found[1].low < 0.9 < found[1].high <= 1


def test_one_group_or_part_gives_no_interval_and_more_than_twenty_do() -> None:
    assert jackknife_interval(0.5, [0.4]) is None
    assert subsample_interval(lambda rows: [0.5, 0.4], [0.5, 0.4], 21, 0, parts=1) == (None, None)
    few, many = (
        jackknife_interval(0.5, 0.5 + 0.01 * np.random.default_rng(0).normal(size=groups))
        for groups in (21, 2000)
    )
    assert few is not None and many is not None
    assert few.low < 0.5 < few.high and many.low < 0.5 < many.high


@pytest.mark.parametrize(("degrees", "quantile"), [(1, 12.706), (7, 2.365), (19, 2.093)])
def test_students_quantiles_are_those_of_the_tables(degrees: int, quantile: float) -> None:
    assert t_quantile(degrees) == pytest.approx(quantile, abs=5e-4)


def test_the_interval_of_a_mean_and_of_a_share_cover() -> None:
    mean = share = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        found = mean_score(rng.exponential(size=300), "full")
        assert found.low is not None and found.high is not None
        mean += found.low <= 1 <= found.high
        low, high = wilson_interval(int(rng.binomial(100, 0.95)), 100)
        share += low <= 0.95 <= high
    assert mean >= 200 * LEAST and share >= 200 * LEAST


def test_a_bootstraps_deviation_makes_an_interval_about_the_value() -> None:
    found = spread_interval(0.99, np.array([0.9, 0.92, 0.94]))
    assert found == (pytest.approx(0.99 - 1.96 * 0.02, abs=1e-4), 1.0)


def test_groups_are_of_one_size_and_a_function_of_the_seed() -> None:
    groups = random_groups(1003, 5)
    assert sorted(np.bincount(groups).tolist()) == [50] * 17 + [51] * 3
    assert groups.tolist() == random_groups(1003, 5).tolist()
    assert sorted(random_groups(7, 0).tolist()) == list(range(7))


def test_a_share_has_wilsons_known_values() -> None:
    assert wilson_interval(10, 10) == pytest.approx((0.7225, 1.0), abs=1e-4)
    assert wilson_interval(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson_interval(50, 100) == pytest.approx((0.4038, 0.5962), abs=1e-4)


@pytest.mark.parametrize(
    ("count", "ranks"), [(6, (1, 6)), (9, (2, 8)), (15, (4, 12)), (30, (10, 21))]
)
def test_a_median_lies_between_the_order_statistics_of_the_tables(
    count: int, ranks: tuple[int, int]
) -> None:
    shuffled = np.random.default_rng(0).permutation(np.arange(1.0, count + 1))
    assert median_interval(shuffled) == ranks


def test_few_values_have_no_interval_of_their_median() -> None:
    assert median_interval(np.arange(MIN_VALUES_FOR_MEDIAN - 1.0)) is None
    assert median_interval(np.arange(float(MIN_VALUES_FOR_MEDIAN))) is not None
    assert median_interval([]) is None


def test_intervals_of_medians_cover_them() -> None:
    rng = np.random.default_rng(0)
    found = [median_interval(rng.exponential(size=15)) for _ in range(400)]
    covered = [each is not None and each.low <= np.log(2) <= each.high for each in found]
    assert np.mean(covered) > 0.94
