"""Hostile and odd TAR archives."""

import shutil
import tarfile
import tempfile
from io import BytesIO, FileIO
from pathlib import Path
from types import SimpleNamespace

import pytest

from sbvae_cli.data.importers.collection import UnreadableImageError
from sbvae_cli.data.importers.open_images import open_images
from sbvae_cli.data.importers.tar_archive import open_tar
from sbvae_cli.errors import SbvaeError


def add(tar: tarfile.TarFile, name: str, data: bytes = b"x", **changes: object) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    for attribute, value in changes.items():
        setattr(member, attribute, value)
    tar.addfile(member, BytesIO(data))


@pytest.mark.parametrize("mode", ["w:", "w:gz"])
@pytest.mark.parametrize("name", ["../a.png", "/etc/a.png", "b/../../notes.txt"])
def test_a_member_that_leaves_the_archive_is_refused(name: str, mode: str, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", mode) as tar:
        add(tar, name)
    with pytest.raises(SbvaeError, match=f"{name} points outside of the archive; pack"):
        open_images(tmp_path / "x.tar")


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_are_refused(kind: bytes, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        add(tar, "a.png", b"", type=kind, linkname="/etc/passwd")
    with pytest.raises(SbvaeError, match=r"a.png is a link, a device or a sparse file; pack"):
        open_images(tmp_path / "x.tar")


@pytest.mark.parametrize("mode", ["w:", "w:gz"])
def test_the_last_of_two_members_with_one_name_counts(
    mode: str, files: dict[str, bytes], tmp_path: Path
) -> None:
    with tarfile.open(tmp_path / "x.tar", mode) as tar:
        add(tar, "a.png", b"old")
        add(tar, "a.png", files["a.png"])
    with open_images(tmp_path / "x.tar") as images:
        assert images.names == ("a.png",)
        assert images.read(0).size == (8, 6)


def test_a_broken_header_in_the_middle_is_not_the_end(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as tar:
        add(tar, "a.png", files["a.png"])
        add(tar, "b.png", files["a.png"])
    data = path.read_bytes()
    path.write_bytes(data.replace(b"b.png", b"c.png"))
    with pytest.raises(SbvaeError, match="it has no end mark"):
        open_images(path)
    path.write_bytes(data[: data.index(b"b.png")])
    with pytest.raises(SbvaeError, match="it has no end mark"):
        open_images(path)


def test_any_file_of_that_name_is_taken_for_an_archive(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(b"broken")
    with pytest.raises(SbvaeError, match="this TAR archive is broken or cut short"):
        open_images(tmp_path / "x.tar")


def test_a_header_that_asks_for_much_memory_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tgz", "w:gz", format=tarfile.PAX_FORMAT) as tar:
        add(tar, "a.png", bytes(5 << 20), type=tarfile.XHDTYPE)
    with pytest.raises(SbvaeError, match="a header of 5242880 bytes"):
        open_images(tmp_path / "x.tgz")


def test_a_member_of_too_many_bytes_is_unreadable(tmp_path: Path) -> None:
    member = tarfile.TarInfo("a.png")
    member.size = 257 << 20
    with open(tmp_path / "x.tar", "wb") as file:
        file.write(member.tobuf())
        file.truncate(512 + member.size + 1024)  # zeros that take no room
    with (
        open_images(tmp_path / "x.tar") as images,
        pytest.raises(UnreadableImageError, match="257 MB, more than the limit of 256 MB"),
    ):
        images.read(0)


def test_a_temporary_folder_without_room_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tarfile.open(tmp_path / "x.tgz", "w:gz") as tar:
        add(tar, "a.png", bytes(6 << 20))
        add(tar, "b.png", bytes(6 << 20))

    usage = SimpleNamespace(free=20 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(SbvaeError, match="more than 10 MB unpacked, half the room in") as caught:
        open_images(tmp_path / "x.tgz")
    assert "set TMPDIR" in str(caught.value)


def test_what_was_unpacked_leaves_no_name(
    files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tarfile.open(tmp_path / "x.tgz", "w:gz") as tar:
        add(tar, "a.png", files["a.png"])
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    with open_images(tmp_path / "x.tgz") as images:
        assert images.read(0).size == (8, 6)
        assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
def test_a_compressed_archive_is_read_once(
    mode: str, files: dict[str, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "x.tar"
    with tarfile.open(path, mode) as tar:
        for i in range(50):
            add(tar, f"{i}.png", files["a.png"] + bytes(i * 100))

    class Counted(FileIO):
        """A file that counts the bytes that are read from it."""

        count = 0

        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            self.count += len(data)
            return data

        def readinto(self, buffer: object) -> int:
            size = super().readinto(buffer)
            self.count += size
            return size

    file = Counted(path)
    with open_tar(path, file) as images:
        assert [images.read(i).size for i in range(len(images))] == [(8, 6)] * 50
    assert path.stat().st_size <= file.count <= path.stat().st_size + 8  # the first tell the kind
