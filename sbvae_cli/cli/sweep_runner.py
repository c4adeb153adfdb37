"""Runs the jobs of a sweep by an engine, shows the progress and reports the end."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sbvae_cli.cli.cluster import THIS_MACHINE, ClusterOptions
from sbvae_cli.cli.console import note, print_info, print_unwrapped
from sbvae_cli.cli.flags import with_flags
from sbvae_cli.cli.local_engine import LocalEngine
from sbvae_cli.cli.replicas import processes_at_once
from sbvae_cli.cli.signals import StopRequest, defer_signals
from sbvae_cli.cli.sweep_view import SweepView
from sbvae_cli.commands import as_typed
from sbvae_cli.config.names import EngineName
from sbvae_cli.errors import SbvaeError, StoppedError
from sbvae_cli.runs.memory import processes_that_fit
from sbvae_cli.runs.own_data import open_own_data
from sbvae_cli.runs.replicas import Replica
from sbvae_cli.sweeps.activity import remove_ended_activity
from sbvae_cli.sweeps.collect import collect, write_collected
from sbvae_cli.sweeps.engine import Engine, JobEnd
from sbvae_cli.sweeps.folder import DONE, RunState, SweepFolder, without_path
from sbvae_cli.sweeps.job import Job, note_lost, plan_jobs
from sbvae_cli.sweeps.plan import SweepPlan, name_of, require_data
from sbvae_cli.sweeps.ray_engine import import_ray
from sbvae_cli.training.devices import resolve_device

_PROBE_BYTES = 1 << 22  # bytes written to test whether the disk is full
_MAX_NAMES = 5  # runs that are named in a message


def run_plan(
    folder: SweepFolder,
    plan: SweepPlan,
    resume_command: str,
    *,
    engine: EngineName = "local",
    jobs: int | None = None,
    device: str = "auto",
    cluster: ClusterOptions = THIS_MACHINE,
) -> list[RunState]:
    """Train and score the remaining runs of a plan, and report how they ended.

    Args:
        folder: Folder of the sweep, into which the plan is written.
        plan: All runs.
        resume_command: Command that resumes the sweep, in backticks.
        engine: Engine that runs the jobs.
        jobs: Number of jobs at once; None for the number that cores and memory allow.
        device: Name of the device.
        cluster: Options of the engine `ray`.

    Returns:
        State of each run, in the order of the plan; all are finished or diverged.

    Raises:
        SbvaeError: If the folder is in use or has another plan, or a run failed; the other runs
            were trained and scored.
        StoppedError: If a signal stopped the training; the runs were saved.
    """
    cluster.refuse_without(engine)
    if engine == "ray":
        import_ray()  # fails before a folder is made if ray is not installed
        device = cluster.device(device)
    with folder.locked():
        folder.refuse_another(plan)
        unfinished = plan_jobs(plan, device, cluster.most_per_gpu)
        states = folder.states(plan)
        require_data([each for job in unfinished for each in job.replicas])
        if unfinished and engine == "local":
            resolve_device(unfinished[0].device)  # fails if the device does not exist
        for each in states:
            if each.state in DONE:  # a killed job may have left its file in a finished run
                remove_ended_activity(each.replica.folder)
        folder.write_plan(plan)  # read by `sweep status`
        runner, at_once = (
            _engine(engine, folder, unfinished, jobs, cluster) if unfinished else (None, 0)
        )
        if runner is None:
            write_collected(folder, collect(folder, plan))
            return states
        _note_done_runs(states, unfinished)
        with defer_signals() as request, SweepView(plan, states, at_once) as view:
            stop = _StopOrDiskFull(request)

            def end(ended: JobEnd) -> None:
                stop.full = stop.full or (bool(ended.why) and _is_full(folder.runs))
                _report_job_end(ended, view)

            ended = runner(unfinished, stop=stop, on_poll=view.poll, on_end=end)
            for job in unfinished:
                view.refresh(job)
            view.poll([])
        try:
            write_collected(folder, collect(folder, plan))
        except SbvaeError as error:  # a full disk, which may have been the runs' failure too
            print_unwrapped(with_flags(error.line))
        _raise_if_unfinished(view.states, ended, request, resume_command)
        return view.states


def resume_arguments(jobs: int | None, device: str) -> dict[str, str]:
    """Return the arguments `jobs` and `device`, if set, for a command that resumes the sweep."""
    given = {} if jobs is None else {"jobs": str(jobs)}
    return given if device == "auto" else {**given, "device": device}


class _StopOrDiskFull:
    """Request to stop by a signal, or because the disk is full and each further job would fail."""

    def __init__(self, request: StopRequest) -> None:
        self._request = request
        self.full = False

    @property
    def number(self) -> int | None:
        """Number of the signal; None before a signal."""
        return self._request.number

    def __call__(self) -> bool:
        """Return whether a signal was received or the disk is full."""
        return self.full or self._request()


def _is_full(folder: Path) -> bool:
    """Return whether a file can no longer be written into the folder of the runs."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())  # some file systems report a full disk only here
    except OSError:
        return True
    return False


