"""Parts of one file by their offsets; compressed archives unpacked once."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Protocol

from sbvae_cli.data.importers.collection import place
from sbvae_cli.errors import SbvaeError

COPY_BYTES = 1 << 20


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, as many as that or fewer."""


class StoredParts:
    """Random access to an open file.

    Args:
        file: Open for reading; closed with this object.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def __reduce__(self) -> tuple[object, ...]:
        return _open_parts, (self.place,)

    @property
    def place(self) -> str | None:
        """See `place` of collections."""
        self._file.flush()
        return place(self._file)

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of one part.

        Raises:
            EOFError: If the file ends before.
        """
        self._file.seek(offset)
        data = self._file.read(size)
        if len(data) < size:
            raise EOFError("the archive ends before the image does")
        return data

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _open_parts(place: str) -> StoredParts:
    return StoredParts(open(place, "rb"))


class UnpackedParts(StoredParts):
    """Parts copied to a nameless temporary file, so that a compressed archive is read only once.

    Args:
        archive: Where the parts come from, for messages.
    """

    def __init__(self, archive: Path) -> None:
        super().__init__(tempfile.TemporaryFile(prefix="sbvae-"))  # noqa: SIM115 (closed by close)
        self._archive = archive
        self._end = 0
        self._room = shutil.disk_usage(tempfile.gettempdir()).free // 2

    @property
    def file(self) -> IO[bytes]:
        """The temporary file, with all that was appended so far."""
        self._file.flush()
        return self._file

    def append(
        self, source: Readable, size: int, seen: Callable[[bytes], None] | None = None
    ) -> int:
        """Copy the next bytes of a stream.

        Args:
            source: Read from where it stands.
            size: Bytes to copy.
            seen: Called with each block of them.

        Returns:
            The offset of the part.

        Raises:
            EOFError: If the stream ends before.
            SbvaeError: If the temporary folder has no room for them.
        """
        if self._end + size > self._room:
            found = f"more than {self._room >> 20} MB unpacked, half the room in"
            todo = "unpack it yourself, or set TMPDIR to a folder with more room"
            raise SbvaeError(f"{self._archive}: {found} {tempfile.gettempdir()}; {todo}")
        offset, left = self._end, size
        while left:
            block = source.read(min(COPY_BYTES, left))
            if not block:
                raise EOFError("it ends before its contents do")
            self._file.write(block)
            left -= len(block)
            if seen:
                seen(block)
        self._end += size
        return offset
