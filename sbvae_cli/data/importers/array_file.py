"""Files of named arrays: NPZ, HDF5 of any layout, and MATLAB's two formats."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from sbvae_cli.data.hdf5 import arrays_of, check_filters, is_matlab, open_hdf5
from sbvae_cli.data.importers.array_images import ArrayImages
from sbvae_cli.data.importers.collection import Closable, reason_of
from sbvae_cli.data.importers.find_arrays import COLUMN_NAMES, ArrayKind, find_images, order_axes
from sbvae_cli.data.importers.levels import Levels
from sbvae_cli.errors import SbvaeError

MAT5 = b"MATLAB 5.0"


class ArrayFile(ABC):
    """An open file of named arrays.

    Args:
        path: The file.
        kinds: Shape and type of each array, as the program that wrote them has them.
        last_first: Whether images are likely to stand along the last axis, as MATLAB has it.
    """

    def __init__(
        self, path: Path, kinds: Mapping[str, ArrayKind], last_first: bool = False
    ) -> None:
        self.path, self.kinds, self._last_first = path, kinds, last_first

    def images(self, key: str | None = None) -> ArrayImages:
        """The array of images; the collection reads this file, and closes it.

        Args:
            key: Its name, or the end of it; None finds it.

        Raises:
            SbvaeError: If there is none, several may be meant, or it cannot be read.
        """
        name = find_images(self.path, self.kinds, key)
        shape = self.kinds[name].shape
        others = {n for kind in self.kinds.values() if len(kind.shape) < 3 for n in kind.shape}
        axes = order_axes(shape, self._last_first, others)
        return self._images(name, axes)

    def read(self, name: str) -> NDArray[Any]:
        """All of an array, as the program that wrote it has it.

        Raises:
            SbvaeError: If it is damaged, holds objects, or a filter for it is not installed.
        """
        try:
            return self._read(name)
        except SbvaeError:
            raise
        except Exception as error:  # broken files make every reader raise anything
            found = f"{name} cannot be read ({reason_of(error)})"
            raise SbvaeError(f"{self.path}: {found}; write the file again") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Let go of the file."""

    @abstractmethod
    def _images(self, name: str, axes: tuple[int, ...]) -> ArrayImages: ...

    @abstractmethod
    def _read(self, name: str) -> NDArray[Any]: ...


class Hdf5Arrays(ArrayFile):
    """Arrays of an HDF5 file; those of MATLAB stand there with their axes reversed.

    Raises:
        SbvaeError: If the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        with ExitStack() as undo:
            self._file: Closable = undo.enter_context(open_hdf5(path))
            self._arrays = arrays_of(self._file)
            self._reversed = is_matlab(path)
            step = -1 if self._reversed else 1
            kinds = {
                n: ArrayKind(a.shape[::step], _type(a), _column_names(a))
                for n, a in self._arrays.items()
            }
            super().__init__(path, kinds, self._reversed)
            undo.pop_all()

    def _images(self, name: str, axes: tuple[int, ...]) -> ArrayImages:
        check_filters(self.path, name, self._arrays[name])
        if self._reversed:
            axes = tuple(len(axes) - 1 - axis for axis in axes)
        return ArrayImages(self.path, name, self._arrays[name], axes, (self._file,))

    def _read(self, name: str) -> NDArray[Any]:
        check_filters(self.path, name, self._arrays[name])
        array = self._arrays[name]
        texts = h5py.check_string_dtype(array.dtype)
        found = np.asarray(array.asstr("utf-8", "replace")[()], np.str_) if texts else array[()]
        return found.T if self._reversed else found

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _type(array: Any) -> "np.dtype[Any]":
    """Type of an array's items; text of any length is text, not objects."""
    texts = h5py.check_string_dtype(array.dtype)
    return np.dtype(np.str_) if texts else np.dtype(array.dtype)


def _column_names(array: Any) -> tuple[str, ...]:
    """Names of columns in an array's attributes."""
    for name in [name for name in array.attrs if name.lower() in COLUMN_NAMES]:
        with suppress(OSError, TypeError):  # of types that h5py does not read
            found = np.atleast_1d(array.attrs[name])
            texts = [t.decode("utf-8", "replace") if isinstance(t, bytes) else t for t in found]
            if texts and all(isinstance(text, str) for text in texts):
                return tuple(map(str, texts))
    return ()


class LoadedArrays(ArrayFile):
    """Arrays in memory: those of MATLAB's older format, which only a whole file can be read of.

    Raises:
        SbvaeError: If the file is damaged.
    """

    def __init__(self, path: Path) -> None:
        from scipy.io import loadmat

        try:
            found = loadmat(path)
        except Exception as error:  # broken files make its reader raise anything
            damage = f"is a damaged MATLAB file ({reason_of(error)})"
            raise SbvaeError(f"{path}: {damage}; copy it again") from error
        self._arrays = {
            n: a for n, a in found.items() if isinstance(a, np.ndarray) and n[:2] != "__"
        }
        kinds = {name: ArrayKind(a.shape, a.dtype) for name, a in self._arrays.items()}
        super().__init__(path, kinds, last_first=True)

    def _images(self, name: str, axes: tuple[int, ...]) -> ArrayImages:
        array = self._arrays[name]
        ends: Levels = (array.min().item(), array.max().item())
        return ArrayImages(self.path, name, array, axes, value_range=ends)

    def _read(self, name: str) -> NDArray[Any]:
        return self._arrays[name]

    def close(self) -> None:
        """There is nothing to let go of."""
