"""Updates against plain Adam, and what happens when a number is not finite."""

import copy
import functools
import math

import pytest
import torch
from torch import Tensor

from sbvae_cli.config.model import BroadcastDecoderConfig, EncoderConfig, ModelConfig
from sbvae_cli.errors import origins
from sbvae_cli.models.build import build_vae
from sbvae_cli.models.discriminator import Discriminator
from sbvae_cli.models.vae import VAE, reparameterize
from sbvae_cli.objectives.elbo import elbo
from sbvae_cli.objectives.factor_vae import discriminator_terms, factor_vae, permute_latents
from sbvae_cli.training.update import Adversary, Updater

IMAGES = torch.rand(4, 1, 8, 8, generator=torch.Generator().manual_seed(0))
NOISE = torch.randn(4, 2, generator=torch.Generator().manual_seed(1))


def small_vae(seed: int = 3) -> VAE:
    encoder = EncoderConfig(hidden_channels=(4,), hidden_units=(8,))
    decoder = BroadcastDecoderConfig(hidden_channels=(4,))
    config = ModelConfig(latent_dim=2, encoder=encoder, decoder=decoder)
    return build_vae(config, (1, 8, 8), seed=seed)


def move(
    updater: Updater, images: Tensor, noise: Tensor, decay: float = 1.0, **weights: float
) -> dict[str, Tensor]:
    """One update of replicas that all see the same."""
    named = {name: torch.tensor(w) for name, w in ({"beta": 1.0} | weights).items()}
    stacked = [part.expand(updater.replicas, *part.shape) for part in (images, noise)]
    return updater.update(*stacked, named, torch.tensor(decay))


