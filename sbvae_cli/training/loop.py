"""The training loop: a generator of reports, which prints nothing and writes nothing."""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace

from sbvae_cli.config.schema import TrainingConfig
from sbvae_cli.data.workers import ahead
from sbvae_cli.errors import DivergedError
from sbvae_cli.training.inputs import InputMaker, Inputs
from sbvae_cli.training.rounds import Capture, Rounds, block_length
from sbvae_cli.training.update import Updater

# Updates after which a run reports for the first time, so that its length is soon known.
EARLY = 10

_BLOCKS_AHEAD = 1  # that wait for the loop

# Updates, of all replicas together, from which on compiling the objective takes less time than it
# saves on a GPU: about a minute against some tenths of a millisecond each.
_WORTH_COMPILING = 100_000


@dataclass(frozen=True)
class Report:
    """Where a replica stands, and whether it is to be saved there.

    Attributes:
        replica: Its number, from 0.
        step: Updates made.
        steps: Updates planned.
        terms: Loss terms, averaged over the steps since the last report, nats; none where a stop
            came between two reports, or the replica diverged.
        images_per_second: Images that it reconstructed, over the same steps; those that only a
            discriminator sees do not count, nor does time between updates that others take.
        seconds_left: Time to the end at that speed.
        save: Whether a checkpoint is due; then the weights are finite.
        error: What was not finite; then there are no more reports of this replica.
        note: A line on what does not work as it could here; in the first report alone.
        passing: Whether it only tells early how fast a run is that went on; a log without it is
            that of a run that never stopped.
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
        updater: Holds the models and their optimizers.
        maker: Makes what updates take, for as many replicas.
        config: Steps, batch size and how often to report and to save.
        start: Updates made before.
        stop: Asked before every step; true ends the loop.
        watch: Called with the number of updates made before the first one and after each; it may
            look at the models, but must leave them as they are.
        capture: As `Rounds` takes it.

    Yields:
        A report for each replica that has not diverged before: every `log_every` steps, early on,
        and whenever a checkpoint is due, that is every `checkpoint_every` steps, at the last, and
        after a stop, be it before the first step. Where it goes on, another one early on, which
        counts for no mean.
    """
    watch(start)
    meter = _Meter(config, start)
    step, alive = start, list(range(updater.replicas))
    saved, note = start if start > 0 else None, ""

    def reports(*, save: bool, passing: bool = False) -> list[Report]:
        nonlocal note
        seen = _look(updater, meter, step, save=save, passing=passing)
        found = [replace(report, note=note) for report in seen if report.replica in alive]
        alive[:] = [report.replica for report in found if report.error is None]
        note = ""
        return found

    with closing(_updates(updater, maker, config, start, capture)) as updates:
        while step < config.steps and alive and not stop():
            note = next(updates) or note
            meter.count()
            step += 1
            with meter.left_out():
                watch(step)
            save = step == config.steps or step % config.checkpoint_every == 0
            due = save or step % config.log_every == 0 or step == EARLY
            if due or step == start + EARLY:
                saved = step if save else saved
                found = reports(save=save, passing=not due)
                with meter.left_out():  # whoever takes it saves, validates and draws
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
    """Make one update of all replicas for each item, which is a line to be told, or empty."""
    left = config.steps - start
    compiled = (
        config.compile == "auto"
        and updater.device.type == "cuda"
        and left * updater.replicas >= _WORTH_COMPILING
    )
    first = maker.block(start, 1)
    rounds = Rounds(updater, maker, first, capture=capture, compiled=compiled)
    rounds.run()
    yield rounds.note
    length = block_length(updater, first)
    pin = updater.device.type == "cuda"
    with closing(
        ahead(_blocks(maker, start + 1, config.steps, length, pin), _BLOCKS_AHEAD)
    ) as blocks:
        for block in blocks:
            rounds.load(block)
            for _ in range(block.steps):
                rounds.run()
                yield ""


def _blocks(maker: InputMaker, start: int, stop: int, length: int, pin: bool) -> Iterator[Inputs]:
    """Blocks of inputs that grow to a length, so that the first ones soon come."""
    count = 1
    while start < stop:
        count = min(2 * count, length, stop - start)
        block = maker.block(start, count)
        yield block.each(lambda part: part.pin_memory()) if pin else block
        start += count


def _look(
    updater: Updater, meter: "_Meter", step: int, *, save: bool, passing: bool
) -> list[Report]:
    """Read where all replicas stand; weights too if they are to be saved.

    Weights may overflow though the loss was fine.
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
    steps: int  # since the last reading
    images_per_second: float
    seconds_left: float


class _Meter:
    """How fast a replica is, since the last reading, by a clock that can be stopped."""

    def __init__(self, config: TrainingConfig, start: int) -> None:
        self.planned = config.steps
        self._batch_size = config.batch_size
        self._step = self._timed_from = start
        self._left_out = 0.0  # seconds
        self._time = self._now()
        self._warm = False

    def count(self) -> None:
        """Note that a step was made."""
        if not self._warm:  # the first step sets up the device, and would spoil the speed
            self._warm = True
            self._timed_from += 1
            self._first = self._time
            self._time = self._now()

    @contextmanager
    def left_out(self) -> Iterator[None]:
        """Stop the clock in a block that is no training."""
        began = time.perf_counter()
        yield
        self._left_out += time.perf_counter() - began

    def _now(self) -> float:
        return time.perf_counter() - self._left_out

    def read(self, step: int, *, keep: bool) -> _Pace:
        """The pace since the last reading, which one that is kept does not count as."""
        steps = step - self._step
        if steps == 0:
            return _Pace(0, 0.0, 0.0)
        now = self._now()
        began, timed = self._time, step - self._timed_from
        if timed == 0:  # there was but one step
            began, timed = self._first, 1
        seconds = max(now - began, 1e-9) / timed
        if not keep:
            self._step, self._timed_from, self._time = step, step, now
        return _Pace(steps, self._batch_size / seconds, seconds * (self.planned - step))
