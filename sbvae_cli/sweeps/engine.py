"""Protocol of engines, which run jobs in processes on this machine or others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sbvae_cli.sweeps.job import Job


class Stop(Protocol):
    """Request to stop by a signal."""

    @property
    def number(self) -> int | None:
        """Number of the signal; None if there was none."""

    def __call__(self) -> bool:
        """Return whether a signal was received."""


@dataclass(frozen=True)
class JobEnd:
    """End of a job; the progress of its runs is in their folders.

    Attributes:
        job: The job.
        why: Error in one line; "" if the job is done, was stopped or never began. A diverged run
            counts as done.
    """

    job: Job
    why: str = ""


class Engine(Protocol):
    """Runs jobs by `run_job`; a job that fails does not affect the others."""

    def __call__(
        self,
        jobs: Sequence[Job],
        *,
        stop: Stop,
        on_poll: Callable[[Sequence[Job]], None],
        on_end: Callable[[JobEnd], None],
    ) -> list[JobEnd]:
        """Run all jobs.

        Args:
            jobs: Jobs in the order in which they begin.
            stop: Called a few times a second; once it is true, no job begins, and running ones are
                asked to save and end.
            on_poll: Called a few times a second with the running jobs.
            on_end: Called with each job when it has ended.

        Returns:
            The end of each job, in their order.
        """
