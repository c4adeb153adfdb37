"""Open HDF5 files of any layout and list their arrays."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from sbvae_cli.data.hdf5_chunks import decompression_bomb
from sbvae_cli.data.hdf5_heaps import check_heaps
from sbvae_cli.data.hdf5_storage import is_in_same_folder
from sbvae_cli.errors import SbvaeError
from sbvae_cli.system_errors import unreadable

MAGIC = b"\x89HDF\r\n\x1a\n"
_MATLAB = b"MATLAB 7.3"
_MAX_ARRAYS = 1_000_000  # largest number of listed arrays, including links to arrays


def open_hdf5(path: Path) -> Any:
    """Open a file for reading that starts with the bytes of HDF5.

    Raises:
        SbvaeError: If the file cannot be opened; the message has the cause.
    """
    try:
        check_heaps(path)
        return h5py.File(path, "r")
    except OSError as error:
        if error.errno:
            raise unreadable(path, error) from None
        if "truncated" in str(error):
            raise SbvaeError(f"{path}: is cut short; copy it or generate it again") from None
        if "lock" in str(error):
            found = "another program has it open for writing; wait for it, or copy the file"
            raise SbvaeError(f"{path}: {found}") from None
        raise _damaged(path, error) from None


@contextmanager
def reading_hdf5(path: Path | str) -> Iterator[None]:
    """Report any error of h5py within the block as damage of the file.

    Raises:
        SbvaeError: If the block raises any error but SbvaeError and MemoryError.
    """
    try:
        yield
    except (SbvaeError, MemoryError):
        raise
    except Exception as error:  # broken files make h5py raise any exception
        raise _damaged(path, error) from error


def _damaged(path: Path | str, error: Exception) -> SbvaeError:
    reason = " ".join(str(error).split())
    return SbvaeError(f"{path}: is a damaged HDF5 file ({reason}); copy it or generate it again")


def is_matlab(path: Path) -> bool:
    """Return whether MATLAB wrote the file (`save -v7.3`); its arrays then have reversed axes."""
    with path.open("rb") as file:
        return file.read(len(_MATLAB)) == _MATLAB


@dataclass(frozen=True)
class Hdf5Listing:
    """Arrays and links of an open file.

    Attributes:
        arrays: Arrays by name, such as `train/images`, including targets of links and references.
        links: First name of an array by each of its further names.
        broken: Missing or refused target, with advice, of each link that cannot be followed.
    """

    arrays: dict[str, Any]
    links: dict[str, str]
    broken: dict[str, str]


def list_arrays(file: Any) -> Hdf5Listing:
    """List the arrays of an open file; an array of references is listed as the arrays it refers to.

    Links to files in the file's folder, or in folders below it, are followed.

    Raises:
        SbvaeError: If the file is damaged, or there are more than a million names of arrays, as
            circular links can cause.
    """
    walk = _Walk(file)
    with reading_hdf5(file.filename):
        file.visititems(walk.see)
        file.visititems_links(walk.follow)
    if walk.is_full:
        raise SbvaeError(
            f"{file.filename}: has more than {_MAX_ARRAYS:,} names of arrays; write the arrays "
            "that are images, and their factors, to a file of their own"
        )
    return walk.listing


class _Walk:
    """Visitor of all names of an open file; its callbacks return True to end the visit.

    The callbacks must not raise: h5py may turn their exception into another error.
    """

    def __init__(self, file: Any) -> None:
        self.listing = Hdf5Listing({}, {}, {})
        self.is_full = False
        self._file, self._first = file, dict[tuple[int, int], str]()

    def see(self, name: str, item: Any) -> bool | None:
        if not isinstance(item, h5py.Dataset) or name.startswith("#"):
            return None  # MATLAB keeps the parts of cell arrays in the group "#refs#"
        if h5py.check_ref_dtype(item.dtype) is h5py.Reference:
            return self._see_referred(name, item)
        return self._add(name, item)

    def _see_referred(self, name: str, item: Any) -> bool | None:
        if item.shape is None or item.size > _MAX_ARRAYS or decompression_bomb(item):
            return None
        references = [each for each in np.ravel(item[()]) if each]
        for i, reference in enumerate(references):
            found = self._file[reference]
            if isinstance(found, h5py.Dataset) and not h5py.check_ref_dtype(found.dtype):
                self._add(f"{name}/{i}", found)
        return self.is_full or None

    def _add(self, name: str, item: Any) -> bool | None:
        found = h5py.h5o.get_info(item.id)
        known = self._first.setdefault((found.fileno, found.addr), name)
        if known != name:
            self.listing.links[name] = known
        self.listing.arrays[name] = item
        self.is_full = len(self.listing.arrays) > _MAX_ARRAYS
        return self.is_full or None

    def follow(self, name: str, link: Any) -> bool | None:
        if isinstance(link, h5py.HardLink) or name.startswith("#"):
            return None
        target, own = getattr(link, "filename", ""), self._file.filename
        if target and not is_in_same_folder(own, target):
            self.listing.broken[name] = f"{target}, {_OUTSIDE}"
            return None
        try:
            item = self._file[name]
        except (KeyError, OSError, RuntimeError):  # RuntimeError: circular links
            found = "which does not exist; put it back"
            self.listing.broken[name] = f"{target or link.path}, {found}"
            return None
        if not is_in_same_folder(own, item.file.filename):
            self.listing.broken[name] = f"{item.file.filename}, {_OUTSIDE}"
            return None
        if isinstance(item, h5py.Group):
            item.visititems(lambda inner, each: self.see(f"{name}/{inner}", each))
        else:
            self.see(name, item)
        return self.is_full or None


_OUTSIDE = "outside of this file's folder, and is not followed; copy the array into one file"
