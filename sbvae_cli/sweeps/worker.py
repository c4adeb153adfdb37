"""Work of a sweep's process on another machine: describe its installation and run jobs."""

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

_POLL_SECONDS = 1.0  # seconds between two checks for the file that requests an end
_INSTALL_ADVICE = "install the same sbvae on all machines"


@dataclass(frozen=True)
class Installation:
    """Properties that must be equal on all machines of a sweep.

    Attributes:
        host: Name of the machine.
        sees_folder: Whether the machine sees the folder of the runs.
        sbvae: Version of sbvae.
        files: Hash of sbvae's files.
        torch: Version of PyTorch.
    """

    host: str
    sees_folder: bool
    sbvae: str
    files: str
    torch: str


def describe_installation(mark: str) -> Installation:
    """Describe the installation here, and whether the file `mark` is visible."""
    return Installation(
        socket.gethostname(),
        os.path.isfile(mark),
        sbvae_cli.__version__,
        _digest(Path(sbvae_cli.__file__).parent),
        version("torch"),
    )


def installation_difference(there: Installation, here: Installation, storage: Path) -> str:
    """Return why runs of another machine would differ from those of this one, or "".

    Args:
        there: Installation on the other machine.
        here: Installation on this machine.
        storage: Folder of the runs.
    """
    if not there.sees_folder:
        return (
            f"{storage}: the machine {there.host} does not see this folder; choose another `out`, "
            "on storage that all machines have at the same path"
        )
    if there.sbvae != here.sbvae:
        return f"{there.host}: has sbvae {there.sbvae}, here it is {here.sbvae}; {_INSTALL_ADVICE}"
    if there.files != here.files:
        found = f"has sbvae {here.sbvae} with other files than here"
        return f"{there.host}: {found}; {_INSTALL_ADVICE}"
    return ""


def run_pickled(pickled: bytes, mark: str, here: Installation) -> str:
    """Run a job until it is done, or until SIGINT or the stop file asks it to save and end.

    Args:
        pickled: The job, pickled because unpickling it loads PyTorch.
        mark: Path of a file in the folder of the runs.
        here: Installation on the machine from which the sweep is run.

    Returns:
        The error in one line, or "" if the job is done or was stopped.
    """
    from sbvae_cli.sweeps.job import Job, run_job

    difference = installation_difference(describe_installation(mark), here, Path(mark).parent)
    if difference:  # a machine that joined after the others were checked
        return difference
    job: Job = pickle.loads(pickled)
    with _stop_on_interrupt(stop_file(Path(mark))) as stop:
        try:
            run_job(job, stop=stop)
        except SbvaeError as error:
            return error.line
    return ""


def stop_file(mark: Path) -> Path:
    """Return the path of the file that asks jobs to save and end, in case a signal is lost."""
    return mark.with_name(f"{mark.name}.stop")


def _digest(package: Path) -> str:
    """Return a hash of the names and contents of the package's files."""
    found = hashlib.sha256()
    for file in sorted(package.rglob("*.py")):
        found.update(file.relative_to(package).as_posix().encode() + b"\0" + file.read_bytes())
    return found.hexdigest()[:12]


@contextmanager
def _stop_on_interrupt(file: Path) -> Iterator[Callable[[], bool]]:
    """Return a function that says whether SIGINT came or the file exists, for the block."""
    asked: list[int] = []
    looked = -math.inf

    def take(number: int, frame: FrameType | None) -> None:
        asked.append(number)

    def stop() -> bool:
        nonlocal looked
        if not asked and time.monotonic() >= looked + _POLL_SECONDS:
            looked = time.monotonic()
            if file.exists():
                asked.append(signal.SIGINT)
        return bool(asked)

    before = signal.signal(signal.SIGINT, take)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
