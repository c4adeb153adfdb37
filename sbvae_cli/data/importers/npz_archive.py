"""Read arrays from an NPZ archive, without unpickling; images are decompressed once."""

from math import prod
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.data.importers.array_file import ArrayFile
from sbvae_cli.data.importers.array_images import ArrayImages
from sbvae_cli.data.importers.collection import reason_of
from sbvae_cli.data.importers.find_arrays import ArrayKind
from sbvae_cli.data.importers.levels import value_range
from sbvae_cli.data.importers.npy import (
    ArrayHeader,
    check_fits,
    check_stored_size,
    read_array_header,
)
from sbvae_cli.data.importers.stored_parts import unpack
from sbvae_cli.errors import SbvaeError


def is_npz(archive: ZipFile) -> bool:
    """Return whether a ZIP archive has arrays only."""
    names = archive.namelist()
    return bool(names) and all(name.endswith(".npy") for name in names)


class NpzArrays(ArrayFile):
    """Arrays of an NPZ archive.

    Args:
        path: Path of the archive.

    Raises:
        SbvaeError: If the archive is broken.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._archive = ZipFile(path)
            self._headers = {}
            for name in self._archive.namelist():
                with self._archive.open(name) as stream:
                    self._headers[name.removesuffix(".npy")] = read_array_header(stream)
        except Exception as error:  # broken archives make zipfile and NumPy raise any exception
            raise self._broken(path, error) from error
        kinds = {name: ArrayKind(h.shape, h.dtype) for name, h in self._headers.items()}
        super().__init__(path, kinds)

    def close(self) -> None:
        """Close the archive."""
        self._archive.close()

    def _images(self, name: str, axes: tuple[int, ...]) -> ArrayImages:
        try:
            with self:
                return self._unpacked(name, axes)
        except SbvaeError:
            raise
        except Exception as error:  # broken archives make zipfile and NumPy raise any exception
            raise self._broken(self.path, error) from error

    def _unpacked(self, name: str, axes: tuple[int, ...]) -> ArrayImages:
        header, ends = self._headers[name], list[float]()
        check_stored_size(self._archive, f"{name}.npy", header)

        def see(block: bytes) -> None:
            ends.extend(value_range(np.frombuffer(block, header.dtype)) or ())

        with self._archive.open(f"{name}.npy") as stream:
            read_array_header(stream)
            size = prod(header.shape) * header.dtype.itemsize
            file = unpack(self.path, stream, size, see)  # reads to the end: checks the checksum
        found = (min(ends), max(ends)) if ends else None
        return ArrayImages(self.path, name, _mapped(file, header), axes, (file,), found)

    def _read(self, name: str) -> NDArray[Any]:
        check_fits(self._archive, f"{name}.npy", self._headers[name])
        with self._archive.open(f"{name}.npy") as stream:
            found: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
        return found

    @staticmethod
    def _broken(path: Path, error: Exception) -> SbvaeError:
        found = f"this NPZ archive is broken or cut short ({reason_of(error)})"
        return SbvaeError(f"{path}: {found}; copy it again")


def _mapped(file: Any, header: ArrayHeader) -> NDArray[Any]:
    mapped: NDArray[Any] = np.memmap(
        file, header.dtype, "r", shape=header.shape, order="F" if header.columns_first else "C"
    )
    return mapped
