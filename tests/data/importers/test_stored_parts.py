"""Parts of a file."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest

from sbvae_cli.data.importers.stored_parts import COPY_BYTES, UnpackedParts


def test_parts_are_read_from_many_threads() -> None:
    parts = UnpackedParts(Path("x"))
    blocks = [bytes([i]) * 20000 for i in range(100)]
    offsets = [parts.append(BytesIO(block), len(block)) for block in blocks]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda offset: parts.read(offset, 20000), offsets * 20))
    parts.close()
    assert found == blocks * 20


def test_a_part_that_ends_early_is_told() -> None:
    parts = UnpackedParts(Path("x"))
    seen: list[int] = []
    with pytest.raises(EOFError):
        parts.append(BytesIO(bytes(COPY_BYTES + 7)), COPY_BYTES + 8, lambda b: seen.append(len(b)))
    assert seen == [COPY_BYTES, 7]
    with pytest.raises(EOFError):
        parts.read(COPY_BYTES, 100)
    parts.close()
