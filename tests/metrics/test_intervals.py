"""Intervals cover what is known of simulated data, 95 times of a hundred."""

import numpy as np
import pytest

from sbvae_cli.metrics.classes import factor_classes
from sbvae_cli.metrics.infomec import explicit_information
from sbvae_cli.metrics.information import Binning
from sbvae_cli.metrics.intervals import (
    jackknife_interval,
    random_groups,
    spread_interval,
    subsample_interval,
    t_quantile,
    wilson_interval,
)
from sbvae_cli.metrics.mig import InformationGap, mutual_information_gap
from sbvae_cli.metrics.mig_subspace import SubspaceGap, mig_subspace
from sbvae_cli.metrics.modularity import modularity
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


@pytest.mark.parametrize("binning", ["width", "frequency"])
@pytest.mark.parametrize("rows", [400, 1000])
@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_the_interval_of_the_mig_of_a_range_covers_with_a_row_for_each_cell(
    rows: int, noise: float, binning: Binning
) -> None:
    def drawn(rows: int, seed: int) -> InformationGap:
        rng = np.random.default_rng(seed)
        factors = rng.uniform(size=(rows, 2))
        codes = np.column_stack(
            [factors + noise * rng.normal(size=(rows, 2)), rng.normal(size=(rows, 3))]
        )
        return mutual_information_gap(codes, factor_classes(factors), binning=binning)

    truth = drawn(200_000, 0).score
    found = [drawn(rows, seed).interval for seed in range(1, 101)]
    assert sum(ends is not None and ends.low <= truth <= ends.high for ends in found) >= 100 * LEAST
    assert drawn(399, 0).interval is None


@pytest.mark.parametrize(
    ("degrees", "noise", "rows"),
    [
        (10, 0.05, 3000),
        pytest.param(45, 0.02, 3000, marks=pytest.mark.slow),
        pytest.param(13.3, 0.0, 6000, marks=pytest.mark.slow),
    ],
)
def test_the_interval_of_a_turned_plane_covers_what_many_rows_give(
    degrees: float, noise: float, rows: int
) -> None:
    """Angles are fitted to one half of the rows and scored on the other."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))

    def drawn(rows: int, seed: int) -> SubspaceGap:
        rng = np.random.default_rng(seed)
        factors = rng.uniform(size=(rows, 2))
        codes = (factors + noise * rng.normal(size=(rows, 2))) @ np.array([[c, -s], [s, c]])
        codes = np.column_stack([codes, rng.normal(size=(rows, 2))])
        return mig_subspace(codes, factor_classes(factors), ("x", "y"), [("x", "y")])

    truth = drawn(100_000, 0).score
    found = [drawn(rows, seed).interval for seed in range(1, 31)]
    assert sum(ends is not None and ends.low <= truth <= ends.high for ends in found) >= 27


@pytest.mark.parametrize("rows", [400, 2000])
@pytest.mark.parametrize("blurs", [(0.0, 0.001), (0.0, 0.01), (0.0, 0.1), (0.003, 0.01)])
def test_the_interval_of_nearly_copied_latents_covers(
    rows: int, blurs: tuple[float, float]
) -> None:
    """Edges of equal frequency wander, and both latents lose by it: the gap hides in that."""

    def drawn(rows: int, seed: int) -> InformationGap:
        rng = np.random.default_rng(seed)
        factor, noise = rng.uniform(size=(rows, 1)), rng.normal(size=(rows, 2))
        classes = factor_classes(factor)
        return mutual_information_gap(factor + blurs * noise, classes, binning="frequency")

    truth = drawn(400_000, 0).score
    found = [drawn(rows, seed).interval for seed in range(1, 41)]
    assert sum(ends is not None and ends.low <= truth <= ends.high for ends in found) >= 40 * LEAST


def test_the_interval_of_a_perfect_plane_covers_with_few_rows() -> None:
    def drawn(rows: int, seed: int) -> SubspaceGap:
        rng = np.random.default_rng(seed)
        factors = rng.uniform(size=(rows, 2))
        codes = np.column_stack([factors, rng.normal(size=(rows, 2))])
        return mig_subspace(codes, factor_classes(factors), ("x", "y"), [("x", "y")])

    truth = drawn(100_000, 0).score
    found = [drawn(2000, seed).interval for seed in range(1, 21)]
    assert 0.99 < truth < 1
    assert sum(ends is not None and ends.low <= truth <= ends.high for ends in found) >= 18


@pytest.mark.parametrize("rows", [2000, 8000])
def test_the_interval_of_a_ring_covers_what_many_rows_give(rows: int) -> None:
    def drawn(rows: int, seed: int) -> SubspaceGap:
        x, hue = np.random.default_rng(seed).uniform(size=(2, rows))
        codes = np.column_stack([x, np.cos(2 * np.pi * hue), np.sin(2 * np.pi * hue)])
        classes = factor_classes(np.column_stack([x, hue]))
        return mig_subspace(codes, classes, ("x", "hue"), [], frozenset(["hue"]))

    truth = drawn(200_000, 0).score
    found = [drawn(rows, seed).interval for seed in range(1, 31)]
    assert sum(ends is not None and ends.low <= truth <= ends.high for ends in found) >= 26


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


def test_a_bias_that_falls_with_the_rows_is_within_the_interval() -> None:
    """Noise, of which a classifier of its own rows explains a share by overfitting."""
    covered = missed = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        codes, classes = rng.normal(size=(600, 8)), rng.integers(0, 3, size=(600, 2))

        def share(rows: np.ndarray, codes: np.ndarray = codes, v: np.ndarray = classes) -> float:
            return float(explicit_information(codes[rows], v[rows]).mean())

        value = share(np.arange(600))
        assert value > 0.005
        (found,) = subsample_interval(share, value, 600, seed, biased=True)
        covered += found.low <= 0 <= value <= found.high
        (plain,) = subsample_interval(share, value, 600, seed)
        missed += plain.low > 0
    assert covered >= 36 and missed >= 5


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
