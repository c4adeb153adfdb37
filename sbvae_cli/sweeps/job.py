"""A job: some runs of a sweep that are trained, and then scored, by one process."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from sbvae_cli.checkpoint import load_checkpoint
from sbvae_cli.config.names import ProtocolName
from sbvae_cli.config.schema import Config
from sbvae_cli.errors import DivergedError, SbvaeError
from sbvae_cli.models.compute_settings import cpu_threads
from sbvae_cli.runs.memory import replicas_that_fit
from sbvae_cli.runs.own_data import open_own_data
from sbvae_cli.runs.replicas import Replica, reserved
from sbvae_cli.runs.resume import prepare_resumption
from sbvae_cli.runs.train import resume_runs, start_runs
from sbvae_cli.sweeps.doing import doing, forget, note_failure
from sbvae_cli.sweeps.folder import DONE, State, refuse_other_run, run_state
from sbvae_cli.sweeps.plan import Plan, group_of, name_of, with_training
from sbvae_cli.sweeps.scoring import score_run
from sbvae_cli.training.devices import resolve_device

if TYPE_CHECKING:
    from sbvae_cli.runs.observers import Observer


_PATIENCE = 5.0  # seconds to wait for a process that holds a run
_PAUSE = 0.2  # seconds between two tries


@dataclass(frozen=True)
class Job:
    """Runs that one process trains and scores.

    Attributes:
        replicas: One run on a CPU; on CUDA all of a setting that are left, which train at once.
        metrics: What they are scored by; None is what the paper reports.
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


def plan_jobs(plan: Plan, device: str = "auto", most: int | None = None) -> list[Job]:
    """The jobs of a plan, without runs that are finished or diverged, in its order.

    Args:
        plan: All runs.
        device: Name of the device, where `auto` is that of a run's settings; on a CPU each run
            has one thread, unless its settings say.
        most: Largest number of runs in a job; None for all that may train together.
    """
    sweep = plan.sweep
    left = [
        each
        for each in plan.replicas
        if run_state(each, sweep.metrics, sweep.protocol).state not in DONE
    ]
    jobs: dict[str, list[Replica]] = {}
    for each in left:
        together = is_on_cuda(_device_of(each, device))
        jobs.setdefault(group_of(each) if together else name_of(each), []).append(each)
    return [
        make_job(plan, replicas[first : first + (most or len(replicas))], device)
        for replicas in jobs.values()
        for first in range(0, len(replicas), most or len(replicas))
    ]


def make_job(plan: Plan, replicas: Sequence[Replica], device: str) -> Job:
    """A job of these runs of a plan, on a device; `auto` is that of their settings."""
    own = _device_of(replicas[0], device)
    on_device = tuple(Replica(_on(each, own), each.folder) for each in replicas)
    return Job(on_device, plan.sweep.metrics, plan.sweep.protocol, own)


def is_on_cuda(device: str) -> bool:
    """Whether a device is a GPU of CUDA; one that is named need not be in this machine."""
    return resolve_device("auto").type == "cuda" if device == "auto" else device.startswith("cuda")


def run_job(
    job: Job,
    *,
    observers: "Sequence[Observer]" = (),
    stop: Callable[[], bool] = lambda: False,
    on_note: Callable[[str], None] = lambda line: None,
) -> None:
    """Train what is unfinished of a job, then score each run: what is done already stays.

    So a job whose process was lost may simply be run again. A run that diverges counts as done, as
    its log says; the others of the job are trained and scored.

    Args:
        job: Runs that differ in the seed alone.
        observers: Called with each report of those that train together, as `start_runs` has it.
        stop: Asked before every step, and between metrics; true ends the job, which is saved.
        on_note: Called with a line on what is not as expected.

    Raises:
        SbvaeError: If another process trains one of the runs, or one cannot be trained or scored,
            which its folder then tells too.
    """
    for each in job.replicas:
        refuse_other_run(each)
    with _reserved(job, stop), suppress(_Stopped), _noting_failure(job):
        for some in _trained_together(job):
            if stop():
                return
            with doing([each.folder for each in some], "training"), suppress(DivergedError):
                _train(some, job.device, observers, stop, on_note)
        for each in job.replicas:
            if stop():
                return
            _score(each, job, stop, on_note)


