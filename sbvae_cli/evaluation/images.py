"""The images that an evaluation draws: each population a function of the seed alone."""

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.data.factors import FactorRows, FactorSpace
from sbvae_cli.data.file import Images
from sbvae_cli.data.source import Source
from sbvae_cli.data.validation_split import MOST_MEASURED
from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.random import stream

_POSITIONS = {  # within the stream "evaluation"
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
    """Random numbers of their own for each population, each noise and the votes."""
    return stream(protocol.seed, "evaluation", _POSITIONS[what])


def count_available(source: Source, images: int) -> int:
    """Number of images to take: so many, or all that a file has."""
    return images if source.count is None else min(images, source.count)


def training_images(
    source: Source, protocol: Protocol, validation_rows: NDArray[np.int64] | None = None
) -> tuple[Images, FactorRows]:
    """Images of the training distribution and their factors, blank ones among them.

    Args:
        source: The data.
        protocol: How many.
        validation_rows: Rows of its file that are left out.
    """
    count, rng = count_available(source, protocol.images), evaluation_rng(protocol, "train")
    if validation_rows is None:
        return source.sample(rng, count, "train")
    rows = source.random_rows(rng, count)
    return source.read_rows(rng, np.setdiff1d(rows, validation_rows))


def validation_images(
    source: Source, protocol: Protocol, validation_rows: NDArray[np.int64]
) -> Images:
    """Images that training never saw: these rows of its file, or 2,000 of them."""
    rng = evaluation_rng(protocol, "validation")
    most = min(protocol.images, MOST_MEASURED)
    return source.read_rows(rng, np.sort(rng.permutation(validation_rows)[:most]))[0]


def heldout_images(source: Source, protocol: Protocol, space: FactorSpace) -> Images:
    """Images of the regions that a space leaves out of training."""
    rows = space.sample(evaluation_rng(protocol, "heldout"), protocol.images, "heldout")
    return source.render(rows)


def images_that_show(source: Source, protocol: Protocol, pool: int) -> tuple[Images, FactorRows]:
    """Images of the protocol's population that show something, and their factors.

    Those that test what was fitted follow the others, and are drawn apart where images can be
    drawn anew: scores that need no fit do not depend on them.

    Args:
        source: The data.
        protocol: Which population.
        pool: Number of images, as `Protocol.pool` has it.

    Raises:
        SbvaeError: If every image is blank.
    """
    images = protocol.images
    of_file = source.stored_rows(protocol.population) is not None
    if not source.can_render or of_file:  # no row is to be in both parts
        return _that_show(source, protocol, "full", images + protocol.test_images, pool)
    parts = [_that_show(source, protocol, "full", images, images)]
    if pool > images:
        parts.append(_that_show(source, protocol, "test", pool - images, pool - images))
    pixels, factors = (np.concatenate(part) for part in zip(*parts, strict=True))
    return pixels, factors


def _that_show(
    source: Source, protocol: Protocol, what: str, count: int, kept: int
) -> tuple[Images, FactorRows]:
    """The first images that show something, of so many or of all in a file."""
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
