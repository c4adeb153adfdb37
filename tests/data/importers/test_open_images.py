"""What a path holds, by its contents; what is refused."""

import tarfile
import warnings
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from PIL import Image

from sbvae_cli.data.importers.open_images import open_images
from sbvae_cli.errors import SbvaeError

Write = Callable[[dict[str, bytes]], Path]


def pack(files: dict[str, bytes], kind: str, path: Path) -> Path:
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return path
    with tarfile.open(path, kind) as tar:
        for name, data in files.items():
            member = tarfile.TarInfo("./" + name)
            member.size = len(data)
            tar.addfile(member, BytesIO(data))
    return path


@pytest.fixture(params=["folder", "zip", "w:", "w:gz", "w:bz2", "w:xz"])
def packed(
    request: pytest.FixtureRequest, files: dict[str, bytes], write_folder: Write, tmp_path: Path
) -> Path:
    if request.param == "folder":
        return write_folder(files)
    return pack(files, request.param, tmp_path / "wrong_name.png")


def test_the_same_images_come_from_every_container(
    packed: Path, pictures: dict[str, np.ndarray]
) -> None:
    with open_images(packed) as images:
        assert images.names == ("a.png", "b/2.png", "b/10.png")
        assert len(images) == 3
        for i in (2, 0, 1, 0):
            np.testing.assert_array_equal(np.array(images.read(i)), pictures[images.names[i]])


@pytest.mark.parametrize("kind", ["zip", "w:", "w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_cut_archive_is_one_line(
    kind: str, share: float, files: dict[str, bytes], tmp_path: Path
) -> None:
    path = pack(files, kind, tmp_path / "cut.tar")
    data = path.read_bytes().rstrip(b"\0")
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(SbvaeError, match=r"^.*cut.tar: .*cut short \(.+\); copy it again$"):
        open_images(path)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", "the file is empty"),
        (b"hello" * 200, "is text; name a dataset"),
        (b"\x89HDF\r\n\x1a\n", "is a damaged HDF5 file"),
        (b"Rar!\x1a\x07", "RAR"),
        (b"\x93NUMPY", r"is a single array \(NPY\); write numpy.savez"),
        (b"\x1f\x8bhello", "broken or cut short"),
        (b"PK\x03\x04hello", "broken or cut short"),
    ],
)
def test_another_file_is_one_line(data: bytes, found: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(SbvaeError, match=found) as caught:
        open_images(tmp_path / "x")
    assert "\n" not in str(caught.value)


def test_one_image_is_sent_to_its_folder(files: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(files["a.png"])
    with pytest.raises(
        SbvaeError, match=r"is one image \(PNG\); a dataset needs many images: `sbvae gen-data im"
    ):
        open_images(tmp_path / "a.png")


def test_a_missing_path_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SbvaeError, match="gone: there is no such file; choose a folder"):
        open_images(tmp_path / "gone")


@pytest.mark.parametrize("kind", ["folder", "zip", "w:"])
def test_nothing_but_other_files_is_one_line(
    kind: str, write_folder: Write, tmp_path: Path
) -> None:
    files = {"notes.txt": b"x"}
    path = write_folder(files) if kind == "folder" else pack(files, kind, tmp_path / "x")
    with pytest.raises(SbvaeError, match="holds no images"):
        open_images(path)


@pytest.mark.parametrize("action", ["default", "ignore", "error"])
@pytest.mark.parametrize("limit", [47, 20])  # Pillow warns of the one, and refuses the other
def test_a_bomb_is_unreadable_however_warnings_are_taken(
    limit: int,
    action: Literal["default", "ignore", "error"],
    files: dict[str, bytes],
    write_folder: Write,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    images = open_images(write_folder(files))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter(action)
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        with pytest.raises(SbvaeError, match=rf"a.png: 8x6 are 48 pixels, more than .* {limit};"):
            images.read(0)
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 48)
        images.read(0)
    assert not told
