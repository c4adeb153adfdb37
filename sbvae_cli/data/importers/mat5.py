"""Sizes of the arrays of a MATLAB 5 file, read before they are decompressed."""

import struct
import zlib
from pathlib import Path

from sbvae_cli.memory import free_memory

_HEADER, _COMPRESSED = 128, 15  # bytes before the first array; type of a compressed one
_MANY_BYTES, _MAX_PACKED = 256 << 20, 500  # above this size, the largest compression ratio


def check_sizes(path: Path) -> None:
    """Check how large the arrays are, since SciPy reads all of them at once.

    Raises:
        ValueError: If they are packed as no images are.
        MemoryError: If they are larger than the free memory.
    """
    claimed, packed = 0, path.stat().st_size
    with path.open("rb") as file:
        start = file.read(_HEADER)
        order = "<" if start[126:128] == b"IM" else ">"
        while len(tag := file.read(8)) == 8:
            kind, size = struct.unpack(f"{order}II", tag)
            after = file.tell() + size
            if kind == _COMPRESSED:
                inner = zlib.decompressobj().decompress(file.read(min(size, 1024)), 8)
                claimed += struct.unpack(f"{order}II", inner)[1] if len(inner) == 8 else 0
            else:
                claimed += size
            file.seek(after)
    if claimed > _MANY_BYTES and claimed > _MAX_PACKED * packed:
        found = f"{claimed >> 20:,} MB packed into {packed / 1e6:.1f} MB"
        raise ValueError(f"{found}, more tightly than images")
    if claimed > free_memory():
        raise MemoryError
