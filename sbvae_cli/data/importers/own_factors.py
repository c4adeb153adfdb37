"""Find the factors of a user's images in a table, in arrays beside them, or in folder names."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from sbvae_cli.commands import quoted
from sbvae_cli.data.importers.class_folders import class_folders
from sbvae_cli.data.importers.collection import ImageCollection
from sbvae_cli.data.importers.factor_columns import (
    NONE_DECLARED,
    DeclaredColumns,
    FactorTable,
    factor_table,
)
from sbvae_cli.data.importers.factors_csv import read_factors
from sbvae_cli.data.importers.find_arrays import Arrays, named_arrays
from sbvae_cli.data.importers.known_labels import factors_of_labels
from sbvae_cli.data.importers.label_arrays import Labels, find_labels
from sbvae_cli.data.importers.open_images import open_array_file
from sbvae_cli.errors import SbvaeError, printable


@dataclass(frozen=True)
class OwnFactors:
    """Factors of the images of a collection.

    Attributes:
        table: Factors, with rows in the order of the images.
        notes: Lines on the origin of the factors and on what was not used.
        warnings: Lines on arrays that are named like factors but cannot be used.
    """

    table: FactorTable
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def own_factors(
    collection: ImageCollection,
    table: Path | None = None,
    declared: DeclaredColumns = NONE_DECLARED,
    key: str | None = None,
) -> OwnFactors:
    """Find the factors of the images of a collection.

    Args:
        collection: The images.
        table: CSV file; None uses other arrays of a file of arrays, or the folders of images.
        declared: Kinds and periods of columns that the user declared.
        key: Comma-separated names of the arrays of factors; None searches for one.

    Raises:
        SbvaeError: If the table, the arrays of `key` or the declarations do not fit the images.
    """
    where = str(collection.path)
    if key and table:
        raise SbvaeError(f"{key}: {table} has the factors; leave one out", field="factors_key")
    labels = _labels(collection, key)
    classes, note = class_folders(collection.names)
    if table is not None:
        found = read_factors(table, collection.names, declared)
        unused = [
            f"the table has the factors, {what} are not used" for what in _others(labels, classes)
        ]
        return OwnFactors(found, [*found.notes, *unused])
    warnings, notes = (
        labels.warnings,
        [*labels.notes, *([note] if note else []), *_tables(collection)],
    )
    if labels.columns:
        try:
            return OwnFactors(_table_of(labels, where, declared), notes, warnings)
        except SbvaeError as error:
            if error.field or key or declared != NONE_DECLARED:
                raise
            warnings = [*warnings, f"the labels are not used: {error}"]
            notes = [note for note in notes if note not in labels.used]
    if classes is not None:
        found = factor_table({"class": classes}, where, declared, words=["class"])
        return OwnFactors(found, ["the factor class is the folder of each image", *notes], warnings)
    declared.check(where, ())
    return OwnFactors(FactorTable((), np.empty((len(collection), 0), np.float32)), notes, warnings)


def _others(labels: Labels, classes: list[str] | None) -> list[str]:
    return ["the arrays"] * bool(labels.columns) + ["the folders"] * (classes is not None)


def _labels(collection: ImageCollection, key: str | None) -> Labels:
    """Find labels among the other arrays of the images' file."""
    opened = None
    if collection.arrays:
        opened = open_array_file(collection.path, named=True)
    if not opened:
        if key:
            why = "is not a file of arrays (NPZ, HDF5 or MATLAB)"
            raise SbvaeError(f"{key}: {collection.path} {why}", field="factors_key")
        return Labels()
    with opened as file:
        named = named_arrays(file.path, file.kinds, key) if key else ()
        taken = {*collection.arrays, collection.names_from} - set(named)
        taken |= {file.kinds[name].link_to for name in collection.arrays}
        others = {name: kind for name, kind in file.kinds.items() if name not in taken}
        found = find_labels(others, collection.array_name, len(collection), file.read, named)
    return replace(found, notes=[*_which_arrays(collection, file.kinds), *found.used, *found.notes])


def _which_arrays(collection: ImageCollection, kinds: Arrays) -> Iterator[str]:
    name, count = collection.arrays[0], len(collection.arrays)
    if count == 1:
        yield f"images are the array {printable(name)} {kinds[name]}"
    else:
        yield f"images are {count:,} arrays of one image each, as {printable(name)} {kinds[name]}"
    if collection.names_from:
        yield f"names of the images are those of the array {printable(collection.names_from)}"


def _table_of(labels: Labels, where: str, declared: DeclaredColumns) -> FactorTable:
    """Make factors from arrays; labels of a public dataset get its names and units."""
    known = factors_of_labels([np.asarray(cells) for cells in labels.columns.values()])
    if not known:
        return factor_table(labels.columns, where, declared, level_names=labels.level_names)
    names = [factor.name for factor in known]
    columns = dict(zip(names, labels.columns.values(), strict=True))
    found = factor_table(columns, where, declared)
    if declared.kinds or declared.circular:
        return found
    known = factors_of_labels(list(found.columns.values()))  # levels as in the table's values
    return replace(found, factors=tuple(known), fixed_kinds=frozenset(names))


def _tables(collection: ImageCollection) -> list[str]:
    """Return a line on each table in the folder of the images, which may have their factors."""
    folder = collection.path
    if not folder.is_dir():
        return []
    tables = sorted(name for name in os.listdir(folder) if name.lower().endswith((".csv", ".tsv")))
    paths = [folder / name for name in tables]
    return [f"{path} is not used; give it as `factors={quoted(path)}`" for path in paths]
