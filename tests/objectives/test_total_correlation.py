"""Estimators of the total correlation against brute force, identities and a closed form."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.distributions import MultivariateNormal, Normal

from sbvae_cli.config.names import TotalCorrelationEstimator
from sbvae_cli.models.vae import VAE, reparameterize
from sbvae_cli.objectives.elbo import elbo
from sbvae_cli.objectives.total_correlation import beta_tcvae, decompose, log_weights

ESTIMATORS: tuple[TotalCorrelationEstimator, ...] = ("stratified", "weighted")


def posteriors(count: int, latents: int, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Samples, means and log-variances, in double precision."""
    generator = torch.Generator().manual_seed(seed)
    mean, logvar, noise = torch.randn(
        3, count, latents, generator=generator, dtype=torch.float64
    ).unbind()
    return reparameterize(mean, logvar - 1, noise), mean, logvar - 1


@pytest.mark.parametrize("batch", [2, 3, 5, 16])
@pytest.mark.parametrize("extra", [0, 1, 7, 499_984])
def test_rows_of_the_stratified_weights_sum_to_one(batch: int, extra: int) -> None:
    weights = log_weights(batch, batch + extra, "stratified").double().exp()
    torch.testing.assert_close(weights.sum(1), torch.ones(batch).double(), atol=1e-6, rtol=0)


def test_stratified_weights_are_own_one_other_and_the_rest() -> None:
    count, others = 100, 4
    weights = log_weights(5, count, "stratified").exp()
    for i, j in itertools.product(range(5), range(5)):
        expected = 1 / others
        if i == j:
            expected = 1 / count
        elif j == (i + 1) % 5:
            expected = (count - others) / (count * others)
        assert weights[i, j].item() == pytest.approx(expected, rel=1e-6)


def test_rows_of_the_weighted_weights_sum_to_one_over_the_dataset() -> None:
    weights = log_weights(8, 1000, "weighted").double().exp()
    torch.testing.assert_close(weights.sum(1), torch.full((8,), 1e-3).double(), atol=1e-9, rtol=0)


@pytest.mark.parametrize(("batch", "count"), [(1, 100), (0, 100), (5, 4)])
def test_too_few_images_are_refused(batch: int, count: int) -> None:
    with pytest.raises(ValueError, match=f"no estimate from {batch} of {count} images"):
        log_weights(batch, count, "stratified")


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("seed", range(5))
def test_the_parts_are_those_of_brute_force(
    estimator: TotalCorrelationEstimator, seed: int
) -> None:
    batch, count, latents = 5, 50, 3
    z, mean, logvar = posteriors(batch, latents, seed)
    weights = log_weights(batch, count, estimator).double().exp().numpy()

    def density(i: int, j: int, d: int) -> float:
        sd = math.exp(0.5 * logvar[j, d])
        distance = (z[i, d] - mean[j, d]) / sd
        return float(math.exp(-0.5 * distance**2) / (sd * math.sqrt(2 * math.pi)))

    information, correlation, dimensions = [], [], []
    for i in range(batch):
        joint = sum(
            weights[i, j] * math.prod(density(i, j, d) for d in range(latents))
            for j in range(batch)
        )
        each = [sum(weights[i, j] * density(i, j, d) for j in range(batch)) for d in range(latents)]
        own = math.prod(density(i, i, d) for d in range(latents))
        prior = math.prod(
            math.exp(-0.5 * float(z[i, d]) ** 2) / math.sqrt(2 * math.pi) for d in range(latents)
        )
        information.append(math.log(own / joint))
        correlation.append(math.log(joint / math.prod(each)))
        dimensions.append(math.log(math.prod(each) / prior))
    parts = decompose(z, mean, logvar, count, estimator)
    assert parts.mutual_information.item() == pytest.approx(np.mean(information), abs=1e-6)
    assert parts.total_correlation.item() == pytest.approx(np.mean(correlation), abs=1e-6)
    assert parts.dimension_kl.item() == pytest.approx(np.mean(dimensions), abs=1e-6)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize(("batch", "latents"), [(2, 1), (16, 10), (64, 4)])
def test_the_parts_sum_to_the_log_ratio_of_posterior_and_prior(
    batch: int, latents: int, estimator: TotalCorrelationEstimator
) -> None:
    z, mean, logvar = posteriors(batch, latents)
    parts = decompose(z, mean, logvar, 500_000, estimator)
    posterior = Normal(mean, (0.5 * logvar).exp()).log_prob(z).sum(1)
    prior = Normal(0.0, 1.0).log_prob(z).sum(1)
    total = parts.mutual_information + parts.total_correlation + parts.dimension_kl
    assert total.item() == pytest.approx((posterior - prior).mean().item(), abs=1e-12)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_one_latent_has_no_total_correlation(estimator: TotalCorrelationEstimator) -> None:
    parts = decompose(*posteriors(8, 1), 1000, estimator)
    assert parts.total_correlation.item() == pytest.approx(0, abs=1e-12)


def test_the_weighted_estimate_is_off_by_a_constant() -> None:
    z, mean, logvar = posteriors(16, 4)
    few = decompose(z, mean, logvar, 100, "weighted").total_correlation
    many = decompose(z, mean, logvar, 10_000, "weighted").total_correlation
    assert (many - few).item() == pytest.approx(3 * math.log(100), abs=1e-5)


def test_stratified_estimates_find_the_total_correlation_of_gaussians() -> None:
    """Means that are correlated Gaussians, posteriors of one width: the aggregate is Gaussian."""
    correlation, width = 0.8, 0.6
    covariance = torch.tensor([[1.0, correlation], [correlation, 1.0]], dtype=torch.float64)
    aggregate = covariance + width**2 * torch.eye(2)
    truth = -0.5 * math.log(float(torch.linalg.det(aggregate)) / float(aggregate.diagonal().prod()))
    torch.manual_seed(0)
    mean = MultivariateNormal(torch.zeros(2).double(), covariance).sample((2_000,))
    logvar = torch.full_like(mean, 2 * math.log(width))
    z = reparameterize(mean, logvar, torch.randn_like(mean))
    found = decompose(z, mean, logvar, 1_000_000, "stratified").total_correlation
    assert found.item() == pytest.approx(truth, abs=0.05)
    assert truth > 0.2


def test_beta_of_one_is_the_vae(vae: VAE, images: Tensor, noise: Tensor) -> None:
    plain = elbo(vae, images, noise[:12], 1.0)
    terms = beta_tcvae(vae, images, noise[:12], 1.0, 1000, "stratified")
    assert terms["loss"].item() == plain["loss"].item()


def test_beta_weighs_the_total_correlation_alone(vae: VAE, images: Tensor, noise: Tensor) -> None:
    plain = elbo(vae, images, noise[:12], 1.0)
    terms = beta_tcvae(vae, images, noise[:12], 6.0, 1000, "stratified")
    expected = plain["loss"] + 5 * terms["total_correlation"]
    assert terms["loss"].item() == pytest.approx(expected.item(), rel=1e-6)
    assert {"mutual_information", "dimension_kl"} < terms.keys()
