"""Writes files atomically, and explains why a file cannot be read or written."""

import io
import json
import os
import re
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from sbvae_cli.errors import SbvaeError
from sbvae_cli.system_errors import unreadable, unwritten

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_HIDDEN = re.compile(r"\.(.+)\.\d+-[0-9a-f]{8}\.tmp")


class ErrorStoringFile(io.FileIO):
    """A binary file that stores its first write error instead of raising it.

    If a write fails while HDF5 closes a file, as the last records often do on a full disk, HDF5
    leaves objects behind that crash the process later. So every write seems to succeed, HDF5 closes
    the file normally, the caller then discards the file, as `raise_write_error` raises the error.
    """

    write_error: OSError | None = None

    def write(self, data: Any) -> int:
        """Write all of the data, or store the error; after an error, write nothing more."""
        rest = memoryview(data).cast("B")
        size = len(rest)
        try:
            while rest and not self.write_error:
                rest = rest[super().write(rest) :]
        except OSError as error:
            self.write_error = error
        return size

    def truncate(self, size: int | None = None) -> int:
        """Resize the file, or store the error."""
        try:
            return super().truncate(size)
        except OSError as error:
            self.write_error = self.write_error or error
            return self.tell() if size is None else size

    def raise_write_error(self) -> None:
        """Raise the first error, if there is one."""
        if self.write_error:
            raise self.write_error


@contextmanager
def atomic_write(path: Path) -> Iterator[ErrorStoringFile]:
    """Yield a hidden binary file in the folder of `path`, and rename it to `path` at the end.

    If `path` is a symbolic link, its target is replaced. If it is a device or a pipe, such as
    /dev/stdout, the content is written into it.

    If the block raises or the process is interrupted, the hidden file and the folders made for it
    are removed, and an older file at `path` is kept. A hidden file of a killed process is removed
    by the next call for the same `path`. A failed write raises at the end of the block, or in
    `raise_kept`.

    Raises:
        SbvaeError: If `path` is a folder, its folder cannot be made or written, or the disk is
            full.
    """
    hidden, made = None, []
    try:
        if path.is_dir():
            raise SbvaeError(f"{path}: is a folder; name a file to write")
        special = path.exists() and not path.is_file()
        final = path if special else path.resolve()
        folder = Path(tempfile.gettempdir()) if special else final.parent
        made = [each for each in (folder, *folder.parents) if not each.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        remove_abandoned(folder / path.name)
        with _open_hidden(folder, path.name) as file:
            hidden = Path(file.name)
            yield file
            file.raise_write_error()
            os.fsync(file.fileno())  # some file systems report a full disk only here
            if fcntl is not None and not special:
                hidden.replace(final)  # while locked; Windows cannot rename an open file
        if special:
            final.write_bytes(hidden.read_bytes())
        elif fcntl is None:
            hidden.replace(final)
        made = []
    except OSError as error:
        if hidden and error.filename and str(error.filename) not in (str(hidden), str(final)):
            raise  # of another file, which the block reads
        raise unwritten(path, error) from error
    finally:
        if hidden is not None:
            hidden.unlink(missing_ok=True)
        with suppress(OSError):  # others may have put something there
            for each in made:
                each.rmdir()


def _open_hidden(folder: Path, name: str) -> ErrorStoringFile:
    """Create a hidden file for a name, locked until it is closed.

    The lock keeps other processes from removing the file as an abandoned one.
    """
    while True:
        # `tempfile` would ignore the user's umask and make a file that only the user can read.
        path = folder / f".{name}.{os.getpid()}-{secrets.token_hex(4)}.tmp"
        file = ErrorStoringFile(path, "x+")
        try:
            _lock(file.fileno())
        except BlockingIOError:  # another process has locked it first and is removing it
            file.close()
            continue
        except OSError:  # the file system has no locks
            return file
        if path.exists():
            return file
        file.close()


def remove_abandoned(path: Path) -> None:
    """Remove unlocked hidden files for `path`, which killed processes have left."""
    if fcntl is None:
        return
    with suppress(OSError):  # the folder may be writable but not listable
        for entry in path.parent.iterdir():
            if name_of_unfinished(entry) != path.name:
                continue
            # The file may be locked, removed by now, or another user's.
            with suppress(OSError), entry.open("r+b") as file:
                _lock(file.fileno())
                entry.unlink()


def _lock(descriptor: int) -> None:
    """Lock an open file until it is closed, on systems with `flock`.

    Raises:
        OSError: If another process has locked the file, or the file system has no locks.
    """
    if fcntl is not None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def name_of_unfinished(path: Path) -> str | None:
    """Return the final name of an unfinished file of `atomic_write`, left by a killed process.

    Returns:
        None if `path` is not the hidden name of an unfinished file.
    """
    found = _HIDDEN.fullmatch(path.name)
    return found[1] if found else None


def refuse_data_loss(path: Path) -> None:
    """Refuse to replace a dataset or a checkpoint by a picture, a table or codes.

    Raises:
        SbvaeError: If `path` is a dataset or a checkpoint.
    """
    if not path.is_file():
        return
    with path.open("rb") as file:
        start = file.read(8)
    found = None
    if start == b"\x89HDF\r\n\x1a\n":
        found = "dataset"
    if start.startswith(b"PK") and path.suffix in (".pt", ".pth"):
        found = "checkpoint"
    if found:
        raise SbvaeError(f"{path}: is a {found}, which is not replaced; choose another name")


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file atomically; datasets and checkpoints are not replaced.

    Raises:
        SbvaeError: If the file cannot be written.
    """
    with atomic_write(path) as file:
        refuse_data_loss(path)
        file.write(content)


def write_all_or_none(contents: Mapping[Path, bytes]) -> None:
    """Write all of several files or none; datasets and checkpoints are not replaced.

    Args:
        contents: Content of each file by its path.

    Raises:
        SbvaeError: If a file cannot be written; no file has been changed then.
    """
    with ExitStack() as stack:
        opened = {path: stack.enter_context(atomic_write(path)) for path in contents}
        for path, file in opened.items():
            refuse_data_loss(path)
            file.write(contents[path])
            try:
                file.raise_write_error()
                os.fsync(file.fileno())
            except OSError as error:
                raise unwritten(path, error) from error


def read_start(path: Path, size: int = 1024, missing: str = "name another") -> bytes:
    """Return the first bytes of a file.

    Args:
        path: The file.
        size: Greatest number of bytes.
        missing: Advice to the user for a missing file, the end of the error message.

    Raises:
        SbvaeError: If the file cannot be read; the message has the cause and advice.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise SbvaeError(f"{path}: is a device or a pipe; write it to a file, and name that")
        with path.open("rb") as file:
            return file.read(size)
    except OSError as error:
        raise unreadable(path, error, missing) from error
    except ValueError as error:  # the name has a null character or an unpaired surrogate
        raise SbvaeError(f"{str(path)!r}: no file can have such a name; {missing}") from error


def parse_json(text: str | bytes) -> Any:
    """Parse a JSON text.

    Raises:
        ValueError: If the text is not JSON, or is nested too deeply.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
