"""Read images from a TAR archive in place; a compressed archive is decompressed first."""

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, cast

from sbvae_cli.data.importers.collection import (
    ImageFiles,
    inner_name,
    is_candidate,
    note_on_repeats,
    reason_of,
)
from sbvae_cli.data.importers.limits import check_size
from sbvae_cli.data.importers.natural_order import natural_order
from sbvae_cli.data.importers.stored_parts import COPY_BYTES, StoredParts, unpack
from sbvae_cli.errors import SbvaeError

COMPRESSIONS: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
}
_BLOCK = 512  # bytes of a header block; blocks of zeros mark the end of an archive


class TarImages(ImageFiles):
    """Members of an archive that may be images.

    Args:
        path: Path of the archive, for messages.
        parts: Access to the archive or its decompressed copy.
        members: Name, offset and size of each image.
    """

    def __init__(
        self, path: Path, parts: StoredParts, members: Sequence[tuple[str, tuple[int, int]]]
    ) -> None:
        spans = dict(members)
        super().__init__(path, natural_order(spans), (parts,))
        self.notes = note_on_repeats(name for name, _ in members)
        self._parts = parts
        self._spans = [spans[name] for name in self.names]

    def stored(self, index: int) -> bytes:
        """Return the bytes of a file."""
        offset, size = self._spans[index]
        check_size(size)
        return self._parts.read(offset, size)


def open_tar(path: Path, file: IO[bytes]) -> TarImages:
    """List the images of an archive; a compressed one is decompressed to a temporary file.

    Args:
        path: Path of the archive, for messages.
        file: The open archive; closed with the result.

    Raises:
        SbvaeError: If the file is no TAR archive, is broken, has links, devices or names that point
            outside of it, or if the temporary folder is too full.
    """
    try:
        return _open(path, file)
    except SbvaeError:
        raise
    except Exception as error:  # broken headers make tarfile raise any exception
        found = f"this TAR archive is broken or cut short ({reason_of(error)})"
        raise SbvaeError(f"{path}: {found}; copy it again") from error


def _open(path: Path, file: IO[bytes]) -> TarImages:
    head = file.read(8)
    file.seek(0)
    for magic, decompress in COMPRESSIONS.items():
        if head.startswith(magic):
            with file, decompress(file) as stream:
                unpacked = unpack(path, stream)
            try:
                return _listed(path, unpacked)
            except BaseException:
                unpacked.close()
                raise
    return _listed(path, file)


def _listed(path: Path, file: IO[bytes]) -> TarImages:
    return TarImages(path, StoredParts(file), list(_members(path, _Stream(file))))


class _Stream(io.RawIOBase):
    """Stream for tarfile that refuses large reads, so that no header can fill memory.

    It keeps the last bytes, since tarfile takes a broken header for the end of the archive.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.last = b""

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= COPY_BYTES:
            raise tarfile.ReadError(f"a header of {size} bytes")
        self.last = self._file.read(size)
        return self.last

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


def _members(path: Path, stream: _Stream) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield name, offset and size of each member that may be an image."""
    with tarfile.open(fileobj=cast(IO[bytes], stream), mode="r:") as archive:
        cached: Any = archive  # its list of members is emptied, as it may grow to any length
        while member := archive.next():
            cached.members.clear()
            name = inner_name(path, member.name)
            if member.isdir():
                continue
            if not member.isreg() or member.issparse():
                found = f"{name} is a link, a device or a sparse file"
                raise SbvaeError(f"{path}: {found}; pack the image files themselves")
            if is_candidate(name):
                yield name, (member.offset_data, member.size)
    if len(stream.last) < _BLOCK or any(stream.last):
        raise EOFError("it has no end mark")
