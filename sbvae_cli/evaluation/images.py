"""Draw the images of an evaluation, each population as a function of the seed alone."""

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.data.factors import FactorRows, FactorSpace
from sbvae_cli.data.file import Images
from sbvae_cli.data.source import Source
from sbvae_cli.data.validation_split import MAX_MEASURED
from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.random import stream

_POSITIONS = {  # positions in the random stream "evaluation"
    "train": 0,
    "heldout": 1,
    "full": 2,
    "noise-train": 3,
    "noise-heldout": 4,
    "votes": 5,
    "test": 6,
    "validation": 7,
    "noise-validation": 8,
}


def evaluation_rng(protocol: Protocol, what: str) -> np.random.Generator:
    """Return the random generator of a population, of its noise, or of the votes."""
    return stream(protocol.seed, "evaluation", _POSITIONS[what])


def count_available(source: Source, images: int) -> int:
    """Return the smaller of `images` and the number of images in a file."""
    return images if source.count is None else min(images, source.count)


def training_images(
    source: Source, protocol: Protocol, validation_rows: NDArray[np.int64] | None = None
) -> tuple[Images, FactorRows]:
    """Draw images of the training distribution, including blank ones, with their factors.

    Args:
        source: The data.
        protocol: Protocol, which has the number of images.
        validation_rows: Validation rows of the file, which are left out.
    """
    count, rng = count_available(source, protocol.images), evaluation_rng(protocol, "train")
    if validation_rows is None:
        return source.sample(rng, count, "train")
    rows = source.random_rows(rng, count)
    return source.read_rows(rng, np.setdiff1d(rows, validation_rows))


def validation_images(
    source: Source, protocol: Protocol, validation_rows: NDArray[np.int64]
) -> Images:
    """Read images of the validation rows, at most 2,000."""
    rng = evaluation_rng(protocol, "validation")
    most = min(protocol.images, MAX_MEASURED)
    return source.read_rows(rng, np.sort(rng.permutation(validation_rows)[:most]))[0]


def heldout_images(source: Source, protocol: Protocol, space: FactorSpace) -> Images:
    """Draw images of the held-out regions of a factor space."""
    rows = space.sample(evaluation_rng(protocol, "heldout"), protocol.images, "heldout")
    return source.render(rows)


def nonblank_images(source: Source, protocol: Protocol, pool: int) -> tuple[Images, FactorRows]:
    """Draw images of the protocol's population that are not blank, with their factors.

    Images that test fitted metrics follow the others. If images are rendered, they are drawn
    separately, so that scores without a fit do not depend on them.

    Args:
        source: The data.
        protocol: Protocol, which has the population.
        pool: Number of images, as in `Protocol.pool`.

    Raises:
        SbvaeError: If every image is blank.
    """
    images = protocol.images
    of_file = source.stored_rows(protocol.population) is not None
    if not source.can_render or of_file:  # no row may be in both parts
        return _nonblank_images(source, protocol, "full", images + protocol.test_images, pool)
    parts = [_nonblank_images(source, protocol, "full", images, images)]
    if pool > images:
        parts.append(_nonblank_images(source, protocol, "test", pool - images, pool - images))
    pixels, factors = (np.concatenate(part) for part in zip(*parts, strict=True))
    return pixels, factors


def _nonblank_images(
    source: Source, protocol: Protocol, what: str, count: int, kept: int
) -> tuple[Images, FactorRows]:
    """Return the first images that are not blank, from `count` images or all of a file."""
    blanks = source.space.blank
    if protocol.population != "train" and source.can_render:
        blanks = 0.0
    count = count_available(source, count)
    drawn = count_available(source, int(1.1 * count / (1 - blanks)) + 16 if blanks else count)
    images, factors = source.sample(evaluation_rng(protocol, what), drawn, protocol.population)
    shown = np.flatnonzero(~np.isnan(factors).any(axis=1))[: min(count, kept)]
    if not len(shown):
        raise SbvaeError(f"{source.name}: every image is blank, no metric can be computed")
    return images[shown], factors[shown]
