"""Ray engine: run jobs as tasks of a cluster whose machines share the folder of the runs.

Ray is an optional dependency, and only this file imports it.
"""

import math
import os
import pickle
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.runs.replicas import Replica
from sbvae_cli.sweeps.activity import read_activity
from sbvae_cli.sweeps.cluster import (
    Needs,
    answer_of,
    connected,
    last_line,
    machines_for,
    marker_file,
    refuse_other_installation,
    remote_functions,
    too_small,
)
from sbvae_cli.sweeps.engine import JobEnd, Stop
from sbvae_cli.sweeps.job import Job
from sbvae_cli.sweeps.worker import describe_installation, stop_file

_POLL_SECONDS = 0.25  # seconds between two checks of the tasks
_QUEUED_AHEAD = 4  # jobs handed to Ray before there is room for them
_MAX_TRIES = 3  # times in a row that a job may be lost without having saved anything

# Read when Ray is imported; they turn off its usage statistics.
_SETTINGS = {"RAY_USAGE_STATS_ENABLED": "0"}

_INSTALL = 'python -m pip install "ray>=2.40"'


@dataclass(frozen=True)
class RayEngine:
    """Engine that runs jobs on a Ray cluster.

    A job whose process or machine is lost resumes elsewhere from what its runs have saved.

    Attributes:
        storage: Folder of the runs, which all machines see at this path.
        address: Address of a cluster that this machine belongs to, such as `HOST:6379`, or `auto`
            for the one that runs here; None starts one on this machine for these jobs.
        cpus_per_run: Number of CPU cores of each process; None for its number of threads.
        gpus_per_run: Share of a GPU that each run takes, 0 for none.
        at_once: Largest number of jobs at once; None for as many as fit on the cluster.
        on_note: Called with each line about something unexpected.
    """

    storage: Path
    address: str | None = None
    cpus_per_run: float | None = None
    gpus_per_run: float = 0.0
    at_once: int | None = None
    on_note: Callable[[str], None] = lambda line: None

    def __call__(
        self,
        jobs: Sequence[Job],
        *,
        stop: Stop,
        on_poll: Callable[[Sequence[Job]], None],
        on_end: Callable[[JobEnd], None],
    ) -> list[JobEnd]:
        """Run all jobs, as in `Engine`; text that the callbacks print on stdout is lost.

        Raises:
            SbvaeError: If Ray is not installed, there is no such cluster, a machine differs in a
                version or does not see the folder, or none is large enough; no job has begun then.
        """
        if not jobs:
            return []
        ray = import_ray()
        # Ray prints a line on stdout for each lost worker, from its own thread.
        with (
            open(os.devnull, "w") as nowhere,
            redirect_stdout(nowhere),
            marker_file(self.storage) as mark,
            connected(ray, self.address),
        ):
            tasks = _Tasks(ray, self, mark)
            tasks.refuse_other_installations(jobs)
            return tasks.run(jobs, stop, on_poll, on_end)

    def resources_of(self, job: Job) -> dict[str, float]:
        """Return the resources that a job needs, by Ray's names."""
        threads = job.replicas[0].config.training.threads or 1
        cpus = float(threads) if self.cpus_per_run is None else self.cpus_per_run
        gpus = self.gpus_per_run * len(job.replicas)
        return {"CPU": cpus, "GPU": gpus if gpus <= 1 else float(math.ceil(gpus))}


@dataclass
class _Task:
    """A job that was handed to Ray.

    Attributes:
        job: The job.
        saved: Times of its runs' files when it was handed over.
        lost: How many times in a row it was lost without having saved anything.
    """

    job: Job
    saved: object
    lost: int = 0


