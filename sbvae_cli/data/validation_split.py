"""Which rows of a file are kept from training, for validation."""

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.data.source import Source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.random import stream

MOST_MEASURED = 2_000  # images of the validation rows: rows that lie far apart are slow to read


def validation_rows(
    source: Source, share: float, seed: int, fixed_set: int | None = None
) -> NDArray[np.int64]:
    """Rows of a file that are kept from training, a function of the seed and the file's length.

    Args:
        source: Source of a file's images.
        share: Share of the rows, in (0, 1).
        seed: The run's seed.
        fixed_set: Number of images that are rendered once and stand for a file.

    Returns:
        Row numbers in ascending order, at least one.

    Raises:
        SbvaeError: If the images are drawn as needed, or too few would be left.
    """
    rows = fixed_set or source.count
    if rows is None:
        raise SbvaeError(
            f"{source.name}: is drawn as needed and never repeats, there is nothing to keep from "
            "training; leave `validation` out, or train on a `fixed_set`"
        )
    count = validation_count(rows, share)
    if count >= rows:
        raise SbvaeError(
            f"{source.name}: has {rows} images, and {share:g} of them leave none to train "
            "on; choose a smaller `validation`"
        )
    rng = stream(seed, "validation")
    return np.sort(rng.permutation(rows)[:count])


def validation_count(count: int, share: float) -> int:
    """Number of rows of `count` that a share keeps from training: one at least, if any."""
    return max(1, round(share * count)) if share > 0 else 0
