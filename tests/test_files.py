"""Files appear whole or not at all."""

import errno
import os
import re
import stat
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from sbvae_cli import files
from sbvae_cli.errors import SbvaeError
from sbvae_cli.files import (
    atomic_write,
    name_of_unfinished,
    read_start,
    refuse_data_loss,
    write_all_or_none,
    write_bytes,
)

Room = Callable[[int], AbstractContextManager[None]]
Lack = Callable[[], AbstractContextManager[None]]


def test_a_failure_leaves_what_stood_there_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_bytes(path, b"before")
    with pytest.raises(KeyboardInterrupt), atomic_write(path) as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_missing_folders_are_made_and_permissions_follow_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    before = os.umask(0o027)
    try:
        write_bytes(path, b"content")
    finally:
        os.umask(before)
    assert path.read_bytes() == b"content"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SbvaeError, match="is a folder; name a file to write"):
        write_bytes(tmp_path, b"")


@pytest.mark.parametrize(
    ("name", "start", "kind"),
    [
        ("a.png", b"\x89HDF\r\n\x1a\n", "dataset"),
        ("a.pt", b"PK\x03\x04", "checkpoint"),
        ("a.pth", b"PK\x03\x04", "checkpoint"),
        ("codes.npz", b"PK\x03\x04", ""),
        ("notes.pt", b"text", ""),
        ("none.pt", None, ""),
    ],
)
def test_a_dataset_or_a_checkpoint_is_not_replaced_and_other_files_are(
    tmp_path: Path, name: str, start: bytes | None, kind: str
) -> None:
    path = tmp_path / name
    if start is not None:
        path.write_bytes(start + b"content")
    if not kind:
        refuse_data_loss(path)
        return
    with pytest.raises(SbvaeError, match=f"{name}: is a {kind}, which is not replaced"):
        refuse_data_loss(path)


def test_a_name_that_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SbvaeError, match="cannot be written: File name too long"):
        write_bytes(tmp_path / ("x" * 300), b"")


@pytest.mark.parametrize("name", ["a\0b", "\ud800"])
def test_a_name_that_no_file_has_is_refused_where_one_is_read(name: str) -> None:
    with pytest.raises(SbvaeError, match="no file can have such a name; name another"):
        read_start(Path(name))


def test_a_link_is_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"before")
    link.symlink_to(target)
    write_bytes(link, b"after")
    assert link.is_symlink()
    assert target.read_bytes() == b"after"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(path.read_bytes()))
    reader.start()
    write_bytes(path, b"through")
    reader.join(timeout=10)
    assert received == [b"through"]
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_what_stood_there(tmp_path: Path, room: Room) -> None:
    path = tmp_path / "file"
    write_bytes(path, b"before")
    line = f"{path}: cannot be written: File too large; make room, or choose another place"
    with room(9), pytest.raises(SbvaeError, match=re.escape(line)):
        write_bytes(path, b"more bytes")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_is_told_when_asked_and_at_the_end(tmp_path: Path, room: Room) -> None:
    reached = []
    with (
        room(9),
        pytest.raises(SbvaeError, match="File too large"),
        atomic_write(tmp_path / "a") as a,
    ):
        assert a.write(b"more bytes") == 10
        with pytest.raises(OSError):
            a.raise_write_error()
        reached.append(a.tell())
    assert reached == [9]


def test_a_resize_that_fails_is_told_at_the_end(tmp_path: Path, room: Room) -> None:
    with (
        room(9),
        pytest.raises(SbvaeError, match="File too large"),
        atomic_write(tmp_path / "a") as a,
    ):
        assert a.truncate(10) == 10
    assert not list(tmp_path.iterdir())


def test_of_several_errors_the_first_is_told(tmp_path: Path, room: Room) -> None:
    with (
        room(9),
        pytest.raises(SbvaeError, match="File too large"),
        atomic_write(tmp_path / "a") as a,
    ):
        a.write(b"more bytes")
        assert a.truncate(-1) == -1  # an invalid argument


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="there is no /dev/full")
def test_a_full_device_is_one_line() -> None:
    with pytest.raises(SbvaeError, match="cannot be written: No space left on device"):
        write_bytes(Path("/dev/full"), b"content")
    assert Path("/dev/full").is_char_device()


