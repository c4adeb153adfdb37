"""Write and read the names of the imported image files in a dataset file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from sbvae_cli.errors import SbvaeError

FILES = "files"


def write_file_names(file: Any, names: Sequence[str]) -> None:
    """Write file names in UTF-8 as the HDF5 dataset `files`; undecodable bytes stay unchanged."""
    stored = [name.encode("utf-8", "surrogateescape") for name in names]
    kind = h5py.string_dtype("utf-8", max([1, *map(len, stored)]))
    file.create_dataset(FILES, data=np.array(stored, kind), compression="gzip", compression_opts=1)


def read_file_names(path: Path, file: Any, count: int) -> tuple[str, ...] | None:
    """Read the names that `write_file_names` wrote; return None if the file has no names.

    Args:
        path: Path of the file, for messages.
        file: The open file.
        count: Number of images.

    Raises:
        SbvaeError: If the names are damaged, or their number is not `count`.
    """
    stored = file.get(FILES)
    if not isinstance(stored, h5py.Dataset) or h5py.check_string_dtype(stored.dtype) is None:
        return None
    if stored.shape != (count,):
        found = f"has {count} images and files of shape {stored.shape}"
        raise SbvaeError(f"{path}: {found}; generate it again")
    try:
        return tuple(stored.asstr(errors="surrogateescape")[...].tolist())
    except (OSError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise SbvaeError(f"{path}: its files are damaged ({reason}); copy it again") from error
