"""Folders, links and pipes in them."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from sbvae_cli.data.importers.folder import FolderImages
from sbvae_cli.errors import SbvaeError

Write = Callable[[dict[str, bytes]], Path]
Lack = Callable[[], AbstractContextManager[None]]


def test_links_are_followed_but_not_in_circles(
    files: dict[str, bytes], write_folder: Write, tmp_path: Path
) -> None:
    folder = write_folder({"a.png": files["a.png"], "b/c.png": files["a.png"]})
    (folder / "b" / "up").symlink_to(folder)
    other = tmp_path / "other"
    other.mkdir()
    (other / "d.png").write_bytes(files["a.png"])
    (folder / "one").symlink_to(other)
    (folder / "two").symlink_to(other)
    images = FolderImages(folder)
    assert images.names == ("a.png", "b/c.png", "one/d.png", "two/d.png")
    assert images.read(3).size == (8, 6)


def test_where_no_more_files_can_be_open_no_image_is_blamed(
    files: dict[str, bytes], write_folder: Write, no_more_files: Lack
) -> None:
    images = FolderImages(write_folder({"a.png": files["a.png"]}))
    images.read(0)
    with no_more_files(), pytest.raises(OSError, match="Too many open files"):
        images.read(0)


def test_pipes_are_left_out(files: dict[str, bytes], write_folder: Write) -> None:
    folder = write_folder({"a.png": files["a.png"]})
    os.mkfifo(folder / "pipe.png")
    assert FolderImages(folder).names == ("a.png",)


def test_a_folder_that_cannot_be_listed_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SbvaeError, match="gone: No such file or directory; choose another"):
        FolderImages(tmp_path / "gone")


def test_a_name_that_is_not_unicode_is_read(files: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "\udcff.png").write_bytes(files["a.png"])
    assert FolderImages(tmp_path).read(0).size == (8, 6)
