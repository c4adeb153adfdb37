"""Find arrays of labels, factors and file names that accompany an array of images."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.commands import quoted
from sbvae_cli.data.importers.cells import Cells
from sbvae_cli.data.importers.factor_columns import plain_titles
from sbvae_cli.data.importers.find_arrays import COLUMN_NAMES, ArrayKind, Arrays, row_axis
from sbvae_cli.errors import SbvaeError, printable

Read = Callable[[str], NDArray[Any]]

# Common names of such arrays, the most reliable first.
_LABELS = (
    *("factors", "latents_values", "labels", "label", "y", "targets", "target", "classes", "class"),
    *("latents", "attributes", "annotations"),
)
_FILE_NAMES = (
    *("files", "filenames", "file_names", "file", "filename", "file_name", "paths", "path"),
    *("names", "image_names", "image_paths", "image_files"),
)
_MAX_COLUMNS = 100


@dataclass(frozen=True)
class Labels:
    """Factors of images from arrays of the same file.

    Attributes:
        columns: Values of each factor, shape (N,), by its name.
        level_names: Words for the values 0, 1, ... of a factor, by its name.
        used: Line that names the array of the factors.
        notes: Lines on arrays that are not used.
        warnings: Lines on arrays that are named like labels but cannot be factors, if no other
            array has the factors.
    """

    columns: dict[str, Cells] = field(default_factory=dict)
    level_names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    used: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def find_labels(
    arrays: Arrays, images: str, count: int, read: Read, named: Sequence[str] = ()
) -> Labels:
    """Find the array of labels or factors that has a row for each image.

    Args:
        arrays: Arrays of the file by name, such as `train/images`.
        images: Name of the array of images; the labels of `train_images` are `train_labels`.
        count: Number of images.
        read: Function that reads the array of a name.
        named: Names of the arrays that the user listed; all their columns are factors.

    Raises:
        SbvaeError: If an array of `named` cannot be factors.
    """
    others = {name: array for name, array in arrays.items() if name != images}
    if named:
        return _of_named(named, arrays, count, read)
    unfit: list[str] = []
    for name in _candidates(images, others):
        why = _unfit(others[name], count)
        if why:
            unfit.append(f"the array {printable(name)} is not a factor: {why}")
            continue
        found = _labels(name, arrays[name], _as_rows(read(name), count), others, read)
        notes = [*found.notes, *unfit]
        titles = _names_beside(others)
        unused = [o for o in _beside(others, count) if o not in {name, *titles}]
        if unused:
            shown = ", ".join(map(printable, unused))
            notes.append(f"other arrays are not factors: {shown} (`factors_key` takes them)")
        used = [f"factors are those of the array {printable(name)}"]
        return replace(found, used=used, notes=notes)
    unused, notes = list(_beside(others, count)), list[str]()
    if unused:
        shown = ", ".join(map(printable, unused))
        todo = f"`factors_key={quoted(printable(unused[0]))}` takes it"
        notes = [f"no array is a factor: {shown} may be one; {todo}"]
    return Labels(notes=notes, warnings=unfit)


def find_file_names(
    arrays: Arrays, images: str, count: int, read: Read
) -> tuple[str, tuple[str, ...]]:
    """Find the array with a unique name for each image.

    Args:
        arrays: Arrays of the file by name.
        images: Name of the array of images; arrays of its group are tried first.
        count: Number of images.
        read: Function that reads the array of a name.

    Returns:
        Name of the array, and the names of the images; both empty if there is no such array.
    """
    group = images.rpartition("/")[0]
    for name in sorted(arrays, key=lambda name: name.rpartition("/")[0] != group):
        kind = arrays[name]
        titled = name.rpartition("/")[2].lower() in _FILE_NAMES
        if not titled or kind.dtype.kind not in "US" or row_axis(kind.shape, count) is None:
            continue
        found = [
            cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)
            for cell in np.ravel(read(name)).tolist()
        ]
        if len(set(found)) == count == len(found):
            return name, tuple(found)
    return "", ()


def _of_named(names: Sequence[str], arrays: Arrays, count: int, read: Read) -> Labels:
    """Return all columns of several arrays, prefixing repeated titles with the array's name."""
    columns: dict[str, Cells] = {}
    level_names: dict[str, tuple[str, ...]] = {}
    notes: list[str] = []
    for name in names:
        why = _unfit(arrays[name], count)
        if why:
            raise SbvaeError(f"{name}: {why}", field="factors_key")
        others = {other: array for other, array in arrays.items() if other != name}
        found = _labels(name, arrays[name], _as_rows(read(name), count), others, read)
        notes += found.notes
        for title, cells in found.columns.items():
            own = title if title not in columns else f"{name}.{title}"
            columns[own] = cells
            if title in found.level_names:
                level_names[own] = found.level_names[title]
    return Labels(columns, level_names, notes=notes)


