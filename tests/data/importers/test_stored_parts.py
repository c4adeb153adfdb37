"""Parts of a file."""

import pickle
from io import BytesIO
from pathlib import Path

import pytest

from sbvae_cli.data.importers.stored_parts import COPY_BYTES, UnpackedParts


def test_parts_are_read_in_any_order_also_by_a_copy() -> None:
    parts = UnpackedParts(Path("x"))
    blocks = [bytes([i]) * 2000 for i in range(100)]
    offsets = [parts.append(BytesIO(block), len(block)) for block in blocks]
    assert [parts.read(offset, 2000) for offset in offsets[::-1]] == blocks[::-1]
    if parts.place is not None:
        copy = pickle.loads(pickle.dumps(parts))
        for i in (99, 0, 50):
            assert copy.read(offsets[i], 2000) == blocks[i] == parts.read(offsets[i], 2000)
        copy.close()
    parts.close()


def test_a_part_that_ends_early_is_told() -> None:
    parts = UnpackedParts(Path("x"))
    seen: list[int] = []
    with pytest.raises(EOFError):
        parts.append(BytesIO(bytes(COPY_BYTES + 7)), COPY_BYTES + 8, lambda b: seen.append(len(b)))
    assert seen == [COPY_BYTES, 7]
    with pytest.raises(EOFError):
        parts.read(COPY_BYTES, 100)
    parts.close()
