"""What a process on another machine does for a sweep: tell what is installed there, run a job."""

import hashlib
import math
import os
import pickle
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import FrameType

import sbvae_cli
from sbvae_cli.errors import SbvaeError

_LOOK = 1.0  # seconds between two looks for the file that asks for an end
_ALIKE = "install the same sbvae on all machines"


@dataclass(frozen=True)
class Installation:
    """What runs must have alike on all machines.

    Attributes:
        host: Name of the machine.
        sees: Whether it sees the folder of the runs.
        sbvae: Version of sbvae.
        files: What tells its files from others of that version.
        torch: Version of PyTorch.
    """

    host: str
    sees: bool
    sbvae: str
    files: str
    torch: str


def describe_installation(mark: str) -> Installation:
    """What is installed here, and whether a file lies where another machine has put it."""
    return Installation(
        socket.gethostname(),
        os.path.isfile(mark),
        sbvae_cli.__version__,
        _digest(Path(sbvae_cli.__file__).parent),
        version("torch"),
    )


def unlikeness(there: Installation, here: Installation, storage: Path) -> str:
    """Why runs of another machine would not be those of this one; empty where they are.

    Args:
        there: What is installed on the other one.
        here: What is installed on this one.
        storage: Folder of the runs.
    """
    if not there.sees:
        return (
            f"{storage}: the machine {there.host} does not see this folder; choose another `out`, "
            "on storage that all machines have at the same path"
        )
    if there.sbvae != here.sbvae:
        return f"{there.host}: has sbvae {there.sbvae}, and here is {here.sbvae}; {_ALIKE}"
    if there.files != here.files:
        return f"{there.host}: has other files of sbvae {here.sbvae} than there are here; {_ALIKE}"
    return ""


def run_pickled(pickled: bytes, mark: str, here: Installation) -> str:
    """Run a job, which SIGINT, or a file beside the mark, asks to save and end.

    Args:
        pickled: The job; only here, since it takes PyTorch to be unpickled.
        mark: A file in the folder of the runs.
        here: What is installed where the sweep is run from.

    Returns:
        What was wrong, one line; empty where it is done or was stopped.
    """
    from sbvae_cli.sweeps.job import Job, run_job

    unlike = unlikeness(describe_installation(mark), here, Path(mark).parent)
    if unlike:  # of a machine that has joined since the others were asked
        return unlike
    job: Job = pickle.loads(pickled)
    with _stop_on_interrupt(stop_file(Path(mark))) as stop:
        try:
            run_job(job, stop=stop)
        except SbvaeError as error:
            return error.line
    return ""


def stop_file(mark: Path) -> Path:
    """The file whose presence asks jobs to save and end, should a signal not arrive."""
    return mark.with_name(f"{mark.name}.stop")


def _digest(package: Path) -> str:
    """What tells the package's files from others: a hash of all, by their names."""
    found = hashlib.sha256()
    for file in sorted(package.rglob("*.py")):
        found.update(file.relative_to(package).as_posix().encode() + b"\0" + file.read_bytes())
    return found.hexdigest()[:12]


@contextmanager
def _stop_on_interrupt(file: Path) -> Iterator[Callable[[], bool]]:
    """Take SIGINT, or that a file is there, as a request that the block asks for."""
    asked: list[int] = []
    looked = -math.inf

    def take(number: int, frame: FrameType | None) -> None:
        asked.append(number)

    def stop() -> bool:
        nonlocal looked
        if not asked and time.monotonic() >= looked + _LOOK:
            looked = time.monotonic()
            if file.exists():
                asked.append(signal.SIGINT)
        return bool(asked)

    before = signal.signal(signal.SIGINT, take)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
