"""Replicas that are stacked against the same ones alone, for everything that trains."""

import math
from contextlib import closing
from typing import Any, get_args

import pytest
import torch

from sbvae_cli.config.load import build_config, merge
from sbvae_cli.config.names import DecoderKind, ModelKind
from sbvae_cli.config.schema import Config
from sbvae_cli.data.source import open_source
from sbvae_cli.models.build import build_vae
from sbvae_cli.training.build import build_maker, build_updater
from sbvae_cli.training.rounds import Rounds
from sbvae_cli.training.stack import Learner, Stack
from sbvae_cli.training.update import Updater

STEPS = 10
SEEDS = (4, 5)
BASE = {
    "data": {"height": 8, "width": 8},
    "model": {
        "latent_dim": 3,
        "encoder": {"hidden_channels": [4], "hidden_units": [8]},
        "decoder": {"hidden_channels": [4]},
    },
    "training": {"batch_size": 4, "device": "cpu", "learning_rate": 1e-3},
}


def configured(
    decoder: str = "broadcast", objective: str = "vae", model: dict[str, Any] | None = None
) -> Config:
    special = {"discriminator_units": [6, 6]} if objective == "factor-vae" else {}
    own = {"model": {"decoder": {"kind": decoder}}, "objective": {"kind": objective, **special}}
    return build_config(merge(BASE, own, {"model": model or {}}))


def trained(config: Config, seeds: tuple[int, ...], steps: int = STEPS) -> Updater:
    updater = build_updater(config, seeds)
    source = open_source("circles:xy", 8, 8)
    with closing(build_maker(config, source, seeds, updater.device)) as maker:
        block = maker.block(0, min(steps, 8))
        rounds = Rounds(updater, maker, block)
        for _ in range(steps):  # the first slots come again
            rounds.run()
    assert updater.failures() == [None] * len(seeds)
    return updater


def assert_stacked_is_solo(config: Config) -> None:
    together = trained(config, SEEDS)
    for replica, seed in enumerate(SEEDS):
        alone = trained(config, (seed,))
        for name, weight in alone.weights(0).items():
            # Adam moves a weight by its learning rate even where rounding decides a sign.
            stacked = together.weights(replica)[name]
            torch.testing.assert_close(stacked, weight, rtol=0, atol=2e-4)
            assert (stacked - weight).abs().mean() < 5e-6
        if alone.adversary is not None:
            own, other = together.adversary_state_dict(replica), alone.adversary_state_dict(0)
            for name, weight in other["model"].items():
                torch.testing.assert_close(own["model"][name], weight, rtol=0, atol=2e-4)


@pytest.mark.parametrize("decoder", get_args(DecoderKind))
@pytest.mark.parametrize("objective", get_args(ModelKind))
def test_stacked_replicas_are_the_ones_alone(objective: str, decoder: str) -> None:
    assert_stacked_is_solo(configured(decoder, objective))


@pytest.mark.parametrize(
    "model",
    [
        {"likelihood": {"kind": "learned-gaussian"}},
        {"decoder": {"coordinates": "shuffled"}},
        {"decoder": {"upscales": 1, "hidden_units": [5]}},
    ],
)
def test_stacked_variants_are_the_ones_alone(model: dict[str, Any]) -> None:
    assert_stacked_is_solo(configured(model=model))


def test_each_replica_keeps_its_own_permutation_of_shuffled_coordinates() -> None:
    config = configured(model={"decoder": {"coordinates": "shuffled"}})
    updater = build_updater(config, (4, 5, 6))
    grids = [updater.weights(replica)["decoder.broadcast.grid"] for replica in range(3)]
    assert not torch.equal(grids[0], grids[1])
    other = build_vae(config.model, (3, 8, 8), 9)
    updater.vaes[1].load_state_dict(other.state_dict())
    stacked = updater.learners[0].stack.buffers["decoder.broadcast.grid"]
    assert torch.equal(stacked[1], other.decoder.broadcast.grid)
    assert torch.equal(stacked[0], grids[0])


