"""Likelihoods against torch.distributions."""

import math

import pytest
import torch
from torch.distributions import Bernoulli as TorchBernoulli
from torch.distributions import Normal

from sbvae_cli.models.likelihoods import Bernoulli, Gaussian


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
