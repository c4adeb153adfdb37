"""One array of images in an NPZ archive, unpacked once; objects in it are never unpickled."""

from math import prod
from pathlib import Path
from typing import IO
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sbvae_cli.data.importers.collection import ImageCollection, printable, reason_of
from sbvae_cli.data.importers.npy import ArrayHeader, check_stored_size, read_array_header
from sbvae_cli.data.importers.stored_parts import StoredParts, unpack
from sbvae_cli.errors import SbvaeError

_KEYS = ("images", "imgs")
_SHAPES = "(N, H, W) or (N, H, W, C) with 1, 3 or 4 channels"
_REMEDIES = {  # by the kind of the array's type
    "O": "objects are never unpickled; save one uint8 array",
    "f": "save uint8, for values in [0, 1] as (255 * images).round().astype(np.uint8)",
    "u": "save uint8, for the full range of 16 bits as (images // 257).astype(np.uint8)",
    "i": "save uint8, for values in 0..255 as images.astype(np.uint8)",
}


class ArrayImages(ImageCollection):
    """The rows of an array; their names are their numbers from 0, with zeros in front.

    Args:
        path: For messages.
        file: The array's data, as stored; closed with this object.
        header: Its shape and order.
        scale: 255 where the array's values are 0 and 1, else 1.
    """

    def __init__(self, path: Path, file: IO[bytes], header: ArrayHeader, scale: int) -> None:
        count, *shape = header.shape
        digits = len(str(count - 1))
        self._parts = StoredParts(file)
        super().__init__(path, [f"{i:0{digits}}" for i in range(count)], (self._parts,))
        self._shape = tuple(shape[:2] if shape[2:] == [1] else shape)
        self._scale = np.uint8(scale)
        self._rows: NDArray[np.uint8] | None = None
        if header.columns_first:  # the pixels of an image are not neighbours in the file
            self._rows = np.memmap(file, np.uint8, "r", shape=header.shape, order="F")

    def _open(self, index: int) -> Image.Image:
        if self._rows is not None:
            pixels = self._rows[index].reshape(self._shape)
        else:
            size = prod(self._shape)
            data = self._parts.read(index * size, size)
            pixels = np.frombuffer(data, np.uint8).reshape(self._shape)
        return Image.fromarray(pixels * self._scale)


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
        SbvaeError: If there is no such array, its type is not uint8 or bool, its shape not that of
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
    if header.dtype not in (np.uint8, np.bool_):
        remedy = _REMEDIES.get(header.dtype.kind, "save one uint8 array")
        raise SbvaeError(f"{where} is {header.dtype}, images are uint8; {remedy}")
    shape = header.shape
    if len(shape) not in (3, 4) or 0 in shape or shape[3:] not in ((), (1,), (3,), (4,)):
        todo = f"images have the shape {_SHAPES}"
        if len(shape) == 4 and shape[1] in (1, 3, 4):
            todo += "; move the channels by images.transpose(0, 2, 3, 1)"
        raise SbvaeError(f"{where} has the shape {shape}; {todo}")


def _unpack(path: Path, archive: ZipFile, name: str, header: ArrayHeader) -> ArrayImages:
    largest = 0

    def see(block: bytes) -> None:
        nonlocal largest
        largest = max(largest, int(np.frombuffer(block, np.uint8).max()))

    with archive.open(name) as stream:
        read_array_header(stream)
        file = unpack(path, stream, prod(header.shape), see)  # at its end is the checksum
    return ArrayImages(path, file, header, 255 if largest <= 1 else 1)
