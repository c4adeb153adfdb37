"""HDF5 files of any layout: opened, listed, and whether their filters are installed here."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py

from sbvae_cli.commands import quoted
from sbvae_cli.errors import SbvaeError
from sbvae_cli.files import unreadable

MAGIC = b"\x89HDF\r\n\x1a\n"
_MATLAB = b"MATLAB 7.3"
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


def open_hdf5(path: Path) -> Any:
    """Open a file that begins like HDF5, for reading.

    Raises:
        SbvaeError: If it cannot be opened: with the cause.
    """
    try:
        return h5py.File(path, "r")
    except OSError as error:
        if error.errno:
            raise unreadable(path, error) from None
        if "truncated" in str(error):
            raise SbvaeError(f"{path}: is cut short; copy it or generate it again") from None
        if "lock" in str(error):
            found = "another program has it open for writing; wait for it, or copy the file"
            raise SbvaeError(f"{path}: {found}") from None
        reason = " ".join(str(error).split())
        raise SbvaeError(
            f"{path}: is a damaged HDF5 file ({reason}); copy it or generate it again"
        ) from None


def is_matlab(path: Path) -> bool:
    """Whether MATLAB wrote the file (`save -v7.3`), whose arrays then have their axes reversed."""
    with path.open("rb") as file:
        return file.read(len(_MATLAB)) == _MATLAB


def arrays_of(file: Any) -> dict[str, Any]:
    """The arrays of an open file by name, as `train/images`; those that links do not lead to."""
    found: dict[str, Any] = {}

    def see(name: str, item: Any) -> None:
        inner = name.startswith("#")  # where MATLAB keeps the parts of cells
        if isinstance(item, h5py.Dataset) and item.shape is not None and not inner:
            found[name] = item

    file.visititems(see)
    return found


def check_filters(path: Path, name: str, array: Any) -> None:
    """Refuse an array that is compressed by a filter that is not installed.

    Filters of the package hdf5plugin are taken from there, where it is installed.

    Raises:
        SbvaeError: With the filter, and what would do.
    """
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
