"""Tell other processes what a job does in a run's folder, by a small file there."""

import json
import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from sbvae_cli.errors import SbvaeError
from sbvae_cli.files import parse_json, remove_abandoned, write_bytes
from sbvae_cli.runs.folder import RunFolder

ActivityKind = Literal["training", "scoring", "failed"]

_HEARTBEAT_SECONDS = 10.0  # seconds between two updates of the file's time
_FRESH_SECONDS = 60.0  # seconds before or after an update during which a process counts as alive


@dataclass(frozen=True)
class Activity:
    """Activity of a job in a run's folder, or its last one before it ended.

    Attributes:
        kind: Activity; `failed` after an error.
        why: Message of the error; else "".
        alive: Whether the process is running; on another machine, whether it updated the file
            within a minute.
        is_past: Whether the run was trained further since.
    """

    kind: ActivityKind
    why: str = ""
    alive: bool = False
    is_past: bool = False


@contextmanager
def report_activity(folders: Sequence[RunFolder], kind: ActivityKind) -> Iterator[None]:
    """Write the activity of this process into run folders, and keep the files fresh in the block.

    After the block, the files say that the process has ended; `remove_activity` removes them. A
    file that cannot be written, as on a full disk, is skipped: the runs' own files determine their
    state.
    """
    files = [folder.job for folder in folders if _write(folder, kind)]
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(_HEARTBEAT_SECONDS):
            for file in files:
                with suppress(OSError):
                    os.utime(file)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        for folder in folders:
            _write(folder, kind, ended=True)


def remove_activity(folder: RunFolder) -> None:
    """Remove the activity file of a run that has nothing left to do."""
    with suppress(OSError):
        folder.job.unlink(missing_ok=True)
    remove_abandoned(folder.job)


def remove_ended_activity(folder: RunFolder) -> None:
    """Remove what a job said of a run in `folder`, unless a job works there now."""
    found = read_activity(folder)
    if found is None or not found.alive:
        remove_activity(folder)


def note_failure(folder: RunFolder, why: str) -> None:
    """Write into the folder of a run why its job failed, until another job begins there."""
    _write(folder, "failed", why, ended=True)


def read_activity(folder: RunFolder) -> Activity | None:
    """Read the activity of a job in a run's folder; None if there is no readable file."""
    try:
        found = parse_json(folder.job.read_text(encoding="utf-8"))
        kind, why = found["what"], str(found["why"])
        here = found["host"] == socket.gethostname()
        process = found["process"]  # None after the end of the block
        alive = process is not None and (_is_running(*process) if here else _is_fresh(folder))
        written = folder.job.stat().st_mtime_ns
    except (OSError, ValueError, KeyError, TypeError):  # missing, or being written
        return None
    return Activity(kind, why, alive, written < max(map(_changed, (folder.log, folder.checkpoint))))


def _changed(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


def _write(folder: RunFolder, kind: ActivityKind, why: str = "", *, ended: bool = False) -> bool:
    own = psutil.Process()
    process = None if ended else [own.pid, own.create_time()]
    content = {"what": kind, "why": why, "host": socket.gethostname(), "process": process}
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        write_bytes(folder.job, json.dumps(content).encode())
    except (SbvaeError, OSError):
        return False
    return True


def _is_running(number: int, created: float) -> bool:
    """Return whether the process of this ID is running and was created at this time."""
    try:
        process = psutil.Process(number)
        same = abs(process.create_time() - created) < 1.0
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def is_trained_elsewhere(folder: RunFolder) -> bool:
    """Return whether another command trains a run: its log grows without updates by a job."""
    try:
        written = folder.log.stat().st_mtime
    except OSError:
        return False
    try:
        of_job = folder.job.stat().st_mtime + 2 * _HEARTBEAT_SECONDS
    except OSError:
        of_job = 0.0
    return written > of_job and abs(time.time() - written) < _FRESH_SECONDS


def _is_fresh(folder: RunFolder) -> bool:
    return abs(time.time() - folder.job.stat().st_mtime) < _FRESH_SECONDS
