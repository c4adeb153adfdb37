"""A job: runs of a sweep that one process trains and then scores."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sbvae_cli.checkpoint import load_checkpoint
from sbvae_cli.config.names import ProtocolName
from sbvae_cli.config.schema import Config
from sbvae_cli.errors import BusyError, DivergedError, SbvaeError
from sbvae_cli.models.compute_settings import cpu_threads
from sbvae_cli.runs.memory import replicas_that_fit
from sbvae_cli.runs.own_data import open_own_data
from sbvae_cli.runs.replicas import Replica, reserved
from sbvae_cli.runs.resume import prepare_resumption
from sbvae_cli.runs.train import resume_runs, start_runs
from sbvae_cli.sweeps.activity import note_failure, remove_activity, report_activity
from sbvae_cli.sweeps.folder import (
    DONE,
    REMAINING,
    WORKING,
    State,
    refuse_other_run,
    run_state,
    without_path,
)
from sbvae_cli.sweeps.plan import SweepPlan, group_of, name_of, with_training
from sbvae_cli.sweeps.scoring import score_run
from sbvae_cli.training.devices import resolve_device

if TYPE_CHECKING:
    from sbvae_cli.runs.observers import Observer


# Wait for a process that holds a run without reporting any activity.
_LOCK_TIMEOUT_SECONDS = 60.0
_POLL_SECONDS = 0.2  # seconds between two attempts


@dataclass(frozen=True)
class Job:
    """Runs that one process trains and scores.

    Attributes:
        replicas: One run on a CPU; on CUDA, all unfinished runs of a setting, which train together.
        metrics: Names of the metrics; None for those that the paper reports.
        protocol: Sample sizes of the scores.
        device: Name of the device that computes.
    """

    replicas: tuple[Replica, ...]
    metrics: tuple[str, ...] | None
    protocol: ProtocolName
    device: str

    @property
    def names(self) -> list[str]:
        """Names of the runs, such as `xy-hole-broadcast-quick/0`."""
        return [name_of(each) for each in self.replicas]


def plan_jobs(plan: SweepPlan, device: str = "auto", most: int | None = None) -> list[Job]:
    """Divide the unfinished runs of a plan into jobs, in the plan's order.

    Args:
        plan: Plan of the sweep.
        device: Name of the device; `auto` for that of a run's settings. On a CPU each run has one
            thread, unless its settings have another number.
        most: Largest number of runs in a job; None for all that can train together.
    """
    sweep = plan.sweep
    states = (run_state(each, sweep.metrics, sweep.protocol) for each in plan.replicas)
    left = [each.replica for each in states if each.state not in DONE]
    jobs: dict[str, list[Replica]] = {}
    for each in left:
        together = is_on_cuda(_device_of(each, device))
        jobs.setdefault(group_of(each) if together else name_of(each), []).append(each)
    return [
        make_job(plan, replicas[first : first + (most or len(replicas))], device)
        for replicas in jobs.values()
        for first in range(0, len(replicas), most or len(replicas))
    ]


def make_job(plan: SweepPlan, replicas: Sequence[Replica], device: str) -> Job:
    """Make a job of runs of a plan, on a device; `auto` stands for that of their settings."""
    own = _device_of(replicas[0], device)
    on_device = tuple(Replica(_with_device(each, own), each.folder) for each in replicas)
    return Job(on_device, plan.sweep.metrics, plan.sweep.protocol, own)


def is_on_cuda(device: str) -> bool:
    """Return whether a name is that of a CUDA device, which may be in another machine."""
    return resolve_device("auto").type == "cuda" if device == "auto" else device.startswith("cuda")


def run_job(
    job: Job,
    *,
    observers: "Sequence[Observer]" = (),
    stop: Callable[[], bool] = lambda: False,
    on_note: Callable[[str], None] = lambda line: None,
) -> None:
    """Train the unfinished runs of a job, then score each run; finished parts are kept.

    A job whose process was lost can therefore simply be run again. A diverged run counts as
    done; the other runs of the job are trained and scored.

    Args:
        job: Runs that differ only in the seed.
        observers: Called with each report of runs that train together, as in `start_runs`.
        stop: Called before every step and between metrics; true saves and ends the job.
        on_note: Called with a line about something unexpected.

    Raises:
        SbvaeError: If another process holds a run without working on it, or a run cannot be trained
            or scored. It is the first error; each run's own is noted in its folder, and the other
            runs are trained and scored.
    """
    errors = _JobErrors(job)
    with suppress(_Stopped), _reserved(job, stop):
        for each in job.replicas:
            remove_activity(each.folder)
        for some in _group_for_training(errors):
            with (
                errors.recording(some),
                report_activity([each.folder for each in some], "training"),
            ):
                _train(some, job.device, observers, stop, on_note)
            if stop():
                break
        for each in errors.without_errors(job.replicas):
            if stop():
                break
            with errors.recording([each]):
                _score(each, job, stop, on_note)
    errors.raise_first()


@contextmanager
def _reserved(job: Job, stop: Callable[[], bool]) -> Iterator[None]:
    """Hold the run folders as soon as the other processes that work there release them.

    Runs may belong to several sweeps, and a process whose engine was killed saves first. On shared
    storage, locks of a lost machine remain for a while or forever: if there is no activity for
    `_LOCK_TIMEOUT_SECONDS` seconds, that is an error.
    """
    end = time.monotonic() + _LOCK_TIMEOUT_SECONDS
    while True:
        with ExitStack() as held:
            try:
                held.enter_context(reserved(job.replicas))
            except BusyError:
                if any(state in WORKING for state in _states(job)):
                    end = time.monotonic() + _LOCK_TIMEOUT_SECONDS
                if stop():
                    raise _Stopped from None
                if time.monotonic() > end:
                    raise
            else:
                yield
                return
        time.sleep(_POLL_SECONDS)


class _JobErrors:
    """Errors of a job's runs that cannot be trained or scored, also noted in their folders."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._found: dict[str, SbvaeError] = {}

    @contextmanager
    def recording(self, some: Sequence[Replica]) -> Iterator[None]:
        """Note an error of the block for each of these runs that it leaves unfinished."""
        try:
            yield
        except DivergedError:  # counts as done, and the others were trained
            return
        except SbvaeError as error:
            for each in some:
                if _state(each, self.job) not in DONE:
                    self._found[name_of(each)] = error
                    note_failure(each.folder, without_path(error.line, each))

    def without_errors(self, some: Sequence[Replica]) -> list[Replica]:
        """Return the runs that have no error."""
        return [each for each in some if name_of(each) not in self._found]

    def raise_first(self) -> None:
        """Raise the first error, if there is one."""
        for error in self._found.values():
            raise error


