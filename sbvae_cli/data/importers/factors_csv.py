"""Factors of a user's images from a CSV file, joined by file name."""

import csv
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.data.importers.cells import refuse
from sbvae_cli.data.importers.collection import printable, reason_of
from sbvae_cli.data.importers.factor_columns import (
    UNDECLARED,
    Declared,
    FactorTable,
    check_titles,
    factor_table,
)
from sbvae_cli.errors import SbvaeError

_NAME_COLUMNS = ("file", "filename", "name", "image", "path")  # the first of these that is there


def read_factors(
    path: Path | str,
    names: Sequence[str],
    declared: Declared = UNDECLARED,
) -> FactorTable:
    """Read a CSV file with a header and a row for each image.

    The images are named in a column called file, filename, name, image or path (else in the first),
    by the path in the collection, or by as much of its end as is unique; for the rows of an array,
    by number. The other columns are factors, as `factor_table` makes them.

    Args:
        path: The file, in UTF-8.
        names: Names of the images.
        declared: What a user says of the columns.

    Returns:
        Factors, and their rows in the order of the images.

    Raises:
        SbvaeError: If the file is no such table, or does not match the images one to one.
    """
    path = Path(path)
    header, table = _read_table(path)
    key = next((header.index(n) for n in _NAME_COLUMNS if n in header), 0)
    image_of = _finder(names)
    if header[key] not in _NAME_COLUMNS:
        _refuse_row_as_header(path, header, [cells[key] for cells in table], image_of)
    titles = [title for i, title in enumerate(header) if i != key]
    check_titles(str(path), titles)
    order = _join(path, [cells[key] for cells in table], names, image_of)
    columns = [[cells[i] for cells in table] for i in range(len(header)) if i != key]
    found = factor_table(dict(zip(titles, columns, strict=True)), str(path), declared, first_row=2)
    return replace(found, rows=found.rows[order])


def _read_table(path: Path) -> tuple[list[str], list[list[str]]]:
    """Header and rows of cells without spaces around; empty lines are left out."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, strict=True)
            header = [cell.strip() for cell in next(lines, [])]
            table = [[cell.strip() for cell in line] for line in lines if line]
    except OSError as error:
        raise SbvaeError(f"{path}: {reason_of(error)}; choose a CSV file") from error
    except UnicodeDecodeError as error:
        raise SbvaeError(f"{path}: is not UTF-8 text; save it as CSV in UTF-8") from error
    except csv.Error as error:
        raise SbvaeError(f"{path}: is not a CSV file ({error}); save it as CSV") from error
    if not header:
        raise SbvaeError(f"{path}: is empty; it needs a header, and a row for each image")
    if len(header) < 2:
        found = f"holds one column ({printable(header[0])}) and no factors"
        raise SbvaeError(f"{path}: {found}; separate columns by commas")
    width = len(header)
    odd = [f"row {i} has {len(row)}" for i, row in enumerate(table, 2) if len(row) != width]
    refuse(f"{path}: rows have not the {width} cells of the header", odd, "quote commas in cells")
    return header, table


def _refuse_row_as_header(
    path: Path, header: list[str], cells: list[str], image_of: Callable[[str], int | None]
) -> None:
    """Refuse a first line that is an image's only row; a title may be called like an image."""
    image = image_of(header[0])
    if image is not None and image not in map(image_of, cells):
        titles = ["file", *(f"factor{i}" for i in range(1, len(header)))]
        shown = ",".join(titles if len(titles) <= 4 else [*titles[:3], "..."])
        found = f"has no header, its first line is the row of {printable(header[0])}"
        raise SbvaeError(f"{path}: {found}; name the columns in a line before it, as {shown}")


def _join(
    path: Path, cells: list[str], names: Sequence[str], image_of: Callable[[str], int | None]
) -> NDArray[np.intp]:
    """The row of each image."""
    unknown, twice = [], []
    order = np.full(len(names), -1, np.intp)
    for row, cell in enumerate(cells):
        image = image_of(cell)
        if image is None:
            unknown.append(cell)
        elif order[image] >= 0:
            twice.append(cell)
        else:
            order[image] = row
    if unknown:
        found = f"{len(unknown)} of {len(cells)} rows name files that are not among the images"
        todo = "remove them, or write paths as in the archive"
        frame = next((name for name in names if name.startswith(f"{unknown[0]}#")), None)
        if frame:
            todo = f"name its frames, as {frame}, or take the first of each file by `frames=first`"
        raise SbvaeError(f"{path}: {found}, the first is {printable(unknown[0])}; {todo}")
    refuse(f"{path}: rows name an image again", twice, "keep one row for each image")
    missing = [name for name, row in zip(names, order, strict=True) if row < 0]
    refuse(f"{path}: images have no row", missing, "add their rows, or remove the images")
    return order


def _finder(names: Sequence[str]) -> Callable[[str], int | None]:
    """From a cell to the number of the image that it names."""
    exact = {_normal(name): i for i, name in enumerate(names)}
    ends = Counter(_end(name) for name in exact)
    unique = {_end(name): name for name in exact if ends[_end(name)] == 1}

    def find(cell: str) -> int | None:
        name = _normal(cell)
        if name not in exact:
            name = _longer_or_shorter(name, unique.get(_end(name)))
        return exact.get(name)

    return find


def _normal(name: str) -> str:
    """A path that does not depend on the system it was written on."""
    return unicodedata.normalize("NFC", name.replace("\\", "/")).removeprefix("./")


def _end(name: str) -> str:
    base = name.rpartition("/")[2]
    return base.lstrip("0") or "0" if base.isdecimal() else base


def _longer_or_shorter(cell: str, name: str | None) -> str:
    """The name, if one of the two paths is the end of the other."""
    if name is None:
        return ""
    shorter, longer = sorted((cell, name), key=len)
    numbers = cell.isdecimal() and name.isdecimal()
    return name if numbers or longer.endswith("/" + shorter) else ""
