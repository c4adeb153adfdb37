"""Headers of arrays in NumPy's format, read without their data and without unpickling anything."""

from dataclasses import dataclass
from math import prod
from typing import IO, Any
from zipfile import ZipFile

import numpy as np

from sbvae_cli.data.importers.collection import printable


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
        ValueError: If there is none, or its version is for fields with names beyond Latin 1.
    """
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        shape, columns_first, dtype = np.lib.format.read_array_header_1_0(stream)
    elif version == (2, 0):
        shape, columns_first, dtype = np.lib.format.read_array_header_2_0(stream)
    else:
        raise ValueError(f"version {version[0]}.{version[1]} of the format")
    return ArrayHeader(tuple(shape), dtype, columns_first, stream.tell())


def check_stored_size(archive: ZipFile, name: str, header: ArrayHeader) -> None:
    """Compare the size of a member with what its header says.

    Raises:
        ValueError: If they differ.
    """
    if archive.getinfo(name).file_size != header.stored_bytes:
        shown = printable(name.removesuffix(".npy"))
        raise ValueError(f"{shown} has not the size that its header says")
