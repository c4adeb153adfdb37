"""Read the factor space of the public file 3dshapes.h5 (3D Object-in-Room)."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from sbvae_cli.commands import command
from sbvae_cli.config.catalogue import RENDERERS, with_levels
from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.data.level_grid import combinations, count_combinations
from sbvae_cli.errors import SbvaeError

_ROOM = RENDERERS["room"].space  # has the same factors, levels and order


def is_3dshapes(file: Any) -> bool:
    """Return whether an open HDF5 file has the arrays of 3dshapes.h5 and is not an sbvae file."""
    try:
        images, labels = (file.get(name) for name in ("images", "labels"))
    except RuntimeError:  # circular links
        return False
    return (
        "sbvae_format" not in file.attrs
        and isinstance(images, h5py.Dataset)
        and isinstance(labels, h5py.Dataset)
        and (images.ndim, images.shape[3:]) == (4, (3,))
        and labels.shape[1:] == (len(_ROOM.factors),)
    )


def read_3dshapes_space(path: Path, file: Any) -> SpaceConfig:
    """Return the factor space of the six factors, with the levels of the file's labels.

    Args:
        path: Path of the file, for messages.
        file: Open file for which `is_3dshapes` is true.

    Raises:
        SbvaeError: If arrays, levels or their order differ from those of 3dshapes.h5.
    """
    images, labels = file["images"], file["labels"]
    for name, array, kind in (("images", images, np.uint8), ("labels", labels, np.float64)):
        if array.dtype != kind:
            raise _differs(path, f"its {name} are {array.dtype}", np.dtype(kind).name)
    if 0 in images.shape:
        raise _differs(path, f"its images have shape {images.shape}", "of one image or more")
    if len(images) != len(labels):
        raise _differs(
            path, f"it has {len(images)} images and {len(labels)} labels", "one label for each"
        )
    values: NDArray[np.float64] = labels[:]
    space = _grid(path, values)
    if count_combinations(space) != len(labels):
        levels = " x ".join(str(len(factor.levels or ())) for factor in space.factors)
        raise _differs(path, f"its {len(labels)} labels have {levels} levels", "one of each")
    if not np.allclose(values, combinations(space, np.arange(len(values))), atol=1e-5):
        raise _differs(path, "its labels are in another order", "the last factor fastest")
    return space


def _grid(path: Path, values: NDArray[np.float64]) -> SpaceConfig:
    if not np.isfinite(values).all():
        raise _differs(path, "some of its labels are not finite", "numbers")
    factors = []
    for factor, column in zip(_ROOM.factors, values.T, strict=True):
        levels = np.unique(column)
        if len(levels) > 1_000:
            raise _differs(
                path, f"its {factor.name} has {len(levels)} levels", str(len(factor.levels or ()))
            )
        factors.append(with_levels(_ROOM, factor.name, tuple(levels.tolist())))
    return SpaceConfig(factors=tuple(factors), complete_grid=True)


def _differs(path: Path, found: str, wanted: str) -> SbvaeError:
    return SbvaeError(
        f"{path}: has the layout of 3dshapes.h5, but {found}, not {wanted}; copy it again, or "
        f"make a dataset of it with {command('gen-data images', from_=path)}"
    )
