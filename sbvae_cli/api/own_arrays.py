"""Writes arrays of images and factors to a dataset file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.api.arguments import text
from sbvae_cli.api.arrays import names_of, to_numpy
from sbvae_cli.api.words import in_python_words
from sbvae_cli.config.names import FactorKind
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.file import Images
from sbvae_cli.data.importers.factor_columns import DeclaredColumns, FactorTable, factor_table
from sbvae_cli.data.write import write_dataset
from sbvae_cli.errors import SbvaeError

_CHANNELS = (1, 3)


def write_arrays(
    images: Any,
    out: Path,
    factors: Any = None,
    *,
    names: Sequence[str] | None = None,
    circular: Sequence[str] = (),
    kinds: Mapping[str, FactorKind] | None = None,
    force: bool = False,
) -> None:
    """Write images, without resizing, and their factors to an HDF5 file.

    Args:
        images: uint8 from 0 to 255 or floats in [0, 1], shape (N, H, W, C) or (N, C, H, W) with 1
            or 3 channels, or (N, H, W); an array or a tensor.
        out: File to write.
        factors: Array of shape (N, F), or columns (N,) by name, of numbers or words; None if
            unknown.
        names: Name of each factor of an array; None names them factor0, factor1 and so on.
        circular: Names of factors whose range is a full turn.
        kinds: `levels` or `range` by name of a factor; for other factors the values decide.
        force: Whether an existing file is replaced.

    Raises:
        SbvaeError: If an argument is invalid; its name is the error's `field`.
    """
    pixels = _pixels(images)
    table = _table(
        factors, len(pixels), names, DeclaredColumns(kinds or {}, dict.fromkeys(circular))
    )
    with in_python_words(of="out"):
        write_dataset(
            out,
            lambda start, stop: (table.rows[start:stop], _levels(pixels[start:stop])),
            space=FactorSpace(table.space),
            name=out.stem,
            shape=pixels.shape[1:],
            count=len(pixels),
            force=force,
        )


def _pixels(images: Any) -> NDArray[Any]:
    """Convert images to an array (N, H, W, C) of uint8, booleans or floats in [0, 1].

    Raises:
        SbvaeError: If `images` has another shape, dtype or range.
    """
    found = to_numpy(images)
    if found.dtype.kind not in "buif" or found.ndim not in (3, 4) or 0 in found.shape:
        shape = f"have dtype {found.dtype} and shape {found.shape}"
        raise SbvaeError(f"{shape}; give uint8 of shape (N, H, W, C)", field="data")
    found = found[..., None] if found.ndim == 3 else found
    if found.shape[3] not in _CHANNELS and found.shape[1] in _CHANNELS:
        found = found.transpose(0, 2, 3, 1)
    if found.shape[3] not in _CHANNELS:
        why = f"have {found.shape[3]} channels; give 1 or 3, as (N, H, W, C)"
        raise SbvaeError(why, field="data")
    if found.dtype.kind in "iu" and found.dtype != np.uint8:
        why = f"have dtype {found.dtype}; scale them to grey levels from 0 to 255, as numpy.uint8"
        raise SbvaeError(why, field="data")
    if found.dtype.kind == "f":
        low, high = float(found.min()), float(found.max())  # both are NaN if a pixel is
        if not (low >= 0 and high <= 1):
            why = f"are floats from {low:.3g} to {high:.3g}; scale them to [0, 1], or give uint8"
            raise SbvaeError(why, field="data")
    return found


def _levels(pixels: NDArray[Any]) -> Images:
    """Convert floats in [0, 1] to the nearest levels from 0 to 255; keep uint8."""
    if pixels.dtype == np.uint8:
        return np.ascontiguousarray(pixels)
    return np.rint(pixels.astype(np.float64) * 255).astype(np.uint8)


def _table(
    factors: Any, count: int, names: Sequence[str] | None, declared: DeclaredColumns
) -> FactorTable:
    """Convert the factors of `count` images to a table.

    Raises:
        SbvaeError: If the factors do not fit the images, their names or their declared kinds.
    """
    columns = _columns(factors, count, names)

    def at_fault(line: str) -> str:
        return "names" if names is not None and "named" in line else "factors"

    with in_python_words(of=at_fault):
        try:
            declared.check("the factors", columns)
            if not columns:
                return FactorTable((), np.empty((count, 0), np.float32))
            return factor_table(columns, "the factors", declared)
        except SbvaeError as error:
            if error.field == "kind":
                raise SbvaeError(str(error), field="kinds") from error
            raise


def _columns(
    factors: Any, count: int, names: Sequence[str] | None
) -> dict[str, NDArray[Any]]:  # fmt: skip
    if factors is None:
        return {}
    if isinstance(factors, Mapping):
        if names is not None:
            raise SbvaeError("are already those of the columns; leave it out", field="names")
        columns = {text(name, "factors"): _column(column) for name, column in factors.items()}
    else:
        table = _column(factors)
        if table.ndim != 2:
            shape = f"have shape {table.shape}, not (N, F)"
            raise SbvaeError(f"{shape}; give columns by name, or an array", field="factors")
        columns = dict(zip(names_of(names, table.shape[1]), table.T, strict=True))
    for name, column in columns.items():
        if column.shape != (count,):
            why = f"have {name} of shape {column.shape}, and there are {count:,} images"
            raise SbvaeError(f"{why}; each image has one value", field="factors")
    return columns


def _column(values: Any) -> NDArray[Any]:
    try:
        return to_numpy(values)
    except ValueError as error:
        raise SbvaeError("have rows of several lengths", field="factors") from error
