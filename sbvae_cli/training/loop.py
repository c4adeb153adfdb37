"""The training loop: a generator of reports, which prints nothing and writes nothing."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from sbvae_cli.config.schema import TrainingConfig
from sbvae_cli.data.batches import Minibatch, to_device
from sbvae_cli.errors import DivergedError
from sbvae_cli.models.layers import seeded_generator
from sbvae_cli.random import seed_of
from sbvae_cli.training.schedules import decayed
from sbvae_cli.training.update import Updater

# Updates after which a run reports for the first time, so that its length is soon known.
EARLY = 10


@dataclass(frozen=True)
class Report:
    """Where a run stands, and whether it is to be saved there.

    Attributes:
        step: Updates made.
        steps: Updates planned.
        terms: Loss terms, averaged over the steps since the last report, nats; none where a stop
            came between two reports.
        images_per_second: Images reconstructed, over the same steps; those that only a
            discriminator sees do not count.
        seconds_left: Time to the end at that speed.
        save: Whether a checkpoint is due; then the weights are finite.
    """

    step: int
    steps: int
    terms: dict[str, float]
    images_per_second: float
    seconds_left: float
    save: bool


def train(
    updater: Updater,
    batches: Iterator[Minibatch],
    config: TrainingConfig,
    *,
    noise_shape: tuple[int, int],
    start: int = 0,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Report]:
    """Update from step `start` to `config.steps`.

    Args:
        updater: Holds the model and its optimizer.
        batches: Yields the uint8 images (n, H, W, C) of an update, from step `start` on.
        config: Steps, batch size, learning rate and how often to report and to save.
        noise_shape: (n, K) of the noise of an update.
        start: Updates made before.
        stop: Asked before every step; true ends the loop.

    Yields:
        A report every `log_every` steps, early on, and whenever a checkpoint is due: every
        `checkpoint_every` steps, at the last, and after a stop, be it before the first step.

    Raises:
        DivergedError: If a loss term or gradient was not finite, or a weight where a checkpoint
            is due; no report comes after that.
    """
    meter = _Meter(config, start)
    step = start
    saved = start if start > 0 else None
    while step < config.steps and not stop():
        images = to_device(next(batches), updater.device)
        noise = noise_of_step(config.seed, step, noise_shape, updater.device)
        decay = decayed(config.learning_rate_schedule, step, config.steps)
        meter.add(updater.update(images, noise, step, decay))
        step += 1
        save = step == config.steps or step % config.checkpoint_every == 0
        if save or step % config.log_every == 0 or step == start + EARLY:
            _check(updater, step, weights=save)
            saved = step if save else saved
            yield meter.read(step, save=save)
    if saved != step:
        _check(updater, step, weights=True)
        yield Report(step, config.steps, {}, 0.0, 0.0, save=True)


def noise_of_step(seed: int, step: int, shape: tuple[int, int], device: torch.device) -> Tensor:
    """Standard normal noise that depends on seed and step alone.

    It is drawn on the CPU, so that a resumed run draws it again and every device has the same.
    """
    noise = torch.randn(shape, generator=seeded_generator(seed_of(seed, "noise", step)))
    if device.type == "cuda":
        noise = noise.pin_memory()
    return noise.to(device, non_blocking=True)


def _check(updater: Updater, step: int, *, weights: bool) -> None:
    """Look at the updates so far, and at weights: these may overflow though the loss was fine."""
    failure = updater.failure()
    if failure is not None:
        raise DivergedError.in_step(updater.updates_made() + 1, failure)
    if weights and not updater.weights_are_finite():
        raise DivergedError(f"diverged in step {step}: its weights are not finite", step)


class _Meter:
    """Means of the loss terms, and the speed, since the last reading."""

    def __init__(self, config: TrainingConfig, start: int) -> None:
        self._config = config
        self._sums: dict[str, Tensor] = {}
        self._step = self._timed_from = start
        self._time = time.perf_counter()
        self._warm = False

    def add(self, terms: dict[str, Tensor]) -> None:
        for name, term in terms.items():
            self._sums[name] = self._sums[name] + term if name in self._sums else term
        if not self._warm:  # the first step sets up the device, and would spoil the speed
            self._warm = True
            self._timed_from += 1
            self._first = self._time
            self._time = time.perf_counter()

    def read(self, step: int, *, save: bool) -> Report:
        count = step - self._step
        terms = {name: total.item() / count for name, total in self._sums.items()}
        now = time.perf_counter()
        began, timed = self._time, step - self._timed_from
        if timed == 0:  # there was but one step
            began, timed = self._first, 1
        seconds = max(now - began, 1e-9) / timed
        self._sums, self._step, self._timed_from, self._time = {}, step, step, now
        return Report(
            step=step,
            steps=self._config.steps,
            terms=terms,
            images_per_second=self._config.batch_size / seconds,
            seconds_left=seconds * (self._config.steps - step),
            save=save,
        )
