"""Updates against plain Adam, and what happens when a number is not finite."""

import copy
import functools
import math

import pytest
import torch
from torch import Tensor

from sbvae_cli.config.model import EncoderConfig, ModelConfig
from sbvae_cli.config.objective import FactorVaeConfig, VaeConfig
from sbvae_cli.errors import origins
from sbvae_cli.models.build import build_vae
from sbvae_cli.models.discriminator import Discriminator
from sbvae_cli.models.vae import VAE, reparameterize
from sbvae_cli.objectives.elbo import elbo
from sbvae_cli.objectives.factor_vae import discriminator_terms, permute_latents
from sbvae_cli.training.build import build_objective
from sbvae_cli.training.update import Adversary, Updater

IMAGES = torch.rand(4, 1, 8, 8, generator=torch.Generator().manual_seed(0))
VAE_OBJECTIVE = build_objective(VaeConfig())
NOISE = torch.randn(4, 2, generator=torch.Generator().manual_seed(1))


def small_vae() -> VAE:
    encoder = EncoderConfig(hidden_channels=(4,), hidden_units=(8,))
    return build_vae(ModelConfig(latent_dim=2, encoder=encoder), (1, 8, 8), seed=3)


def test_updates_are_those_of_adam() -> None:
    ours, plain = small_vae(), small_vae()
    updater = Updater(ours, VAE_OBJECTIVE, 1e-2)
    optimizer = torch.optim.Adam(plain.parameters(), lr=1e-2)
    for step in range(3):
        updater.update(IMAGES, NOISE, step)
        optimizer.zero_grad()
        elbo(plain, IMAGES, NOISE, 1.0)["loss"].backward()
        optimizer.step()
    for a, b in zip(ours.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(a, b)
    assert updater.updates_made() == 3
    assert updater.failure() is None


def poisoned(
    vae: VAE, images: Tensor, noise: Tensor, step: int, *, where: str
) -> dict[str, Tensor]:
    terms = elbo(vae, images, noise, 1.0)
    bad = images.max() > 1
    if where == "loss":
        terms["loss"] = terms["loss"] + torch.where(bad, torch.inf, 0.0)
    elif bad:  # the loss is finite, its gradient is not: d sqrt(x) / dx at 0
        zero = (next(vae.parameters()) * 0).sum()
        terms["loss"] = terms["loss"] + zero.sqrt()
    return terms


@pytest.mark.parametrize("where", ["loss", "gradient"])
def test_a_step_that_is_not_finite_moves_nothing_and_later_ones_neither(where: str) -> None:
    vae = small_vae()
    updater = Updater(vae, functools.partial(poisoned, where=where), 1e-2)
    updater.update(IMAGES, NOISE, 0)
    weights = [p.detach().clone() for p in vae.parameters()]
    moments = [state["exp_avg"].clone() for state in updater.optimizer.state.values()]
    updater.update(IMAGES + 1, NOISE, 1)
    updater.update(IMAGES, NOISE, 2)
    assert all(torch.equal(a, b) for a, b in zip(weights, vae.parameters(), strict=True))
    for before, state in zip(moments, updater.optimizer.state.values(), strict=True):
        assert torch.equal(before, state["exp_avg"])
    assert updater.updates_made() == 1


def test_the_failure_is_that_of_the_first_bad_step() -> None:
    updater = Updater(small_vae(), functools.partial(poisoned, where="loss"), 1e-2)
    updater.update(IMAGES, NOISE, 0)
    updater.update(IMAGES + 1, NOISE, 1)
    updater.update(IMAGES, NOISE, 2)
    failure = updater.failure()
    assert failure is not None
    assert math.isinf(failure["loss"])
    assert math.isfinite(failure["nll"])


def with_discriminator(gamma: float = 35.0, **options: object) -> tuple[Updater, Discriminator]:
    network = Discriminator(2, (8, 8), generator=torch.Generator().manual_seed(4))
    objective = build_objective(FactorVaeConfig(gamma=gamma), network)
    adversary = Adversary(network, "discriminator_loss", 1e-3, (0.5, 0.9))
    return Updater(small_vae(), objective, 1e-2, adversary=adversary, **options), network


TWO_BATCHES = torch.cat([IMAGES, IMAGES.flip(2)])
THREE_NOISES = torch.randn(12, 2, generator=torch.Generator().manual_seed(5))


def test_the_total_correlation_moves_no_weight_of_the_discriminator() -> None:
    weights = []
    for gamma in (0.0, 1e6):
        updater, network = with_discriminator(gamma)
        updater.update(TWO_BATCHES, THREE_NOISES, 0)
        weights.append([p.detach().clone() for p in network.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*weights, strict=True))


def test_the_discriminators_loss_moves_no_weight_of_the_model() -> None:
    """At gamma 0 the model takes the steps that it takes without a discriminator."""
    updater, network = with_discriminator(0.0)
    before = [p.detach().clone() for p in network.parameters()]
    plain = Updater(small_vae(), VAE_OBJECTIVE, 1e-2)
    for step in range(3):
        updater.update(TWO_BATCHES, THREE_NOISES, step)
        plain.update(IMAGES, THREE_NOISES[:4], step)
    for a, b in zip(updater.vae.parameters(), plain.vae.parameters(), strict=True):
        torch.testing.assert_close(a, b)
    assert not any(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))


