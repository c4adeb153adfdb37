"""Draw factors and images of the training distribution, with its holes and correlations."""

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.data.factors import FactorRows, FactorSpace
from sbvae_cli.data.file import Images
from sbvae_cli.data.source import Source
from sbvae_cli.evaluation.representation import Representation
from sbvae_cli.random import stream

POINT_COUNT = 2_000  # enough points to show a hole or a correlation
SAMPLE_COUNT = 16  # number of images in Figure 7

Floats = NDArray[np.float64]


def training_points(
    source: Source,
    pair: tuple[str, str],
    trained_on: FactorSpace | None = None,
    count: int = POINT_COUNT,
) -> Floats:
    """Draw two factors of random training images (Figures 7 and 8, top left).

    Args:
        source: The data.
        pair: Names of the two factors.
        trained_on: Factor space of the training data; the source's if None or if its factors
            differ.
        count: Number of images that are not blank.

    Returns:
        Values in the factors' own units, shape (n, 2). n is `count`, or less for a file whose
        factors follow no known distribution.
    """
    space = source.space
    if trained_on is not None and trained_on.names == space.names:
        space = trained_on
    columns = [space.index(name) for name in pair]
    rows = _rows(source, space, count)
    return np.asarray(rows[:, columns], np.float64)


def training_samples(source: Source, trained_on: FactorSpace, count: int) -> Images:
    """Draw random training images (Figures 7 and 8, top right).

    Args:
        source: The data, whose own images are taken if it cannot draw those of `trained_on`.
        trained_on: Factor space of the training data.
        count: Number of images.

    Returns:
        Images, shape (n, H, W, C).
    """
    rng, space = stream(0, "samples"), source.space
    same = trained_on == space or trained_on.names != space.names
    if same or not source.can_render:
        return source.sample(rng, count)[0]
    return source.render(trained_on.sample(rng, count))


def training_points_of_codes(representation: Representation, pair: tuple[str, str]) -> Floats:
    """Draw two factors of random rows of codes that are neither held out nor blank.

    Args:
        representation: Codes and factors.
        pair: Names of the two factors.

    Returns:
        Values in the factors' own units, shape (n, 2).
    """
    shown = representation.nonblank
    rows = np.arange(len(shown.codes))
    if shown.held_out is not None:
        rows = rows[~shown.held_out]
    chosen = stream(0, "distribution").permutation(rows)[:POINT_COUNT]
    columns = [shown.names.index(name) for name in pair]
    return np.asarray(shown.factors[chosen][:, columns], np.float64)


def _rows(source: Source, space: FactorSpace, count: int) -> FactorRows:
    rng = stream(0, "distribution")
    if source.file is None or space.can_render:
        return space.sample_present(rng, count)
    rows = source.random_rows(rng, min(count, source.file.count))
    factors = source.file.read_factors(rows)
    shown: FactorRows = factors[~np.isnan(factors).any(axis=1)]
    return shown
