"""Configurations to objectives: which function, with which weight, at which step."""

from typing import Any, get_args

import pytest
import torch
from torch import Tensor

from sbvae_cli.config.load import build_config
from sbvae_cli.config.names import ModelKind
from sbvae_cli.config.schema import Config
from sbvae_cli.training.build import (
    build_updater,
    images_per_update,
    noise_shape,
    scheduled_weights,
    with_own_precision,
)
from sbvae_cli.training.update import Updater

SMALL = {
    "data": {"height": 8, "width": 8, "channels": 1},
    "model": {
        "latent_dim": 3,
        "encoder": {"hidden_channels": [4], "hidden_units": [8]},
        "decoder": {"kind": "broadcast", "hidden_channels": [4]},
    },
    "training": {"batch_size": 5, "device": "cpu"},
}
RISING = {"kind": "linear", "start": 1.0, "steps": 4}


def configured(objective: dict[str, Any], **training: Any) -> Config:
    return build_config(
        {**SMALL, "objective": objective, "training": {**SMALL["training"], **training}}
    )


def terms_at(config: Config, step: int) -> dict[str, float]:
    updater = build_updater(config)
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(images_per_update(config), 1, 8, 8, generator=generator)
    noise = torch.randn(noise_shape(config), generator=generator)
    terms = update(updater, config, images, noise, step)
    return {name: term.item() for name, term in terms.items()}


def update(
    updater: Updater, config: Config, images: Tensor, noise: Tensor, step: int
) -> dict[str, Tensor]:
    weights = scheduled_weights(config.objective)
    named = {name: torch.tensor(weight(step)) for name, weight in weights.items()}
    return updater.update(images[None], noise[None], named, torch.tensor(1.0))


@pytest.mark.parametrize("objective", ["beta-vae", "factor-vae", "beta-tcvae"])
def test_beta_follows_its_schedule(objective: str) -> None:
    scheduled = configured({"kind": objective, "beta": 9.0, "beta_schedule": RISING})
    for step, beta in ((0, 1.0), (2, 5.0), (4, 9.0), (100, 9.0)):
        constant = configured({"kind": objective, "beta": beta})
        assert terms_at(scheduled, step) == terms_at(constant, 0)


def test_the_beta_of_a_vae_may_have_a_pulse() -> None:
    pulse = {"kind": "pulse", "peak": 9.0, "after": 2, "steps": 6}
    scheduled = configured({"kind": "vae", "beta_schedule": pulse})
    for step, beta in ((0, 1.0), (1, 1.0), (2, 9.0), (4, 5.0), (6, 1.0), (100, 1.0)):
        constant = configured({"kind": "beta-vae", "beta": beta})
        assert terms_at(scheduled, step) == terms_at(constant, 0)


def test_the_capacity_follows_its_schedule() -> None:
    config = configured({"kind": "annealed-vae", "capacity": 9.0, "capacity_schedule": RISING})
    assert [terms_at(config, step)["capacity"] for step in (0, 2, 4, 9)] == [1, 5, 9, 9]


def test_a_cyclic_beta_comes_back() -> None:
    cyclic = {"kind": "cyclic", "steps": 4, "rising": 0.5}
    config = configured({"kind": "beta-vae", "beta": 2.0, "beta_schedule": cyclic})
    losses = [terms_at(config, step)["loss"] for step in range(8)]
    assert losses[:4] == losses[4:]
    assert losses[0] < losses[1] < losses[2] == losses[3]


def test_factor_vae_takes_two_minibatches_and_the_others_one() -> None:
    config = configured({"kind": "factor-vae"})
    assert (images_per_update(config), noise_shape(config)) == (10, (15, 3))
    config = configured({"kind": "vae"})
    assert (images_per_update(config), noise_shape(config)) == (5, (5, 3))


def test_the_model_starts_alike_with_and_without_a_discriminator() -> None:
    states = [
        build_updater(configured({"kind": kind})).weights(0) for kind in ("vae", "factor-vae")
    ]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_the_discriminator_follows_from_the_seed() -> None:
    objective = {"kind": "factor-vae", "discriminator_units": [7]}
    first, again, other = (
        build_updater(configured(objective, seed=seed)).adversary.networks[0].layers[0].weight
        for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_learned_variance_is_trained_and_logged() -> None:
    tree = {**SMALL, "model": {**SMALL["model"], "likelihood": {"kind": "learned-gaussian"}}}
    updater = build_updater(build_config(tree))
    images, noise, one = torch.rand(1, 5, 1, 8, 8), torch.randn(1, 5, 3), torch.tensor(1.0)
    first, second = (updater.update(images, noise, {"beta": one}, one) for _ in range(2))
    assert first["variance"].item() == pytest.approx(0.3)
    assert second["variance"].item() != first["variance"].item()


def test_the_discriminators_adam_has_the_moments_of_its_paper() -> None:
    updater = build_updater(configured({"kind": "factor-vae", "discriminator_units": [7]}))
    assert updater.adversary.betas == (0.5, 0.9)
    assert updater.adversary.learning_rate == 2e-5


@pytest.mark.parametrize("objective", get_args(ModelKind))
def test_bfloat16_stays_near_single_precision_and_its_terms_are_in_it(objective: str) -> None:
    generator = torch.Generator().manual_seed(0)
    losses = []
    for precision in ("fp32", "bf16"):
        config = configured({"kind": objective}, precision=precision)
        updater = build_updater(config)
        images = torch.rand(images_per_update(config), 1, 8, 8, generator=generator.manual_seed(0))
        noise = torch.randn(noise_shape(config), generator=generator)
        for step in range(3):
            terms = update(updater, config, images, noise, step)
        assert {term.dtype for term in terms.values()} == {torch.float32}
        losses.append(terms["loss"].item())
    assert losses[1] != losses[0]
    assert losses[1] == pytest.approx(losses[0], rel=0.02)


def test_a_precision_of_its_own_is_what_the_device_makes_of_auto(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for native, found in ((True, "bf16"), (False, "fp32")):
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda native=native: native)
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
        for wanted in ("auto", "fp32", "tf32", "bf16"):
            config = configured({"kind": "vae"}, precision=wanted)
            own = with_own_precision(config)
            assert own.training.precision == (found if wanted == "auto" else wanted)
            training = own.training.model_copy(update={"precision": wanted})
            assert own.model_copy(update={"training": training}) == config