def test_updates_are_those_of_adam() -> None:
    ours, plain = small_vae(), small_vae()
    updater = Updater([ours], elbo, 1e-2)
    optimizer = torch.optim.Adam(plain.parameters(), lr=1e-2)
    for _ in range(3):
        move(updater, IMAGES, NOISE)
        optimizer.zero_grad()
        elbo(plain, IMAGES, NOISE, 1.0)["loss"].backward()
        optimizer.step()
    for a, b in zip(ours.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(a, b)
    assert updater.updates_made() == [3]
    assert updater.failures() == [None]


def poisoned(
    vae: VAE, images: Tensor, noise: Tensor, beta: Tensor, *, where: str
) -> dict[str, Tensor]:
    terms = elbo(vae, images, noise, beta)
    bad = images.max() > 1
    if where == "loss":
        terms["loss"] = terms["loss"] + torch.where(bad, torch.inf, 0.0)
    else:  # the loss is finite, its gradient is not: d sqrt(x) / dx at 0
        zero = (next(vae.parameters()) * 0).sum()
        terms["loss"] = terms["loss"] + torch.where(bad, zero, zero.detach() + 1).sqrt()
    return terms


@pytest.mark.parametrize("where", ["loss", "gradient"])
def test_a_step_that_is_not_finite_moves_nothing_and_later_ones_neither(where: str) -> None:
    vae = small_vae()
    updater = Updater([vae], functools.partial(poisoned, where=where), 1e-2)
    move(updater, IMAGES, NOISE)
    weights = [p.detach().clone() for p in vae.parameters()]
    moments = updater.state_dict(0)["state"]
    move(updater, IMAGES + 1, NOISE)
    move(updater, IMAGES, NOISE)
    assert all(torch.equal(a, b) for a, b in zip(weights, vae.parameters(), strict=True))
    for i, state in updater.state_dict(0)["state"].items():
        assert torch.equal(moments[i]["exp_avg"], state["exp_avg"])
        assert torch.equal(moments[i]["exp_avg_sq"], state["exp_avg_sq"])
    assert updater.updates_made() == [1]


def poison(images: Tensor, replica: int, replicas: int) -> Tensor:
    """The images for each replica, too bright for one of them."""
    bright = torch.zeros(replicas)
    bright[replica] = 1
    return images + bright[:, None, None, None, None]


@pytest.mark.parametrize("where", ["loss", "gradient"])
def test_a_poisoned_replica_freezes_alone(where: str) -> None:
    seeds = (3, 4, 5)
    objective = functools.partial(poisoned, where=where)
    several = Updater([small_vae(seed) for seed in seeds], objective, 1e-3)
    alone = [Updater([small_vae(seed)], objective, 1e-3) for seed in seeds]
    beta, decay = {"beta": torch.tensor(1.0)}, torch.tensor(1.0)
    noise = NOISE.expand(3, -1, -1)
    for step in range(6):
        images = IMAGES.expand(3, -1, -1, -1, -1)
        several.update(poison(IMAGES, 1, 3) if step == 2 else images, noise, beta, decay)
        for replica, one in enumerate(alone):
            if replica != 1 or step < 2:
                one.update(images[:1], noise[:1], beta, decay)
    assert several.updates_made() == [6, 2, 6]
    assert several.failed.tolist() == [0, 1, 0]
    failures = several.failures()
    assert (failures[0], failures[2]) == (None, None)
    assert origins(failures[1]) == ["loss" if where == "loss" else "gradient_norm"]
    for replica, one in enumerate(alone):
        for name, weight in several.weights(replica).items():
            torch.testing.assert_close(weight, one.weights(0)[name], rtol=0, atol=1e-4)


def test_replicas_start_from_their_own_weights_and_keep_their_modules() -> None:
    vaes = [small_vae(seed) for seed in (3, 4)]
    expected = [copy.deepcopy(vae.state_dict()) for vae in vaes]
    updater = Updater(vaes, elbo, 1e-2)
    for replica, weights in enumerate(expected):
        assert all(torch.equal(updater.weights(replica)[n], w) for n, w in weights.items())
    move(updater, IMAGES, NOISE)
    for replica, vae in enumerate(vaes):
        moved = updater.weights(replica)
        assert all(torch.equal(moved[name], w) for name, w in vae.state_dict().items())
        assert not torch.equal(
            moved["decoder.broadcast.weight"], expected[replica]["decoder.broadcast.weight"]
        )


def test_saved_weights_share_no_memory_with_other_replicas() -> None:
    updater = Updater([small_vae(seed) for seed in (3, 4)], elbo, 1e-2)
    move(updater, IMAGES, NOISE)
    states = updater.state_dict(1)["state"].values()
    for tensor in (*updater.weights(1).values(), *(s["exp_avg"] for s in states)):
        assert tensor.untyped_storage().nbytes() == tensor.nbytes


def test_an_adam_of_pytorch_goes_on_from_the_saved_state() -> None:
    updater = Updater([small_vae(seed) for seed in (3, 4)], elbo, 1e-2)
    for _ in range(3):
        move(updater, IMAGES, NOISE)
    plain = small_vae()
    plain.load_state_dict(updater.weights(1))
    optimizer = torch.optim.Adam(plain.parameters(), lr=1e-2)
    optimizer.load_state_dict(updater.state_dict(1))
    elbo(plain, IMAGES, NOISE, 1.0)["loss"].backward()
    optimizer.step()
    move(updater, IMAGES, NOISE)
    for name, weight in plain.state_dict().items():
        torch.testing.assert_close(updater.weights(1)[name], weight, rtol=1e-4, atol=1e-5)


def test_totals_are_sums_since_the_last_reading() -> None:
    updater = Updater([small_vae(seed) for seed in (3, 4)], elbo, 1e-2)
    sums = [0.0, 0.0]
    for _ in range(3):
        terms = move(updater, IMAGES, NOISE)
        sums = [a + b for a, b in zip(sums, terms["kl"].tolist(), strict=True)]
    assert [total["kl"] for total in updater.read_totals()] == pytest.approx(sums, rel=1e-6)
    assert [total["kl"] for total in updater.read_totals()] == [0, 0]


def test_a_trial_leaves_no_trace() -> None:
    updater, other = (Updater([small_vae()], elbo, 1e-2) for _ in range(2))
    with updater.without_effect():
        move(updater, IMAGES + 1e30, NOISE)
        move(updater, IMAGES, NOISE)
    assert updater.updates_made() == [0]
    assert updater.read_totals()[0]["loss"] == 0
    for one in (updater, other):
        move(one, IMAGES, NOISE)
    assert all(torch.equal(w, other.weights(0)[n]) for n, w in updater.weights(0).items())
    assert updater.failures() == [None]


def test_the_failure_is_that_of_the_first_bad_step() -> None:
    updater = Updater([small_vae()], functools.partial(poisoned, where="loss"), 1e-2)
    move(updater, IMAGES, NOISE)
    move(updater, IMAGES + 1, NOISE)
    move(updater, IMAGES, NOISE)
    (failure,) = updater.failures()
    assert failure is not None
    assert math.isinf(failure["loss"])
    assert math.isfinite(failure["nll"])


def with_discriminator(gamma: float = 35.0, **options: object) -> tuple[Updater, Discriminator]:
    network = Discriminator(2, (8, 8), generator=torch.Generator().manual_seed(4))
    adversary = Adversary([network], "discriminator_loss", 1e-3, (0.5, 0.9))
    objective = functools.partial(factor_vae, gamma=gamma)
    return Updater([small_vae()], objective, 1e-2, adversary=adversary, **options), network


TWO_BATCHES = torch.cat([IMAGES, IMAGES.flip(2)])
THREE_NOISES = torch.randn(12, 2, generator=torch.Generator().manual_seed(5))


def test_the_total_correlation_moves_no_weight_of_the_discriminator() -> None:
    weights = []
    for gamma in (0.0, 1e6):
        updater, network = with_discriminator(gamma)
        move(updater, TWO_BATCHES, THREE_NOISES)
        weights.append([p.detach().clone() for p in network.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*weights, strict=True))


def test_the_discriminators_loss_moves_no_weight_of_the_model() -> None:
    """At gamma 0 the model takes the steps that it takes without a discriminator."""
    updater, network = with_discriminator(0.0)
    before = [p.detach().clone() for p in network.parameters()]
    plain = Updater([small_vae()], elbo, 1e-2)
    for _ in range(3):
        move(updater, TWO_BATCHES, THREE_NOISES)
        move(plain, IMAGES, THREE_NOISES[:4])
    for a, b in zip(updater.vaes[0].parameters(), plain.vaes[0].parameters(), strict=True):
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
    move(updater, TWO_BATCHES, THREE_NOISES, decay=0.5)
    for a, b in zip(network.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("bad", ["images", "discriminator"])
def test_model_and_discriminator_stop_together(bad: str) -> None:
    updater, network = with_discriminator()
    move(updater, TWO_BATCHES, THREE_NOISES)
    weights = [p.detach().clone() for p in (*updater.vaes[0].parameters(), *network.parameters())]
    if bad == "images":  # which the discriminator sees only as codes
        move(updater, torch.full_like(TWO_BATCHES, math.inf), THREE_NOISES)
    else:
        kept = network.layers[-1].bias.detach().clone()
        network.layers[-1].bias.data.fill_(math.nan)
        move(updater, TWO_BATCHES, THREE_NOISES)
        network.layers[-1].bias.data.copy_(kept)
    move(updater, TWO_BATCHES, THREE_NOISES)
    moved = (*updater.vaes[0].parameters(), *network.parameters())
    assert all(torch.equal(a, b) for a, b in zip(weights, moved, strict=True))
    assert updater.updates_made() == [1]
    (failure,) = updater.failures()
    assert failure is not None
    expected = ["nll", "kl"] if bad == "images" else []
    assert origins(failure)[: len(expected)] == expected
    assert "total_correlation" in origins(failure)
    assert not {"loss", "gradient_norm", "discriminator_gradient_norm"} & set(origins(failure))


def test_clipped_gradients_have_the_largest_norm_and_their_direction() -> None:
    plain = Updater([small_vae()], elbo, 1e-2)
    clipped = Updater([small_vae()], elbo, 1e-2, clip_grad=0.1)
    for updater in (plain, clipped):
        move(updater, IMAGES, NOISE)
    whole, short = (updater.learners[0].gradient[0] for updater in (plain, clipped))
    assert whole.norm().item() > 1
    assert short.norm().item() == pytest.approx(0.1, rel=1e-3)
    torch.testing.assert_close(short, whole * (0.1 / whole.norm()), rtol=1e-3, atol=1e-7)


def test_each_network_is_clipped_by_itself() -> None:
    updater, _ = with_discriminator(clip_grad=1e-3)
    move(updater, TWO_BATCHES, THREE_NOISES)
    for learner in updater.learners:
        assert learner.gradient[0].norm().item() == pytest.approx(1e-3, rel=0.01)


def test_origins_are_terms_before_what_follows_from_them() -> None:
    inf, nan = math.inf, math.nan
    assert origins({"loss": nan, "nll": 1.0, "kl": inf, "gradient_norm": nan}) == ["kl"]
    assert origins({"loss": inf, "nll": 1.0, "kl": 2.0, "gradient_norm": nan}) == ["loss"]
    assert origins({"loss": 1.0, "nll": 1.0, "gradient_norm": nan}) == ["gradient_norm"]
    assert origins({"loss": 1.0}) == []


def test_weights_of_the_discriminator_count_as_weights() -> None:
    updater, network = with_discriminator()
    assert updater.weights_are_finite() == [True]
    network.layers[0].bias.data[0] = math.inf
    assert updater.weights_are_finite() == [False]


WRONG = ("number", "tensor", "tensors", "complex")


@pytest.mark.parametrize("damage", [*WRONG, "empty", "shape", "lacks", "none", "weights"])
def test_a_damaged_state_is_refused_before_anything_computes_with_it(damage: str) -> None:
    updater, _ = with_discriminator()
    move(updater, TWO_BATCHES, THREE_NOISES)
    optimizer, other = updater.state_dict(0), updater.adversary_state_dict(0)
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
        case "tensor":
            other["optimizer"]["state"] = torch.zeros(2, 2)
        case "tensors":
            other["optimizer"]["state"][0] = torch.zeros(9 * (1,))  # may be indexed by a text
        case "complex":
            state = other["optimizer"]["state"][1]
            state["exp_avg"] = state["exp_avg"].to(torch.complex64)
    with pytest.raises(ValueError, match=r"missing|another shape|no real numbers"):
        with_discriminator()[0].load_state_dict(0, optimizer, other)


@pytest.mark.parametrize("damage", ["tensor", "tensors", "complex"])
def test_a_damaged_state_of_the_model_s_own_adam_is_refused_too(damage: str) -> None:
    updater, _ = with_discriminator()
    move(updater, TWO_BATCHES, THREE_NOISES)
    optimizer = updater.state_dict(0)
    match damage:
        case "tensor":
            optimizer["state"] = torch.zeros(2, 2)
        case "tensors":
            optimizer["state"][0] = torch.zeros(9 * (1,))
        case "complex":
            moment = optimizer["state"][0]["exp_avg"]
            optimizer["state"][0]["exp_avg"] = moment.to(torch.complex64)
    with pytest.raises(ValueError, match=r"is no mapping|has no real numbers"):
        with_discriminator()[0].load_state_dict(0, optimizer, updater.adversary_state_dict(0))
