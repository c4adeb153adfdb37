"""DIP-VAE's covariances against numpy, and samples."""

import numpy as np
import pytest
import torch
from torch import Tensor

from sbvae_cli.models.vae import VAE, reparameterize
from sbvae_cli.objectives.dip import covariance_of_means, covariance_of_samples, dip_vae
from sbvae_cli.objectives.elbo import elbo


def test_the_covariance_of_means_is_that_of_numpy() -> None:
    mean = torch.randn(20, 4, dtype=torch.float64)
    expected = np.cov(mean.numpy(), rowvar=False, bias=True)
    np.testing.assert_allclose(covariance_of_means(mean).numpy(), expected, atol=1e-12)


def test_the_covariance_of_samples_is_that_of_many() -> None:
    generator = torch.Generator().manual_seed(0)
    mean, logvar = torch.randn(2, 5, 3, generator=generator).unbind()
    noise = torch.randn(40_000, 5, 3, generator=generator)
    samples = reparameterize(mean, logvar, noise).reshape(-1, 3).numpy()
    found = covariance_of_samples(mean, logvar).numpy()
    np.testing.assert_allclose(found, np.cov(samples, rowvar=False), atol=0.05)


@pytest.mark.parametrize("of_samples", [False, True])
def test_the_loss_adds_weighted_squared_distances_from_the_identity(
    vae: VAE, images: Tensor, noise: Tensor, of_samples: bool
) -> None:
    terms = dip_vae(vae, images, noise[:12], 3.0, 7.0, of_samples=of_samples)
    plain = elbo(vae, images, noise[:12], 1.0)
    mean, logvar = vae.encode(images)
    covariance = np.cov(mean.detach().numpy(), rowvar=False, bias=True)
    if of_samples:
        covariance += np.diag(logvar.exp().mean(0).detach().numpy())
    between = sum(covariance[i, j] ** 2 for i in range(3) for j in range(3) if i != j)
    within = sum((covariance[i, i] - 1) ** 2 for i in range(3))
    assert terms["covariance_off_diagonal"].item() == pytest.approx(between, rel=1e-4)
    assert terms["covariance_diagonal"].item() == pytest.approx(within, rel=1e-4)
    expected = plain["loss"].item() + 3 * between + 7 * within
    assert terms["loss"].item() == pytest.approx(expected, rel=1e-5)
