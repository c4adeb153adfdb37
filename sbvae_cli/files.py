"""Files that appear whole under their final name, or not at all."""

import errno
import io
import json
import os
import re
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sbvae_cli.commands import quoted
from sbvae_cli.errors import SbvaeError

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_HIDDEN = re.compile(r"\.(.+)\.\d+-[0-9a-f]{8}\.tmp")


class WholeFile(io.FileIO):
    """A file that keeps its first error until it is asked for.

    HDF5 leaves objects behind that crash the process later when a write fails as it closes a file,
    and with a full disk the last of its own records often are what fails. So it is told that all
    went well, closes in order, and the file is then thrown away.
    """

    kept: OSError | None = None

    def write(self, data: Any) -> int:
        """Write all of the data, or keep the error; nothing is written after one."""
        rest = memoryview(data).cast("B")
        size = len(rest)
        try:
            while rest and not self.kept:
                rest = rest[super().write(rest) :]
        except OSError as error:
            self.kept = error
        return size

    def truncate(self, size: int | None = None) -> int:
        """Cut or lengthen the file, or keep the error."""
        try:
            return super().truncate(size)
        except OSError as error:
            self.kept = self.kept or error
            return self.tell() if size is None else size

    def raise_kept(self) -> None:
        """Raise the first error, if there was one."""
        if self.kept:
            raise self.kept


@contextmanager
def replacing(path: Path) -> Iterator[WholeFile]:
    """A binary file under a hidden name beside `path`, which is renamed to `path` at the end.

    A link is followed. A device or pipe, such as /dev/stdout, is written to and not replaced.

    If the block raises, or the process is interrupted, the hidden file is removed and what stood
    under `path` before still stands there. A write that fails is an error at the end of the block,
    or when `raise_kept` asks.

    Raises:
        SbvaeError: If the folder is missing or cannot be written, or the disk is full.
    """
    hidden = None
    try:
        if path.is_dir():
            raise SbvaeError(f"{path}: is a folder; name a file to write")
        special = path.exists() and not path.is_file()
        final = path if special else path.resolve()
        folder = Path(tempfile.gettempdir()) if special else final.parent
        folder.mkdir(parents=True, exist_ok=True)
        # Opened here and not by `tempfile`, so that permissions follow the user's umask.
        unused = folder / f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp"
        with WholeFile(unused, "x+") as file:
            hidden = unused
            yield file
            file.raise_kept()
            os.fsync(file.fileno())  # some file systems find out here that there is no room
        if special:
            final.write_bytes(hidden.read_bytes())
        else:
            hidden.replace(final)
    except OSError as error:
        raise _unwritten(path, error) from error
    finally:
        if hidden is not None:
            hidden.unlink(missing_ok=True)


def name_of_unfinished(path: Path) -> str | None:
    """What a file would be called that `replacing` has not finished, as of a process killed there.

    Returns:
        None of any other file.
    """
    found = _HIDDEN.fullmatch(path.name)
    return found[1] if found else None


def _unwritten(path: Path, error: OSError) -> SbvaeError:
    reason = _strerror(error)
    advice = "; make room, or choose another place" if error.errno in _NO_ROOM else ""
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        advice = "; choose another place"
    return SbvaeError(f"{path}: cannot be written: {reason}{advice}")


def refuse_to_lose(path: Path) -> None:
    """Refuse to replace a dataset or a checkpoint by a picture, a table or codes.

    Raises:
        SbvaeError: With what stands there.
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
    """Write a whole file atomically; datasets and checkpoints are not replaced.

    Raises:
        SbvaeError: If it cannot be written.
    """
    with replacing(path) as file:
        refuse_to_lose(path)
        file.write(content)


def write_together(contents: Mapping[Path, bytes]) -> None:
    """Write several whole files, or none of them; datasets and checkpoints are not replaced.

    Args:
        contents: Bytes of each file.

    Raises:
        SbvaeError: If one cannot be written; then nothing has changed.
    """
    with ExitStack() as stack:
        opened = {path: stack.enter_context(replacing(path)) for path in contents}
        for path, file in opened.items():
            refuse_to_lose(path)
            file.write(contents[path])
            try:
                file.raise_kept()
                os.fsync(file.fileno())
            except OSError as error:
                raise _unwritten(path, error) from error


def read_start(path: Path, size: int = 1024, missing: str = "name another") -> bytes:
    """The first bytes of a file.

    Args:
        path: The file.
        size: Number of bytes at most.
        missing: What would do where there is no such file.

    Raises:
        SbvaeError: If it cannot be read: with the cause, and what would do.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise SbvaeError(f"{path}: is a device or a pipe; write it to a file, and name that")
        with path.open("rb") as file:
            return file.read(size)
    except OSError as error:
        raise unreadable(path, error, missing) from error


def unreadable(path: Path, error: OSError, missing: str = "name another") -> SbvaeError:
    """The error for a file that the system does not let be read: its cause, and what would do.

    Args:
        path: The file.
        error: What the system said.
        missing: What would do where there is no such file.
    """
    return SbvaeError(f"{path}: {_cause(path, error, missing)}")


def _cause(path: Path, error: OSError, missing: str) -> str:
    match error.errno:
        case errno.ENOENT:
            if path.is_symlink():
                return f"is a link to {os.readlink(path)}, which is not there; mend or remove it"
            if not path.parent.exists():
                return f"there is no such file, nor a folder {path.parent}; {missing}"
            return f"there is no such file; {missing}"
        case errno.ENOTDIR:
            last = next(parent for parent in path.parents if parent.exists())
            return f"there is no such file: {last} is a file, not a folder; {missing}"
        case errno.EACCES | errno.EPERM:
            return f"may not be read ({_strerror(error)}); {_permission(path)}"
        case errno.EISDIR:
            return "is a folder; name a file"
        case errno.ELOOP:
            return "is a link that leads back to itself; remove it, and name the file"
        case errno.ENAMETOOLONG:
            return "is a longer name than the system takes; give the file a shorter one"
        case errno.EMFILE | errno.ENFILE:
            return f"cannot be opened ({_strerror(error)}); close other programs, or raise ulimit"
        case _:
            return f"cannot be read ({_strerror(error)}); copy it again from where it came"


def _permission(path: Path) -> str:
    """Who could give the permission that lacks: on the file, or on a folder above it."""
    for folder in reversed(path.absolute().parents):
        if not os.access(folder, os.X_OK, effective_ids=os.access in os.supports_effective_ids):
            return f"`chmod u+x {quoted(folder)}` opens its folder, if you own it"
    right = "rx" if os.path.isdir(path) else "r"
    return f"`chmod u+{right} {quoted(path)}` allows it, if you own it"


def _strerror(error: OSError) -> str:
    return error.strerror or " ".join(str(error).split())


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: If it is none, or nested too deeply to be parsed.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