def test_folders_made_for_what_failed_go_and_others_stay(tmp_path: Path, room: Room) -> None:
    with room(9), pytest.raises(SbvaeError, match="File too large"):
        write_bytes(tmp_path / "a/b/file", b"more bytes")
    assert not list(tmp_path.iterdir())
    with pytest.raises(KeyboardInterrupt), atomic_write(tmp_path / "a/b/file"):
        (tmp_path / "a/other").write_bytes(b"of somebody else")
        raise KeyboardInterrupt
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["other"]


def test_what_fails_to_be_read_is_not_said_of_what_is_written(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="read"), atomic_write(tmp_path / "written"):
        (tmp_path / "read").read_bytes()
    assert not list(tmp_path.iterdir())


def test_where_no_more_files_can_be_open_a_line_says_what_would_do(
    tmp_path: Path, no_more_files: Lack
) -> None:
    path = tmp_path / "new/file"
    with no_more_files(), pytest.raises(SbvaeError) as said:
        write_bytes(path, b"content")
    way = "close other programs, or raise the limit of `ulimit -n`"
    assert str(said.value) == f"{path}: cannot be written: Too many open files; {way}"
    assert not list(tmp_path.iterdir())


def test_files_are_written_together_or_not_at_all(tmp_path: Path, room: Room) -> None:
    first, second = tmp_path / "a/first", tmp_path / "second"
    write_all_or_none({first: b"1", second: b"2"})
    assert (first.read_bytes(), second.read_bytes()) == (b"1", b"2")
    with room(10), pytest.raises(SbvaeError, match=r"a/first: cannot be written: File too large"):
        write_all_or_none({first: b"4" * 20, second: b"3"})
    second.with_suffix(".h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    with pytest.raises(SbvaeError, match="is a dataset"):
        write_all_or_none({first: b"5", second.with_suffix(".h5"): b"6"})
    assert (first.read_bytes(), second.read_bytes()) == (b"1", b"2")
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        "first",
        "second",
        "second.h5",
    ]


def unfinished(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if name_of_unfinished(path)]


def test_what_a_killed_process_left_is_removed_by_the_next_that_writes(tmp_path: Path) -> None:
    for name in (".file.12345-0123abcd.tmp", ".other.12345-0123abcd.tmp", ".file.my own.tmp"):
        (tmp_path / name).write_bytes(b"half")
    write_bytes(tmp_path / "file", b"content")
    assert [path.name for path in unfinished(tmp_path)] == [".other.12345-0123abcd.tmp"]
    assert (tmp_path / ".file.my own.tmp").exists()


def test_what_another_writes_now_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with atomic_write(path) as slow:
        slow.write(b"half")
        write_bytes(path, b"of another")
        assert len(unfinished(tmp_path)) == 1
    assert path.read_bytes() == b"half"
    assert not unfinished(tmp_path)


def test_a_file_that_is_taken_for_abandoned_as_it_is_made_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold, removed = files._lock, []

    def remove_first(descriptor: int) -> None:
        hold(descriptor)
        if not removed:
            removed.extend(unfinished(tmp_path))
            removed[0].unlink()

    monkeypatch.setattr(files, "_lock", remove_first)
    write_bytes(tmp_path / "file", b"content")
    assert removed and [*tmp_path.iterdir()] == [tmp_path / "file"]


def test_without_locks_files_are_written_and_none_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = tmp_path / ".file.12345-0123abcd.tmp"
    left.write_bytes(b"half")

    def refuse(descriptor: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    for name, value in (("_lock", refuse), ("fcntl", None)):
        monkeypatch.setattr(files, name, value)
        write_bytes(tmp_path / "file", b"content")
        assert unfinished(tmp_path) == [left]