def _engine(
    name: EngineName,
    folder: SweepFolder,
    unfinished: Sequence[Job],
    jobs: int | None,
    cluster: ClusterOptions,
) -> tuple[Engine, int]:
    """Return the engine, and the number of jobs that it runs at once."""
    if name == "ray":
        return cluster.engine(folder, jobs), jobs or 1
    number = jobs or jobs_at_once(unfinished)
    return LocalEngine(folder, number), min(number, len(unfinished))


def jobs_at_once(unfinished: Sequence[Job]) -> int:
    """Return the number of jobs at once that cores and memory allow for every setting."""
    device = resolve_device(unfinished[0].device).type
    firsts = [job.replicas[0] for job in unfinished]
    number = min(processes_at_once(device, each.config.training.threads or 1) for each in firsts)
    by_images = {_image_settings(each): each for each in firsts}
    for each in by_images.values():
        data, training = each.config.data, each.config.training
        if data.count is not None or training.fixed_set is not None:
            source = open_own_data(data, each.folder.path)
            number = min(number, processes_that_fit(each.config, source, number))
            if source.file:
                source.file.close()
    return number


def _image_settings(replica: Replica) -> tuple[object, ...]:
    """Return the settings that decide which images a run keeps in memory, and where."""
    data, training = replica.config.data, replica.config.training
    return data.source, data.height, data.width, training.fixed_set, training.data_on


def _note_done_runs(states: Sequence[RunState], jobs: Sequence[Job]) -> None:
    """Print how many runs are done already, if any."""
    done = sum(each.state in DONE for each in states)
    if done:
        note(
            f"{done:,} of {len(states):,} runs are done already; the others are resumed or started"
        )


def _report_job_end(ended: JobEnd, view: SweepView) -> None:
    """Print which runs of a job diverged, and why the job failed, if it did."""
    for each in view.refresh(ended.job):
        if each.state == "diverged":
            print_unwrapped(f"{each.replica.folder.path}: diverged: {each.why}")
    if not ended.why:
        return
    note_lost(ended.job, ended.why)
    failed = [each for each in view.refresh(ended.job) if each.state == "failed"]
    reasons = {each.replica.folder.path: each.why for each in failed}
    first = ended.job.replicas[0]  # on a full disk, no folder has a record of the failure
    for path, why in (reasons or {first.folder.path: without_path(ended.why, first)}).items():
        print_unwrapped(f"{path}: failed: {with_flags(why)}")


def _raise_if_unfinished(
    states: Sequence[RunState], ended: Sequence[JobEnd], request: StopRequest, resume_command: str
) -> None:
    left = [name_of(each.replica) for each in states if each.state not in DONE]
    done = f"{len(states) - len(left):,} of {len(states):,} runs are done"
    if request.number is not None and left:
        made = any(each.step for each in states)
        stopped = "stopped and saved" if made else "stopped before the first step"
        raise StoppedError(f"{stopped}, {done}; resume with {resume_command}", request.number)
    failed = [name for each in ended if each.why for name in each.job.names if name in left]
    if failed:
        more = f" and {len(failed) - _MAX_NAMES} more" if len(failed) > _MAX_NAMES else ""
        which = ", ".join(failed[:_MAX_NAMES]) + more
        runs = "1 run" if len(failed) == 1 else f"{len(failed):,} runs"
        raise SbvaeError(
            f"{runs} failed ({which}), see above; {done}; resume with {resume_command}"
        )
    if left:
        raise SbvaeError(f"{done}, the engine has not run the others; resume with {resume_command}")


def print_next_commands(folder: SweepFolder, states: Sequence[RunState]) -> None:
    """Print the number of runs, the files of their scores, and the next command."""
    diverged = [name_of(each.replica) for each in states if each.state == "diverged"]
    also = f", {len(diverged):,} diverged ({', '.join(diverged[:_MAX_NAMES])})" if diverged else ""
    runs = "1 run is" if len(states) == 1 else f"{len(states):,} runs are"
    scores = f"{folder.csv} and {folder.json.name}"
    print_info(f"{runs} done{also}; they are in {folder.runs}, their scores in {scores}. Next:")
    print_info("  " + as_typed(["sweep", "collect", folder.path]))
