"""The local engine of sweeps, which runs jobs in processes of this machine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sbvae_cli.cli.processes import Exit, run_processes
from sbvae_cli.sweeps.engine import JobEnd, Stop
from sbvae_cli.sweeps.folder import SweepFolder
from sbvae_cli.sweeps.job import Job, is_on_cuda


@dataclass(frozen=True)
class LocalEngine:
    """Engine that runs jobs in processes of this machine.

    Attributes:
        folder: Folder of the sweep, with its plan.
        at_once: Greatest number of processes at once.
    """

    folder: SweepFolder
    at_once: int

    def __call__(
        self,
        jobs: Sequence[Job],
        *,
        stop: Stop,
        on_poll: Callable[[Sequence[Job]], None],
        on_end: Callable[[JobEnd], None],
    ) -> list[JobEnd]:
        """Run all jobs, as described by `Engine`."""
        ended: dict[int, JobEnd] = {}

        def end(left: Exit) -> None:
            ended[left.index] = JobEnd(jobs[left.index], left.why)
            on_end(ended[left.index])

        run_processes(
            [self._command(job) for job in jobs],
            self.at_once,
            stop,
            on_poll=lambda running: on_poll([jobs[index] for index in running]),
            on_exit=end,
            environment=_environment(jobs),
        )
        return [ended.get(i, JobEnd(job)) for i, job in enumerate(jobs)]

    def _command(self, job: Job) -> list[str]:
        options = [f"--device={job.device}"]
        if self.folder.runs != self.folder.path:
            options.append(f"--runs={self.folder.runs}")
        return ["sweep", "job", *options, "--", str(self.folder.path), *job.names]


def _environment(jobs: Sequence[Job]) -> dict[str, str]:
    """Return variables that limit the threads of scoring; each job sets PyTorch's own threads."""
    threads = {each.config.training.threads for job in jobs for each in job.replicas}
    if any(is_on_cuda(job.device) for job in jobs) or None in threads:
        return {}
    most = str(max(number or 1 for number in threads))
    return dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), most)
