"""The loop on its own: what it reports and when, and the noise of a step."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from sbvae_cli.config.model import EncoderConfig, ModelConfig
from sbvae_cli.config.objective import VaeConfig
from sbvae_cli.config.schema import TrainingConfig
from sbvae_cli.errors import DivergedError
from sbvae_cli.models.build import build_vae
from sbvae_cli.runs.build import build_objective
from sbvae_cli.training.loop import EARLY, Progress, noise_of_step, train
from sbvae_cli.training.update import Updater


def images() -> Iterator[np.ndarray]:
    rng = np.random.default_rng(0)
    while True:
        yield rng.integers(0, 256, (4, 8, 8, 1), dtype=np.uint8)


def updater(learning_rate: float) -> Updater:
    encoder = EncoderConfig(hidden_channels=(4,), hidden_units=(8,))
    vae = build_vae(ModelConfig(latent_dim=2, encoder=encoder), (1, 8, 8), seed=3)
    return Updater(vae, build_objective(VaeConfig()), learning_rate)


def run(config: TrainingConfig, start: int = 0, stop_at: int | None = None) -> dict[str, list]:
    seen: dict[str, list] = {"progress": [], "checkpoints": []}
    one = updater(config.learning_rate)
    seen["done"] = [
        train(
            one,
            images(),
            config,
            noise_shape=(4, 2),
            start=start,
            on_progress=seen["progress"].append,
            on_checkpoint=seen["checkpoints"].append,
            stop=lambda: stop_at is not None and one.updates_made() >= stop_at,
        )
    ]
    return seen


def test_progress_and_checkpoints_come_when_they_are_due() -> None:
    config = TrainingConfig(steps=50, batch_size=4, log_every=20, checkpoint_every=25)
    seen = run(config)
    assert [p.step for p in seen["progress"]] == [EARLY, 20, 25, 40, 50]
    assert seen["checkpoints"] == [25, 50]
    assert seen["done"] == [50]
    last: Progress = seen["progress"][-1]
    assert last.seconds_left == 0
    assert set(last.terms) == {"loss", "nll", "kl"}


def test_terms_are_means_over_the_steps_since_the_last_report() -> None:
    each = run(TrainingConfig(steps=8, batch_size=4, log_every=1))["progress"]
    pairs = run(TrainingConfig(steps=8, batch_size=4, log_every=4))["progress"]
    for i, mean in enumerate(pairs):
        expected = np.mean([p.terms["nll"] for p in each[4 * i : 4 * i + 4]])
        assert mean.terms["nll"] == pytest.approx(expected, rel=1e-6)


def test_a_stop_ends_after_the_step_and_is_saved() -> None:
    seen = run(TrainingConfig(steps=50, batch_size=4, checkpoint_every=100), stop_at=3)
    assert seen["done"] == [3]
    assert seen["checkpoints"] == [3]


def test_a_stop_before_the_first_step_is_saved_too() -> None:
    seen = run(TrainingConfig(steps=50, batch_size=4), stop_at=0)
    assert (seen["done"], seen["checkpoints"]) == ([0], [0])


def test_divergence_names_the_step_and_its_terms() -> None:
    config = TrainingConfig(steps=50, batch_size=4, learning_rate=1e30, log_every=7)
    with pytest.raises(DivergedError, match=r"diverged in step 2: nll is nan, kl is nan"):
        run(config)


def test_noise_depends_on_seed_and_step_alone() -> None:
    cpu = torch.device("cpu")
    first = noise_of_step(1, 5, (400, 50), cpu)
    torch.manual_seed(3)
    assert torch.equal(first, noise_of_step(1, 5, (400, 50), cpu))
    for seed, step in ((1, 6), (2, 5), (5, 1)):
        assert not torch.equal(first, noise_of_step(seed, step, (400, 50), cpu))
    assert first.mean().item() == pytest.approx(0, abs=0.03)
    assert first.std().item() == pytest.approx(1, abs=0.03)
