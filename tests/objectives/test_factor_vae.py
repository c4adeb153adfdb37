"""FactorVAE: who moves whom, what is permuted, and what a trained discriminator finds."""

import math

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import MultivariateNormal

from sbvae_cli.models.discriminator import Discriminator
from sbvae_cli.models.vae import VAE, reparameterize
from sbvae_cli.objectives.elbo import elbo
from sbvae_cli.objectives.factor_vae import (
    discriminator_terms,
    factor_vae,
    permute_latents,
    total_correlation,
)


@pytest.fixture
def discriminator() -> Discriminator:
    return Discriminator(3, (16, 16), generator=torch.Generator().manual_seed(2))


def gradients(loss: Tensor, module: nn.Module) -> list[Tensor | None]:
    return list(
        torch.autograd.grad(loss, list(module.parameters()), allow_unused=True, retain_graph=True)
    )


def test_the_discriminators_loss_moves_no_weight_of_the_model(
    vae: VAE, discriminator: Discriminator, images: Tensor, noise: Tensor
) -> None:
    terms = factor_vae(vae, discriminator, images, noise, gamma=35.0, beta=1.0)
    assert all(g is None for g in gradients(terms["discriminator_loss"], vae))
    moved = gradients(terms["discriminator_loss"], discriminator)
    assert all(g is not None and g.any() for g in moved)


def test_total_correlation_moves_the_encoder_and_not_the_decoder(
    vae: VAE, discriminator: Discriminator, images: Tensor, noise: Tensor
) -> None:
    terms = factor_vae(vae, discriminator, images, noise, gamma=35.0, beta=1.0)
    encoder = gradients(terms["total_correlation"], vae.encoder)
    assert all(g is not None and g.any() for g in encoder)
    assert all(g is None for g in gradients(terms["total_correlation"], vae.decoder))


def test_the_loss_is_that_of_the_vae_on_the_first_minibatch_plus_gamma_tc(
    vae: VAE, discriminator: Discriminator, images: Tensor, noise: Tensor
) -> None:
    plain = elbo(vae, images[:6], noise[:6], 2.0)
    terms = factor_vae(vae, discriminator, images, noise, gamma=35.0, beta=2.0)
    mean, logvar = vae.encode(images[:6])
    logits = discriminator(reparameterize(mean, logvar, noise[:6]))
    estimate = (logits[:, 0] - logits[:, 1]).mean()
    assert terms["total_correlation"].item() == pytest.approx(estimate.item(), rel=1e-5)
    expected = plain["loss"].item() + 35 * estimate.item()
    assert terms["loss"].item() == pytest.approx(expected, rel=1e-5)


def test_the_second_minibatch_moves_the_discriminator_alone(
    vae: VAE, discriminator: Discriminator, images: Tensor, noise: Tensor
) -> None:
    other = torch.cat([images[:6], images[:6].flip(3)])
    first = factor_vae(vae, discriminator, images, noise, 35.0, 1.0)
    second = factor_vae(vae, discriminator, other, noise, 35.0, 1.0)
    assert first["loss"].item() == second["loss"].item()
    assert first["discriminator_loss"].item() != second["discriminator_loss"].item()


def test_the_product_samples_are_latents_of_the_second_minibatch_permuted_one_by_one(
    vae: VAE, discriminator: Discriminator, images: Tensor, noise: Tensor
) -> None:
    seen = []
    discriminator.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    factor_vae(vae, discriminator, images, noise, 35.0, 1.0)
    joint, both = seen
    mean, logvar = vae.encode(images[6:])
    z = reparameterize(mean, logvar, noise[6:12])
    torch.testing.assert_close(both[:6], joint)
    assert not both.requires_grad
    torch.testing.assert_close(both[6:].sort(0).values, z.sort(0).values)
    assert not torch.equal(both[6:], z)


def test_each_latent_is_permuted_over_the_batch_by_itself() -> None:
    generator = torch.Generator().manual_seed(0)
    z = torch.arange(200.0)[:, None] + torch.tensor([0.0, 1000.0, 2000.0])
    product = permute_latents(z, torch.randn(200, 3, generator=generator))
    orders = [(product[:, d] - 1000 * d).long() for d in range(3)]
    for order in orders:
        assert sorted(order.tolist()) == list(range(200))
    assert not torch.equal(orders[0], orders[1])
    assert not torch.equal(orders[1], orders[2])


def test_every_permutation_comes_equally_often() -> None:
    generator = torch.Generator().manual_seed(0)
    z = torch.arange(3.0)[:, None].expand(3, 6_000)
    product = permute_latents(z, torch.randn(3, 6_000, generator=generator))
    _, counts = product.T.unique(dim=0, return_counts=True)
    assert len(counts) == 6
    assert counts.min() > 880  # 1,000 expected, std 29
    assert counts.max() < 1_120


def test_a_discriminator_that_guesses_loses_log_2() -> None:
    blind = Discriminator(2, (4,), generator=torch.Generator().manual_seed(0))
    nn.init.zeros_(blind.layers[-1].weight)
    terms = discriminator_terms(blind, torch.randn(7, 2), torch.randn(7, 2))
    assert terms["discriminator_loss"].item() == pytest.approx(math.log(2))


def test_the_loss_is_half_of_both_cross_entropies(discriminator: Discriminator) -> None:
    joint, product = torch.randn(5, 3), torch.randn(5, 3)
    terms = discriminator_terms(discriminator, joint, product)
    of_joint = torch.log_softmax(discriminator(joint), 1)[:, 0]
    of_product = torch.log_softmax(discriminator(product), 1)[:, 1]
    expected = -0.5 * (of_joint.mean() + of_product.mean())
    assert terms["discriminator_loss"].item() == pytest.approx(expected.item(), rel=1e-5)
    right = (of_joint > math.log(0.5)).float().mean() + (of_product > math.log(0.5)).float().mean()
    assert terms["discriminator_accuracy"].item() == pytest.approx(right.item() / 2)


def test_hidden_layers_leak_a_fifth_of_what_is_negative() -> None:
    network = Discriminator(1, (1,), generator=torch.Generator().manual_seed(0))
    first, _, last = network.layers
    nn.init.ones_(first.weight)
    nn.init.ones_(last.weight)
    logits = network(torch.tensor([[-1.0], [2.0]]))
    torch.testing.assert_close(logits, torch.tensor([[-0.2, -0.2], [2.0, 2.0]]))


def test_a_trained_discriminator_finds_the_total_correlation_of_gaussians() -> None:
    """The closed form is minus half the log determinant of the correlations."""
    correlations = torch.tensor([[1.0, 0.7, 0.0], [0.7, 1.0, 0.3], [0.0, 0.3, 1.0]])
    truth = -0.5 * torch.logdet(correlations).item()
    cholesky = MultivariateNormal(torch.zeros(3), correlations).scale_tril
    generator = torch.Generator().manual_seed(0)

    def draw(count: int) -> Tensor:
        return torch.randn(count, 3, generator=generator) @ cholesky.T

    network = Discriminator(3, (64, 64), generator=generator)
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3, betas=(0.5, 0.9))
    for _ in range(1_200):
        joint, other = draw(256), draw(256)
        keys = torch.randn(256, 3, generator=generator)
        terms = discriminator_terms(network, joint, permute_latents(other, keys))
        optimizer.zero_grad()
        terms["discriminator_loss"].backward()
        optimizer.step()
    with torch.no_grad():
        found = total_correlation(network(draw(20_000))).item()
    assert found == pytest.approx(truth, abs=0.06)
    assert truth == pytest.approx(0.434, abs=0.001)
