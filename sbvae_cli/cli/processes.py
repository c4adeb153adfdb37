"""Runs commands of `sbvae` in processes, a limited number at once.

A signal to stop is passed on to the processes once, so that each saves its run. If this process is
killed and cannot pass on anything, the processes notice it and save as well.
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

_POLL_SECONDS = 0.25  # seconds between two checks of the processes


@dataclass(frozen=True)
class Exit:
    """End of a process.

    Attributes:
        index: Index of the command, from 0.
        code: Exit code; negative if a signal killed the process.
        why: Cause of a failure: the last line on stderr, or the signal; else "".
        stopped: Whether the process ended because of a signal that was passed on.
    """

    index: int
    code: int
    why: str
    stopped: bool


@dataclass(frozen=True)
class _Process:
    """A running process.

    Attributes:
        index: Index of the command.
        process: The process.
        errors: File with its output on stderr; a pipe could fill up and block the process.
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
    on_poll: Callable[[Sequence[int]], None] = lambda running: None,
    on_exit: Callable[[Exit], None] = lambda ended: None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run all commands, a limited number at once; if one fails, the others continue.

    Args:
        commands: Words of each command after `sbvae`, in the order in which they start.
        at_once: Greatest number of processes at once.
        stop: Once it is true, no further process starts, and the signal is sent to the running
            ones, once.
        on_start: Called with the index of a command before it starts.
        on_poll: Called after each check, with the indices of the running commands.
        on_exit: Called with the end of each process.
        environment: Additional environment variables of the processes.
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
                on_exit(_exit_of(each, asked))
            on_poll([each.index for each in running])
            if running:
                time.sleep(_POLL_SECONDS)
    finally:
        for each in running:
            each.process.terminate()
        for each in running:
            each.process.wait()
            each.errors.close()


def program(command: Sequence[str]) -> list[str]:
    """Return the arguments of a process that runs a command of `sbvae`."""
    return [sys.executable, "-m", "sbvae_cli", *command]


def _start(index: int, words: Sequence[str], environment: Mapping[str, str] | None) -> _Process:
    errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the process has ended
    process = subprocess.Popen(
        program(["--quiet", *words]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        start_new_session=True,  # Ctrl-C reaches only this process, which passes it on once
        env={**os.environ, **(environment or {}), PARENT: str(os.getpid())},
    )
    return _Process(index, process, errors)


def _exit_of(each: _Process, asked: bool) -> Exit:
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
