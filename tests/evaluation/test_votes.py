"""Votes share the factor they fix, and their other factors follow the population."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.edit_space import PRESENT
from sbvae_cli.config.space import CorrelationConfig, FactorConfig, SpaceConfig
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.evaluation.votes import draw_votes, encode_votes
from sbvae_cli.models.likelihoods import Bernoulli
from sbvae_cli.models.vae import VAE


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_vote_shares_the_fixed_factor_and_no_other() -> None:
    space = FactorSpace(named_space("circles:xyh-small"))
    rows, fixed = draw_votes(space, space.varying, rng(), 60, 16)
    columns = [space.index(name) for name in space.varying]
    assert rows.shape == (60, 16, len(space.names))
    assert set(fixed.tolist()) == {0, 1, 2}
    for vote, factor in zip(rows, fixed, strict=True):
        shared = [len(np.unique(vote[:, column])) == 1 for column in columns]
        assert shared == [i == factor for i in range(3)]


def test_values_are_uniform_over_the_factors_range() -> None:
    space = FactorSpace(named_space("circles:xy"))
    rows, fixed = draw_votes(space, space.varying, rng(), 2000, 2)
    values = rows[fixed == 0][:, 0, space.index("x")]
    counts, _ = np.histogram(values, 6, (0.2, 0.8))
    assert np.abs(counts / len(values) - 1 / 6).max() < 0.04
    assert fixed.mean() == pytest.approx(0.5, abs=0.05)


def test_the_full_space_has_its_held_out_region_and_the_training_distribution_has_not() -> None:
    space = FactorSpace(named_space("circles:xy-hole"))
    for population, share in (("full", 0.25), ("train", 0.0)):
        rows, _ = draw_votes(space, space.varying, rng(), 300, 32, population)
        held_out = space.held_out_mask(rows.reshape(-1, rows.shape[2])).mean()
        assert held_out == pytest.approx(share, abs=0.03)


def test_given_a_value_the_others_are_uniform_over_what_the_region_leaves() -> None:
    """Where x crosses the hole, y keeps the two outer quarters, each half of the images.

    A third of the training images has such an x: half of the range times half of y, of 3/4.
    """
    space = FactorSpace(named_space("circles:xy-hole"))
    rows, fixed = draw_votes(space, space.varying, rng(), 400, 32, "train")
    x, y = rows[fixed == 0][:, :, space.index("x")], rows[fixed == 0][:, :, space.index("y")]
    through = (x > 0.35) & (x < 0.65)
    assert through.any(axis=1).mean() == pytest.approx(1 / 3, abs=0.07)
    assert (y[through] < 0.35).mean() == pytest.approx(0.5, abs=0.03)
    assert (y[~through] < 0.35).mean() == pytest.approx(0.25, abs=0.03)


def test_a_value_that_is_wholly_held_out_is_drawn_again() -> None:
    levels = FactorConfig(name="shape", kind="discrete", levels=(0.1, 0.2, 0.3))
    x = FactorConfig(name="x", low=0.0, high=1.0)
    space = FactorSpace(SpaceConfig(factors=(levels, x), held_out=({"shape": (0.15, 0.25)},)))
    rows, fixed = draw_votes(space, space.varying, rng(), 200, 4, "train")
    assert set(np.unique(rows[fixed == 0][:, :, 0])) == {np.float32(0.1), np.float32(0.3)}


def test_votes_have_no_blank_images() -> None:
    space = FactorSpace(named_space("circles:xh-blank"))
    rows, fixed = draw_votes(space, space.varying, rng(), 50, 8, "train")
    assert np.isfinite(rows).all() and set(fixed.tolist()) == {0, 1}
    assert (rows[:, :, space.index(PRESENT.name)] == 1).all()


def test_correlated_factors_stay_so_in_votes_of_the_training_population() -> None:
    space = FactorSpace(
        named_space("circles:xy").model_copy(
            update={"correlated": (CorrelationConfig(factors=("x", "y"), std=0.1),)}
        )
    )
    for population, correlation in (("full", 0.0), ("train", 0.9)):
        rows, fixed = draw_votes(space, space.varying, rng(), 400, 16, population)
        x, y = (rows[:, 0, space.index(name)] for name in ("x", "y"))
        assert np.corrcoef(x, y)[0, 1] == pytest.approx(correlation, abs=0.1)
        assert (np.ptp(rows[fixed == 0][:, :, space.index("x")], axis=1) == 0).all()


def test_no_combination_of_levels_is_encoded_twice() -> None:
    levels = FactorConfig(name="x", kind="discrete", levels=(0.1, 0.2, 0.3))
    others = FactorConfig(name="y", kind="discrete", levels=(0.5, 0.6))
    space = FactorSpace(SpaceConfig(factors=(levels, others)))
    rows, _ = draw_votes(space, space.varying, rng(), 20, 8)
    source, encoder = Recorder(space), MeanOfImage()
    seen: list[int] = []

    codes = encode_votes(VAE(encoder, encoder, Bernoulli()), source, rows, 4, seen.append)

    assert source.rendered == 6 and sum(seen) == 160
    expected = np.round(255 * (rows[..., 0] + rows[..., 1]) / 2) / 255
    np.testing.assert_allclose(codes[..., 0], expected, atol=1e-6)


class MeanOfImage(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        mean = self.scale * images.mean((1, 2, 3))[:, None]
        return mean, torch.zeros_like(mean)


class Recorder:
    """Draws the mean of both factors as a grey level."""

    def __init__(self, space: FactorSpace) -> None:
        self.space = space
        self.rendered = 0

    def render(self, factors: np.ndarray) -> np.ndarray:
        self.rendered += len(factors)
        grey = np.round(255 * factors.mean(axis=1)).astype(np.uint8)
        return np.broadcast_to(grey[:, None, None, None], (len(factors), 4, 4, 1)).copy()
