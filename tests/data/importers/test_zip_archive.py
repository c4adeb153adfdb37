"""Hostile and odd ZIP archives."""

import stat
import zipfile
from pathlib import Path

import pytest

from sbvae_cli.data.importers.collection import UnreadableImageError
from sbvae_cli.data.importers.open_images import open_images
from sbvae_cli.errors import SbvaeError


@pytest.mark.parametrize("name", ["../a.png", "/etc/a.png", "b/../../notes.txt"])
def test_a_member_that_leaves_the_archive_is_refused(name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(name, b"x")
    with pytest.raises(SbvaeError, match=f"{name} points outside of the archive; pack"):
        open_images(tmp_path / "x.zip")


def test_a_member_without_a_name_is_no_image(files: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", files["a.png"])
        archive.writestr("inner/", b"")
        archive.writestr("?.png", files["a.png"])
    path.write_bytes(path.read_bytes().replace(b"?.png", b"\0.png"))  # a name ends at a zero
    with open_images(path) as images:
        assert images.names == ("a.png",)


def test_a_link_is_refused(tmp_path: Path) -> None:
    member = zipfile.ZipInfo("a.png")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(member, b"/etc/passwd")
    with pytest.raises(SbvaeError, match=r"a.png is a link; pack the files"):
        open_images(tmp_path / "x.zip")


def test_an_encrypted_archive_is_refused(files: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", files["a.png"])
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(SbvaeError, match=r"a.png is encrypted; pack the images without"):
        open_images(path)


def test_a_member_with_a_wrong_checksum_is_unreadable(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", files["a.png"])
    data = bytearray(path.read_bytes())
    data[data.index(b"IEND") + 5] ^= 1
    path.write_bytes(data)
    with open_images(path) as images, pytest.raises(UnreadableImageError, match="CRC"):
        images.read(0)


def test_a_member_that_unpacks_to_too_much_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", b"x")
    data = bytearray(path.read_bytes())
    size = data.index(b"PK\x01\x02") + 24  # of what is unpacked, in the list of members
    data[size : size + 4] = (257 << 20).to_bytes(4, "little")
    path.write_bytes(data)
    with (
        open_images(path) as images,
        pytest.raises(UnreadableImageError, match="257 MB, more than the limit of 256 MB"),
    ):
        images.read(0)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_members_of_one_name_the_last_is_taken_and_it_is_said(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("b/2.png", "a.png", "b/10.png"):
            archive.writestr("a.png", files[name])
    with open_images(tmp_path / "a.zip") as images:
        assert images.names == ("a.png",)
        assert images.stored(0) == files["b/10.png"]
        (note,) = images.notes
    assert note.startswith("2 members of the archive are left out, as a later one has the same")


def test_a_bomb_is_unreadable_and_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(20 << 20))
    with open_images(tmp_path / "x.zip", "first") as images:
        monkeypatch.setattr(zipfile.ZipExtFile, "read", None)
        with pytest.raises(UnreadableImageError, match=r"20 MB packed into 0.0 MB, more tightly"):
            images.read(0)
