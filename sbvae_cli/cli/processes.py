"""Commands of `sbvae` in processes of their own, some of them at once; those that wait take turns.

A signal that asks for an end is passed on once, so that each process saves; so each does where
this process is killed, and passes nothing on.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from sbvae_cli.cli.signals import PARENT, SIGNALLED

if TYPE_CHECKING:  # it loads PyTorch
    from sbvae_cli.sweeps.engine import Stop

_PAUSE = 0.25  # seconds between two looks at the processes


@dataclass(frozen=True)
class Exit:
    """How a process ended.

    Attributes:
        index: Number of its command, from 0.
        code: Exit code; negative where a signal ended it.
        why: What was wrong: the last line that it wrote to stderr, or the signal; "" where nothing.
        stopped: Whether it ended because it was asked to.
    """

    index: int
    code: int
    why: str
    stopped: bool


@dataclass(frozen=True)
class _Process:
    """A process that runs.

    Attributes:
        index: Number of its command.
        process: The process.
        errors: What it says on stderr; a file, since a pipe may be full before anybody reads it.
    """

    index: int
    process: subprocess.Popen[bytes]
    errors: IO[bytes]


def run_processes(
    commands: Sequence[Sequence[str]],
    at_once: int,
    stop: "Stop",
    *,
    on_start: Callable[[int], None] = lambda index: None,
    on_look: Callable[[Sequence[int]], None] = lambda running: None,
    on_exit: Callable[[Exit], None] = lambda ended: None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run all, so many at once; one that fails leaves the others alone.

    Args:
        commands: Words of each command after `sbvae`, in the order in which they begin.
        at_once: Number of processes at once.
        stop: Once it is true no process begins, and those that run are sent the signal, once.
        on_start: Called with the number of a command before it begins.
        on_look: Called between two looks, with the numbers of those that run.
        on_exit: Called with each that has ended, when it has.
        environment: Variables that processes have beside those of this one.
    """
    waiting, running = deque(enumerate(commands)), list[_Process]()
    asked = False
    try:
        while running or (waiting and not stop()):
            while waiting and len(running) < at_once and not stop():
                index, words = waiting.popleft()
                on_start(index)
                running.append(_start(index, words, environment))
            if stop() and not asked:
                asked = True
                for each in running:
                    each.process.send_signal(stop.number or signal.SIGTERM)
            for each in [each for each in running if each.process.poll() is not None]:
                running.remove(each)
                on_exit(_end(each, asked))
            on_look([each.index for each in running])
            if running:
                time.sleep(_PAUSE)
    finally:
        for each in running:
            each.process.terminate()
        for each in running:
            each.process.wait()
            each.errors.close()


def program(command: Sequence[str]) -> list[str]:
    """The arguments of a process that runs a command."""
    return [sys.executable, "-m", "sbvae_cli", *command]


def _start(index: int, words: Sequence[str], environment: Mapping[str, str] | None) -> _Process:
    errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the process has ended
    process = subprocess.Popen(
        program(["--quiet", *words]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        start_new_session=True,  # Ctrl-C reaches us; we ask them to end, once
        env={**os.environ, **(environment or {}), PARENT: str(os.getpid())},
    )
    return _Process(index, process, errors)


def _end(each: _Process, asked: bool) -> Exit:
    code = each.process.returncode
    with each.errors as file:
        file.seek(0)
        lines = file.read().decode(errors="replace").strip().splitlines()
    if code == 0:
        return Exit(each.index, code, "", stopped=False)
    if asked and (code in (SIGNALLED + signal.SIGINT, SIGNALLED + signal.SIGTERM) or code < 0):
        return Exit(each.index, code, "", stopped=True)
    if code < 0:
        return Exit(each.index, code, f"killed by {_name(-code)}", stopped=False)
    last = lines[-1].removeprefix("error: ") if lines else f"ended with exit code {code}"
    return Exit(each.index, code, last, stopped=False)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
