"""Factors of a user's own images: of a table, of arrays beside them, or of their folders."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import ZipFile

import numpy as np

from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.data.factors import FactorRows
from sbvae_cli.data.importers.class_folders import class_folders
from sbvae_cli.data.importers.collection import ImageCollection
from sbvae_cli.data.importers.factor_columns import UNDECLARED, Declared, FactorTable, factor_table
from sbvae_cli.data.importers.factors_csv import read_factors
from sbvae_cli.data.importers.find_arrays import ArrayKind, find_images
from sbvae_cli.data.importers.label_arrays import Labels, find_labels
from sbvae_cli.data.importers.npy import read_array_header
from sbvae_cli.data.importers.npz_archive import ArrayImages
from sbvae_cli.errors import SbvaeError


@dataclass(frozen=True)
class OwnFactors:
    """Factors of a collection's images.

    Attributes:
        space: Their space.
        rows: Shape (N, F), in the order of the images.
        remarks: What a user may want to know of a factor, by its name.
        notes: Where the factors are from, and what was not used.
    """

    space: SpaceConfig
    rows: FactorRows
    remarks: Mapping[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def own_factors(
    collection: ImageCollection,
    table: Path | None = None,
    declared: Declared = UNDECLARED,
) -> OwnFactors:
    """Find the factors of images.

    Args:
        collection: The images.
        table: CSV file; None takes the arrays beside an array of images, or the folders.
        declared: What a user says of the columns.

    Raises:
        SbvaeError: If a table or what is declared does not fit.
    """
    where = str(collection.path)
    labels = _labels(collection)
    classes, note = class_folders(collection.names)
    if table is not None:
        found = read_factors(table, collection.names, declared)
        unused = [
            f"the table has the factors, {what} are not used" for what in _others(labels, classes)
        ]
        return _of_table(found, unused)
    notes = [*labels.notes, *([note] if note else []), *_tables(collection)]
    if labels.columns:
        try:
            found = factor_table(labels.columns, where, declared, level_names=labels.level_names)
            return _of_table(found, notes)
        except SbvaeError as error:
            if error.field:
                raise
            notes = [f"arrays are no factors: {error}"]
    if classes is not None:
        found = factor_table({"class": classes}, where, declared, words=["class"])
        return _of_table(found, ["the factor class is the folder of each image", *notes])
    declared.check(where, ())
    return OwnFactors(SpaceConfig(), np.empty((len(collection), 0), np.float32), notes=notes)


def _of_table(found: FactorTable, notes: list[str]) -> OwnFactors:
    return OwnFactors(found.space, found.rows, found.remarks, notes)


def _others(labels: Labels, classes: list[str] | None) -> list[str]:
    return ["the arrays"] * bool(labels.columns) + ["the folders"] * (classes is not None)


def _labels(collection: ImageCollection) -> Labels:
    """Arrays beside those images in an NPZ file."""
    if not isinstance(collection, ArrayImages):
        return Labels()
    path = collection.path
    with ZipFile(path) as archive:
        kinds = {}
        for member in archive.namelist():
            with archive.open(member) as stream:
                header = read_array_header(stream)
            kinds[member.removesuffix(".npy")] = ArrayKind(header.shape, header.dtype)
    with np.load(path, allow_pickle=False) as arrays:
        return find_labels(kinds, find_images(path, kinds), len(collection), arrays.__getitem__)


def _tables(collection: ImageCollection) -> list[str]:
    """Tables that lie beside the images, which may have their factors."""
    folder = collection.path
    if not folder.is_dir():
        return []
    tables = sorted(name for name in os.listdir(folder) if name.lower().endswith(".csv"))
    return [f"{folder / name} is not used; give it as `factors={folder / name}`" for name in tables]