def test_the_discriminators_updates_are_those_of_its_own_adam() -> None:
    updater, network = with_discriminator(0.0)
    vae, plain = small_vae(), copy.deepcopy(network)
    optimizer = torch.optim.Adam(plain.parameters(), lr=0.5 * 1e-3, betas=(0.5, 0.9))
    mean, logvar = vae.encode(TWO_BATCHES)
    z = reparameterize(mean, logvar, THREE_NOISES[:8])
    terms = discriminator_terms(plain, z[:4], permute_latents(z[4:], THREE_NOISES[8:]))
    terms["discriminator_loss"].backward()
    optimizer.step()
    updater.update(TWO_BATCHES, THREE_NOISES, 0, decay=0.5)
    for a, b in zip(network.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("bad", ["images", "discriminator"])
def test_model_and_discriminator_stop_together(bad: str) -> None:
    updater, network = with_discriminator()
    updater.update(TWO_BATCHES, THREE_NOISES, 0)
    weights = [p.detach().clone() for p in (*updater.vae.parameters(), *network.parameters())]
    if bad == "images":  # which the discriminator sees only as codes
        updater.update(torch.full_like(TWO_BATCHES, math.inf), THREE_NOISES, 1)
    else:
        kept = network.layers[-1].bias.detach().clone()
        network.layers[-1].bias.data.fill_(math.nan)
        updater.update(TWO_BATCHES, THREE_NOISES, 1)
        network.layers[-1].bias.data.copy_(kept)
    updater.update(TWO_BATCHES, THREE_NOISES, 2)
    moved = (*updater.vae.parameters(), *network.parameters())
    assert all(torch.equal(a, b) for a, b in zip(weights, moved, strict=True))
    assert updater.updates_made() == 1
    failure = updater.failure()
    assert failure is not None
    expected = ["nll", "kl"] if bad == "images" else []
    assert origins(failure)[: len(expected)] == expected
    assert "total_correlation" in origins(failure)
    assert not {"loss", "gradient_norm", "discriminator_gradient_norm"} & set(origins(failure))


def test_clipped_gradients_have_the_largest_norm_and_their_direction() -> None:
    plain = Updater(small_vae(), VAE_OBJECTIVE, 1e-2)
    clipped = Updater(small_vae(), VAE_OBJECTIVE, 1e-2, clip_grad=0.1)
    for updater in (plain, clipped):
        updater.update(IMAGES, NOISE, 0)
    whole, short = (
        torch.cat([p.grad.flatten() for p in updater.vae.parameters()])
        for updater in (plain, clipped)
    )
    assert whole.norm().item() > 1
    assert short.norm().item() == pytest.approx(0.1, rel=1e-3)
    torch.testing.assert_close(short, whole * (0.1 / whole.norm()), rtol=1e-3, atol=1e-7)


def test_each_network_is_clipped_by_itself() -> None:
    updater, network = with_discriminator(clip_grad=1e-3)
    updater.update(TWO_BATCHES, THREE_NOISES, 0)
    for module in (updater.vae, network):
        norm = torch.cat([p.grad.flatten() for p in module.parameters()]).norm()
        assert norm.item() == pytest.approx(1e-3, rel=0.01)


def test_origins_are_terms_before_what_follows_from_them() -> None:
    inf, nan = math.inf, math.nan
    assert origins({"loss": nan, "nll": 1.0, "kl": inf, "gradient_norm": nan}) == ["kl"]
    assert origins({"loss": inf, "nll": 1.0, "kl": 2.0, "gradient_norm": nan}) == ["loss"]
    assert origins({"loss": 1.0, "nll": 1.0, "gradient_norm": nan}) == ["gradient_norm"]
    assert origins({"loss": 1.0}) == []


def test_weights_of_the_discriminator_count_as_weights() -> None:
    updater, network = with_discriminator()
    assert updater.weights_are_finite()
    network.layers[0].bias.data[0] = math.inf
    assert not updater.weights_are_finite()


@pytest.mark.parametrize("damage", ["empty", "shape", "lacks", "none", "weights", "number"])
def test_a_damaged_state_is_refused_before_anything_computes_with_it(damage: str) -> None:
    updater, _ = with_discriminator()
    updater.update(TWO_BATCHES, THREE_NOISES, 0)
    optimizer, other = updater.state_dict(), updater.adversary_state_dict()
    match damage:
        case "empty":
            other["optimizer"] = {}
        case "shape":
            other["optimizer"]["state"][0]["exp_avg"] = torch.zeros(1)
        case "lacks":
            del other["optimizer"]["state"][1]
        case "none":
            other = None
        case "weights":
            other["model"] = {}
        case "number":
            other = 3
    with pytest.raises(ValueError, match=r"missing|another shape"):
        with_discriminator()[0].load_state_dict(optimizer, other)
