"""The mutual information gap against counting, and on codes whose score is known."""

import math
from collections import Counter

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.classes import factor_classes
from sbvae_cli.metrics.mig import mutual_information_gap

N = 10_000


def mig(codes: object, factors: object) -> float:
    return mutual_information_gap(codes, factor_classes(factors)).score  # type: ignore[arg-type]


def mig_quantile(codes: object, factors: object) -> float:
    classes = factor_classes(factors)  # type: ignore[arg-type]
    return mutual_information_gap(codes, classes, binning="frequency").score  # type: ignore[arg-type]


def entropy(*columns: np.ndarray) -> float:
    """Joint entropy in nats, by counting rows: no histogram, no shared code."""
    counts = Counter(zip(*(column.tolist() for column in columns), strict=True))
    total = sum(counts.values())
    return -sum(n / total * math.log(n / total) for n in counts.values())


def uniform_pair(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.2, 0.8, size=(N, 2))


@pytest.mark.parametrize("seed", range(20))
def test_mig_is_the_gap_between_counted_entropies(seed: int) -> None:
    rng = np.random.default_rng(seed)
    factors = rng.integers(0, 5, size=(400, 3))
    latents = (factors @ rng.integers(0, 3, size=(3, 4)) + rng.integers(0, 2, size=(400, 4))) % 6

    gaps = []
    for v in factors.T:
        shared = sorted(entropy(z) + entropy(v) - entropy(z, v) for z in latents.T)
        gaps.append((shared[-1] - shared[-2]) / entropy(v))

    assert mig(latents, factors) == pytest.approx(sum(gaps) / 3, abs=1e-12)
    assert mutual_information_gap(latents, factors).by_factor == pytest.approx(gaps, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_mig_of_continuous_codes_and_factors_agrees_with_scikit_learn(seed: int) -> None:
    factors = uniform_pair(seed)
    codes = np.random.default_rng(seed).normal(size=(N, 4))
    codes[:, :2] += 9 * factors @ np.array([[1, 0.3], [0.5, 1]])
    bins = [np.digitize(c, np.histogram(c, 20)[1][:-1]) for c in [*codes.T, *factors.T]]

    gaps = []
    for v in bins[4:]:
        shared = sorted(mutual_info_score(z, v) for z in bins[:4])
        gaps.append((shared[-1] - shared[-2]) / mutual_info_score(v, v))

    assert mig(codes, factors) == pytest.approx(np.mean(gaps), abs=1e-9)


def test_the_mean_is_of_ratios_not_a_ratio_of_sums() -> None:
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, 2, N), rng.integers(0, 16, N)], axis=1)
    codes = np.stack([factors[:, 0], rng.normal(size=N)], axis=1)  # the second is not encoded

    gaps = mutual_information_gap(codes, factors).by_factor

    assert gaps[0] == pytest.approx(1, abs=0.01) and gaps[1] == pytest.approx(0, abs=0.01)
    assert mig(codes, factors) == pytest.approx(0.5, abs=0.01)


def rotated(factors: np.ndarray, degrees: float) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return (factors - 0.5) @ np.array([[c, -s], [s, c]])


@pytest.mark.parametrize(
    ("codes", "expected", "tolerance"),
    [
        (lambda f: f, 0.99, 0.005),
        (lambda f: 3 - 7 * f[:, ::-1], 0.99, 0.005),
        (lambda f: f + np.random.default_rng(1).normal(0, 0.006, f.shape), 0.80, 0.02),
        (lambda f: np.tanh(5 * (f - 0.5)), 0.81, 0.06),
        (lambda f: rotated(f, 10), 0.51, 0.03),
        (lambda f: rotated(f, 45), 0.0, 0.02),
        (lambda f: np.repeat(f, 2, axis=1), 0.0, 1e-12),
        (lambda f: np.random.default_rng(1).normal(size=(N, 5)), 0.0, 0.005),
        (lambda f: np.full((N, 3), 0.25), 0.0, 0.0),
        (lambda f: np.column_stack([f, np.zeros(N)]), 0.99, 0.005),
        (lambda f: np.column_stack([f[:, 0], np.zeros(N)]), 0.5, 0.01),
    ],
    ids=["perfect", "swapped-scaled", "noise", "warp", "10-degrees", "45-degrees", "duplicated",
         "noise-alone", "constant", "with-a-dead-one", "one-missing"],
)  # fmt: skip
def test_known_codes_have_the_known_gap(codes: object, expected: float, tolerance: float) -> None:
    factors = uniform_pair()

    found = mig(codes(factors), factors)  # type: ignore[operator]

    assert found == pytest.approx(expected, abs=tolerance)


def test_a_latent_that_nothing_but_noise_competes_with_keeps_its_gap_when_noise_is_added() -> None:
    factors = uniform_pair()
    alone = mig(np.column_stack([factors, np.zeros(N)]), factors)

    noisy = np.column_stack([factors, np.random.default_rng(2).normal(size=(N, 8))])

    assert mig(noisy, factors) == pytest.approx(alone, abs=0.02)


@pytest.mark.parametrize("warp", [lambda z: z**3, np.exp, lambda z: np.tanh(8 * (z - 0.5))])
def test_quantile_bins_do_not_see_a_monotone_warp(warp: object) -> None:
    factors = uniform_pair()
    codes = rotated(factors, 10) + 0.5

    warped = mig_quantile(warp(codes), factors)  # type: ignore[operator]

    assert warped == pytest.approx(mig_quantile(codes, factors), abs=1e-3)


def test_quantile_bins_give_perfect_codes_the_whole_gap() -> None:
    factors = uniform_pair()
    assert mig_quantile(np.exp(9 * factors), factors) == pytest.approx(0.95, abs=0.05)
    levels = np.random.default_rng(0).integers(0, 7, size=(N, 2))
    assert mig_quantile(levels, levels) == pytest.approx(1, abs=0.01)


def test_quantile_bins_do_not_see_the_sign_of_a_code() -> None:
    """A rare level at the top is in a bin of its own, as one at the bottom is."""
    rng = np.random.default_rng(0)
    levels = np.stack([rng.random(N) < 0.03, rng.integers(0, 4, N)], axis=1).astype(int)
    for sign in (1, -1):
        found = mutual_information_gap(sign * levels, levels, binning="frequency")
        assert found.by_factor == pytest.approx([1, 1], abs=0.01)


def test_one_latent_has_no_gap() -> None:
    with pytest.raises(SbvaeError, match="compares two latents, the model has 1"):
        mig(np.zeros((9, 1)), np.arange(9)[:, None])


def test_a_factor_of_one_level_is_named() -> None:
    factors = np.column_stack([np.arange(9), np.full(9, 3)])
    with pytest.raises(SbvaeError, match="factor size has one level"):
        mutual_information_gap(np.zeros((9, 2)), factors, names=["x", "size"])
    with pytest.raises(SbvaeError, match="factor 1 has one level"):
        mig_quantile(np.zeros((9, 2)), factors)


def test_no_factors_are_refused() -> None:
    with pytest.raises(SbvaeError, match="there is none"):
        mutual_information_gap(np.zeros((9, 2)), np.zeros((9, 0), int))
