"""Choose the validation rows of a file, which are kept from training."""

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.data.source import Source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.random import stream

MAX_MEASURED = 2_000  # validation rows that are evaluated: scattered rows are slow to read


def validation_rows(
    source: Source, share: float, seed: int, fixed_set: int | None = None
) -> NDArray[np.int64]:
    """Choose the validation rows, as a function of the seed and the number of rows.

    Args:
        source: Source of the images.
        share: Share of the rows, in (0, 1).
        seed: Seed of the run.
        fixed_set: Number of images of a fixed set; None for the rows of a file.

    Returns:
        Row numbers in ascending order, at least one.

    Raises:
        SbvaeError: If there is neither file nor fixed set, or no row would be left for training.
    """
    rows = fixed_set or source.count
    if rows is None:
        raise SbvaeError(
            f"{source.name}: renders images anew for each minibatch, so none can be kept out of "
            "training; leave `validation` out, or train on a `fixed_set`"
        )
    count = validation_count(rows, share)
    if count >= rows:
        raise SbvaeError(
            f"{source.name}: has {rows} images, and {share:g} of them would leave none to "
            "train on; choose a smaller `validation`"
        )
    rng = stream(seed, "validation")
    return np.sort(rng.permutation(rows)[:count])


def validation_count(count: int, share: float) -> int:
    """Return the number of validation rows among `count` rows: at least 1, or 0 if `share` is 0."""
    return max(1, round(share * count)) if share > 0 else 0
