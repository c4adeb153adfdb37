"""Identify a dataset by its contents, whatever its path, chunk length and compression."""

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
SOME_ROWS = _PLACES * _TOGETHER  # number of rows whose hash identifies a file


def fingerprint(source: Source) -> dict[str, Any]:
    """Return name, image size, count, seed, hashes and space of a source, in plain containers.

    If the source is a file, 256 of its rows are read for the hash.

    Raises:
        SbvaeError: If the file is damaged at these rows.
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
    """Return a hash that is equal for two datasets if their NLLs are comparable.

    It covers the factor space and the image size, but not whether images are stored. Without a
    renderer the factors do not determine the images, so that the name is hashed too.

    Args:
        name: Name of the dataset.
        shape: Shape (C, H, W) of an image.
        space: Factor space, in plain containers.
    """
    properties = ["" if space["renderer"] else name, *shape, space]
    text = json.dumps(properties, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_HASHED]


def row_digests(images: NDArray[np.uint8], factors: FactorRows) -> bytes:
    """Return the concatenated SHA-256 digests of n rows (stored factors and image), 32 bytes each.

    Each row has its own digest, so that threads can hash rows in any order and the result does not
    depend on the chunk length. It does not depend on the type of the factors either.

    Args:
        images: Shape (n, H, W, C).
        factors: Shape (n, F), of any floating-point type.
    """
    images = np.ascontiguousarray(images)
    with np.errstate(invalid="ignore"):  # a NaN of a damaged file may be a signalling one
        exact = np.asarray(factors, "<f8", order="C")
    digests = []
    for image, row in zip(images, exact, strict=True):
        found = hashlib.sha256(row.tobytes())
        found.update(image.data)
        digests.append(found.digest())
    return b"".join(digests)


def hash_some_rows(file: DatasetFile) -> str:
    """Return the SHA-256 of 256 rows of a file, 16 at each of 16 places, or of all if fewer."""
    rows = np.arange(file.count)
    if file.count > SOME_ROWS:
        starts = np.linspace(0, file.count - _TOGETHER, _PLACES).astype(np.int64)
        rows = (starts[:, None] + np.arange(_TOGETHER)).ravel()
    return hashlib.sha256(row_digests(*file.read_rows(rows))).hexdigest()
