"""Commands in processes of their own that end by SIGKILL, at an operation on files or at any time.

Operations are what a killed process may leave half done: a file opened for writing, half of its
first bytes, all of them and not yet its name, half a line of a log, a folder, a removal. A command
is killed before one of them or in the middle of it, and all processes that it began with it, as
where a machine loses its power. The processes are forked from one that has loaded the package.
"""

import json
import multiprocessing
import os
import re
import shlex
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sbvae_cli.files import ErrorStoringFile, name_of_unfinished

_LOADED = ["cli.resume_replicas", "cli.sweep_runner", "runs.train", "sweeps.scoring", "cli.app"]
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_CHANGING = ("os.rename", "os.remove", "os.mkdir", "os.rmdir")
_COMMAND = re.compile(r"`sbvae ([^`]*)`")


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        code: Its exit code, -9 where it was killed.
        operations: What it did to files, such as `rename run/ckpt.pt`, of a hidden file's final
            name: `open`, `half` (the first bytes, half of them), `sync`, `rename`, `remove`...;
            from the second time on with the number of times, as `rename run/ckpt.pt 2`.
        out: What it printed.
    """

    code: int
    operations: list[str]
    out: str


def run(
    words: Sequence[object],
    folder: Path,
    kill_at: int | str = 0,
    kill_after: float | None = None,
    setup: Callable[[], None] | None = None,
) -> Ended:
    """Run a command of `sbvae` in a folder.

    Args:
        words: The command's words.
        folder: The folder.
        kill_at: The operation at which it is killed: its number, from 1, or name; 0 for none.
        kill_after: Seconds after which it is killed.
        setup: A function of a module, called first in the process.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([f"sbvae_cli.{name}" for name in _LOADED])
    count = context.Value("i", 0, lock=False)
    with tempfile.NamedTemporaryFile("r") as told, tempfile.NamedTemporaryFile("r") as trace:
        files = (told.name, trace.name)
        arguments = ([str(word) for word in words], folder, kill_at, count, files, setup)
        process = context.Process(target=_work, args=arguments)
        process.start()
        process.join(120 if kill_after is None else kill_after)
        if process.exitcode is None:
            _kill_all(process.pid or 0)
        process.join()
        return Ended(process.exitcode or 0, trace.read().splitlines(), told.read())


def run_to_the_end(
    words: Sequence[object], again: Sequence[object], folder: Path, kills: Sequence[dict[str, Any]]
) -> list[Ended]:
    """Run a command, kill it, and go on by the commands that are printed, as often as is said.

    Args:
        words: The command that begins.
        again: The command that goes on with it. What it prints in an error is done in its place.
        folder: Where to.
        kills: Each an operation, or seconds, as `run` takes it; one after the other.

    Returns:
        How each command ended, the last with 0, or because nothing was left to do.
    """
    found, line, left = list[Ended](), words, list(kills)
    while True:
        ended = run(line, folder, **(left[0] if left else {}))
        found.append(ended)
        if ended.code == 0 or "is left to do" in ended.out or "; train more with" in ended.out:
            return found
        if ended.code == -signal.SIGKILL:
            line = again
            del left[0]
            continue
        kept = re.search(r"holds no (\S+); copy (\S+) to it", ended.out)
        if kept:  # killed between the first checkpoint that is kept and the last one
            shutil.copy(folder / kept[2], (folder / kept[2]).with_name(kept[1]))
            line = again
            continue
        printed = _COMMAND.findall(ended.out)
        assert line is not words and ended.code == 1, (line, ended)
        line = shlex.split(printed[-1]) if printed else words
        assert printed or "start the run without" in ended.out or "there is no" in ended.out, ended


