"""Choose the images with which a model is shown: start images and further examples."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.data.factors import FactorRows, FactorSpace
from sbvae_cli.data.file import Images
from sbvae_cli.data.importers.one_image import read_image
from sbvae_cli.data.source import Source

REFERENCE_COUNT = 512  # images from which stds, quantiles and followed factors are computed
HELD_OUT_EXAMPLES = 4  # largest number of held-out images; there are twice as many others


@dataclass(frozen=True)
class StartImage:
    """Image from which a picture starts.

    Attributes:
        name: Number of the image, or name of its file.
        pixels: Image, shape (H, W, C).
        factors: Factor values, shape (F,); NaN if they are unknown or the image is blank.
    """

    name: str
    pixels: Images
    factors: FactorRows


@dataclass(frozen=True)
class Examples:
    """Images for a model to reconstruct.

    Attributes:
        inputs: Images, shape (N, H, W, C).
        held_out: Whether training left out the factors of each image, shape (N,).
    """

    inputs: Images
    held_out: NDArray[np.bool_]


def start_image(source: Source, which: int | Path | None, seed: int = 0) -> StartImage:
    """Return an image to start from.

    Args:
        source: Data that images come from.
        which: Number of an image, as in `Source.images`; path of an image file of the same size; or
            None for the first image that is not blank.
        seed: Root seed of drawn images.

    Raises:
        SbvaeError: If the image does not exist, or has another size or more channels.
    """
    if isinstance(which, Path):
        unknown = np.full(len(source.space.names), np.nan)
        pixels = read_image(which, source.height, source.width, source.channels)
        return StartImage(which.name, pixels, unknown)
    if which is None:
        count = REFERENCE_COUNT if source.count is None else min(REFERENCE_COUNT, source.count)
        which = int(nonblank_rows(source.images(0, min(64, count), seed)[1])[0])
    images, factors = source.images(which, which + 1, seed)
    return StartImage(f"{which:,}", images[0], factors[0])


def nonblank_rows(factors: FactorRows) -> NDArray[np.intp]:
    """Return the rows that are not blank, or all rows if every one is."""
    rows = np.flatnonzero(~np.isnan(factors).any(axis=1))
    return rows if len(rows) else np.arange(len(factors))


def examples(
    rng: np.random.Generator,
    source: Source,
    training_space: SpaceConfig,
    starts: Sequence[StartImage],
    others: tuple[Images, FactorRows],
    count: int,
    shared: SpaceConfig | None = None,
) -> Examples:
    """Return start images and then others, held-out ones last, which are drawn if possible.

    Args:
        rng: Random generator of the held-out images.
        source: Data, which render held-out images.
        training_space: Factor space of the training data, with its held-out regions.
        starts: The first images.
        others: Images that may follow, with their factors; those among `starts` are skipped.
        count: Number of images, but at least that of `starts`.
        shared: Factor space that chooses the held-out images instead of `training_space`, so that
            models of different training data get the same images.
    """
    first = len(starts)
    own = np.stack([start.pixels for start in starts]) if starts else others[0][:0]
    rows = np.stack([start.factors for start in starts]) if starts else others[1][:0]
    others = _excluding(own, *others)
    left = max(0, count - first)
    trained = FactorSpace(training_space)
    chooser = FactorSpace(shared or training_space)
    if source.space.names != chooser.names:  # held-out images cannot be identified
        images = np.concatenate([own, others[0][:left]])
        return Examples(images, np.zeros(len(images), np.bool_))
    can_draw = bool(chooser.config.held_out) and source.can_render
    drawn = min(HELD_OUT_EXAMPLES, count // 3, left) if can_draw else 0
    parts = [(own, rows), (others[0][: left - drawn], others[1][: left - drawn])]
    if drawn:
        factors = chooser.sample(rng, drawn, "heldout")
        parts.append((source.render(factors), factors))
    images, factors = (np.concatenate(part) for part in zip(*parts, strict=True))
    later = first + np.argsort(chooser.held_out_mask(factors)[first:], kind="stable")
    order = np.concatenate([np.arange(first), later])
    if trained.names != chooser.names:
        return Examples(images[order], np.zeros(len(order), np.bool_))
    return Examples(images[order], trained.held_out_mask(factors)[order])


def _excluding(own: Images, images: Images, factors: FactorRows) -> tuple[Images, FactorRows]:
    """Return the images that are not among `own`, with their factors."""
    known = {image.tobytes() for image in own}
    new = [number for number, image in enumerate(images) if image.tobytes() not in known]
    return images[new], factors[new]
