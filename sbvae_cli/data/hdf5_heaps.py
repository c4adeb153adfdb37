"""Detect damaged HDF5 files that would make HDF5 loop forever."""

import mmap
import struct
from collections.abc import Iterator
from pathlib import Path

from sbvae_cli.errors import SbvaeError

_LOOKED_AT = 4 << 20  # bytes inspected at each end of a file, where attributes are stored
_HEAP = b"GCOL\x01"
_ENTRY = struct.Struct("<HHIQ")  # number, references, unused, length
_LARGEST_HEAP = 1 << 20


def check_heaps(path: Path) -> None:
    """Check that opening a file does not make HDF5 loop forever.

    HDF5 stores texts of variable length in heaps. A free entry of length 0, as where part of a file
    was replaced by zeros, makes HDF5 (up to version 2.0 at least) read it again and again, and so
    may an entry so long that the sum of its place and length overflows. The heaps at both ends of
    the file are checked; files written by sbvae have no others.

    Raises:
        SbvaeError: If a heap has a free entry of length 0, or an entry longer than the heap.
        OSError: If the file cannot be read.
    """
    size = path.stat().st_size
    if not size:
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        for place in _heaps(content, size):
            if _is_endless(content, place, size):
                raise SbvaeError(
                    f"{path}: is a damaged HDF5 file (part of its text data was replaced); copy it "
                    "or generate it again"
                )


def _heaps(content: mmap.mmap, size: int) -> Iterator[int]:
    """Yield the offsets of the heaps at both ends of a file."""
    ends = [(0, size)] if size <= 2 * _LOOKED_AT else [(0, _LOOKED_AT), (size - _LOOKED_AT, size)]
    for start, stop in ends:
        place = content.find(_HEAP, start, stop)
        while place >= 0:
            yield place
            place = content.find(_HEAP, place + 1, stop)


def _is_endless(content: mmap.mmap, heap: int, size: int) -> bool:
    """Return whether a heap has an entry after which HDF5 finds no next one."""
    end = heap + int.from_bytes(content[heap + 8 : heap + 16], "little")
    stop, place = min(size, end, heap + _LARGEST_HEAP), heap + 16
    while place + _ENTRY.size <= stop:
        number, _, _, length = _ENTRY.unpack_from(content, place)
        if (number == 0 and length == 0) or length > end - place:
            return True
        place += length if number == 0 else _ENTRY.size + -(-length // 8) * 8
    return False
