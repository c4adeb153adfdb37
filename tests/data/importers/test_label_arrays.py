"""Labels that stand beside an array of images."""

import numpy as np
import pytest

from sbvae_cli.data.importers.find_arrays import ArrayKind
from sbvae_cli.data.importers.label_arrays import Labels, find_file_names, find_labels

CLASSES = np.array([2, 0, 1, 0])
TWO = np.array([[0.5, 1.0], [0.25, 2.0], [0.5, 3.0], [0.0, 4.0]])


def find(images: str = "images", **arrays: object) -> Labels:
    every = {name: np.asarray(array) for name, array in arrays.items()}
    kinds = {name: ArrayKind(array.shape, array.dtype) for name, array in every.items()}
    pixels = {images: ArrayKind((4, 8, 8), np.dtype(np.uint8))}
    return find_labels({**pixels, **kinds}, images, 4, every.__getitem__)


def columns(found: Labels) -> dict[str, list[float]]:
    return {name: np.asarray(values).tolist() for name, values in found.columns.items()}


@pytest.mark.parametrize(
    ("images", "name"),
    [
        ("images", "labels"),
        ("images", "Y"),
        ("imgs", "targets"),
        ("x_train", "y_train"),
        ("train_images", "train_labels"),
        ("data/train/images", "data/train/labels"),
    ],
)
def test_labels_are_found_by_the_name_of_their_images(images: str, name: str) -> None:
    found = find(images, **{name: CLASSES, "y_test": CLASSES[:2], "other_labels": [0, 1]})
    assert columns(found) == {name.rpartition("/")[2]: CLASSES.tolist()}
    assert found.used == [f"factors are those of the array {name}"]
    assert found.notes == found.warnings == []


def test_columns_have_the_names_beside_them() -> None:
    assert list(find(factors=TWO, names=["size", "x"]).columns) == ["size", "x"]
    assert list(find(factors=TWO, names=[b"size", b"x"]).columns) == ["size", "x"]
    assert list(find(factors=TWO).columns) == ["factors0", "factors1"]
    found = find(factors=TWO, labels=CLASSES)
    assert len(found.columns) == 2
    assert found.notes == ["other arrays are not factors: labels (`factors_key` takes them)"]


def test_one_column_and_marks_of_classes_are_classes_with_words() -> None:
    assert columns(find(y=CLASSES[:, None])) == {"y": CLASSES.tolist()}
    found = find(y=np.eye(3)[CLASSES], class_names=["cat", "dog", "owl"])
    assert columns(found) == {"y": CLASSES.tolist()}
    assert found.level_names == {"y": ("cat", "dog", "owl")}


@pytest.mark.parametrize(
    ("arrays", "note"),
    [
        ({"y": [1, 2]}, "the array y is not a factor: it has 2 rows, there are 4 images"),
        ({"y": 3}, "the array y is not a factor: it has 0 rows"),
        ({"labels": np.array([None] * 4)}, "labels is not a factor: it holds Python objects"),
        ({"labels": np.zeros((4, 2, 2))}, "labels is not a factor: it has the shape (4, 2, 2)"),
        ({"labels": np.zeros((4, 101))}, "labels is not a factor: it has the shape (4, 101)"),
        ({"score": TWO}, "no array is a factor: score may be one; `factors_key=score` takes it"),
    ],
)
def test_what_is_not_used_is_said(arrays: dict[str, object], note: str) -> None:
    found = find(**arrays)
    assert found.columns == {}
    (said,) = [*found.notes, *found.warnings]
    assert note in said
    assert bool(found.warnings) == ("score" not in arrays)


def test_nothing_is_said_where_there_is_nothing() -> None:
    assert find() == find(mask=np.zeros((4, 8, 8))) == Labels()


def test_names_that_do_not_fit_are_said() -> None:
    found = find(factors=TWO, names=["x"])
    assert list(found.columns) == ["factors0", "factors1"]
    assert found.notes == ["the array names is not used: it has 1, factors has 2 columns"]
    found = find(factors=TWO, names=["x", "x"])
    assert found.notes == [
        "the array names is not used: it has a name twice, factors has 2 columns"
    ]
    assert list(find(factors=TWO, columns=["x", "a, b"]).columns) == ["x", "a_b"]


def test_dates_beside_factors_are_told_of() -> None:
    (note,) = find(factors=TWO, dates=np.zeros(4, "M8[D]")).notes
    assert note == "other arrays are not factors: dates (`factors_key` takes them)"


def file_names(images: str = "images", **arrays: object) -> tuple[str, tuple[str, ...]]:
    every = {name: np.asarray(array) for name, array in arrays.items()}
    kinds = {name: ArrayKind(array.shape, array.dtype) for name, array in every.items()}
    return find_file_names(kinds, images, 4, every.__getitem__)


def test_names_of_images_are_found_where_each_has_its_own() -> None:
    own = np.array([b"a.png", b"b.png", b"c.png", b"d.png"])
    texts = own.astype(str)
    assert file_names(files=own) == ("files", tuple(texts))
    repeated, short = texts[[0, 1, 2, 2]], texts[:3]
    assert file_names(names=repeated, files=short, words=texts) == ("", ())
    found = file_names("train/images", **{"filenames": texts[::-1], "train/filenames": texts})
    assert found == ("train/filenames", tuple(texts))
