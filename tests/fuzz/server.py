"""Cases of files that are read, each in a child with limits: python tests/fuzz/server.py

It loads what reads once and forks a child for each reader, which takes case after case and is
forked anew when it dies. Requests and answers are lines of JSON on stdin and stdout, such as
`{"reader": "csv", "case": "01ff"}` and `{"outcome": "refused", "told": "...", "seconds": 0.01}`.
"""

import json
import os
import resource
import select
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

LIMIT_SECONDS = 10  # that a processor works, and six times that by the clock
LIMIT_BYTES = 2 << 30  # above what the child has when it is forked
ROOMS = {
    "array_readers": (*("dataset", "3dshapes", "hdf5 of images", "npz of images", "mat", "codes"),),
    "image_readers": ("image", "picture", "zip", "zip of chairs", "tar", "csv"),
    "text_readers": ("settings", "space", "sweep", "log", "scores"),
    "model_readers": ("checkpoint", "onnx", "onnx decoder", "safetensors", "moments"),
    "faulty_readers": ("self-test",),
}
Answer = dict[str, Any]
Take = Callable[[bytes], Answer]


class Child:
    """A process that reads files.

    Args:
        take: Called with each case; tells what came of it.
    """

    def __init__(self, take: Take) -> None:
        cases, self._cases = os.pipe()
        self._answers, answers = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._cases)
            os.close(self._answers)
            try:
                _serve(take, cases, answers)
            finally:
                os._exit(0)
        os.close(cases)
        os.close(answers)

    def ask(self, case: bytes) -> Answer:
        """What came of a case: also that the child hung, in which case it is killed, or died."""
        started = time.monotonic()
        os.write(self._cases, case.hex().encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            left = started + 6 * LIMIT_SECONDS - time.monotonic()
            if left <= 0 or not select.select([self._answers], [], [], left)[0]:
                os.kill(self.pid, signal.SIGKILL)
                self._end()
                return {"outcome": "hung", "told": "asleep"}
            part = os.read(self._answers, 1 << 16)
            if not part:
                number = os.waitstatus_to_exitcode(self._end())
                name = signal.Signals(-number).name if number < 0 else f"exit code {number}"
                return {"outcome": "hung" if name == "SIGPROF" else "crashed", "told": name}
            answer += part
        found: Answer = json.loads(answer)
        return found

    def close(self) -> None:
        """Wait for the end of the process."""
        if self.pid:
            self._end()

    def _end(self) -> int:
        os.close(self._cases)
        os.close(self._answers)
        status = os.waitpid(self.pid, 0)[1]
        self.pid = 0
        return status


def _serve(take: Take, cases: int, answers: int) -> None:
    """Answer cases until there are none, in a folder of its own."""
    own = str(os.getpid())
    os.mkdir(own)
    os.chdir(own)
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    limit_memory()
    with open(cases, encoding="ascii") as lines:
        for line in lines:
            answer = within_seconds(take, bytes.fromhex(line))
            os.write(answers, json.dumps(answer).encode() + b"\n")


def limit_memory() -> None:
    """Refuse this process more memory than the limit above what it has now."""
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + LIMIT_BYTES, taken + LIMIT_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def within_seconds(take: Take, case: bytes) -> Answer:
    """Take a case; a signal ends the process if that takes more than the limit of a processor."""
    signal.setitimer(signal.ITIMER_PROF, LIMIT_SECONDS)
    answer = take(case)
    signal.setitimer(signal.ITIMER_PROF, 0)
    return answer


def answer_of(make: Callable[[bytes], bool], read: Callable[[], object], case: bytes) -> Answer:
    """Make a file and read it.

    Returns:
        `outcome`: "read", "refused" (by our own error), "unmade" (there is no such file), "failed"
        (any other error), "noisy" (a library's warning). `told` is the error, `seconds` what it
        took of a processor, `bytes` how much memory the child has taken at most.
    """
    from sbvae_cli.cli.console import hide_warnings
    from sbvae_cli.errors import SbvaeError

    if not make(case):
        return {"outcome": "unmade"}
    started, outcome, told = time.process_time(), "read", ""
    with warnings.catch_warnings(record=True) as noise:
        warnings.simplefilter("always")
        for hidden in (DeprecationWarning, PendingDeprecationWarning, ResourceWarning):
            warnings.simplefilter("ignore", hidden)  # as Python does, and a user sees none
        hide_warnings()
        try:
            read()
        except SbvaeError as error:
            outcome, told = "refused", error.line
            if len(told.splitlines()) > 1:
                outcome = "failed"
        except BaseException as error:
            trace = traceback.extract_tb(error.__traceback__)
            places = [f"{Path(each.filename).name}:{each.lineno}" for each in trace[-9:]]
            outcome, told = "failed", f"{type(error).__name__}: {error} [{' '.join(places)}]"
    if noise and outcome in ("read", "refused"):
        outcome, told = "noisy", f"{noise[0].filename}:{noise[0].lineno}: {noise[0].message}"
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        **{"outcome": outcome, "told": told[:2000]},
        **{"seconds": time.process_time() - started, "bytes": most},
    }


def names() -> list[str]:
    """The readers, but for the one that tests this."""
    return [name for room, own in ROOMS.items() for name in own if room != "faulty_readers"]


def taker(name: str) -> Take:
    """What takes the cases of a reader, whose room is loaded here: PyTorch only where it reads.

    Raises:
        KeyError: If there is no such reader.
    """
    room = _room_of(name)
    module = import_module(room)
    if room == "faulty_readers":
        take: Take = module.take
        return take
    reader = module.READERS[name]
    return lambda case: answer_of(reader.make, lambda: reader.read(Path(reader.name)), case)


def valid_cases(name: str) -> list[bytes]:
    """The cases of a reader that make a valid file; the next first byte changes its values.

    Raises:
        KeyError: If there is no such reader.
    """
    module = import_module(_room_of(name))
    count = len(module.READERS[name].seeds) if hasattr(module, "READERS") else 1
    return [bytes([2 * number]) for number in range(count)]


def _room_of(name: str) -> str:
    return next((room for room, own in ROOMS.items() if name in own), name)


@contextmanager
def working_folder() -> Iterator[None]:
    """A folder that is removed, in memory where the system has such; each child has one there."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    before = os.getcwd()
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        os.chdir(folder)
        yield
        os.chdir(before)


def main() -> None:
    """Answer requests."""
    children = dict[str, Child]()
    with working_folder():
        for line in sys.stdin:
            request = json.loads(line)
            name = request["reader"]
            child = children.get(name)
            if child is None or not child.pid:
                child = children[name] = Child(taker(name))
            print(json.dumps(child.ask(bytes.fromhex(request["case"]))), flush=True)


if __name__ == "__main__":
    main()
