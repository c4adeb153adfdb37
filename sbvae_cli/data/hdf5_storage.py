"""Whether an array of an HDF5 file can be read: written whole, in this file, its filters here."""

import os
import zlib
from contextlib import suppress
from math import prod
from pathlib import Path
from typing import Any

import h5py

from sbvae_cli.commands import quoted
from sbvae_cli.data.importers.collection import printable
from sbvae_cli.errors import SbvaeError

_LARGEST_CHUNK = 1 << 30  # bytes, of what is read at once; HDF5 itself takes four times as many
_MOST_PACKED, _MUCH = 1032, 256 << 20  # times that gzip packs at most, and bytes
# Filters that are registered with the HDF Group, by number, and whether hdf5plugin has them.
_FILTERS = {
    4: ("SZIP", False),
    307: ("bzip2", True),
    32000: ("LZF", False),
    32001: ("Blosc", True),
    32004: ("LZ4", True),
    32008: ("bitshuffle", True),
    32013: ("ZFP", True),
    32015: ("Zstandard", True),
    32017: ("SZ", True),
    32018: ("FCIDECOMP", True),
    32024: ("SZ3", True),
    32026: ("Blosc2", True),
    32028: ("SPERR", True),
}


def check_storage(path: Path, name: str, array: Any) -> None:
    """Refuse an array that cannot be read, or not without harm, before any of it is.

    Its values are to stand in the file, as many as it says, not in others that it names.

    Args:
        path: The file.
        name: What the array is called in messages.
        array: It, open.

    Raises:
        SbvaeError: With what was found, and what would do.
    """
    where = f"{path}: its {name}"
    if not stands_beside(path, array.file.filename):
        todo = "copy them into this file"
        raise SbvaeError(f"{where} stand in {array.file.filename}, outside of its folder; {todo}")
    outside = _other_files(array)
    if outside:
        found = f"{where} are parts of another file, {printable(outside)}"
        raise SbvaeError(f"{found}; write them into this one")
    _check_filters(path, name, array)
    missing = _unwritten(array)
    if missing:
        raise SbvaeError(f"{where} were not written to their end ({missing}); write the file again")
    stored = prod(array.chunks) * array.dtype.itemsize if array.chunks else 0
    if stored > _LARGEST_CHUNK:
        raise SbvaeError(
            f"{where} are stored in pieces of {stored >> 20:,} MB, each read at once; store them "
            f"in pieces of less than {_LARGEST_CHUNK >> 20:,} MB, as h5repack does by -l"
        )


def stands_beside(path: Path | str, other: str) -> bool:
    """Whether another file that a file names is itself, or in its folder or those below.

    Args:
        path: The file.
        other: Name of the other one, relative to its folder.
    """
    folder = os.path.realpath(os.path.dirname(os.path.abspath(path)))
    direct = os.path.realpath(other) == os.path.realpath(path)
    there = os.path.realpath(os.path.join(folder, other))
    return direct or os.path.commonpath([folder, there]) == folder


def inflated(stored: bytes, length: int) -> bytes:
    """What the gzip filter packed, at most a byte more than wanted where that would be much.

    Args:
        stored: Bytes of a chunk.
        length: Number of bytes that it is to have.

    Raises:
        zlib.error: If it is damaged.
    """
    if len(stored) * _MOST_PACKED > _MUCH:  # as a bomb may; slower
        return zlib.decompressobj().decompress(stored, length + 1)
    return zlib.decompress(stored, bufsize=length)


def _other_files(array: Any) -> str:
    """A file that the values stand in, where it is not the array's own; else empty."""
    if array.external:
        return str(array.external[0][0])
    if array.is_virtual:
        return next(
            (each.file_name for each in array.virtual_sources() if each.file_name != "."), ""
        )
    return ""


def _unwritten(array: Any) -> str:
    """What an array says to have and the file has not; empty where it has all."""
    if array.is_virtual or not array.size:
        return ""
    if array.chunks is None:
        return "" if array.id.get_storage_size() else "none of their values"
    chunks = prod(-(-n // chunk) for n, chunk in zip(array.shape, array.chunks, strict=True))
    there = array.id.get_num_chunks()
    return "" if there >= chunks else f"{there:,} of {chunks:,} chunks"


def _check_filters(path: Path, name: str, array: Any) -> None:
    """Refuse a filter that is not installed; those of hdf5plugin are taken from there."""
    plan = array.id.get_create_plist()
    for i in range(plan.get_nfilters()):
        number, _, _, own_name = plan.get_filter(i)
        if _can_decode(number):
            continue
        with suppress(ImportError):
            __import__("hdf5plugin")  # which makes its filters known
        if _can_decode(number):
            continue
        known, in_plugin = _FILTERS.get(number, ("", False))
        shown = known or own_name.decode(errors="replace") or "unknown"
        install = "run `python -m pip install hdf5plugin`, or " if in_plugin else ""
        file = quoted(path)
        raise SbvaeError(
            f"{path}: its {name} are compressed by a filter that is not installed here "
            f"({shown}, {number}); {install}repack the file where it can be read, by "
            f"`h5repack -f GZIP=1 {file} repacked.h5`"
        )


def _can_decode(number: int) -> bool:
    if not h5py.h5z.filter_avail(number):
        return False
    return bool(h5py.h5z.get_filter_info(number) & h5py.h5z.FILTER_CONFIG_DECODE_ENABLED)
