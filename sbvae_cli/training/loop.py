"""The training loop: it prints nothing and writes nothing; it calls back."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sbvae_cli.config.schema import TrainingConfig
from sbvae_cli.data.batches import Minibatch, to_device
from sbvae_cli.errors import DivergedError
from sbvae_cli.training.schedules import decayed
from sbvae_cli.training.update import Updater

# Tells the noise's stream of random numbers from those of the data.
_NOISE_STREAM = 0x6E6F


# Updates after which a run reports for the first time, so that its length is soon known.
EARLY = 10


@dataclass(frozen=True)
class Progress:
    """Where a run stands.

    Attributes:
        step: Updates made.
        steps: Updates planned.
        terms: Loss terms, averaged over the steps since the last report; nats.
        images_per_second: Reconstructed, over the same steps; those that only a discriminator
            sees do not count.
        seconds_left: At that speed.
    """

    step: int
    steps: int
    terms: dict[str, float]
    images_per_second: float
    seconds_left: float


def train(
    updater: Updater,
    batches: Iterator[Minibatch],
    config: TrainingConfig,
    *,
    noise_shape: tuple[int, int],
    start: int,
    on_progress: Callable[[Progress], None],
    on_checkpoint: Callable[[int], None],
    stop: Callable[[], bool],
) -> int:
    """Update from step `start` to `config.steps`.

    Args:
        updater: Holds the model and its optimizer.
        batches: Yields the uint8 images (n, H, W, C) of an update, from step `start` on.
        config: Steps, batch size, learning rate and how often to report.
        noise_shape: (n, K) of the noise of an update.
        start: Updates made before.
        on_progress: Called every `log_every` steps, early on, and at the last.
        on_checkpoint: Called with the number of updates made, every `checkpoint_every` steps and
            once more at the end or after a stop.
        stop: Asked after every step; true ends the loop.

    Returns:
        The number of updates made.

    Raises:
        DivergedError: If a loss term or gradient was not finite; no checkpoint comes after that.
    """
    meter = _Meter(config, start)
    step = start
    saved = start if start > 0 else None  # a stop before the first step is saved too
    while step < config.steps and not stop():
        images = to_device(next(batches), updater.device)
        noise = noise_of_step(config.seed, step, noise_shape, updater.device)
        decay = decayed(config.learning_rate_schedule, step, config.steps)
        meter.add(updater.update(images, noise, step, decay))
        step += 1
        due = step == config.steps or step % config.checkpoint_every == 0
        if step % config.log_every == 0 or step == start + EARLY or due:
            _check(updater)
            on_progress(meter.read(step))
        if due:
            _save(updater, step, on_checkpoint)
            saved = step
    if saved != step:
        _check(updater)
        _save(updater, step, on_checkpoint)
    return step


def noise_of_step(seed: int, step: int, shape: tuple[int, int], device: torch.device) -> Tensor:
    """Standard normal noise that depends on seed and step alone.

    It is drawn on the CPU, so that a resumed run draws it again and every device has the same.
    """
    mixed = np.random.SeedSequence([seed, _NOISE_STREAM, step]).generate_state(1, np.uint64)
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(int(mixed[0])))
    if device.type == "cuda":
        noise = noise.pin_memory()
    return noise.to(device, non_blocking=True)


def _check(updater: Updater) -> None:
    failure = updater.failure()
    if failure is not None:
        raise DivergedError.in_step(updater.updates_made() + 1, failure)


def _save(updater: Updater, step: int, on_checkpoint: Callable[[int], None]) -> None:
    """Save weights, if they are numbers: a step may overflow them though its own loss was fine."""
    if not updater.weights_are_finite():
        raise DivergedError(f"diverged in step {step}: its weights are not finite", step)
    on_checkpoint(step)


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

    def read(self, step: int) -> Progress:
        count = step - self._step
        terms = {name: total.item() / count for name, total in self._sums.items()}
        now = time.perf_counter()
        began, timed = self._time, step - self._timed_from
        if timed == 0:  # there was but one step
            began, timed = self._first, 1
        seconds = max(now - began, 1e-9) / timed
        self._sums, self._step, self._timed_from, self._time = {}, step, step, now
        return Progress(
            step=step,
            steps=self._config.steps,
            terms=terms,
            images_per_second=self._config.batch_size / seconds,
            seconds_left=seconds * (self._config.steps - step),
        )