def _kill_all(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:  # it does not lead a group yet
        os.kill(leader, signal.SIGKILL)


def _work(
    words: list[str],
    folder: Path,
    kill_at: int | str,
    count: Any,
    files: tuple[str, str],
    setup: Callable[[], None] | None,
) -> None:
    os.setsid()
    os.chdir(folder)
    told, trace = (os.open(file, os.O_WRONLY | os.O_APPEND) for file in files)
    for stream in (1, 2):
        os.dup2(told, stream)
    _be_killed(_Operations(folder, kill_at, count, trace))
    _run_processes_here()
    if setup:
        setup()
    from sbvae_cli.cli.app import main

    code = main(words)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


class _Operations:
    """Counts operations below a folder, in this process and those forked from it."""

    def __init__(self, folder: Path, kill_at: int | str, count: Any, trace: int) -> None:
        self._folder, self._kill_at = Path(os.path.realpath(folder)), kill_at
        self._count, self._trace, self._times = count, trace, Counter[str]()

    def reached(self, what: str, path: Any) -> bool:
        """Count one; whether it is the one that is not to be ended."""
        whole = Path(os.path.abspath(path)) if not isinstance(path, int) else Path()
        if not whole.is_relative_to(self._folder):
            return False
        name = whole.with_name(name_of_unfinished(whole) or whole.name)
        operation = f"{what} {name.relative_to(self._folder)}"
        self._times[operation] += 1
        if self._times[operation] > 1:
            operation += f" {self._times[operation]}"
        os.write(self._trace, f"{operation}\n".encode())
        self._count.value += 1
        return self._kill_at in (self._count.value, operation)


def _be_killed(operations: _Operations) -> None:
    """Have this process killed where an operation of the number begins, or in the middle of it."""
    from sbvae_cli.runs.folder import RunFolder

    fsync, write, append = os.fsync, ErrorStoringFile.write, RunFolder.append_log

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        opens = event == "open" and arguments[2] & _WRITING
        what = event.removeprefix("os.")
        if (opens or event in _CHANGING) and operations.reached(what, arguments[0]):
            os.killpg(0, signal.SIGKILL)

    def synced(descriptor: int) -> None:
        if operations.reached("sync", os.readlink(f"/proc/self/fd/{descriptor}")):
            os.killpg(0, signal.SIGKILL)
        fsync(descriptor)

    def written(self: ErrorStoringFile, data: Any) -> int:
        if self.tell() == 0 and operations.reached("half", self.name):
            content = memoryview(data).cast("B")
            write(self, content[: len(content) // 2])
            os.killpg(0, signal.SIGKILL)
        return write(self, data)

    def appended(self: RunFolder, record: dict[str, Any]) -> None:
        if operations.reached("half", self.log):
            line = json.dumps(record)
            with self.log.open("a") as file:
                file.write(line[: len(line) // 2])
            os.killpg(0, signal.SIGKILL)
        append(self, record)

    sys.addaudithook(look)
    os.fsync = synced
    ErrorStoringFile.write = written  # type: ignore[method-assign]
    RunFolder.append_log = appended  # type: ignore[method-assign]


def _run_processes_here() -> None:
    """Have commands that begin others fork them, one after the other: nothing is loaded anew."""
    from sbvae_cli.cli import local_engine, processes, side_by_side
    from sbvae_cli.cli.app import main

    def run_forked(
        commands: Sequence[Sequence[str]],
        at_once: int,
        stop: Any,
        *,
        on_start: Callable[[int], None] = lambda index: None,
        on_poll: Callable[[Sequence[int]], None] = lambda running: None,
        on_exit: Callable[[processes.Exit], None] = lambda ended: None,
        environment: Any = None,
    ) -> None:
        for index, words in enumerate(commands):
            on_start(index)
            sys.stdout.flush()
            child = os.fork()
            if child == 0:
                os._exit(main(["--quiet", *words]))
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            on_exit(processes.Exit(index, code, "failed" if code else "", stopped=False))

    for module in (side_by_side, local_engine):
        module.run_processes = run_forked  # type: ignore[attr-defined]
