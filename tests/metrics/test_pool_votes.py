"""Votes of images that exist share a class, and resamples of images show what sharing costs."""

import numpy as np

from sbvae_cli.metrics.classes import factor_classes
from sbvae_cli.metrics.pool_votes import resampled_by_image, votes_from_pool


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_file_gives_votes_of_rows_that_share_a_level_or_a_bin() -> None:
    generator = rng(1)
    factors = np.stack([generator.integers(0, 4, 4000), generator.uniform(0, 1, 4000)], axis=1)

    codes, fixed = votes_from_pool(factors, factor_classes(factors), rng(), 200, 32)

    assert codes.shape == (200, 32, 2)
    assert set(fixed.tolist()) == {0, 1}
    assert (np.ptp(codes[fixed == 0][:, :, 0], axis=1) == 0).all()
    assert np.ptp(codes[fixed == 1][:, :, 1], axis=1).max() <= 0.05 + 1e-3
    assert all(len({tuple(row) for row in vote.tolist()}) == 32 for vote in codes)


def test_small_classes_are_drawn_with_replacement_and_single_rows_never() -> None:
    factors = np.array([0, 0, 0, 1, 2, 2])[:, None]
    codes, _ = votes_from_pool(np.arange(6.0)[:, None], factors, rng(), 100, 8)
    assert set(np.unique(codes)) == {0.0, 1.0, 2.0, 4.0, 5.0}


def test_classes_have_votes_by_the_images_that_they_have() -> None:
    factors = np.repeat([0, 1], [900, 100])[:, None]
    codes, _ = votes_from_pool(factors.astype(float), factors, rng(), 1000, 4)
    assert abs(codes[:, 0, 0].mean() - 0.1) < 0.03


def test_resamples_of_few_images_scatter_more_than_those_of_many() -> None:
    """The mean over votes of shared images scatters as the mean over the images does."""

    def mean_of_votes(codes: np.ndarray, factors: np.ndarray, generator: object) -> float:
        votes, _ = votes_from_pool(codes, factors, generator, 300, 16)  # type: ignore[arg-type]
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
