"""Votes share the factor they fix, and their other factors follow the population."""

import numpy as np
import pytest

from sbvae_cli.analysis.votes import draw_votes, votes_from_pool
from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.config.spaces import PRESENT, circles_space
from sbvae_cli.data.factors import FactorSpace


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_vote_shares_the_fixed_factor_and_no_other() -> None:
    space = FactorSpace(circles_space("xyh-small"))
    rows, fixed = draw_votes(space, rng(), 60, 16)
    columns = [space.index(name) for name in space.varying]
    assert rows.shape == (60, 16, len(space.names))
    assert set(fixed.tolist()) == {0, 1, 2}
    for vote, factor in zip(rows, fixed, strict=True):
        shared = [len(np.unique(vote[:, column])) == 1 for column in columns]
        assert shared == [i == factor for i in range(3)]


def test_values_are_uniform_over_the_factors_range() -> None:
    space = FactorSpace(circles_space("xy"))
    rows, fixed = draw_votes(space, rng(), 2000, 2)
    values = rows[fixed == 0][:, 0, space.index("x")]
    counts, _ = np.histogram(values, 6, (0.2, 0.8))
    assert np.abs(counts / len(values) - 1 / 6).max() < 0.04
    assert fixed.mean() == pytest.approx(0.5, abs=0.05)


def test_the_full_space_has_its_held_out_region_and_the_training_distribution_has_not() -> None:
    space = FactorSpace(circles_space("xy-hole"))
    for population, share in (("full", 0.25), ("train", 0.0)):
        rows, _ = draw_votes(space, rng(), 300, 32, population)
        held_out = space.held_out_mask(rows.reshape(-1, rows.shape[2])).mean()
        assert held_out == pytest.approx(share, abs=0.03)


def test_given_a_value_the_others_are_uniform_over_what_the_region_leaves() -> None:
    """Where x crosses the hole, y keeps the two outer quarters, each half of the images."""
    space = FactorSpace(circles_space("xy-hole"))
    rows, fixed = draw_votes(space, rng(), 400, 32, "train")
    x, y = rows[fixed == 0][:, :, space.index("x")], rows[fixed == 0][:, :, space.index("y")]
    through = (x > 0.35) & (x < 0.65)
    assert through.any(axis=1).mean() == pytest.approx(0.5, abs=0.1)
    assert (y[through] < 0.35).mean() == pytest.approx(0.5, abs=0.03)
    assert (y[~through] < 0.35).mean() == pytest.approx(0.25, abs=0.03)


def test_a_value_that_is_wholly_held_out_is_drawn_again() -> None:
    levels = FactorConfig(name="shape", kind="discrete", levels=(0.1, 0.2, 0.3))
    x = FactorConfig(name="x", low=0.0, high=1.0)
    space = FactorSpace(SpaceConfig(factors=(levels, x), held_out=({"shape": (0.15, 0.25)},)))
    rows, fixed = draw_votes(space, rng(), 200, 4, "train")
    assert set(np.unique(rows[fixed == 0][:, :, 0])) == {np.float32(0.1), np.float32(0.3)}


def test_votes_have_no_blank_images() -> None:
    space = FactorSpace(circles_space("xh-blank"))
    rows, fixed = draw_votes(space, rng(), 50, 8, "train")
    assert np.isfinite(rows).all() and set(fixed.tolist()) == {0, 1}
    assert (rows[:, :, space.index(PRESENT.name)] == 1).all()


def test_a_file_gives_votes_of_rows_that_share_a_level_or_a_bin() -> None:
    generator = rng(1)
    factors = np.stack([generator.integers(0, 4, 4000), generator.uniform(0, 1, 4000)], axis=1)

    codes, fixed = votes_from_pool(factors, factors, rng(), 200, 32)

    assert codes.shape == (200, 32, 2)
    assert set(fixed.tolist()) == {0, 1}
    assert (np.ptp(codes[fixed == 0][:, :, 0], axis=1) == 0).all()
    assert np.ptp(codes[fixed == 1][:, :, 1], axis=1).max() <= 0.05 + 1e-3
    assert all(len({tuple(row) for row in vote.tolist()}) == 32 for vote in codes)


def test_small_classes_are_drawn_with_replacement_and_single_rows_never() -> None:
    factors = np.array([0, 0, 0, 1, 2, 2])[:, None]
    codes, _ = votes_from_pool(np.arange(6.0)[:, None], factors, rng(), 100, 8)
    assert set(np.unique(codes)) == {0.0, 1.0, 2.0, 4.0, 5.0}
