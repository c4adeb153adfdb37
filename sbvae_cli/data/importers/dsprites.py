"""Read the public dSprites archive as a stream, without unpickling its metadata."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from zipfile import ZipFile, is_zipfile

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.commands import command
from sbvae_cli.data.importers.collection import reason_of
from sbvae_cli.data.importers.npy import check_stored_size, read_array_header
from sbvae_cli.errors import SbvaeError
from sbvae_cli.system_errors import unreadable

LEVELS = (1, 3, 6, 40, 32, 32)  # color, shape, scale, orientation, x, y; y varies fastest
SIDE = 64  # pixels
_WANTED = "the public archive is dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz"
_IMAGES = "imgs.npy"
_CLASSES = "latents_classes.npy"


@dataclass(frozen=True)
class DSprites:
    """Archive whose arrays have been checked.

    Attributes:
        path: Path of the file.
        levels: Number of levels of each factor; the images are the grid of all combinations, the
            last factor varying fastest.
    """

    path: Path
    levels: tuple[int, ...]

    def __len__(self) -> int:
        return prod(self.levels)

    def blocks(self, rows: int) -> Iterator[NDArray[np.uint8]]:
        """Read the images in the order of the grid, one block in memory at a time.

        Args:
            rows: Number of images in a block; the last block may have fewer.

        Yields:
            Shape (n, 64, 64), values 0 and 1.

        Raises:
            SbvaeError: If the data are broken, cut short, or have other values than 0 and 1.
        """
        done = 0
        try:
            with ZipFile(self.path) as archive, archive.open(_IMAGES) as stream:
                read_array_header(stream)
                while done < len(self):
                    size = min(rows, len(self) - done) * SIDE * SIDE
                    data = stream.read(size)
                    if len(data) < size:
                        raise EOFError(f"{_IMAGES} ends in image {done + len(data) // SIDE**2}")
                    block = np.frombuffer(data, np.uint8).reshape(-1, SIDE, SIDE)
                    if block.max() > 1:
                        raise ValueError(f"{_IMAGES} holds {block.max()}, it should hold 0 and 1")
                    yield block
                    done += len(block)
        except Exception as error:  # broken archives make zipfile raise any exception
            raise _broken(self.path, error) from error


def read_dsprites(path: Path | str, levels: tuple[int, ...] = LEVELS) -> DSprites:
    """Open an archive and check the names, types and shapes of its arrays and the order of images.

    Args:
        path: Path of the file.
        levels: Number of levels of each factor; tests use fewer.

    Raises:
        SbvaeError: If the file is not the dSprites archive; the message says what differs.
    """
    path = Path(path)
    try:
        if not is_zipfile(path):
            path.open("rb").close()
            raise ValueError("it is not an NPZ file, or is cut short")
        with ZipFile(path) as archive:
            _check(archive, levels)
    except Exception as error:  # broken archives make zipfile and NumPy raise any exception
        raise _broken(path, error) from error
    return DSprites(path, levels)


def _check(archive: ZipFile, levels: tuple[int, ...]) -> None:
    missing = [name for name in (_IMAGES, _CLASSES) if name not in archive.namelist()]
    if missing:
        raise ValueError(f"it holds no {missing[0]}")
    count = prod(levels)
    _check_array(archive, _IMAGES, (count, SIDE, SIDE), "u1")
    _check_array(archive, _CLASSES, (count, len(levels)), "i8")
    with archive.open(_CLASSES) as stream:
        classes = np.lib.format.read_array(stream, allow_pickle=False)
    grid = np.indices(levels).reshape(len(levels), -1).T
    wrong = np.flatnonzero((classes != grid).any(1))
    if len(wrong):
        row = wrong[0]
        found, wanted = (" ".join(map(str, a[row])) for a in (classes, grid))
        raise ValueError(f"{_CLASSES} has {found} in row {row}, it should have {wanted}")


def _check_array(archive: ZipFile, name: str, shape: tuple[int, ...], dtype: str) -> None:
    with archive.open(name) as stream:
        header = read_array_header(stream)
    wanted = np.dtype(dtype)
    if header.shape != shape or header.dtype != wanted or header.columns_first:
        order = " in Fortran's order" if header.columns_first else ""
        found = f"{name} is {header.dtype} of shape {header.shape}{order}"
        raise ValueError(f"{found}, it should be {wanted} of shape {shape}")
    check_stored_size(archive, name, header)


def _broken(path: Path, error: Exception) -> SbvaeError:
    if isinstance(error, OSError) and error.errno:
        return unreadable(path, error, "choose the public dSprites archive")
    others = f"other arrays of images are taken by {command('gen-data images', from_=path)}"
    return SbvaeError(f"{path}: {reason_of(error)}; {_WANTED}; {others}")
