"""Read headers of arrays in NumPy's format, without their data and without unpickling."""

from dataclasses import dataclass
from io import BytesIO
from math import prod
from typing import IO, Any
from zipfile import ZipFile

import numpy as np

from sbvae_cli.errors import printable
from sbvae_cli.memory import free_memory

_LARGEST_HEADER = 1 << 16  # bytes; NumPy would allocate any length that the file claims


@dataclass(frozen=True)
class ArrayHeader:
    """Header of an .npy file.

    Attributes:
        shape: Shape of the array.
        dtype: Type of its items.
        columns_first: Whether the first index varies fastest (Fortran order).
        bytes_before: Offset of the data, in bytes.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    columns_first: bool
    bytes_before: int

    @property
    def stored_bytes(self) -> int:
        """Size of header and data, in bytes."""
        return self.bytes_before + prod(self.shape) * self.dtype.itemsize


def read_array_header(stream: IO[bytes]) -> ArrayHeader:
    """Read the header and leave the stream at the start of the data.

    Raises:
        ValueError: If the header is missing, damaged or longer than 64 KiB, or has version 3.0,
            which is for field names outside of Latin 1.
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
    except Exception as error:  # NumPy parses it as Python, which may raise any exception
        raise ValueError("a damaged header") from error
    if min(shape, default=0) < 0:
        raise ValueError(f"a shape of {shape}")
    return ArrayHeader(tuple(shape), dtype, columns_first, stream.tell())


def check_stored_size(archive: ZipFile, name: str, header: ArrayHeader) -> None:
    """Check that an archive's member has the size that follows from its header.

    Raises:
        ValueError: If it has another size.
    """
    if archive.getinfo(name).file_size != header.stored_bytes:
        shown = printable(name.removesuffix(".npy"))
        raise ValueError(f"{shown} does not have the size that its header states")


def check_fits(archive: ZipFile, name: str, header: ArrayHeader) -> None:
    """Check that an archive's member fits in memory, before it is read.

    Arrays of objects are not checked, since they are never read.

    Raises:
        ValueError: If its size does not follow from its header.
        MemoryError: If it is larger than the free memory.
    """
    if header.dtype.hasobject:  # the size of pickles does not follow from the header
        return
    check_stored_size(archive, name, header)
    if header.stored_bytes > free_memory():
        raise MemoryError
