"""What tells a dataset from others, wherever its file lies, however it is chunked or compressed."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.data.factors import FactorRows
from sbvae_cli.data.file import DatasetFile
from sbvae_cli.data.source import Source

_PLACES, _TOGETHER = 16, 16
_HASHED = 12  # hexadecimal digits
SOME_ROWS = _PLACES * _TOGETHER  # that stand for a whole file


def fingerprint(source: Source) -> dict[str, Any]:
    """Name, size, count, seed, hashes and space, as a configuration has them; plain containers.

    A file's rows are read, 256 of them.

    Raises:
        SbvaeError: If the file is damaged there.
    """
    file = source.file
    own = {k: getattr(source, k) for k in ("name", "height", "width", "channels", "count")}
    return {
        **own,
        "seed": file.seed if file else None,
        "contents_hash": file.contents_hash if file else None,
        "rows_hash": hash_some_rows(file) if file else None,
        "space": source.space.as_dict(),
    }


def hash_of_distribution(name: str, shape: tuple[int, int, int], space: Mapping[str, Any]) -> str:
    """What two datasets share whose NLLs compare: factors and size, be they drawn or stored.

    Without a renderer, factors say too little of images, and the name counts too.

    Args:
        name: Name of the data.
        shape: (C, H, W).
        space: Where the factors come from, in plain containers.
    """
    told = ["" if space["renderer"] else name, *shape, space]
    text = json.dumps(told, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_HASHED]


def row_digests(images: NDArray[np.uint8], factors: FactorRows) -> bytes:
    """SHA-256 of each row's stored factors and its image, 32 bytes each, one after the other.

    Rows are hashed one by one so that threads can do it in any order, and so that neither the
    length of chunks nor the type of the factors counts.

    Args:
        images: Shape (n, H, W, C).
        factors: Shape (n, F), in any type of floats.
    """
    images, exact = np.ascontiguousarray(images), np.asarray(factors, "<f8", order="C")
    digests = []
    for image, row in zip(images, exact, strict=True):
        found = hashlib.sha256(row.tobytes())
        found.update(image.data)
        digests.append(found.digest())
    return b"".join(digests)


def hash_some_rows(file: DatasetFile) -> str:
    """SHA-256 of 256 rows of a file, or all where it has fewer: 16 at each of 16 places in it."""
    rows = np.arange(file.count)
    if file.count > SOME_ROWS:
        starts = np.linspace(0, file.count - _TOGETHER, _PLACES).astype(np.int64)
        rows = (starts[:, None] + np.arange(_TOGETHER)).ravel()
    return hashlib.sha256(row_digests(*file.read_rows(rows))).hexdigest()
