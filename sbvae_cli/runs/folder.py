"""A run folder: config.yaml, log.jsonl, ckpt.pt and those that are kept, locked in training.

A sweep adds scores.json, and .job.json while it works in the folder.
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

# In the folder `previews`, of a run that draws them.
MOMENTS, TRAVERSAL, GEOMETRY, UNFOLDING = (
    *("moments.npz", "traversal.png", "geometry.png", "geometry.gif"),
)
PREVIEWS = (MOMENTS, TRAVERSAL, GEOMETRY, UNFOLDING)
EVENTS = "events.out.tfevents.*"  # names of event files, which TensorBoard reads
KEPT = re.compile(r"ckpt-(\d+)\.pt")  # a checkpoint of a step, beside the last one
_LOCK = ".lock"  # held while a process trains in the folder
_RESERVED = ".reserved"  # held by a process that has others train in it, one after the other
_TAIL = 1 << 14  # bytes at the end of a log, in which its last line is


class RunFolder:
    """Paths of a run, and the lock that keeps a second process out.

    Args:
        path: Path of the folder, which need not exist.
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
        """Path of the checkpoint of a step, where all are kept."""
        return self.path / f"ckpt-{step}.pt"

    def kept_steps(self) -> list[int]:
        """Steps whose checkpoints were kept, in order."""
        found = (KEPT.fullmatch(path.name) for path in self.path.glob("ckpt-*.pt"))
        return sorted(int(name[1]) for name in found if name)

    def event_files(self) -> list[Path]:
        """Files that TensorBoard reads, of a run that writes them, in order."""
        return sorted(self.path.glob(EVENTS))

    def locked(self) -> AbstractContextManager[None]:
        """Hold the folder for one process that trains in it.

        Raises:
            BusyError: If another process holds it.
            SbvaeError: If it cannot be created.
        """
        return self._held(_LOCK)

    @contextmanager
    def reserved(self) -> Iterator[None]:
        """Hold the folder for one process that has another one train in it, now or later.

        Raises:
            BusyError: If another process holds it so or trains in it.
            SbvaeError: If it cannot be created.
        """
        with self._held(_RESERVED):
            with self.locked():
                pass
            yield

    def _held(self, name: str) -> AbstractContextManager[None]:
        busy = "another process trains here; wait for it, or choose another `out`"
        return hold_folder(self.path, name, busy, (_LOCK, _RESERVED))

    def refuse_if_used(self) -> None:
        """Refuse a folder with a checkpoint, or with files that are no run's.

        Raises:
            SbvaeError: With what stands there, and what would do.
        """
        if self.checkpoint.exists():
            raise SbvaeError(
                f"{self.path}: exists; go on with {command('train', resume=self.path)}, replace it "
                "with `force`, or choose another `out`"
            )
        own = {_LOCK, _RESERVED, self.previews.name, *self._own_names}
        passed = {*self._unfinished(), *self.event_files()}
        names = {entry.name for entry in self.path.iterdir() if entry not in passed}
        others = sorted(names - own, key=lambda name: (KEPT.fullmatch(name) is None, name))
        if others:
            raise SbvaeError(
                f"{self.path}: holds other files, such as {others[0]}; choose another `out`, or "
                "put the run beside them with `force`"
            )

    @property
    def _own_names(self) -> set[str]:
        """Names of the files that each run has."""
        files = (self.config, self.log, self.checkpoint, self.scores, self.job)
        return {path.name for path in files}

    def _unfinished(self) -> list[Path]:
        """What is left of a run's files that a process was killed over while it wrote them."""
        names = ((path, name_of_unfinished(path)) for path in self.path.iterdir())
        return [
            path for path, name in names if name and (name in self._own_names or KEPT.match(name))
        ]

    def remove_unfinished(self) -> None:
        """Remove what a killed process left half-written; only where no other one writes."""
        for path in self._unfinished():
            path.unlink(missing_ok=True)

    def begin(self, config: Config, on_note: Callable[[str], None]) -> None:
        """Begin a run: remove a former run's files, write the configuration.

        Args:
            config: Configuration of the run, complete.
            on_note: Called with a line where a run that trained here without a checkpoint goes.
        """
        if self.log.exists() and not self.checkpoint.exists():
            on_note(f"{self.path}: the log of a run without a checkpoint is replaced")
        self.remove_unfinished()
        kept = [self.kept(step) for step in self.kept_steps()]
        previews = [self.previews / name for name in PREVIEWS]
        files = (self.checkpoint, self.scores, *kept, *previews, *self.event_files())
        for path in (*files, self.log, self.config):
            path.unlink(missing_ok=True)
        with suppress(OSError):  # it may hold what others put there
            self.previews.rmdir()
        self.write_config(config)

    def go_on(self, config: Config, step: int) -> None:
        """Go on with a run from its checkpoint of a step: drop what came after it."""
        self.remove_unfinished()
        self.cut_log(step)
        self.write_config(config)

    def write_config(self, config: Config) -> None:
        """Write `config.yaml`, complete."""
        write_bytes(self.config, to_yaml(config.as_dict()).encode())

    def append_log(self, record: dict[str, Any]) -> None:
        """Add a line to `log.jsonl`."""
        try:
            with self.log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
        except OSError as error:
            raise SbvaeError(f"{self.log}: cannot be written: {error.strerror}") from error

    def last_record(self) -> dict[str, Any] | None:
        """The last whole line of `log.jsonl`, or None where there is none."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
                lines = file.read().splitlines()
        except OSError:
            return None
        for line in reversed(lines):
            try:
                record = parse_json(line)
            except ValueError:  # the run writes it now, was killed while it did, or it is cut here
                continue
            if isinstance(record, dict):
                return record
        return None

    def cut_log(self, step: int) -> None:
        """Drop lines past a step, which a resumed run writes again, and a half-written last one."""
        if self.log.exists():
            lines = self.log.read_text(encoding="utf-8").splitlines()
            kept = [line for line in lines if _step_of(line) <= step]
            write_bytes(self.log, "".join(line + "\n" for line in kept).encode())


@contextmanager
def hold_folder(path: Path, name: str, busy: str, locks: Sequence[str] = ()) -> Iterator[None]:
    """Hold a folder for this process, by a lock of a name.

    Args:
        path: The folder, which is made where it is missing.
        name: Name of the lock's file.
        busy: What an error says where another process holds it.
        locks: Names of other locks, which do not keep an empty folder that was made.

    Raises:
        BusyError: If another process holds it.
        SbvaeError: If it cannot be created, or nothing can be written there.
    """
    made = not path.exists()
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path / name, timeout=0)
        lock.acquire()
    except Timeout as error:
        raise BusyError(f"{path}: {busy}") from error
    except OSError as error:
        raise SbvaeError(f"{path}: cannot be used: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()
        if made:
            _remove_if_empty(path, {path / each for each in (name, *locks)})


def _remove_if_empty(path: Path, locks: Set[Path]) -> None:
    """Leave nothing of a run or sweep that was refused before it began."""
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