def _as_rows(array: NDArray[Any], count: int) -> NDArray[Any]:
    """Return the array with a row for each image, transposing MATLAB's row vectors."""
    return array.T if array.shape == (1, count) else array


def _unfit(array: ArrayKind, count: int) -> str:
    """Return the reason why an array cannot be factors of `count` images; empty if it can."""
    rows = array.shape[0] if array.shape else 0
    if array.shape == (1, count):
        return ""
    if array.dtype.hasobject:
        return "it holds Python objects, which are never unpickled; store numbers or words"
    if rows != count:
        return f"it has {rows:,} rows, there are {count:,} images"
    if len(array.shape) > 2 or array.shape[1:] > (_MAX_COLUMNS,):
        return f"it has the shape {array.shape}; factors have one value, or a few, for each image"
    return ""


def _candidates(images: str, others: Arrays) -> Iterator[str]:
    """Yield arrays named like labels, with or without the affixes of the images' name (y_train)."""
    parts = re.split(r"([_/.-])", images)
    for label in _LABELS:
        around = {"".join([*parts[:i], label, *parts[i + 1 :]]) for i in range(0, len(parts), 2)}
        yield from (name for name in others if name.lower() in {label, *map(str.lower, around)})


def _beside(others: Arrays, count: int) -> Iterator[str]:
    """Yield arrays with one or a few values for each image."""
    for name, array in others.items():
        if not _unfit(array, count) and array.dtype.kind in "biufUSVM":
            yield name


def _labels(name: str, kind: ArrayKind, array: NDArray[Any], others: Arrays, read: Read) -> Labels:
    """Return the columns of an array, named if names are stored; one-hot classes are one column."""
    title = name.rpartition("/")[2]
    if array.dtype.names:
        return _titled({field: array[field] for field in array.dtype.names})
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 2 and _marks_classes(array):
        array = array.argmax(axis=1)
    where, words = _words(name, kind, others, read)
    if array.ndim == 1:
        found = _titled({title: array})
        (title,) = found.columns
        return replace(found, level_names={title: words} if words else {})
    width = array.shape[1]
    if len(words) == width and len(set(words)) == width:
        return _titled(dict(zip(words, array.T, strict=True)))
    found = _titled({f"{title}{i}": column for i, column in enumerate(array.T)})
    if not words:
        return found
    has = "has a name twice" if len(words) == width else f"has {len(words):,}"
    note = f"{where} is not used: it {has}, {printable(name)} has {width:,} columns"
    return replace(found, notes=[note, *found.notes])


def _titled(columns: dict[str, Cells]) -> Labels:
    """Return the columns, renamed if their titles cannot be names of factors."""
    titles, notes = plain_titles(list(columns))
    if len(set(titles)) < len(titles):
        return Labels(columns)
    return Labels(dict(zip(titles, columns.values(), strict=True)), notes=notes)


def _marks_classes(array: NDArray[Any]) -> bool:
    """Return whether each row is one-hot."""
    if array.dtype.kind not in "biuf":
        return False
    return bool(np.isin(array, (0, 1)).all() and (array.sum(axis=1) == 1).all())


def _words(name: str, kind: ArrayKind, others: Arrays, read: Read) -> tuple[str, tuple[str, ...]]:
    """Return names of factors or classes and their place: an attribute, or another array."""
    if kind.column_names:
        return f"the attribute with names of {printable(name)}", kind.column_names
    for other in _names_beside(others):
        found = read(other)
        if found.dtype.kind in "US":
            return f"the array {printable(other)}", tuple(
                text.decode("utf-8", "replace") if isinstance(text, bytes) else text
                for text in found.ravel().tolist()
            )
    return "", ()


def _names_beside(others: Arrays) -> list[str]:
    """Return the text arrays that are named like lists of factor or class names."""
    return [
        name
        for name, array in others.items()
        if name.rpartition("/")[2].lower() in COLUMN_NAMES and array.dtype.kind in "US"
        if len(array.shape) == 1
    ]