def note_lost(job: Job, why: str) -> None:
    """Note in the run folders why a job was lost, unless another process works there by now."""
    for each in job.replicas:
        if _state(each, job) in REMAINING:
            note_failure(each.folder, without_path(why, each))


def _state(replica: Replica, job: Job) -> State:
    return run_state(replica, job.metrics, job.protocol).state


def _states(job: Job) -> list[State]:
    return [_state(each, job) for each in job.replicas]


def _group_for_training(errors: _JobErrors) -> list[list[Replica]]:
    """Return unfinished runs in lists that are at one step and fit in memory together."""
    by_step: dict[int | None, list[Replica]] = {}
    for each in errors.job.replicas:
        with errors.recording([each]):
            refuse_other_run(each)
            if "diverged" in (each.folder.last_record() or {}):
                continue
            step = _step(each.folder.checkpoint) if _is_begun(each) else None
            if step is None or step < each.config.training.steps:
                by_step.setdefault(step, []).append(each)
    most = max(map(len, by_step.values()), default=0)
    number = replicas_that_fit(errors.job.replicas[0].config, most) if most else 1
    return [some[i : i + number] for some in by_step.values() for i in range(0, len(some), number)]


def _step(checkpoint: Path) -> int:
    try:
        return load_checkpoint(checkpoint).step
    except SbvaeError as error:
        raise SbvaeError(f"{error.line}; delete it to start this run again") from error


def _is_begun(replica: Replica) -> bool:
    return replica.folder.checkpoint.exists()


def _train(
    some: Sequence[Replica],
    device: str,
    observers: "Sequence[Observer]",
    stop: Callable[[], bool],
    on_note: Callable[[str], None],
) -> None:
    folders = [each.folder for each in some]
    if _is_begun(some[0]):
        source = some[0].config.data.source  # of a file that may have been moved
        wanted = {"training.device": device, "data.source": source}
        runs = [prepare_resumption(folder, wanted, on_note=on_note) for folder in folders]
        resume_runs(runs, observers=observers, stop=stop, on_note=on_note)
        return
    data = open_own_data(some[0].config.data, folders[0].path, on_note)
    configs = [each.config for each in some]
    start_runs(configs, data, folders, observers=observers, stop=stop, on_note=on_note)


def _score(
    replica: Replica, job: Job, stop: Callable[[], bool], on_note: Callable[[str], None]
) -> None:
    """Score a trained run, unless it is scored already."""
    folder = replica.folder
    if _state(replica, job) in DONE:
        remove_activity(folder)
        return

    def on_metric(metric: str, number: int, total: int) -> None:
        if stop():
            raise _Stopped

    with report_activity([folder], "scoring"), cpu_threads(replica.config.training.threads):
        score_run(folder, job.metrics, job.protocol, job.device, on_note, on_metric)
    remove_activity(folder)


class _Stopped(Exception):
    """The job was asked to end while it scored a run or waited for one."""


def _device_of(replica: Replica, device: str) -> str:
    return replica.config.training.device if device == "auto" else device


def _with_device(replica: Replica, device: str) -> Config:
    """Return the configuration of a run for a device."""
    training = replica.config.training
    alone = training.threads is None and not is_on_cuda(device)
    threads = 1 if alone else training.threads
    return with_training(replica.config, device=device, threads=threads)
