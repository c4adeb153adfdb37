"""Two factors of images as training has them: with its holes, correlations and levels."""

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.data.factors import FactorRows, FactorSpace
from sbvae_cli.data.file import Images
from sbvae_cli.data.source import Source
from sbvae_cli.evaluation.representation import Representation
from sbvae_cli.random import stream

COUNT = 2_000  # points: a hole shows, and a correlation
SAMPLES = 16  # images, as in Figure 7

Floats = NDArray[np.float64]


def training_points(
    source: Source,
    pair: tuple[str, str],
    trained_on: FactorSpace | None = None,
    count: int = COUNT,
) -> Floats:
    """Two factors of training images at random (Figures 7 and 8, top left).

    Args:
        source: The data.
        pair: The two factors.
        trained_on: Space of the model's training; the source's where None, or where it has other
            factors.
        count: Number of images, blank ones left out.

    Returns:
        Values in the factors' own units, shape (n, 2); of a file whose factors follow no known
        distribution, n is `count` or fewer.
    """
    space = source.space
    if trained_on is not None and trained_on.names == space.names:
        space = trained_on
    columns = [space.index(name) for name in pair]
    rows = _rows(source, space, count)
    return np.asarray(rows[:, columns], np.float64)


def training_samples(source: Source, trained_on: FactorSpace, count: int) -> Images:
    """Training images at random (Figures 7 and 8, top right).

    Args:
        source: The data; where it cannot draw images of a training of other factors, its own.
        trained_on: Space of the model's training.
        count: Number of images.

    Returns:
        Shape (n, H, W, C).
    """
    rng, space = stream(0, "samples"), source.space
    same = trained_on == space or trained_on.names != space.names
    if same or not source.can_render:
        return source.sample(rng, count)[0]
    return source.render(trained_on.sample(rng, count))


def training_points_of_codes(representation: Representation, pair: tuple[str, str]) -> Floats:
    """Two factors of the rows of codes that training had, at random, blank ones left out.

    Args:
        representation: Codes and factors.
        pair: The two factors.

    Returns:
        Values in the factors' own units, shape (n, 2).
    """
    shown = representation.shown
    rows = np.arange(len(shown.codes))
    if shown.held_out is not None:
        rows = rows[~shown.held_out]
    chosen = stream(0, "distribution").permutation(rows)[:COUNT]
    columns = [shown.names.index(name) for name in pair]
    return np.asarray(shown.factors[chosen][:, columns], np.float64)


def _rows(source: Source, space: FactorSpace, count: int) -> FactorRows:
    rng = stream(0, "distribution")
    if source.file is None or space.renderer is not None or space.complete_grid:
        return space.sample_present(rng, count)
    rows = source.random_rows(rng, min(count, source.file.count))
    factors = source.file.read_factors(rows)
    shown: FactorRows = factors[~np.isnan(factors).any(axis=1)]
    return shown
