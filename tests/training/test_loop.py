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
from sbvae_cli.training.build import build_objective
from sbvae_cli.training.loop import EARLY, Report, noise_of_step, train
from sbvae_cli.training.update import Updater


def images() -> Iterator[np.ndarray]:
    rng = np.random.default_rng(0)
    while True:
        yield rng.integers(0, 256, (4, 8, 8, 1), dtype=np.uint8)


def updater(learning_rate: float) -> Updater:
    encoder = EncoderConfig(hidden_channels=(4,), hidden_units=(8,))
    vae = build_vae(ModelConfig(latent_dim=2, encoder=encoder), (1, 8, 8), seed=3)
    return Updater(vae, build_objective(VaeConfig()), learning_rate)


def run(config: TrainingConfig, start: int = 0, stop_at: int | None = None) -> Iterator[Report]:
    one = updater(config.learning_rate)

    def stop() -> bool:
        return stop_at is not None and one.updates_made() >= stop_at

    return train(one, images(), config, noise_shape=(4, 2), start=start, stop=stop)


def test_reports_come_when_they_or_checkpoints_are_due() -> None:
    config = TrainingConfig(steps=50, batch_size=4, log_every=20, checkpoint_every=25)
    reports = list(run(config))
    assert [report.step for report in reports] == [EARLY, 20, 25, 40, 50]
    assert [report.step for report in reports if report.save] == [25, 50]
    assert reports[-1].seconds_left == 0
    assert set(reports[-1].terms) == {"loss", "nll", "kl"}


def test_terms_are_means_over_the_steps_since_the_last_report() -> None:
    each = list(run(TrainingConfig(steps=8, batch_size=4, log_every=1)))
    pairs = run(TrainingConfig(steps=8, batch_size=4, log_every=4))
    for i, mean in enumerate(pairs):
        expected = np.mean([p.terms["nll"] for p in each[4 * i : 4 * i + 4]])
        assert mean.terms["nll"] == pytest.approx(expected, rel=1e-6)


def test_a_stop_ends_after_the_step_and_is_saved() -> None:
    (report,) = run(TrainingConfig(steps=50, batch_size=4, checkpoint_every=100), stop_at=3)
    assert (report.step, report.save, report.terms) == (3, True, {})


def test_a_stop_before_the_first_step_is_saved_too() -> None:
    (report,) = run(TrainingConfig(steps=50, batch_size=4), stop_at=0)
    assert (report.step, report.save) == (0, True)


def test_a_stop_where_nothing_is_new_is_not_saved_again() -> None:
    config = TrainingConfig(steps=50, batch_size=4, checkpoint_every=3)
    assert [report.step for report in run(config, stop_at=3)] == [3]
    assert list(run(config, start=7, stop_at=0)) == []


@pytest.mark.parametrize("checkpoint_every", [1, 7])
def test_weights_that_overflowed_are_reported_to_nobody_that_would_save(
    checkpoint_every: int,
) -> None:
    config = TrainingConfig(
        steps=50, batch_size=4, learning_rate=1e39, checkpoint_every=checkpoint_every
    )
    with pytest.raises(DivergedError) as caught:
        list(run(config))
    expected = (1, "its weights are not finite") if checkpoint_every == 1 else (2, "nll is nan")
    assert (caught.value.step, expected[1] in str(caught.value)) == (expected[0], True)


def test_divergence_names_the_step_and_its_terms() -> None:
    config = TrainingConfig(steps=50, batch_size=4, learning_rate=1e30, log_every=7)
    with pytest.raises(DivergedError, match=r"diverged in step 2: nll is nan, kl is nan"):
        list(run(config))


def test_noise_depends_on_seed_and_step_alone() -> None:
    cpu = torch.device("cpu")
    first = noise_of_step(1, 5, (400, 50), cpu)
    torch.manual_seed(3)
    assert torch.equal(first, noise_of_step(1, 5, (400, 50), cpu))
    for seed, step in ((1, 6), (2, 5), (5, 1)):
        assert not torch.equal(first, noise_of_step(seed, step, (400, 50), cpu))
    assert first.mean().item() == pytest.approx(0, abs=0.03)
    assert first.std().item() == pytest.approx(1, abs=0.03)
