"""Likelihoods against torch.distributions."""

import math

import pytest
import torch
from torch.distributions import Bernoulli as TorchBernoulli
from torch.distributions import Normal

from sbvae_cli.config.model import QUANTIZATION_VARIANCE
from sbvae_cli.models.likelihoods import Bernoulli, Gaussian, LearnedGaussian


def test_bernoulli_nll_is_the_sum_over_binary_pixels() -> None:
    logits = torch.randn(3, 2, 4, 5)
    images = torch.randint(0, 2, (3, 2, 4, 5)).float()
    expected = -TorchBernoulli(logits=logits).log_prob(images).sum((1, 2, 3))
    torch.testing.assert_close(Bernoulli().nll(logits, images), expected)
    torch.testing.assert_close(Bernoulli().mean(logits), TorchBernoulli(logits=logits).mean)


def test_gaussian_nll_has_its_constant() -> None:
    output, images = torch.randn(3, 2, 4, 5), torch.rand(3, 2, 4, 5)
    expected = -Normal(output, math.sqrt(0.3)).log_prob(images).sum((1, 2, 3))
    torch.testing.assert_close(Gaussian(0.3).nll(output, images), expected)


def test_a_perfect_gaussian_costs_its_constant_alone() -> None:
    images = torch.rand(1, 3, 64, 64)
    assert Gaussian(0.3).nll(images, images).item() == pytest.approx(3895, abs=1)


def test_a_learned_variance_is_that_of_a_fixed_gaussian() -> None:
    output, images = torch.randn(3, 2, 4, 5), torch.rand(3, 2, 4, 5)
    learned = LearnedGaussian(0.3, floor=0.1)
    assert learned.variance.item() == pytest.approx(0.3)
    torch.testing.assert_close(learned.nll(output, images), Gaussian(0.3).nll(output, images))
    assert learned.learned()["variance"].item() == pytest.approx(0.3)
    assert [p.shape for p in learned.parameters()] == [torch.Size([])]


def test_the_learned_variance_becomes_the_mean_squared_error() -> None:
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(64, 1, 8, 8, generator=generator)
    output = images + 0.2 * torch.randn(images.shape, generator=generator)
    likelihood = LearnedGaussian(0.3, floor=1e-6)
    optimizer = torch.optim.Adam(likelihood.parameters(), lr=0.05)
    for _ in range(300):
        optimizer.zero_grad()
        likelihood.nll(output, images).mean().backward()
        optimizer.step()
    assert likelihood.variance.item() == pytest.approx((output - images).var().item(), rel=0.01)


def test_pixels_that_never_vary_take_the_variance_to_its_floor_and_no_further() -> None:
    black = torch.zeros(4, 3, 8, 8)
    likelihood = LearnedGaussian(0.3, QUANTIZATION_VARIANCE)
    optimizer = torch.optim.Adam(likelihood.parameters(), lr=0.5)
    for _ in range(200):
        optimizer.zero_grad()
        nll = likelihood.nll(black, black).mean()
        nll.backward()
        optimizer.step()
    assert likelihood.variance.item() == pytest.approx(QUANTIZATION_VARIANCE, rel=0.01)
    assert math.isfinite(nll.item())
    assert pytest.approx((1 / 255) ** 2 / 12) == QUANTIZATION_VARIANCE


def test_likelihoods_name_themselves_so_that_their_figures_are_not_mixed() -> None:
    names = [Bernoulli().name, Gaussian(0.3).name, LearnedGaussian(0.25, 0.1).name]
    assert names == [
        "bernoulli",
        "gaussian, variance 0.3",
        "learned-gaussian",
    ]


def test_a_likelihood_tells_its_variance() -> None:
    assert Bernoulli().variance is None
    assert Gaussian(0.2).variance == 0.2
    assert LearnedGaussian(0.25, 0.1).variance.item() == pytest.approx(0.25)
