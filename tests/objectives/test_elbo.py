"""The objectives of VAE, beta-VAE and annealed VAE against Monte Carlo and by hand."""

import pytest
import torch
from torch import Tensor
from torch.distributions import Normal

from sbvae_cli.models.vae import VAE
from sbvae_cli.objectives.elbo import annealed_vae, elbo, gaussian_kl


def test_kl_is_that_of_monte_carlo() -> None:
    mean, logvar = torch.tensor([[0.5, -1.0, 0.0]]), torch.tensor([[0.3, -2.0, 0.0]])
    posterior = Normal(mean, (0.5 * logvar).exp())
    z = posterior.sample((400_000,))
    log_ratio = posterior.log_prob(z) - Normal(0.0, 1.0).log_prob(z)
    torch.testing.assert_close(gaussian_kl(mean, logvar), log_ratio.mean(0), atol=0.01, rtol=0.01)


def test_loss_is_nll_plus_beta_kl_of_the_sampled_latents(
    vae: VAE, images: Tensor, noise: Tensor
) -> None:
    terms = elbo(vae, images, noise[:12], beta=2.5)
    mean, logvar = vae.encode(images)
    z = mean + (logvar / 2).exp() * noise[:12]
    nll = vae.likelihood.nll(vae.decode(z), images).mean()
    torch.testing.assert_close(terms["nll"], nll)
    assert list(terms) == ["loss", "nll", "kl"]
    assert terms["loss"].item() == pytest.approx(
        terms["nll"].item() + 2.5 * terms["kl"].item(), rel=1e-6
    )
    assert terms["kl"].item() == pytest.approx(gaussian_kl(mean, logvar).sum(1).mean().item())


@pytest.mark.parametrize("capacity", [0.0, 1000.0])
def test_the_kl_is_drawn_to_the_capacity_from_either_side(
    vae: VAE, images: Tensor, noise: Tensor, capacity: float
) -> None:
    plain = elbo(vae, images, noise[:12], 1.0)
    terms = annealed_vae(vae, images, noise[:12], gamma=7.0, capacity=capacity)
    distance = abs(plain["kl"].item() - capacity)
    assert terms["loss"].item() == pytest.approx(plain["nll"].item() + 7 * distance, rel=1e-5)
    assert terms["capacity"].item() == capacity
    of_kl = torch.autograd.grad(terms["loss"], terms["kl"])[0].item()
    assert of_kl == (7 if capacity == 0 else -7)
