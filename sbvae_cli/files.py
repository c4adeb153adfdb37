"""Files that appear whole under their final name, or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sbvae_cli.errors import SbvaeError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` to write to; renamed to `path` at the end.

    A link is followed. A device or pipe, such as /dev/stdout, is written to and not replaced.

    If the block raises, or the process is interrupted, the temporary file is removed and what
    stood under `path` before still stands there.

    Raises:
        SbvaeError: If the folder is missing or cannot be written, or the disk is full.
    """
    try:
        special = path.exists() and not path.is_file()
        if path.is_dir():
            raise SbvaeError(f"{path}: is a folder; name a file to write")
        final = path if special else path.resolve()
        if not special:
            final.parent.mkdir(parents=True, exist_ok=True)
        folder = None if special else final.parent
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=folder)
        os.close(descriptor)
    except OSError as error:
        raise SbvaeError(f"{path}: cannot be written: {error.strerror}") from error
    temporary = Path(name)
    try:
        yield temporary
        if special:
            with final.open("wb") as device:
                device.write(temporary.read_bytes())
            return
        _flush(temporary)
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)  # mkstemp's files are private to the user
        temporary.replace(final)
    except OSError as error:
        raise SbvaeError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


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
    refuse_to_lose(path)
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
