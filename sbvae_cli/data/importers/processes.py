"""Work in other processes: results in order, few of them ahead, and nothing left behind.

Plain subprocesses with pipes, since the pools of the standard library run the user's main module
again in each process, show a traceback for Ctrl-C while they start, and outlive a killed parent.
"""

import os
import pickle
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from PIL import Image

from sbvae_cli.data.importers.collection import reason_of, refuse_bombs
from sbvae_cli.errors import SbvaeError

U = TypeVar("U")
R = TypeVar("R")
MOST_WORKERS = 8  # a worker takes 50 MB, and one process compresses and writes what all decode
_AHEAD = 2  # units that each worker is given, so that it has the next one when it ends one
_NUMBER_BYTES = 8


def in_processes(
    path: Path,
    work: Callable[[U], Iterable[R]],
    units: Sequence[U],
    workers: int,
    meanwhile_seconds: float = 0.0,
) -> Generator[R, None, None]:
    """Yield `work(unit)`'s results of each unit, in order, made in other processes.

    What a process has made waits there until it is asked for. The processes end with the generator
    or with this process, however that ends; Ctrl-C on a terminal does not reach them.

    Args:
        path: What the work is about, for messages.
        work: Can be pickled; not from the main module, which is not imported there.
        units: Can be pickled.
        workers: Processes; at least 1 and at most `MOST_WORKERS` are started.
        meanwhile_seconds: How long this process works on the first units, while the others load.

    Raises:
        SbvaeError: If `work` does, or a process cannot start or ends before its work.
        RuntimeError: If `work` raises something else.
    """
    count = max(1, min(workers, len(units), MOST_WORKERS))
    job = pickle.dumps((Image.MAX_IMAGE_PIXELS, work, units))
    started: list[_Worker] = []
    try:
        for _ in range(count):
            started.append(_Worker(path))
        for worker in started:
            worker.send(job)
        first, until = 0, time.perf_counter() + meanwhile_seconds
        while first < len(units) and time.perf_counter() < until:
            yield from work(units[first])
            first += 1
        for number in range(first, min(first + _AHEAD * count, len(units))):
            started[number % count].send(number.to_bytes(_NUMBER_BYTES))
        for number in range(first, len(units)):
            worker = started[number % count]
            while (reply := worker.receive()) is not None:
                yield reply
            if (later := number + _AHEAD * count) < len(units):
                worker.send(later.to_bytes(_NUMBER_BYTES))
    finally:
        for worker in started:
            worker.process.kill()
        for worker in started:
            worker.process.wait()
            worker.close()


class _Worker:
    def __init__(self, path: Path) -> None:
        self._path = path
        serve = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import serve; serve()"
        apart: dict[str, Any] = {"process_group": 0}  # which Ctrl-C on a terminal does not reach
        if sys.platform == "win32":
            apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        pipe = subprocess.PIPE
        environment = {
            **os.environ,
            "OPENBLAS_NUM_THREADS": "1",
        }  # halves the work of loading NumPy
        try:
            with _without_interrupts():
                self.process = subprocess.Popen(
                    [sys.executable, "-c", serve], stdin=pipe, stdout=pipe, env=environment, **apart
                )
        except OSError as error:
            found = f"no process to read images can be started ({reason_of(error)})"
            raise SbvaeError(f"{path}: {found}; end other programs") from error
        self._tasks = cast(IO[bytes], self.process.stdin)
        self._replies = cast(IO[bytes], self.process.stdout)

    def send(self, data: bytes) -> None:
        try:
            self._tasks.write(data)
            self._tasks.flush()
        except OSError as error:
            raise self._lost() from error

    def receive(self) -> Any:
        """A result, or None after the last one of a unit."""
        try:
            reply = pickle.load(self._replies)
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            raise self._lost() from error
        if isinstance(reply, Exception):
            raise reply
        return reply

    def close(self) -> None:
        self._replies.close()
        with suppress(OSError):  # of what could not be sent any more
            self._tasks.close()

    def _lost(self) -> SbvaeError:
        code = self.process.wait()
        how = f"with code {code}"
        if code < 0:
            with suppress(ValueError):
                how = f"by {signal.Signals(-code).name}"
        found = f"a process that reads images was ended {how}"
        return SbvaeError(f"{self._path}: {found}; close other programs if memory is short")


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Ctrl-C waits: it would end a child that is not yet apart from its parent's group."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def serve() -> None:
    """Be such a process: the work and numbers of units come on stdin, results go to stdout."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nothing that prints gets between the results
    with suppress(BrokenPipeError):  # the parent is gone
        for reply in _replies(sys.stdin.buffer):
            pickle.dump(reply, replies, pickle.HIGHEST_PROTOCOL)
            replies.flush()
    os._exit(0)


def _replies(tasks: IO[bytes]) -> Iterator[Any]:
    try:
        Image.MAX_IMAGE_PIXELS, work, units = pickle.load(tasks)
        refuse_bombs()
        while number := tasks.read(_NUMBER_BYTES):
            yield from work(units[int.from_bytes(number)])
            yield None
    except SbvaeError as error:
        yield SbvaeError(str(error))
    except Exception:
        yield RuntimeError(f"in another process:\n{traceback.format_exc()}")
