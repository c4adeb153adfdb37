"""The training loop, a generator of reports, which neither prints nor writes."""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace

from sbvae_cli.config.schema import TrainingConfig
from sbvae_cli.data.workers import prefetch
from sbvae_cli.errors import DivergedError
from sbvae_cli.training.inputs import InputMaker, Inputs
from sbvae_cli.training.rounds import Capture, Rounds, block_length
from sbvae_cli.training.update import Updater

# Number of updates after which an additional report tells early how long the run takes.
EARLY_REPORT = 10

_BLOCKS_AHEAD = 1  # blocks of inputs that are made before the loop needs them

# Number of updates of all replicas from which on compilation pays on a GPU: it takes about a minute
# and saves some tenths of a millisecond per update.
_MIN_STEPS_TO_COMPILE = 100_000


@dataclass(frozen=True)
class Report:
    """Progress of a replica, and whether to save a checkpoint.

    Attributes:
        replica: Number of the replica, from 0.
        step: Number of updates made.
        steps: Number of updates planned.
        terms: Loss terms in nats, averaged over the steps since the last report; empty if training
            was stopped between two reports or the replica diverged.
        images_per_second: Reconstructed images per second over the same steps. Images that only a
            discriminator uses do not count, nor does the time spent outside of updates.
        seconds_left: Time to the end at this speed, in seconds.
        save: Whether a checkpoint is due; its weights are finite.
        error: Error that says what was not finite, in the last report of a diverged replica.
        note: Line for the user on a feature that does not work on this machine; in one report only.
        passing: Whether this is only an early report on the speed of a resumed run. It is not
            logged, so that the log is that of an uninterrupted run.
    """

    replica: int
    step: int
    steps: int
    terms: dict[str, float]
    images_per_second: float
    seconds_left: float
    save: bool
    error: DivergedError | None = None
    note: str = ""
    passing: bool = False


def train(
    updater: Updater,
    maker: InputMaker,
    config: TrainingConfig,
    *,
    start: int = 0,
    stop: Callable[[], bool] = lambda: False,
    watch: Callable[[int], None] = lambda step: None,
    capture: Capture | None = None,
) -> Generator[list[Report], None, None]:
    """Update all replicas from step `start` to `config.steps`.

    Args:
        updater: Updater with the models and their optimizers.
        maker: Maker of the inputs, for the same number of replicas.
        config: Configuration with the number of steps and the intervals of reports and checkpoints.
        start: Number of updates made before, 0 unless the run is resumed.
        stop: Called before every step; True ends the loop.
        watch: Called with the number of updates made, before the first update and after each one;
            it must not change the models.
        capture: Argument of `Rounds`.

    Yields:
        A report for each replica that has not diverged before. Reports come every `log_every`
        steps, at step `EARLY_REPORT`, and whenever a checkpoint is due: every `checkpoint_every`
        steps, at the last step, and when `stop` ends the loop. A resumed run has another report
        `EARLY_REPORT` steps after its start, which does not reset the means.
    """
    watch(start)
    meter = _Meter(config, start)
    step, alive = start, list(range(updater.replicas))
    saved, note = start if start > 0 else None, ""

    def reports(*, save: bool, passing: bool = False) -> list[Report]:
        nonlocal note
        seen = _make_reports(updater, meter, step, save=save, passing=passing)
        found = [replace(report, note=note) for report in seen if report.replica in alive]
        alive[:] = [report.replica for report in found if report.error is None]
        note = ""
        return found

    with closing(_updates(updater, maker, config, start, capture)) as updates:
        while step < config.steps and alive and not stop():
            note = next(updates) or note
            meter.count()
            step += 1
            with meter.paused():
                watch(step)
            save = step == config.steps or step % config.checkpoint_every == 0
            due = save or step % config.log_every == 0 or step == EARLY_REPORT
            if due or step == start + EARLY_REPORT:
                saved = step if save else saved
                found = reports(save=save, passing=not due)
                with meter.paused():  # the consumer saves, validates and draws
                    yield found
    if alive and saved != step:
        yield [replace(report, terms={}) for report in reports(save=True)]


