"""Read parts of a file by their offsets, and decompress files for this purpose."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import IO

from sbvae_cli.errors import SbvaeError

COPY_BYTES = 1 << 20


class StoredParts:
    """Thread-safe random access to an open file.

    Args:
        file: File open for reading; closed with this object.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._lock = file, Lock()

    def read(self, offset: int, size: int) -> bytes:
        """Read `size` bytes from `offset` on.

        Raises:
            EOFError: If the file is shorter.
        """
        with self._lock:
            self._file.seek(offset)
            data = self._file.read(size)
        if len(data) < size:
            raise EOFError("the archive ends before the image does")
        return data

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def unpack(
    archive: Path, stream: IO[bytes], size: int = 0, seen: Callable[[bytes], None] | None = None
) -> IO[bytes]:
    """Copy a decompressed stream to an unnamed temporary file, for random access.

    Args:
        archive: Path of the compressed file, for messages.
        stream: Stream to read to its end.
        size: Smallest valid number of bytes.
        seen: Called with each block of bytes.

    Returns:
        The temporary file, at its start.

    Raises:
        SbvaeError: If the copy needs more than half of the free space of the temporary folder.
        EOFError: If the stream has fewer than `size` bytes.
    """
    known = size
    room = shutil.disk_usage(tempfile.gettempdir()).free // 2
    file = tempfile.TemporaryFile(prefix="sbvae-")  # noqa: SIM115 (closed by whoever reads it)
    try:
        while size <= room and (block := stream.read(COPY_BYTES)):
            file.write(block)
            size = max(size, file.tell())
            if seen:
                seen(block)
        if size > room:
            found = f"more than {room >> 20} MB unpacked, half the room in"
            todo = "unpack it yourself, or set TMPDIR to a folder with more room"
            raise SbvaeError(f"{archive}: {found} {tempfile.gettempdir()}; {todo}")
        if file.tell() < known:
            raise EOFError("its data end too early")
        file.flush()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file
