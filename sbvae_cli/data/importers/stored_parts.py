"""Parts of one file by their offsets; what is compressed is unpacked once."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import IO

from sbvae_cli.errors import SbvaeError

COPY_BYTES = 1 << 20


class StoredParts:
    """Random access to an open file, from several threads.

    Args:
        file: Open for reading; closed with this object.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._lock = file, Lock()

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of one part.

        Raises:
            EOFError: If the file ends before.
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
    """Copy a stream to a nameless temporary file, so that a compressed archive is read only once.

    Args:
        archive: Path that the stream comes from, for messages.
        stream: Read to its end.
        size: Number of bytes that it is known to have at least.
        seen: Called with each block of bytes.

    Returns:
        The temporary file, at its beginning.

    Raises:
        SbvaeError: If it takes more than half the room in the temporary folder.
        EOFError: If it has fewer bytes than are known.
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
            raise EOFError("it ends before its contents do")
        file.flush()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file
