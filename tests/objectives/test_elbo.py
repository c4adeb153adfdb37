"""The objective against Monte Carlo and finite differences."""

import pytest
import torch
from torch.distributions import Normal

from sbvae_cli.config.model import EncoderConfig, ModelConfig
from sbvae_cli.models.build import build_vae
from sbvae_cli.objectives.elbo import elbo, gaussian_kl


def test_kl_is_that_of_monte_carlo() -> None:
    mean, logvar = torch.tensor([[0.5, -1.0, 0.0]]), torch.tensor([[0.3, -2.0, 0.0]])
    posterior = Normal(mean, (0.5 * logvar).exp())
    z = posterior.sample((400_000,))
    log_ratio = posterior.log_prob(z) - Normal(0.0, 1.0).log_prob(z)
    torch.testing.assert_close(gaussian_kl(mean, logvar), log_ratio.mean(0), atol=0.01, rtol=0.01)


def test_loss_is_nll_plus_beta_kl_of_the_sampled_latents() -> None:
    config = ModelConfig(latent_dim=3, encoder=EncoderConfig(hidden_channels=(4,)))
    vae = build_vae(config, (1, 8, 8))
    images, noise = torch.rand(5, 1, 8, 8), torch.randn(5, 3)
    terms = elbo(vae, images, noise, beta=2.5)
    mean, logvar = vae.encode(images)
    nll = vae.likelihood.nll(vae.decode(mean + (logvar / 2).exp() * noise), images).mean()
    torch.testing.assert_close(terms["nll"], nll)
    assert terms["loss"].item() == pytest.approx(
        terms["nll"].item() + 2.5 * terms["kl"].item(), rel=1e-6
    )
    assert terms["kl"].item() == pytest.approx(gaussian_kl(mean, logvar).sum(1).mean().item())
