"""Updates against plain Adam, and what happens when a number is not finite."""

import functools
import math

import pytest
import torch
from torch import Tensor

from sbvae_cli.config.model import EncoderConfig, ModelConfig
from sbvae_cli.config.objective import VaeConfig
from sbvae_cli.models.build import build_vae
from sbvae_cli.models.vae import VAE
from sbvae_cli.objectives.elbo import elbo
from sbvae_cli.runs.build import build_objective
from sbvae_cli.training.update import Updater

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


def test_bfloat16_stays_near_single_precision() -> None:
    losses = []
    for precision in ("fp32", "bf16"):
        updater = Updater(small_vae(), VAE_OBJECTIVE, 1e-3, precision=precision)
        for step in range(3):
            terms = updater.update(IMAGES, NOISE, step)
        assert terms["loss"].dtype == torch.float32
        losses.append(terms["loss"].item())
    assert losses[1] == pytest.approx(losses[0], rel=0.02)
