"""HDF5 files of any layout: opened, listed, and whether their filters are installed here."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

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


@dataclass(frozen=True)
class Hdf5Listing:
    """What an open file holds.

    Attributes:
        arrays: By name, as `train/images`, those that links and references lead to among them.
        links: Second names of arrays, and the first one of each.
        broken: Links that lead nowhere, and where they lead to.
    """

    arrays: dict[str, Any]
    links: dict[str, str]
    broken: dict[str, str]


def list_arrays(file: Any) -> Hdf5Listing:
    """List the arrays of an open file; an array of references to others is one for each of them."""
    listing, first = Hdf5Listing({}, {}, {}), dict[tuple[int, int], str]()

    def see(name: str, item: Any) -> None:
        if not isinstance(item, h5py.Dataset) or name.startswith("#"):
            return  # a # is where MATLAB keeps the parts of cells
        if h5py.check_ref_dtype(item.dtype) is h5py.Reference and item.shape is not None:
            references = [each for each in np.ravel(item[()]) if each]
            for i, reference in enumerate(references):
                see(f"{name}/{i}", file[reference])
            return
        found = h5py.h5o.get_info(item.id)
        known = first.setdefault((found.fileno, found.addr), name)
        if known != name:
            listing.links[name] = known
        listing.arrays[name] = item

    def follow(name: str, link: Any) -> None:
        if isinstance(link, h5py.HardLink) or name.startswith("#"):
            return
        try:
            item = file[name]
        except (KeyError, OSError):
            listing.broken[name] = getattr(link, "filename", "") or link.path
            return
        if isinstance(item, h5py.Group):
            item.visititems(lambda inner, each: see(f"{name}/{inner}", each))
        else:
            see(name, item)

    file.visititems(see)
    file.visititems_links(follow)
    return listing


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
