"""Cases that look for branches of the package that no case has reached yet (atheris, libFuzzer)."""

import json
import os
import select
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import server

_CASE_SECONDS = 6 * server.LIMIT_SECONDS  # by the clock, as `server.Child` waits
_START_SECONDS = 300  # until the packages are loaded
Count = Callable[[bytes, server.Answer], None]


def run(name: str, cases: int, seed: int, longest: int, count: Count) -> None:
    """Run cases of a reader in a child process, and in another one when it dies.

    The working folder keeps the cases that reached something new, for the next child too.

    Args:
        name: Name of the reader.
        cases: Number of cases.
        seed: Seed of libFuzzer.
        longest: Largest number of bytes of a case.
        count: Called with each case and what came of it.

    Raises:
        RuntimeError: If a child ends before it has read a case.
    """
    done, children = 0, 0
    while done < cases:
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read)
            try:
                _fuzz(name, cases - done, seed + children, longest, write)
            finally:
                os._exit(1)
        os.close(write)
        heard = _listen(read, count)
        os.close(read)
        if heard.silent:
            os.kill(pid, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if heard.begun is not None:
            hung = heard.silent or code == -signal.SIGPROF
            told = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            count(heard.begun, {"outcome": "hung" if hung else "crashed", "told": told})
        elif not heard.finished:
            raise RuntimeError(f"{name}: the child has read no case, exit code {code}")
        done, children = done + heard.finished + (heard.begun is not None), children + 1


@dataclass
class _Heard:
    """What a child has told: cases that it finished, the one it did not, and if it fell silent."""

    finished: int = 0
    begun: bytes | None = None
    silent: bool = False


def _listen(pipe: int, count: Count) -> _Heard:
    """Count the answers of a child until it ends or falls silent."""
    heard, rest, wait = _Heard(), b"", _START_SECONDS
    while select.select([pipe], [], [], wait)[0]:
        part = os.read(pipe, 1 << 16)
        if not part:
            return heard
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            if heard.begun is None:
                heard.begun, wait = bytes.fromhex(line.decode()), _CASE_SECONDS
            else:
                count(heard.begun, json.loads(line))
                heard.begun, heard.finished = None, heard.finished + 1
    heard.silent = True
    return heard


def _fuzz(name: str, cases: int, seed: int, longest: int, pipe: int) -> None:
    """Tell each case and what came of it; libFuzzer ends the process after the last."""
    corpus = Path("corpus").absolute()
    for folder in (corpus, Path("files")):
        folder.mkdir(exist_ok=True)
    os.chdir("files")
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)

    import atheris

    with atheris.instrument_imports(include=["sbvae_cli"]):
        take = server.taker(name)
        for case in server.valid_cases(name):  # what is imported late is instrumented too
            take(case)
            (corpus / case.hex()).write_bytes(case)
            changed = bytes([case[0] + 1, *range(7)])
            (corpus / changed.hex()).write_bytes(changed)

    def one(case: bytes) -> None:
        os.write(pipe, case.hex().encode() + b"\n")
        try:
            answer = server.within_seconds(take, case)
        except BaseException as error:  # libFuzzer would tell its exit code alone
            told = "".join(traceback.format_exception(error))
            answer = {"outcome": "crashed", "told": f"{type(error).__name__}: {told[-1900:]}"}
        os.write(pipe, json.dumps(answer).encode() + b"\n")

    server.limit_memory()
    flags = [f"-runs={cases}", f"-seed={seed + 1}", f"-max_len={longest}"]
    flags += ["-rss_limit_mb=0", "-timeout=0"]  # the limits are our own
    flags += [f"-handle_{fault}=0" for fault in ("segv", "abrt", "bus", "fpe", "ill")]
    atheris.Setup([name, *flags, str(corpus)], one)
    atheris.Fuzz()
