"""One array of images in an NPZ archive, unpacked once; objects in it are never unpickled."""

from math import prod
from pathlib import Path
from typing import IO, Any
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sbvae_cli.data.importers.collection import ImageCollection, printable, reason_of
from sbvae_cli.data.importers.deep_images import DeepImage, pixels_to_image
from sbvae_cli.data.importers.levels import Levels, value_range
from sbvae_cli.data.importers.npy import ArrayHeader, check_stored_size, read_array_header
from sbvae_cli.data.importers.stored_parts import StoredParts, unpack
from sbvae_cli.errors import SbvaeError

_KEYS = ("images", "imgs")
_SHAPES = "(N, H, W) or (N, H, W, C) with 1, 3 or 4 channels"


class ArrayImages(ImageCollection):
    """The rows of an array; their names are their numbers from 0, with zeros in front.

    Args:
        path: For messages.
        file: The array's data, as stored; closed with this object.
        header: Its shape, type and order.
        value_range: Least and largest value of the array.
    """

    def __init__(
        self, path: Path, file: IO[bytes], header: ArrayHeader, value_range: Levels | None
    ) -> None:
        count, *shape = header.shape
        digits = len(str(count - 1))
        self._parts = StoredParts(file)
        super().__init__(path, [f"{i:0{digits}}" for i in range(count)], (self._parts,))
        self.value_range = value_range
        self._kind = header.dtype
        self._shape = tuple(shape[:2] if shape[2:] == [1] else shape)
        self._rows: NDArray[Any] | None = None
        if header.columns_first:  # the pixels of an image are not neighbours in the file
            self._rows = np.memmap(file, self._kind, "r", shape=header.shape, order="F")

    def _open(self, index: int) -> Image.Image | DeepImage:
        return pixels_to_image(self._pixels(index))

    def _pixels(self, index: int) -> NDArray[Any]:
        if self._rows is not None:
            row: NDArray[Any] = self._rows[index].reshape(self._shape)
            return row
        size = prod(self._shape) * self._kind.itemsize
        data = self._parts.read(index * size, size)
        return np.frombuffer(data, self._kind).reshape(self._shape)


def is_npz(archive: ZipFile) -> bool:
    """Whether a ZIP archive holds arrays and nothing else."""
    names = archive.namelist()
    return bool(names) and all(name.endswith(".npy") for name in names)


def open_npz(path: Path, archive: ZipFile) -> ArrayImages:
    """Unpack the array called `images` or `imgs`, or the only one that has images' dimensions.

    Args:
        path: For messages.
        archive: Open; may be closed afterwards.

    Raises:
        SbvaeError: If there is no such array, it holds no numbers, its shape is not that of
            images, or the archive is broken.
    """
    try:
        name, header = _find(path, archive)
        return _unpack(path, archive, name, header)
    except SbvaeError:
        raise
    except Exception as error:  # broken archives make zipfile and NumPy raise anything
        found = f"this NPZ archive is broken or cut short ({reason_of(error)})"
        raise SbvaeError(f"{path}: {found}; copy it again") from error


def _find(path: Path, archive: ZipFile) -> tuple[str, ArrayHeader]:
    headers = {}
    for name in archive.namelist():
        with archive.open(name) as stream:
            headers[name.removesuffix(".npy")] = read_array_header(stream)
    named = [key for key in _KEYS if key in headers]
    alike = [key for key, header in headers.items() if len(header.shape) in (3, 4)]
    keys = named[:1] or alike
    if len(keys) != 1:
        found = ", ".join(f"{printable(key)} {headers[key].shape}" for key in sorted(headers))
        raise SbvaeError(f"{path}: holds {found}; name the array of images 'images'")
    key, header = keys[0], headers[keys[0]]
    _check(f"{path}: {printable(key)}", header)
    check_stored_size(archive, f"{key}.npy", header)
    return f"{key}.npy", header


def _check(where: str, header: ArrayHeader) -> None:
    if header.dtype.kind == "O":
        raise SbvaeError(f"{where} is object, which is never unpickled; save an array of numbers")
    if header.dtype.kind not in "buif":
        raise SbvaeError(f"{where} is {header.dtype}; save real numbers, as uint8")
    shape = header.shape
    if len(shape) not in (3, 4) or 0 in shape or shape[3:] not in ((), (1,), (3,), (4,)):
        todo = f"images have the shape {_SHAPES}"
        if len(shape) == 4 and shape[1] in (1, 3, 4):
            todo += "; move the channels by images.transpose(0, 2, 3, 1)"
        raise SbvaeError(f"{where} has the shape {shape}; {todo}")


def _unpack(path: Path, archive: ZipFile, name: str, header: ArrayHeader) -> ArrayImages:
    ends: list[float] = []

    def see(block: bytes) -> None:
        ends.extend(value_range(np.frombuffer(block, header.dtype)) or ())

    with archive.open(name) as stream:
        read_array_header(stream)
        size = prod(header.shape) * header.dtype.itemsize
        file = unpack(path, stream, size, see)  # at its end is the checksum
    return ArrayImages(path, file, header, (min(ends), max(ends)) if ends else None)