@pytest.mark.parametrize("failed", [None, 1])
def test_masked_adam_is_that_of_pytorch(failed: int | None) -> None:
    generator = torch.Generator().manual_seed(0)
    networks = [torch.nn.Linear(5, 3) for _ in range(3)]
    plain = [torch.nn.Linear(5, 3) for _ in range(3)]
    for a, b in zip(networks, plain, strict=True):
        b.load_state_dict(a.state_dict())
    learner = Learner(Stack(networks), "loss", "norm", 1e-2, (0.5, 0.9))
    adams = [torch.optim.Adam(p.parameters(), lr=1e-2, betas=(0.5, 0.9)) for p in plain]
    mask = torch.zeros(3)
    for step in range(8):
        if failed is not None and step == 4:
            mask[failed] = 1
        gradients = [
            torch.randn(3, 3, 5, generator=generator),
            torch.randn(3, 3, generator=generator),
        ]
        if mask.any():
            gradients[0][failed] = math.nan
        learner.store_gradients(gradients, None)
        learner.adam_step(torch.tensor(0.5), mask)
        for replica, (network, adam) in enumerate(zip(plain, adams, strict=True)):
            if mask[replica]:
                continue
            adam.param_groups[0]["lr"] = 0.5e-2
            for parameter, gradient in zip(network.parameters(), gradients, strict=True):
                parameter.grad = gradient[replica].clone()
            adam.step()
    for ours, theirs in zip(networks, plain, strict=True):
        for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(a, b)
    assert learner.steps.tolist() == [8, 8 if failed is None else 4, 8]


def test_the_state_has_the_layout_of_pytorchs_adam() -> None:
    config = configured()
    state = trained(config, SEEDS, steps=2).state_dict(1)
    plain = build_vae(config.model, (3, 8, 8), 5)
    adam = torch.optim.Adam(plain.parameters(), lr=1e-3)
    expected = adam.state_dict()
    (ours,), (group,) = state["param_groups"], expected["param_groups"]
    assert {name: ours[name] for name in group} == group  # of newer versions it has more
    adam.load_state_dict(state)
    assert {float(s["step"]) for s in adam.state.values()} == {2.0}


def test_a_state_that_was_loaded_is_that_which_was_saved() -> None:
    config = configured(objective="factor-vae")
    first, other = trained(config, SEEDS, steps=3), build_updater(config, SEEDS)
    for replica in range(2):
        other.vaes[replica].load_state_dict(first.weights(replica))
        adversary = first.adversary_state_dict(replica)
        other.load_state_dict(replica, first.state_dict(replica), adversary)
    assert other.updates_made() == [3, 3]
    for a, b in zip(first.learners, other.learners, strict=True):
        assert torch.equal(a.stack.weights, b.stack.weights)
        assert all(torch.equal(a._moments[n], b._moments[n]) for n in ("exp_avg", "exp_avg_sq"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("objective", "decoder"), [("factor-vae", "broadcast"), ("beta-tcvae", "coordconv")]
)
def test_what_is_compiled_computes_the_same(objective: str, decoder: str) -> None:
    """The graph that a compiler would get, run as it is, since there may be no compiler."""
    config = configured(decoder, objective)
    plain, compiled = (build_updater(config, SEEDS) for _ in range(2))
    compiled.compile(backend="aot_eager", fullgraph=True)
    source = open_source("circles:xy", 8, 8)
    for updater in (plain, compiled):
        with closing(build_maker(config, source, SEEDS, updater.device)) as maker:
            rounds = Rounds(updater, maker, maker.block(0, 1))
            for _ in range(3):
                rounds.run()
    for replica in range(2):
        for name, weight in plain.weights(replica).items():
            torch.testing.assert_close(compiled.weights(replica)[name], weight, rtol=0, atol=1e-5)
