"""Read files of named arrays: NPZ, HDF5 of any layout, and both MATLAB formats."""

from abc import abstractmethod
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from sbvae_cli.data.hdf5 import Hdf5Listing, is_matlab, list_arrays, open_hdf5
from sbvae_cli.data.hdf5_storage import check_storage
from sbvae_cli.data.importers.array_groups import find_group
from sbvae_cli.data.importers.array_images import ArrayImages, EncodedRows, SeparateArrays
from sbvae_cli.data.importers.collection import (
    Closable,
    Closing,
    ImageCollection,
    reason_of,
)
from sbvae_cli.data.importers.find_arrays import COLUMN_NAMES, ArrayKind, find_images, order_axes
from sbvae_cli.data.importers.label_arrays import find_file_names
from sbvae_cli.data.importers.levels import Levels
from sbvae_cli.data.importers.limits import check_pixels
from sbvae_cli.data.importers.mat5 import check_sizes
from sbvae_cli.errors import SbvaeError

MAT5 = b"MATLAB 5.0"


class ArrayFile(Closing):
    """Open file of named arrays.

    Args:
        path: Path of the file.
        kinds: Shape and type of each array, with axes in the order of the program that wrote it.
        last_first: Whether the last axis is more likely to number the images, as in MATLAB.
    """

    def __init__(
        self, path: Path, kinds: Mapping[str, ArrayKind], last_first: bool = False
    ) -> None:
        self.path, self.kinds, self._last_first = path, kinds, last_first

    def images(self, key: str | None = None) -> ImageCollection:
        """Return the images of one array, or of a group of arrays with one image each.

        The collection closes this file.

        Args:
            key: Name of the array or group, or the end of the name; None searches for it.

        Raises:
            SbvaeError: If no array or more than one fits, or the array cannot be read.
        """
        group = find_group(self.path, self.kinds, key)
        if group:
            for member in group.members.values():
                self._check_pixels(member, *sorted(self.kinds[member].shape)[-2:])
            return SeparateArrays(self.path, group.name, group.members, self.read, (self,))
        name = find_images(self.path, self.kinds, key)
        shape = self.kinds[name].shape
        others = {n for kind in self.kinds.values() if len(kind.shape) < 3 for n in kind.shape}
        axes = order_axes(shape, self._last_first, others) if len(shape) > 1 else (0,)
        if len(shape) > 1:
            self._check_pixels(name, shape[axes[2]], shape[axes[1]])
        names_from, names = find_file_names(self.kinds, name, shape[axes[0]], self.read)
        images = self._images(name, axes)
        if names:
            images.names, images.names_from = names, names_from
        return images

    def read(self, name: str) -> NDArray[Any]:
        """Read a whole array, with axes in the order of the program that wrote it.

        Raises:
            SbvaeError: If the array is damaged or holds objects, or its filter is not installed.
        """
        try:
            return self._read(name)
        except SbvaeError:
            raise
        except Exception as error:  # broken files make every reader raise any exception
            found = f"{name} cannot be read ({reason_of(error)})"
            raise SbvaeError(f"{self.path}: {found}; write the file again") from error

    def _check_pixels(self, name: str, width: int, height: int) -> None:
        try:
            check_pixels(width, height)
        except ValueError as error:
            raise SbvaeError(f"{self.path}: images of {name}: {error}") from None

    @abstractmethod
    def _images(self, name: str, axes: tuple[int, ...]) -> ImageCollection: ...

    @abstractmethod
    def _read(self, name: str) -> NDArray[Any]: ...


