"""Check that an array of an HDF5 file is complete, in this file, and its filters are installed."""

import os
from contextlib import suppress
from math import prod
from pathlib import Path
from typing import Any

import h5py

from sbvae_cli.commands import quoted
from sbvae_cli.data.hdf5_chunks import LARGEST_CHUNK, decompression_bomb
from sbvae_cli.errors import SbvaeError

# Filters registered with the HDF Group by number: name, and whether hdf5plugin has the filter.
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


def check_storage(path: Path, name: str, array: Any, by_hdf5: bool = True) -> None:
    """Check that an array can be read safely, before any value is read.

    All its values must be stored in this file rather than in other files that it names.

    Args:
        path: Path of the file.
        name: Name of the array in messages.
        array: The open array.
        by_hdf5: Whether HDF5 decompresses the chunks, which are then checked to not grow.

    Raises:
        SbvaeError: If values are missing or in another file, if a filter is not installed, or if
            the chunks are too large or grow.
    """
    where = f"{path}: its {name}"
    if not is_in_same_folder(path, array.file.filename):
        found = f"{where} are stored in {array.file.filename}, outside of its folder"
        raise SbvaeError(f"{found}; copy them into this file")
    outside = _other_files(array)
    if outside:
        found = f"{where} are stored in another file, {outside}"
        raise SbvaeError(f"{found}; write them into this one")
    _check_filters(path, name, array)
    missing = _unwritten(array)
    if missing:
        raise SbvaeError(f"{where} were not written to their end ({missing}); write the file again")
    stored = prod(array.chunks) * array.dtype.itemsize if array.chunks else 0
    if stored > LARGEST_CHUNK:
        raise SbvaeError(
            f"{where} are stored in chunks of {stored >> 20:,} MB, each read as a whole; store "
            f"them in chunks of less than {LARGEST_CHUNK >> 20:,} MB, for example by h5repack -l"
        )
    bomb = decompression_bomb(array) if by_hdf5 else ""
    if bomb:
        raise SbvaeError(f"{where} are damaged: {bomb}; copy the file or write it again")


def is_in_same_folder(path: Path | str, other: str) -> bool:
    """Return whether `other` is the file itself, or is in its folder or in a folder below.

    Args:
        path: Path of the file.
        other: Path of another file, relative to the folder of `path`.
    """
    folder = os.path.realpath(os.path.dirname(os.path.abspath(path)))
    direct = os.path.realpath(other) == os.path.realpath(path)
    there = os.path.realpath(os.path.join(folder, other))
    return direct or os.path.commonpath([folder, there]) == folder


def _other_files(array: Any) -> str:
    """Return the name of another file that stores values of the array; empty if there is none."""
    if array.external:
        return str(array.external[0][0])
    if array.is_virtual:
        return next(
            (each.file_name for each in array.virtual_sources() if each.file_name != "."), ""
        )
    return ""


def _unwritten(array: Any) -> str:
    """Describe which values of an array are missing in the file; empty if none are."""
    if array.is_virtual or not array.size:
        return ""
    if array.chunks is None:
        return "" if array.id.get_storage_size() else "none of their values"
    chunks = prod(-(-n // chunk) for n, chunk in zip(array.shape, array.chunks, strict=True))
    there = array.id.get_num_chunks()
    return "" if there >= chunks else f"{there:,} of {chunks:,} chunks"


def _check_filters(path: Path, name: str, array: Any) -> None:
    """Check that all filters of an array are installed, loading hdf5plugin if needed."""
    plan = array.id.get_create_plist()
    for i in range(plan.get_nfilters()):
        number, _, _, own_name = plan.get_filter(i)
        if _can_decode(number):
            continue
        with suppress(ImportError):
            __import__("hdf5plugin")  # the import registers its filters
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
