"""Images that are rows of one array, in a file or in memory, whatever the order of its axes."""

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

_BLOCK_BYTES = 16 << 20  # that are read at once, unless a file stores more together
_MOST_BLOCK_BYTES = 256 << 20
_BLOCKS = 4  # that are kept: threads are at work on neighbouring images


class ArrayImages(ImageCollection):
    """The rows of an array; their names are their numbers from 0, with zeros in front.

    Args:
        path: For messages.
        array_name: Name of the array in the file.
        array: What slices give arrays of: of NumPy, or of an open HDF5 file.
        axes: Order of its axes that makes it (N, H, W) or (N, H, W, C), as `order_axes` has it.
        held: Open files behind it, closed with this object.
        value_range: Least and largest value of the array, where it is known.
    """

    one_kind = True

    def __init__(
        self,
        path: Path,
        array_name: str,
        array: Any,
        axes: Sequence[int],
        held: Sequence[Closable] = (),
        value_range: Levels | None = None,
    ) -> None:
        count = array.shape[axes[0]]
        digits = len(str(count - 1))
        super().__init__(path, [f"{i:0{digits}}" for i in range(count)], held)
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
        """Neighbouring images, shape (n, H, W) or (n, H, W, C)."""
        if isinstance(self._array, np.ndarray):  # which reads no more than it is asked for
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
    """Arrays of one image each, (H, W), (H, W, C) or (C, H, W).

    Args:
        path: For messages.
        group: What they are called together.
        members: Names of the arrays by the names of the images.
        read: Gives an array.
        held: Open files behind it, closed with this object.
    """

    def __init__(
        self,
        path: Path,
        group: str,
        members: Mapping[str, str],
        read: Callable[[str], NDArray[Any]],
        held: Sequence[Closable],
    ) -> None:
        super().__init__(path, list(members), held)
        self.array_name, self.arrays = group, tuple(members.values())
        self._read, self._lock = read, Lock()

    def _open(self, index: int) -> Image.Image | DeepImage:
        with self._lock:
            pixels = self._read(self.arrays[index])
        if pixels.ndim == 3 and pixels.shape[2] not in (1, 3, 4):
            pixels = pixels.transpose(1, 2, 0)
        return pixels_to_image(np.ascontiguousarray(pixels[..., 0] if _is_grey(pixels) else pixels))


class EncodedRows(ImageFiles):
    """Rows of an array that are the bytes of image files.

    Args:
        path: For messages.
        array_name: Name of the array in the file.
        array: An HDF5 array, its rows bytes of any length.
        held: Open files behind it, closed with this object.
    """

    def __init__(self, path: Path, array_name: str, array: Any, held: Sequence[Closable]) -> None:
        digits = len(str(len(array) - 1))
        super().__init__(path, [f"{i:0{digits}}" for i in range(len(array))], held)
        self.array_name, self.arrays, self._array = array_name, (array_name,), array

    def stored(self, index: int) -> bytes:
        """The bytes of a row."""
        return np.asarray(self._array[index]).tobytes()


def _block_length(array: Any, axis: int) -> int:
    """Number of images that are read at once: as many as are stored together, if these are few."""
    count = array.shape[axis]
    image_bytes = max(1, array.size // count * array.dtype.itemsize)
    chunks = getattr(array, "chunks", None)
    stored = chunks[axis] if chunks else 1
    least = max(1, _BLOCK_BYTES // image_bytes // stored) * stored
    return int(min(count, least, max(1, _MOST_BLOCK_BYTES // image_bytes)))


def _is_grey(pixels: NDArray[Any]) -> bool:
    return pixels.shape[2:] == (1,)
