"""Read images from arrays, in a file or in memory, with axes in any order."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sbvae_cli.data.importers.collection import Closable, ImageCollection, ImageFiles
from sbvae_cli.data.importers.deep_images import DeepImage, pixels_to_image
from sbvae_cli.data.importers.levels import Levels

_BLOCK_BYTES = 16 << 20  # bytes read at once, unless the chunks of the file are larger
_MAX_BLOCK_BYTES = 256 << 20
_BLOCKS = 4  # number of cached blocks: threads read neighbouring images


class ArrayImages(ImageCollection):
    """Images of one array, named by their numbers from 0 with leading zeros.

    Args:
        path: Path of the file, for messages.
        array_name: Name of the array in the file.
        array: NumPy array, or array of an open HDF5 file.
        axes: Permutation of its axes to (N, H, W) or (N, H, W, C), from `order_axes`.
        open_files: Open files to close with this object.
        value_range: Smallest and largest value of the array; None if not known.
    """

    one_kind = True

    def __init__(
        self,
        path: Path,
        array_name: str,
        array: Any,
        axes: Sequence[int],
        open_files: Sequence[Closable] = (),
        value_range: Levels | None = None,
    ) -> None:
        count = array.shape[axes[0]]
        digits = len(str(count - 1))
        super().__init__(path, [f"{i:0{digits}}" for i in range(count)], open_files)
        self.array_name, self.arrays, self.value_range = array_name, (array_name,), value_range
        self._array, self._axes = array, tuple(axes)
        self._length = _block_length(array, axes[0])
        self._blocks: OrderedDict[int, NDArray[Any]] = OrderedDict()
        self._lock = Lock()

    def _open(self, index: int) -> Image.Image | DeepImage:
        block, row = divmod(index, self._length)
        pixels = self._block(block)[row]
        return pixels_to_image(np.ascontiguousarray(pixels[..., 0] if _is_grey(pixels) else pixels))

    def _block(self, number: int) -> NDArray[Any]:
        """Return a block of consecutive images, shape (n, H, W) or (n, H, W, C)."""
        if isinstance(self._array, np.ndarray):  # needs no cache
            return self._rows(number)
        with self._lock:
            if number not in self._blocks:
                self._blocks[number] = self._rows(number)
                if len(self._blocks) > _BLOCKS:
                    self._blocks.popitem(last=False)
            self._blocks.move_to_end(number)
            return self._blocks[number]

    def _rows(self, number: int) -> NDArray[Any]:
        start = number * self._length
        places = [slice(None)] * self._array.ndim
        places[self._axes[0]] = slice(start, start + self._length)
        rows: NDArray[Any] = self._array[tuple(places)].transpose(self._axes)
        return rows


class SeparateArrays(ImageCollection):
    """Images of separate arrays, of shape (H, W), (H, W, C) or (C, H, W).

    Args:
        path: Path of the file, for messages.
        group: Name of the group of arrays.
        members: Names of the arrays by the names of the images.
        read: Function that reads the array of a name.
        open_files: Open files to close with this object.
    """

    def __init__(
        self,
        path: Path,
        group: str,
        members: Mapping[str, str],
        read: Callable[[str], NDArray[Any]],
        open_files: Sequence[Closable],
    ) -> None:
        super().__init__(path, list(members), open_files)
        self.array_name, self.arrays = group, tuple(members.values())
        self._read, self._lock = read, Lock()

    def _open(self, index: int) -> Image.Image | DeepImage:
        with self._lock:
            pixels = self._read(self.arrays[index])
        if pixels.ndim == 3 and pixels.shape[2] not in (1, 3, 4):
            pixels = pixels.transpose(1, 2, 0)
        return pixels_to_image(np.ascontiguousarray(pixels[..., 0] if _is_grey(pixels) else pixels))


class EncodedRows(ImageFiles):
    """Images of an array whose rows are the bytes of image files.

    Args:
        path: Path of the file, for messages.
        array_name: Name of the array in the file.
        array: HDF5 array whose rows are byte strings of variable length.
        open_files: Open files to close with this object.
    """

    def __init__(
        self, path: Path, array_name: str, array: Any, open_files: Sequence[Closable]
    ) -> None:
        digits = len(str(len(array) - 1))
        super().__init__(path, [f"{i:0{digits}}" for i in range(len(array))], open_files)
        self.array_name, self.arrays, self._array = array_name, (array_name,), array

    def stored(self, index: int) -> bytes:
        """Return the bytes of a row."""
        return np.asarray(self._array[index]).tobytes()


def _block_length(array: Any, axis: int) -> int:
    """Return the number of images read at once: whole chunks of the file unless too large."""
    count = array.shape[axis]
    image_bytes = max(1, array.size // count * array.dtype.itemsize)
    chunks = getattr(array, "chunks", None)
    stored = chunks[axis] if chunks else 1
    least = max(1, _BLOCK_BYTES // image_bytes // stored) * stored
    return int(min(count, least, max(1, _MAX_BLOCK_BYTES // image_bytes)))


def _is_grey(pixels: NDArray[Any]) -> bool:
    return pixels.shape[2:] == (1,)
