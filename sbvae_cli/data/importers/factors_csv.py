"""Read the factors of a user's images from a CSV file, joined by file name."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.data.importers.cells import refuse_cells, with_decimal_points
from sbvae_cli.data.importers.collection import reason_of
from sbvae_cli.data.importers.factor_columns import (
    NONE_DECLARED,
    DeclaredColumns,
    FactorTable,
    check_titles,
    factor_table,
    plain_titles,
)
from sbvae_cli.data.importers.image_names import ImageNames
from sbvae_cli.errors import SbvaeError, printable

_SEPARATORS = {",": "commas", "\t": "tabs", ";": "semicolons"}
_MAX_COLUMNS, _LONGEST_LINE = 1_000, 1 << 20
_NAME_COLUMNS = ("file", "filename", "name", "image", "path")  # the first that exists is used


def read_factors(
    path: Path | str,
    names: Sequence[str],
    declared: DeclaredColumns = NONE_DECLARED,
) -> FactorTable:
    """Read a CSV file with a header and a row for each image.

    A column called file, filename, name, image or path, or else the first column, names the images:
    by their path in the collection or a unique end of it, with or without suffix, in any case; or
    by number for the rows of an array. `factor_table` makes factors from the other columns.

    Args:
        path: The file, in UTF-8. Cells may be separated by tabs or semicolons if the header has no
            commas; decimal commas are then allowed.
        names: Names of the images.
        declared: Kinds and periods of columns that the user declared.

    Returns:
        Factors, with rows in the order of the images.

    Raises:
        SbvaeError: If the file is no such table, or its rows do not match the images one to one.
    """
    path = Path(path)
    header, table, first_row, notes = _read_table(path)
    key = next((header.index(n) for n in _NAME_COLUMNS if n in header), 0)
    images = ImageNames(names)
    if header[key] not in _NAME_COLUMNS:
        _refuse_row_as_header(path, header, [cells[key] for cells in table], images)
    titles, renamed = plain_titles([title for i, title in enumerate(header) if i != key])
    check_titles(str(path), titles)
    order, loose = _join(path, [cells[key] for cells in table], images)
    columns = [[cells[i] for cells in table] for i in range(len(header)) if i != key]
    given = dict(zip(titles, columns, strict=True))
    found = factor_table(given, str(path), declared, first_row=first_row)
    return replace(found.select_rows(order), notes=(*notes, *renamed, *loose))


class _Table(NamedTuple):
    """Cells without surrounding spaces, and without empty lines.

    Attributes:
        header: Titles of the columns.
        rows: Cells of each row, one for each title.
        first_row: Line number of the first row, from 1.
        notes: Lines on separators and decimal commas that differ from plain CSV.
    """

    header: list[str]
    rows: list[list[str]]
    first_row: int
    notes: list[str]


def _read_table(path: Path) -> _Table:
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            separator = _separator(_lines(path, file))
            file.seek(0)
            lines = csv.reader(_lines(path, file), strict=True, delimiter=separator)
            header, first_row = list[str](), 2
            while not header and (line := next(lines, None)) is not None:
                header = [cell.strip() for cell in line] if any(map(str.strip, line)) else []
                first_row = lines.line_num + 1
            if len(header) > _MAX_COLUMNS:
                found = f"has {len(header):,} columns, more than the limit of {_MAX_COLUMNS:,}"
                raise SbvaeError(f"{path}: {found}; leave out those that are not factors")
            table = [[cell.strip() for cell in line] for line in lines if any(map(str.strip, line))]
    except OSError as error:
        raise SbvaeError(f"{path}: {reason_of(error)}; choose a CSV file") from error
    except UnicodeDecodeError as error:
        raise SbvaeError(f"{path}: is not UTF-8 text; save it as CSV in UTF-8") from error
    except csv.Error as error:
        raise SbvaeError(f"{path}: is not a CSV file ({error}); save it as CSV") from error
    if not header:
        raise SbvaeError(f"{path}: is empty; it needs a header, and a row for each image")
    if len(header) < 2:
        found = f"holds one column ({header[0]}) and no factors"
        raise SbvaeError(f"{path}: {found}; separate columns by commas, tabs or semicolons")
    width, todo = len(header), f"quote {_SEPARATORS[separator]} in cells"
    lengths = enumerate(map(len, table), first_row)
    odd = [f"row {row} has {length}" for row, length in lengths if length != width]
    refuse_cells(f"{path}: rows do not have the {width} cells of the header", odd, todo)
    if separator == ",":
        return _Table(header, table, first_row, [])
    points = [with_decimal_points([row[i] for row in table]) for i in range(width)]
    changed = [header[i] for i, cells in enumerate(points) if cells]
    notes = [f"columns of {path} are separated by {_SEPARATORS[separator]}"]
    if changed:
        shown = ", ".join(map(printable, changed))
        notes.append(f"decimal commas are read as points in the columns {shown}")
    columns = [cells or [row[i] for row in table] for i, cells in enumerate(points)]
    rows = [list(row) for row in zip(*columns, strict=True)]
    return _Table(header, rows, first_row, notes)


def _lines(path: Path, file: TextIO) -> Iterator[str]:
    """Yield the lines of a file, refusing lines so long that they could fill memory."""
    while line := file.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise SbvaeError(f"{path}: has a line of more than {_LONGEST_LINE:,} characters")
        yield line


def _separator(lines: Iterable[str]) -> str:
    """Return the separator: a comma, or a tab or semicolon if the header has these but no comma."""
    header = next((line for line in lines if line.strip()), "")
    unquoted = re.sub('"[^"]*"', "", header)
    return next((mark for mark in _SEPARATORS if mark in unquoted), ",")


def _refuse_row_as_header(
    path: Path, header: list[str], cells: list[str], images: ImageNames
) -> None:
    """Refuse a header that is the only row of an image, so that it is no header at all."""
    image = images.find(header[0])
    if image is not None and image not in map(images.find, cells):
        titles = ["file", *(f"factor{i}" for i in range(1, len(header)))]
        shown = ",".join(titles if len(titles) <= 4 else [*titles[:3], "..."])
        found = f"has no header, its first line is the row of {header[0]}"
        raise SbvaeError(f"{path}: {found}; name the columns in a line before it, as {shown}")


def _join(path: Path, cells: list[str], images: ImageNames) -> tuple[NDArray[np.intp], list[str]]:
    """Return the row of each image, and a note if names match in another spelling only."""
    unknown, twice = list[str](), list[str]()
    loose = list[tuple[str, str]]()
    names = images.names
    order = np.full(len(names), -1, np.intp)
    for row, cell in enumerate(cells):
        image = images.find(cell, loosely=False)
        exact = image is not None
        image = image if exact else images.find(cell)
        if image is None:
            unknown.append(cell)
        elif order[image] >= 0:
            twice.append(cell)
        else:
            order[image] = row
            if not exact:
                loose.append((cell, names[image]))
    if unknown:
        found = f"{len(unknown)} of {len(cells)} rows name files that are not among the images"
        todo = images.advice(unknown[0])
        raise SbvaeError(f"{path}: {found}, the first is {unknown[0]}; {todo}")
    refuse_cells(f"{path}: rows name an image again", twice, "keep one row for each image")
    missing = [name for name, row in zip(names, order, strict=True) if row < 0]
    refuse_cells(f"{path}: images have no row", missing, "add their rows, or remove the images")
    how = "without their ending or in other capitals"
    if not loose:
        return order, []
    cell, name = map(printable, loose[0])
    some = "1 row names a file" if len(loose) == 1 else f"{len(loose):,} rows name files"
    return order, [f"{some} {how}: {cell} is {name}"]
