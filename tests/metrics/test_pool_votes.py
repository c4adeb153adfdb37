"""Votes of images that exist share a class, and resamples of images show what sharing costs."""

import numpy as np
import pytest

from sbvae_cli.metrics.classes import factor_classes
from sbvae_cli.metrics.factor_vae_score import factor_vae_score
from sbvae_cli.metrics.pool_votes import resampled_by_image, votes_from_pool


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_file_gives_votes_of_rows_that_share_a_level_or_a_bin() -> None:
    generator = rng(1)
    factors = np.stack([generator.integers(0, 4, 4000), generator.uniform(0, 1, 4000)], axis=1)

    codes, fixed = votes_from_pool(factors, factor_classes(factors), rng(), (100, 100), 32)

    assert codes.shape == (200, 32, 2)
    assert set(fixed.tolist()) == {0, 1}
    assert (np.ptp(codes[fixed == 0][:, :, 0], axis=1) == 0).all()
    assert np.ptp(codes[fixed == 1][:, :, 1], axis=1).max() <= 0.05 + 1e-3
    assert all(len({tuple(row) for row in vote.tolist()}) == 32 for vote in codes)


def test_small_classes_are_drawn_with_replacement_and_single_rows_never() -> None:
    factors = np.array([0, 0, 0, 1, 2, 2])[:, None]
    codes, _ = votes_from_pool(np.arange(6.0)[:, None], factors, rng(), (50, 50), 8)
    assert set(np.unique(codes)) == {0.0, 1.0, 2.0, 4.0, 5.0}


def test_classes_have_votes_by_the_images_that_they_have() -> None:
    factors = np.repeat([0, 1], [900, 100])[:, None]
    codes, _ = votes_from_pool(factors.astype(float), factors, rng(), (500, 500), 4)
    assert abs(codes[:, 0, 0].mean() - 0.1) < 0.03


def test_resamples_of_few_images_scatter_more_than_those_of_many() -> None:
    """The mean over votes of shared images scatters as the mean over the images does."""

    def mean_of_votes(codes: np.ndarray, factors: np.ndarray, generator: object) -> float:
        votes, _ = votes_from_pool(codes, factors, generator, (150, 150), 16)  # type: ignore[arg-type]
        return float(votes.mean())

    found = []
    for n in (200, 3200):
        codes, factors = rng(1).normal(size=(n, 1)), rng(2).integers(0, 3, (n, 1))
        resampled = resampled_by_image(mean_of_votes, codes, factors, seed=0, resamples=40)
        again = resampled_by_image(mean_of_votes, codes, factors, seed=0, resamples=40)
        assert resampled.tolist() == again.tolist()
        found.append(resampled.std())
    # 1/sqrt(200) = 0.07 and 1/sqrt(3200) = 0.018, each beside the votes' own 1/sqrt(4800) = 0.014
    assert 0.05 < found[0] < 0.1 and 0.015 < found[1] < 0.035


@pytest.mark.parametrize("rows", [120, 600])
def test_codes_that_know_nothing_score_at_chance_however_few_rows_there_are(rows: int) -> None:
    """Votes that are scored on images of the training votes would score 0.6 and more."""
    found = []
    for seed in range(20):
        codes = rng(seed).normal(size=(rows, 4))
        classes = rng(seed + 100).integers(0, 10, (rows, 2))
        votes, fixed = votes_from_pool(codes, classes, rng(seed), (200, 200), 32)
        variance = codes.var(axis=0, ddof=1)
        found.append(factor_vae_score(votes, fixed, variance, 200, 2).score)
    assert np.mean(found) == pytest.approx(0.5, abs=0.04)


def test_votes_of_either_kind_have_images_of_their_own() -> None:
    numbers = np.arange(100.0)[:, None]
    codes, _ = votes_from_pool(numbers, np.zeros((100, 1), int), rng(), (30, 30), 8)
    assert codes[:30].max() < 50 <= codes[30:].min()
    resampled = resampled_by_image(lambda z, _, __: z[:50].max() - z[50:].min(), numbers,
                                   np.zeros((100, 1), int), seed=0, resamples=5)  # fmt: skip
    assert (resampled < 0).all()
