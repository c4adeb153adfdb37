"""What an engine is: it runs jobs, in processes of this machine or of others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sbvae_cli.sweeps.job import Job


class Stop(Protocol):
    """Whether a signal asked for an end, and which."""

    @property
    def number(self) -> int | None:
        """Number of the signal; None where none came."""

    def __call__(self) -> bool:
        """Whether one came."""


@dataclass(frozen=True)
class Ended:
    """How a job ended; how far its runs are stands in their folders.

    Attributes:
        job: The job.
        why: What was wrong where it failed, one line; empty where it is done, was stopped or
            never began. A run that diverged is done.
    """

    job: Job
    why: str = ""


class Engine(Protocol):
    """Runs jobs, which train and score by `run_job`; one that fails leaves the others alone."""

    def __call__(
        self,
        jobs: Sequence[Job],
        *,
        stop: Stop,
        on_look: Callable[[Sequence[Job]], None],
        on_end: Callable[[Ended], None],
    ) -> list[Ended]:
        """Run all.

        Args:
            jobs: What is to be done, in this order.
            stop: Asked a few times a second: once it is true no job begins, and those that run are
                asked to save and end.
            on_look: Called a few times a second with the jobs that run.
            on_end: Called with each that has ended, when it has.

        Returns:
            How each of the jobs ended, in their order.
        """