@contextmanager
def _reserved(job: Job, stop: Callable[[], bool]) -> Iterator[None]:
    """Hold the folders of the runs; a process whose engine was killed saves and lets go of them."""
    end = time.monotonic() + _PATIENCE
    while True:
        with ExitStack() as held:
            try:
                held.enter_context(reserved(job.replicas))
            except SbvaeError:
                if time.monotonic() > end or stop():
                    raise
            else:
                yield
                return
        time.sleep(_PAUSE)


@contextmanager
def _noting_failure(job: Job) -> Iterator[None]:
    """Write an error into the folders of the runs that it leaves unfinished."""
    try:
        yield
    except SbvaeError as error:
        _note(job, error.line, [state for state in get_args(State) if state not in DONE])
        raise


def note_lost(job: Job, why: str) -> None:
    """Say in the folders of a job's runs why the job was lost, unless others work there by now."""
    _note(job, why, ["waiting", "stopped", "trained"])


def _note(job: Job, why: str, states: Sequence[State]) -> None:
    for each in job.replicas:
        if run_state(each, job.metrics, job.protocol).state in states:
            note_failure(each.folder, without_path(why, each))


def without_path(why: str, replica: Replica) -> str:
    """An error without the folder of its run, which stands before it anyway."""
    path = replica.folder.path
    return why.removeprefix(f"{path}: ").removeprefix(f"{path}{os.sep}")


def _trained_together(job: Job) -> list[list[Replica]]:
    """Unfinished runs that stand at one step, as many at once as fit in memory."""
    by_step: dict[int | None, list[Replica]] = {}
    for each in job.replicas:
        if "diverged" in (each.folder.last_record() or {}):
            continue
        step = _step(each.folder.checkpoint) if _is_begun(each) else None
        if step is None or step < each.config.training.steps:
            by_step.setdefault(step, []).append(each)
    most = max(map(len, by_step.values()), default=0)
    number = replicas_that_fit(job.replicas[0].config, most) if most else 1
    return [some[i : i + number] for some in by_step.values() for i in range(0, len(some), number)]


def _step(checkpoint: Path) -> int:
    try:
        return load_checkpoint(checkpoint).step
    except SbvaeError as error:
        raise SbvaeError(f"{error.line}; delete it to have this run begun anew") from error


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
        wanted = {"training.device": device}
        runs = [prepare_resumption(folder, wanted, on_note=on_note) for folder in folders]
        resume_runs(runs, observers=observers, stop=stop, on_note=on_note)
        return
    source = open_own_data(some[0].config.data, folders[0].path, on_note)
    configs = [each.config for each in some]
    start_runs(configs, source, folders, observers=observers, stop=stop, on_note=on_note)


def _score(
    replica: Replica, job: Job, stop: Callable[[], bool], on_note: Callable[[str], None]
) -> None:
    """Score a run that is trained, unless it is scored already."""
    folder, wanted = replica.folder, (job.metrics, job.protocol)
    state = run_state(replica, *wanted).state
    if state in DONE:
        forget(folder)
        return

    def on_metric(metric: str, number: int, total: int) -> None:
        if stop():
            raise _Stopped

    with doing([folder], "scoring"), cpu_threads(replica.config.training.threads):
        score_run(folder, *wanted, job.device, on_note, on_metric)
    forget(folder)


class _Stopped(Exception):
    """The job was asked to end while it scored a run."""


def _device_of(replica: Replica, device: str) -> str:
    return replica.config.training.device if device == "auto" else device


def _on(replica: Replica, device: str) -> Config:
    """The configuration of a run on a device."""
    training = replica.config.training
    alone = training.threads is None and not is_on_cuda(device)
    threads = 1 if alone else training.threads
    return with_training(replica.config, device=device, threads=threads)