class Hdf5Arrays(ArrayFile):
    """Arrays of an HDF5 file; MATLAB's are stored with reversed axes.

    Raises:
        SbvaeError: If the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        with ExitStack() as undo:
            self._file: Closable = undo.enter_context(open_hdf5(path))
            listing = list_arrays(self._file)
            self._arrays, self._broken = listing.arrays, listing.broken
            self._reversed = is_matlab(path)
            super().__init__(path, array_kinds(listing, self._reversed), self._reversed)
            undo.pop_all()

    def images(self, key: str | None = None) -> ImageCollection:
        """Return the images as `ArrayFile.images` does; the error names a broken link, if any."""
        try:
            return super().images(key)
        except SbvaeError as error:
            raise broken_link(self.path, self._broken, key) or error from None

    def _images(self, name: str, axes: tuple[int, ...]) -> ImageCollection:
        check_storage(self.path, name, self._arrays[name])
        if self.kinds[name].encoded:
            return EncodedRows(self.path, name, self._arrays[name], (self._file,))
        if self._reversed:
            axes = tuple(len(axes) - 1 - axis for axis in axes)
        return ArrayImages(self.path, name, self._arrays[name], axes, (self._file,))

    def _read(self, name: str) -> NDArray[Any]:
        check_storage(self.path, name, self._arrays[name])
        array = self._arrays[name]
        texts = h5py.check_string_dtype(array.dtype)
        found = np.asarray(array.asstr("utf-8", "replace")[()], np.str_) if texts else array[()]
        return found.T if self._reversed else found

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def array_kinds(listing: Hdf5Listing, last_first: bool = False) -> dict[str, ArrayKind]:
    """Return shape and type of the arrays of an HDF5 file; text of variable length counts as text.

    Args:
        listing: Arrays of the file.
        last_first: Whether the file is MATLAB's, whose axes are stored reversed.
    """
    kinds = {}
    for name, array in listing.arrays.items():
        texts = h5py.check_string_dtype(array.dtype)
        shape = (0,) if array.shape is None else array.shape
        kinds[name] = ArrayKind(
            shape[::-1] if last_first else shape,
            np.dtype(np.str_) if texts else np.dtype(array.dtype),
            _column_names(array),
            listing.links.get(name, ""),
            h5py.check_vlen_dtype(array.dtype) == np.uint8,
        )
    return kinds


def broken_link(path: Path, broken: Mapping[str, str], key: str | None) -> SbvaeError | None:
    """Return an error for a broken link, of this name if `key` is given; None if there is none."""
    for name, target in broken.items():
        if key is None or f"/{name}".endswith(f"/{key.strip('/')}"):
            return SbvaeError(f"{path}: {name} links to {target}, or name another array")
    return None


def _column_names(array: Any) -> tuple[str, ...]:
    """Return names of columns from an array's attributes."""
    for name in [name for name in array.attrs if name.lower() in COLUMN_NAMES]:
        with suppress(OSError, TypeError):  # h5py cannot read attributes of some types
            found = np.atleast_1d(array.attrs[name])
            texts = [t.decode("utf-8", "replace") if isinstance(t, bytes) else t for t in found]
            if texts and all(isinstance(text, str) for text in texts):
                return tuple(map(str, texts))
    return ()


class LoadedArrays(ArrayFile):
    """Arrays of MATLAB's older format, all in memory, since the file can only be read as a whole.

    Raises:
        SbvaeError: If the file is damaged.
    """

    def __init__(self, path: Path) -> None:
        from scipy.io import loadmat

        try:
            check_sizes(path)
            found = loadmat(path)
        except Exception as error:  # broken files make its reader raise any exception
            damage = f"is a damaged MATLAB file ({reason_of(error)})"
            raise SbvaeError(f"{path}: {damage}; copy it again") from error
        self._arrays = {
            n: a for n, a in found.items() if isinstance(a, np.ndarray) and n[:2] != "__"
        }
        kinds = {name: ArrayKind(a.shape, a.dtype) for name, a in self._arrays.items()}
        super().__init__(path, kinds, last_first=True)

    def _images(self, name: str, axes: tuple[int, ...]) -> ImageCollection:
        array = self._arrays[name]
        ends: Levels = (array.min().item(), array.max().item())
        return ArrayImages(self.path, name, array, axes, value_range=ends)

    def _read(self, name: str) -> NDArray[Any]:
        return self._arrays[name]

    def close(self) -> None:
        """Do nothing: all arrays are in memory."""
