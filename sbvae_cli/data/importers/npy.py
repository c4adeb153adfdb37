"""Headers of arrays in NumPy's format, read without their data and without unpickling anything."""

from dataclasses import dataclass
from io import BytesIO
from math import prod
from typing import IO, Any
from zipfile import ZipFile

import numpy as np

from sbvae_cli.data.importers.collection import printable
from sbvae_cli.memory import free_memory

_LARGEST_HEADER = 1 << 16  # bytes; NumPy reads what a header claims before it looks at it


@dataclass(frozen=True)
class ArrayHeader:
    """What an .npy file says about itself.

    Attributes:
        shape: Shape of the array.
        dtype: Type of its items.
        columns_first: Whether the first index is the fastest (Fortran's order).
        bytes_before: Where the data begins.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    columns_first: bool
    bytes_before: int

    @property
    def stored_bytes(self) -> int:
        """Size of header and data."""
        return self.bytes_before + prod(self.shape) * self.dtype.itemsize


def read_array_header(stream: IO[bytes]) -> ArrayHeader:
    """Read the header; the stream then stands at the data.

    Raises:
        ValueError: If there is none, it is damaged or longer than any, or its version is for fields
            with names beyond Latin 1.
    """
    version = np.lib.format.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"version {version[0]}.{version[1]} of the format")
    length = stream.read(2 if version == (1, 0) else 4)
    size = int.from_bytes(length, "little")
    if size > _LARGEST_HEADER:
        raise ValueError(f"a header of {size:,} bytes")
    header = BytesIO(length + stream.read(size))
    try:
        if version == (1, 0):
            shape, columns_first, dtype = np.lib.format.read_array_header_1_0(header)
        else:
            shape, columns_first, dtype = np.lib.format.read_array_header_2_0(header)
    except Exception as error:  # NumPy has Python parse it, which may raise anything
        raise ValueError("a damaged header") from error
    if min(shape, default=0) < 0:
        raise ValueError(f"a shape of {shape}")
    return ArrayHeader(tuple(shape), dtype, columns_first, stream.tell())


def check_stored_size(archive: ZipFile, name: str, header: ArrayHeader) -> None:
    """Compare the size of a member with what its header says.

    Raises:
        ValueError: If they differ.
    """
    if archive.getinfo(name).file_size != header.stored_bytes:
        shown = printable(name.removesuffix(".npy"))
        raise ValueError(f"{shown} has not the size that its header says")


def check_fits(archive: ZipFile, name: str, header: ArrayHeader) -> None:
    """Refuse a member before it is read whole; one of objects, which are never read, passes.

    Raises:
        ValueError: If its size is not what its header says.
        MemoryError: If it is larger than the memory that is free.
    """
    if header.dtype.hasobject:  # whose pickles are of any size
        return
    check_stored_size(archive, name, header)
    if header.stored_bytes > free_memory():
        raise MemoryError
