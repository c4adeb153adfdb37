"""Paths and lock of a run folder, with config.yaml, log.jsonl, ckpt.pt and kept checkpoints.

A sweep adds scores.json, and .job.json while it uses the folder.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from sbvae_cli.commands import command
from sbvae_cli.config.load import to_yaml
from sbvae_cli.config.schema import Config
from sbvae_cli.errors import BusyError, SbvaeError
from sbvae_cli.files import name_of_unfinished, parse_json, write_bytes
from sbvae_cli.system_errors import remedy, unwritten

# Files in the folder `previews`, in the order of the constants' names.
MOMENTS, TRAVERSAL, GEOMETRY, UNFOLDING = (
    *("moments.npz", "traversal.png", "geometry.png", "geometry.gif"),
)
PREVIEWS = (MOMENTS, TRAVERSAL, GEOMETRY, UNFOLDING)
EVENT_FILES = "events.out.tfevents.*"  # glob pattern of TensorBoard's event files
KEPT_CHECKPOINT = re.compile(r"ckpt-(\d+)\.pt")  # name of a kept checkpoint, with its step
_LOCK = ".lock"  # held while a process trains in the folder
_RESERVED = ".reserved"  # held by a process that starts others to train here in turn
_TAIL_BYTES = 1 << 14  # bytes at the end of a log that are searched for the last line


class RunFolder:
    """Paths of a run, and the lock that keeps a second process out.

    Args:
        path: Path of the folder, which may not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.yaml"
        self.log = path / "log.jsonl"
        self.checkpoint = path / "ckpt.pt"
        self.previews = path / "previews"
        self.scores = path / "scores.json"
        self.job = path / ".job.json"

    def kept(self, step: int) -> Path:
        """Return the path of the kept checkpoint of a step."""
        return self.path / f"ckpt-{step}.pt"

    def kept_steps(self) -> list[int]:
        """Return the steps of all kept checkpoints in ascending order."""
        found = (KEPT_CHECKPOINT.fullmatch(path.name) for path in self.path.glob("ckpt-*.pt"))
        return sorted(int(name[1]) for name in found if name)

    def event_files(self) -> list[Path]:
        """Return TensorBoard's event files in order."""
        return sorted(self.path.glob(EVENT_FILES))

    def locked(self) -> AbstractContextManager[None]:
        """Hold the folder for one process that trains in it.

        Raises:
            BusyError: If another process holds it.
            SbvaeError: If the folder cannot be created.
        """
        return self._lock(_LOCK)

    @contextmanager
    def reserved(self) -> Iterator[None]:
        """Hold the folder for one process that starts another one which trains in it.

        Raises:
            BusyError: If another process has reserved the folder or trains in it.
            SbvaeError: If the folder cannot be created.
        """
        with self._lock(_RESERVED):
            with self.locked():
                pass
            yield

    def _lock(self, name: str) -> AbstractContextManager[None]:
        busy = "another process trains here; wait for it, or choose another `out`"
        return lock_folder(self.path, name, busy, (_LOCK, _RESERVED))

    def refuse_if_used(self) -> None:
        """Refuse a folder with a checkpoint, or with files that do not belong to a run.

        Raises:
            SbvaeError: If there is one; the message says what to do.
        """
        if self.checkpoint.exists():
            raise SbvaeError(
                f"{self.path}: exists; resume it with {command('train', resume=self.path)}, "
                "replace it with `force`, or choose another `out`"
            )
        own = {_LOCK, _RESERVED, self.previews.name, *self._own_names}
        passed = {*self._unfinished(), *self.event_files()}
        names = {entry.name for entry in self.path.iterdir() if entry not in passed}
        others = sorted(
            names - own, key=lambda name: (KEPT_CHECKPOINT.fullmatch(name) is None, name)
        )
        if others:
            raise SbvaeError(
                f"{self.path}: holds other files, such as {others[0]}; choose another `out`, or "
                "put the run beside them with `force`"
            )

    @property
    def _own_names(self) -> set[str]:
        """Names of the files that every run has."""
        files = (self.config, self.log, self.checkpoint, self.scores, self.job)
        return {path.name for path in files}

    def _unfinished(self) -> list[Path]:
        """Return temporary files of this run that a killed process left while it wrote them."""
        names = ((path, name_of_unfinished(path)) for path in self.path.iterdir())
        return [
            path
            for path, name in names
            if name and (name in self._own_names or KEPT_CHECKPOINT.match(name))
        ]

    def has_only_locks(self) -> bool:
        """Return whether it has only locks, of a process that was killed or is just starting."""
        names = {path.name for path in set(self.path.iterdir()).difference(self._unfinished())}
        return bool(names) and names <= {_LOCK, _RESERVED}

    def remove_unfinished(self) -> None:
        """Remove files that a killed process left half-written; no other process may write here."""
        for path in self._unfinished():
            path.unlink(missing_ok=True)

    def begin(self, config: Config, on_note: Callable[[str], None]) -> None:
        """Begin a run: remove the files of a former run and write the configuration.

        Args:
            config: Complete configuration of the run.
            on_note: Called with a line if a former run without a checkpoint is removed.
        """
        if self.log.exists() and not self.checkpoint.exists():
            on_note(f"{self.path}: the log of a run without a checkpoint is replaced")
        self.remove_unfinished()
        kept = [self.kept(step) for step in self.kept_steps()]
        previews = [self.previews / name for name in PREVIEWS]
        files = (self.checkpoint, self.scores, *kept, *previews, *self.event_files())
        for path in (*files, self.log, self.config):
            path.unlink(missing_ok=True)
        with suppress(OSError):  # the folder may hold other files
            self.previews.rmdir()
        self.write_config(config)

    def resume(self, config: Config, step: int) -> None:
        """Resume a run from its checkpoint of a step: drop the log lines after that step."""
        self.remove_unfinished()
        self.cut_log(step)
        self.write_config(config)

    def write_config(self, config: Config) -> None:
        """Write the complete configuration to `config.yaml`."""
        write_bytes(self.config, to_yaml(config.as_dict()).encode())

    def append_log(self, record: dict[str, Any]) -> None:
        """Add a line to `log.jsonl`."""
        try:
            with self.log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
        except OSError as error:
            raise unwritten(self.log, error) from error

    def last_record(self) -> dict[str, Any] | None:
        """Return the last whole line of `log.jsonl`, or None if there is none."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
                lines = file.read().splitlines()
        except OSError:
            return None
        for line in reversed(lines):
            try:
                record = parse_json(line)
            except ValueError:  # half-written, or cut off at the start
                continue
            if isinstance(record, dict):
                return record
        return None

    def cut_log(self, step: int) -> None:
        """Drop half-written lines and those after a step, which a resumed run writes again."""
        if self.log.exists():
            lines = self.log.read_text(encoding="utf-8").splitlines()
            kept = [line for line in lines if _step_of(line) <= step]
            write_bytes(self.log, "".join(line + "\n" for line in kept).encode())


@contextmanager
def lock_folder(path: Path, name: str, busy: str, locks: Sequence[str] = ()) -> Iterator[None]:
    """Hold a folder for this process by a lock file.

    Args:
        path: Path of the folder, which is created if it is missing.
        name: Name of the lock file.
        busy: Text of the error if another process holds the lock.
        locks: Names of other lock files, which are removed with a newly created folder that stayed
            empty.

    Raises:
        BusyError: If another process holds it.
        SbvaeError: If the folder cannot be created or written to.
    """
    made = not path.exists()
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path / name, timeout=0)
        lock.acquire()
    except Timeout as error:
        raise BusyError(f"{path}: {busy}") from error
    except OSError as error:
        if made:
            _remove_if_empty(path, set())
        raise SbvaeError(f"{path}: cannot be used: {error.strerror}{remedy(error)}") from error
    try:
        yield
    finally:
        lock.release()
        if made:
            _remove_if_empty(path, {path / each for each in (name, *locks)})


def _remove_if_empty(path: Path, locks: Set[Path]) -> None:
    """Remove the empty folder of a run or sweep that was refused before it began."""
    with suppress(OSError):
        if set(path.iterdir()) <= locks:
            for lock in locks:
                lock.unlink(missing_ok=True)
            path.rmdir()


def _step_of(line: str) -> float:
    try:
        return float(parse_json(line)["step"])
    except (ValueError, KeyError, TypeError):
        return float("inf")
