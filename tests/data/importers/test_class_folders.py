"""Folders as classes."""

import pytest

from sbvae_cli.data.importers.class_folders import class_folders


@pytest.mark.parametrize(
    ("names", "classes", "note"),
    [
        ("a.png b.png", None, ""),
        ("r/a.png r/b.png", None, ""),
        ("c/1 c/2 d/1 d/2", "c c d d", ""),
        ("r/s/c/1 r/s/c/2 r/s/d/1 r/s/d/2", "c c d d", ""),
        ("c/x/1 c/2 d/1 d/2", "c c d d", ""),
        ("c/1 c/2 d/1 3", None, "folders are not a factor: 1 of 4 images are in none"),
        ("c/1 d/1 e/1", None, "folders are not a factor: 3 of them for 3 images"),
        ("train/c/1 train/c/2 Test/d/1 Test/c/3", "c c d c", "folders Test, train split"),
        ("train/1 train/2 test/1", None, "folders test, train split the images into sets"),
        ("train/c/1 train/c/2 test/1 test/2", None, "folders are not a factor: 2 of 4"),
    ],
)
def test_the_first_folder_that_tells_images_apart_is_their_class(
    names: str, classes: str | None, note: str
) -> None:
    found, said = class_folders(names.split())
    assert found == (classes and classes.split())
    assert said.startswith(note) and bool(said) == bool(note)