class _Tasks:
    """Running and waiting jobs of the cluster.

    Args:
        ray: The connected module.
        engine: Engine, which has the resources of each job.
        mark: Path of a file in the folder of the runs.
    """

    def __init__(self, ray: Any, engine: RayEngine, mark: Path) -> None:
        self._ray, self._engine, self._mark = ray, engine, mark
        self._running: dict[Any, _Task] = {}  # by Ray's reference
        self._remote, self._probe = remote_functions(ray)
        self._here = describe_installation(str(mark))

    def refuse_other_installations(self, jobs: Sequence[Job]) -> None:
        """Check the installation of each machine that is large enough for a job.

        Raises:
            SbvaeError: If no machine is large enough for one of the jobs, or one has a wrong
                installation.
        """
        large: dict[str, tuple[str, int]] = {}
        for needs in _distinct(map(self._engine.resources_of, jobs)):
            found = machines_for(self._ray, needs)
            if not found:
                raise too_small(self._ray, needs)
            large |= found
        gpus = self._ray.cluster_resources().get("GPU", 0.0)
        if gpus and not self._engine.gpus_per_run:
            self._engine.on_note(
                f"the cluster has {gpus:g} GPUs, and these runs are for CPUs; with "
                "`gpus_per_run=0.25` four share one"
            )
        strategy = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
        mark, asked = str(self._mark), {}
        for name, (host, _) in large.items():
            probe = self._probe.options(scheduling_strategy=strategy(name, soft=False))
            asked[probe.remote(mark)] = host
        note = self._engine.on_note
        for ref, host in asked.items():
            there = answer_of(self._ray, ref, host)
            refuse_other_installation(host, there, self._here, self._engine.storage, note)

    def run(
        self,
        jobs: Sequence[Job],
        stop: Stop,
        on_poll: Callable[[Sequence[Job]], None],
        on_end: Callable[[JobEnd], None],
    ) -> list[JobEnd]:
        """Run all jobs, as in `Engine`."""
        waiting, ended, asked = deque(jobs), dict[int, JobEnd](), False
        while self._running or (waiting and not stop()):
            while waiting and not stop() and self._has_room(waiting[0]):
                self._submit(_Task(waiting[0], _saved(waiting[0])))
                waiting.popleft()
            if stop() and not asked:
                asked = True
                with suppress(OSError):  # a task that is just starting may miss the signal
                    stop_file(self._mark).touch()
                for ref in self._running:
                    self._ray.cancel(ref, force=False)  # sends SIGINT to a task that has begun
            for ref in self._done():
                task = self._running.pop(ref)
                found = self._end(ref, task, asked)
                if found:
                    ended[id(task.job)] = found
                    on_end(found)
            on_poll([task.job for task in self._running.values() if _has_begun(task.job)])
        return [ended.get(id(job), JobEnd(job)) for job in jobs]

    def _has_room(self, job: Job) -> bool:
        if self._engine.at_once is not None:
            return len(self._running) < self._engine.at_once
        machines = machines_for(self._ray, self._engine.resources_of(job))
        return len(self._running) < sum(number for _, number in machines.values()) + _QUEUED_AHEAD

    def _done(self) -> list[Any]:
        """Return tasks that have ended, waiting up to `_POLL_SECONDS` seconds for one."""
        if not self._running:
            return []
        found: list[Any] = self._ray.wait([*self._running], num_returns=1, timeout=_POLL_SECONDS)[0]
        return found

    def _submit(self, task: _Task) -> None:
        needs = self._engine.resources_of(task.job)
        # The engine counts lost tasks itself, so Ray must not retry them.
        remote = self._remote.options(
            num_cpus=needs["CPU"], num_gpus=needs["GPU"], max_retries=0, name=task.job.names[0]
        )
        ref = remote.remote(
            pickle.dumps(_with_absolute_paths(task.job)), str(self._mark), self._here
        )
        self._running[ref] = task

    def _end(self, ref: Any, task: _Task, asked: bool) -> JobEnd | None:
        """Return how a task ended, or None if it was lost and begins again."""
        errors, first = self._ray.exceptions, task.job.replicas[0].folder.path.absolute()
        try:
            return JobEnd(task.job, self._ray.get(ref).removeprefix(f"{first}: "))
        except errors.TaskCancelledError:
            return JobEnd(task.job)
        except errors.RayTaskError as error:
            why = last_line(error)
        except errors.RayError as error:
            if asked:
                return JobEnd(task.job)
            saved, lost = _saved(task.job), task.lost + 1
            if saved != task.saved:
                lost = 1
            what = "no memory was left for it" if "OutOfMemory" in type(error).__name__ else "lost"
            if lost < _MAX_TRIES:
                names = ", ".join(task.job.names)
                self._engine.on_note(f"{names}: its worker was {what}; it continues elsewhere")
                self._submit(_Task(task.job, saved, lost))
                return None
            why = f"its worker was {what} {lost} times in a row"
        return JobEnd(task.job, why)


def import_ray() -> Any:
    """Import Ray, with its usage statistics turned off.

    Raises:
        SbvaeError: If Ray is not installed; the message has the command that installs it.
    """
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        import ray
        import ray.util.scheduling_strategies
    except ImportError as error:
        raise SbvaeError(f"the engine ray needs Ray: {_INSTALL}") from error
    return ray


def _distinct(needs: Iterable[Needs]) -> list[Needs]:
    return list({tuple(each.items()): each for each in needs}.values())


def _with_absolute_paths(job: Job) -> Job:
    """Return the job with absolute paths, which are valid in any process."""
    return replace(
        job,
        replicas=tuple(
            Replica(each.config, RunFolder(each.folder.path.absolute())) for each in job.replicas
        ),
    )


def _saved(job: Job) -> list[int]:
    """Return the times of a job's files, which change whenever one of its runs saves anything."""
    files = [path for each in job.replicas for path in (each.folder.checkpoint, each.folder.scores)]
    return [path.stat().st_mtime_ns if path.exists() else 0 for path in files]


def _has_begun(job: Job) -> bool:
    """Return whether a process works on a job, which Ray may still keep waiting."""
    activities = (read_activity(each.folder) for each in job.replicas)
    return any(each is not None and each.alive for each in activities)