def _updates(
    updater: Updater,
    maker: InputMaker,
    config: TrainingConfig,
    start: int,
    capture: Capture | None,
) -> Generator[str, None, None]:
    """Update all replicas once for each item; an item is a line for the user, or empty."""
    left = config.steps - start
    compiled = (
        config.compile == "auto"
        and updater.device.type == "cuda"
        and left * updater.replicas >= _MIN_STEPS_TO_COMPILE
    )
    first = maker.block(start, 1)
    rounds = Rounds(updater, maker, first, capture=capture, compiled=compiled)
    rounds.run()
    yield rounds.note
    length = block_length(updater, first)
    pin = updater.device.type == "cuda"
    with closing(
        prefetch(_blocks(maker, start + 1, config.steps, length, pin), _BLOCKS_AHEAD)
    ) as blocks:
        for block in blocks:
            rounds.load(block)
            for _ in range(block.steps):
                rounds.run()
                yield ""


def _blocks(maker: InputMaker, start: int, stop: int, length: int, pin: bool) -> Iterator[Inputs]:
    """Yield blocks of inputs that grow to `length`, so that the first ones are ready early."""
    count = 1
    while start < stop:
        count = min(2 * count, length, stop - start)
        block = maker.block(start, count)
        yield block.each(lambda part: part.pin_memory()) if pin else block
        start += count


def _make_reports(
    updater: Updater, meter: "_Meter", step: int, *, save: bool, passing: bool
) -> list[Report]:
    """Make the reports of all replicas; if they are to be saved, check their weights too.

    Weights may overflow in an update although its loss and gradients are finite.
    """
    failures, totals = updater.failures(), updater.read_totals(keep=passing)
    finite = updater.weights_are_finite() if save else [True] * updater.replicas
    made = updater.updates_made() if any(failures) else []
    pace = meter.read(step, keep=passing)
    found = []
    for replica, (failure, sums) in enumerate(zip(failures, totals, strict=True)):
        error = None
        if failure is not None:
            error = DivergedError.in_step(made[replica] + 1, failure)
        elif not finite[replica]:
            error = DivergedError(f"diverged in step {step}: its weights are not finite", step)
        means = {name: total / pace.steps for name, total in sums.items()} if pace.steps else {}
        found.append(
            Report(
                replica=replica,
                step=step,
                steps=meter.planned,
                terms={} if error else means,
                images_per_second=pace.images_per_second,
                seconds_left=pace.seconds_left,
                save=save and error is None,
                error=error,
                passing=passing,
            )
        )
    return found


@dataclass(frozen=True)
class _Pace:
    steps: int  # number of steps since the last reading
    images_per_second: float
    seconds_left: float


class _Meter:
    """Meter of the speed of training since the last reading, with a clock that can be paused."""

    def __init__(self, config: TrainingConfig, start: int) -> None:
        self.planned = config.steps
        self._batch_size = config.batch_size
        self._step = self._timed_from = start
        self._left_out = 0.0  # seconds
        self._time = self._now()
        self._warm = False

    def count(self) -> None:
        """Count a step."""
        if not self._warm:  # the first step sets up the device and is not representative
            self._warm = True
            self._timed_from += 1
            self._first = self._time
            self._time = self._now()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Pause the clock during a block that is not training."""
        began = time.perf_counter()
        yield
        self._left_out += time.perf_counter() - began

    def _now(self) -> float:
        return time.perf_counter() - self._left_out

    def read(self, step: int, *, keep: bool) -> _Pace:
        """Return the pace since the last reading; with `keep`, this one does not count as such."""
        steps = step - self._step
        if steps == 0:
            return _Pace(0, 0.0, 0.0)
        now = self._now()
        began, timed = self._time, step - self._timed_from
        if timed == 0:  # there was only the first step
            began, timed = self._first, 1
        seconds = max(now - began, 1e-9) / timed
        if not keep:
            self._step, self._timed_from, self._time = step, step, now
        return _Pace(steps, self._batch_size / seconds, seconds * (self.planned - step))
