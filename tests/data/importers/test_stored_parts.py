"""Parts of a file, and unpacking."""

import shutil
import threading
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest

from sbvae_cli.data.importers.stored_parts import COPY_BYTES, StoredParts, unpack
from sbvae_cli.errors import SbvaeError


def test_parts_are_read_in_any_order_by_several_threads() -> None:
    blocks = [bytes([i]) * 2000 for i in range(100)]
    parts = StoredParts(unpack(Path("x"), BytesIO(b"".join(blocks))))
    wrong: list[int] = []

    def read_all() -> None:
        for _ in range(20):
            wrong.extend(i for i in reversed(range(100)) if parts.read(2000 * i, 2000) != blocks[i])

    threads = [threading.Thread(target=read_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    with pytest.raises(EOFError, match="ends before the image does"):
        parts.read(199_000, 2000)
    parts.close()


def test_each_block_is_seen_once_as_it_is_unpacked() -> None:
    seen: list[int] = []
    data = bytes(COPY_BYTES + 7)
    with unpack(Path("x"), BytesIO(data), len(data), lambda b: seen.append(len(b))) as file:
        assert file.read() == data
    assert seen == [COPY_BYTES, 7]


def test_a_stream_of_fewer_bytes_than_it_says_is_told() -> None:
    with pytest.raises(EOFError, match="its data end too early"):
        unpack(Path("x"), BytesIO(bytes(7)), 8)


def test_a_bomb_fills_no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of zeros without an end, only as many are unpacked as half the room takes."""
    usage = SimpleNamespace(free=20 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    taken: list[int] = []
    zeros = SimpleNamespace(read=lambda size: taken.append(size) or bytes(size))
    with pytest.raises(SbvaeError, match="more than 10 MB unpacked, half the room in"):
        unpack(Path("x.tgz"), zeros)
    assert sum(taken) == (10 << 20) + COPY_BYTES
    with pytest.raises(SbvaeError, match="more than 10 MB"):
        unpack(Path("x.npz"), zeros, 11 << 20)
    assert sum(taken) == (10 << 20) + COPY_BYTES  # known before anything is copied
