"""Decompress chunks of HDF5 files, and refuse those that would fill the memory."""

import zlib
from contextlib import suppress
from math import prod
from typing import Any

import h5py
from h5py._objects import phil

LARGEST_CHUNK = 1 << 30  # bytes: a chunk is read at once; HDF5 allows up to 4 GiB
_MAX_PACKED, _MAX_UNCHECKED = 1032, 256 << 20  # largest compression ratio of gzip; bytes
_NOT_COMPRESSING = (2, 3, 5, 6, 32008)  # shuffle, Fletcher-32, N-bit, scale-offset, bitshuffle
_MAX_OVERHEAD = 64 << 10  # bytes that a filter may add to values that it cannot compress


def decompression_bomb(array: Any) -> str:
    """Describe what would decompress to more bytes than the array has; empty if nothing does.

    HDF5 decompresses a chunk into a buffer that grows as needed, whatever the chunk's own size is,
    so that a file of 1 MB can fill 1 GB of memory. Here only chunks that could do so are
    decompressed, up to one byte more than they should have.

    Args:
        array: The open array, virtual or not.
    """
    seen, waiting = set[str](), [array]
    while waiting:
        each = waiting.pop()
        if each.is_virtual:  # of arrays in this file, which alone are read
            names = {source.dset_name for source in each.virtual_sources()} - seen
            seen |= names
            waiting += [each.file[name] for name in names if name in each.file]
        elif each.chunks and (found := _growing_chunk(each)):
            return found
    return ""


def _growing_chunk(array: Any) -> str:
    """Describe a stored chunk that decompresses to more than the length of the array's chunks."""
    properties = array.id.get_create_plist()
    filters = [properties.get_filter(i)[0] for i in range(properties.get_nfilters())]
    compressing = [i for i, number in enumerate(filters) if number not in _NOT_COMPRESSING]
    if not compressing:
        return ""
    if len(compressing) > 1:
        return "they are compressed twice, by one filter after the other"
    length = prod(array.chunks) * array.dtype.itemsize
    chunks: list[Any] = []

    def add_large(chunk: Any) -> None:
        if chunk.size * _MAX_PACKED > LARGEST_CHUNK:
            chunks.append(chunk)

    with phil:
        array.id.chunk_iter(add_large)
    for chunk in chunks:
        if chunk.size > length + length // 8 + _MAX_OVERHEAD:
            return f"a chunk of {length:,} bytes takes {chunk.size:,} compressed"
        if filters[compressing[0]] == h5py.h5z.FILTER_DEFLATE:
            _, stored = read_stored_chunk(array, chunk.chunk_offset)
            if _inflates_beyond(stored, length + _MAX_OVERHEAD):
                return f"a chunk of {length:,} bytes decompresses to more"
    return ""


def _inflates_beyond(stored: bytes, limit: int) -> bool:
    """Return whether gzip decompresses to more than `limit` bytes, damage aside."""
    with suppress(zlib.error):  # HDF5 reports damage when the chunk is read
        return len(inflated(stored, limit)) > limit
    return False


def read_stored_chunk(array: Any, offset: tuple[int, ...]) -> tuple[int, bytes]:
    """Read a chunk as it is stored, from any thread.

    HDF5 serves one thread at a time. h5py holds a lock for it, except here before version 3.16,
    where two threads that read would crash the process.

    Args:
        array: The open array.
        offset: Indices of the chunk's first value.

    Returns:
        Mask of the filters that this chunk skipped, and its bytes.
    """
    with phil:
        skipped, stored = array.id.read_direct_chunk(offset)
    return skipped, stored


def write_stored_chunk(array: Any, offset: tuple[int, ...], stored: bytes) -> None:
    """Write a chunk that is compressed already, while other threads may read other arrays."""
    with phil:
        array.id.write_direct_chunk(offset, stored)


def inflated(stored: bytes, length: int) -> bytes:
    """Decompress a chunk of the gzip filter.

    If the result could be large, decompression stops one byte after `length`.

    Args:
        stored: Compressed bytes of a chunk.
        length: Expected number of decompressed bytes.

    Raises:
        zlib.error: If the chunk is damaged.
    """
    if len(stored) * _MAX_PACKED > _MAX_UNCHECKED:  # maybe a decompression bomb; slower
        return zlib.decompressobj().decompress(stored, length + 1)
    return zlib.decompress(stored, bufsize=length)


def is_plain_gzip(images: Any) -> bool:
    """Return whether chunks contain whole images and gzip is their only filter."""
    if not images.chunks or images.chunks[1:] != images.shape[1:]:
        return False
    properties = images.id.get_create_plist()
    return bool(
        properties.get_nfilters() == 1 and properties.get_filter(0)[0] == h5py.h5z.FILTER_DEFLATE
    )
