"""Arrays beside an array of images that say what these show."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.commands import quoted
from sbvae_cli.data.importers.cells import Cells
from sbvae_cli.data.importers.collection import printable
from sbvae_cli.data.importers.factor_columns import plain_titles
from sbvae_cli.data.importers.find_arrays import COLUMN_NAMES, ArrayKind, Arrays, row_axis
from sbvae_cli.errors import SbvaeError

Read = Callable[[str], NDArray[Any]]

# Names that such arrays have in the field, the surest first.
_LABELS = (
    *("factors", "latents_values", "labels", "label", "y", "targets", "target", "classes", "class"),
    *("latents", "attributes", "annotations"),
)
_FILE_NAMES = (
    *("files", "filenames", "file_names", "file", "filename", "file_name", "paths", "path"),
    *("names", "image_names", "image_paths", "image_files"),
)
_MOST_COLUMNS = 100


@dataclass(frozen=True)
class Labels:
    """What arrays say of images.

    Attributes:
        columns: Values of each factor, shape (N,), by its name.
        level_names: Words for the values 0, 1, ... of a factor.
        used: Which array the factors are those of, in a note.
        notes: What else is not used.
        warnings: Which arrays are called like labels and cannot be factors, where none is.
    """

    columns: dict[str, Cells] = field(default_factory=dict)
    level_names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    used: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def find_labels(
    arrays: Arrays, images: str, count: int, read: Read, named: Sequence[str] = ()
) -> Labels:
    """Find the array of labels or factors of some images, one row for each.

    Args:
        arrays: The file's arrays by name, as `train/images`.
        images: Name of the array of images; of `train_images` the labels are `train_labels`.
        count: Number of images.
        read: Gives an array.
        named: Names of the arrays that a user wants; all of their columns are factors.

    Raises:
        SbvaeError: If one of those that are named cannot be factors.
    """
    others = {name: array for name, array in arrays.items() if name != images}
    if named:
        return _of_named(named, arrays, count, read)
    unfit: list[str] = []
    for name in _candidates(images, others):
        why = _unfit(others[name], count)
        if why:
            unfit.append(f"the array {printable(name)} is no factor: {why}")
            continue
        found = _labels(name, arrays[name], _as_rows(read(name), count), others, read)
        notes = [*found.notes, *unfit]
        titles = _names_beside(others)
        unused = [o for o in _beside(others, count) if o not in {name, *titles}]
        if unused:
            shown = ", ".join(map(printable, unused))
            notes.append(f"other arrays are no factors: {shown} (`factors_key` takes them)")
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
    """The array of names of images, each of which has its own, and the names; both may be empty.

    Args:
        arrays: The file's arrays by name.
        images: Name of the array of images; names in its group come first.
        count: Number of images.
        read: Gives an array.
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
    """All columns of several arrays; a title that is there already begins with its array's name."""
    columns: dict[str, Cells] = {}
    level_names: dict[str, tuple[str, ...]] = {}
    notes: list[str] = []
    for name in names:
        why = _unfit(arrays[name], count)
        if why:
            raise SbvaeError(f"{printable(name)}: {why}", field="factors_key")
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
    """An array with a row for each image; a single row of them, as MATLAB has it, is turned."""
    return array.T if array.shape == (1, count) else array


def _unfit(array: ArrayKind, count: int) -> str:
    """Why an array cannot be factors of so many images; empty where it can."""
    rows = array.shape[0] if array.shape else 0
    if array.shape == (1, count):
        return ""
    if array.dtype.hasobject:
        return "it holds Python objects, which are never unpickled; store numbers or words"
    if rows != count:
        return f"it has {rows:,} rows, there are {count:,} images"
    if len(array.shape) > 2 or array.shape[1:] > (_MOST_COLUMNS,):
        return f"it has the shape {array.shape}; factors have one value, or a few, for each image"
    return ""


def _candidates(images: str, others: Arrays) -> Iterator[str]:
    """Arrays that are called like labels, in the same words around: x_train and y_train."""
    parts = re.split(r"([_/.-])", images)
    for label in _LABELS:
        around = {"".join([*parts[:i], label, *parts[i + 1 :]]) for i in range(0, len(parts), 2)}
        yield from (name for name in others if name.lower() in {label, *map(str.lower, around)})


def _beside(others: Arrays, count: int) -> Iterator[str]:
    """Arrays with a value, or a few, for each image."""
    for name, array in others.items():
        if not _unfit(array, count) and array.dtype.kind in "biufUSVM":
            yield name


def _labels(name: str, kind: ArrayKind, array: NDArray[Any], others: Arrays, read: Read) -> Labels:
    """The array's columns, with names where others say them; marks of classes are one column."""
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
    """Columns by titles that factors can have."""
    titles, notes = plain_titles(list(columns))
    if len(set(titles)) < len(titles):
        return Labels(columns)
    return Labels(dict(zip(titles, columns.values(), strict=True)), notes=notes)


def _marks_classes(array: NDArray[Any]) -> bool:
    """Whether each row is 0 but for one 1, of two columns or more."""
    if array.dtype.kind not in "biuf":
        return False
    return bool(np.isin(array, (0, 1)).all() and (array.sum(axis=1) == 1).all())


def _words(name: str, kind: ArrayKind, others: Arrays, read: Read) -> tuple[str, tuple[str, ...]]:
    """Names of factors or classes and where they stand: at the array itself, or in another."""
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
    """Arrays that are called like names of factors or classes."""
    return [
        name
        for name, array in others.items()
        if name.rpartition("/")[2].lower() in COLUMN_NAMES and array.dtype.kind in "US"
        if len(array.shape) == 1
    ]
