"""Images to show a model with: those that a picture starts from, and others beside them."""

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

LOOKED_AT = 512  # images that stds, quantiles and factors are told from
HELD_OUT_EXAMPLES = 4  # at most; there are twice as many others


@dataclass(frozen=True)
class StartImage:
    """An image that a picture starts from.

    Attributes:
        name: What it is called: a number, or a file's name.
        pixels: Shape (H, W, C).
        factors: Shape (F,), NaN of one whose factors are not known, or that is blank.
    """

    name: str
    pixels: Images
    factors: FactorRows


@dataclass(frozen=True)
class Examples:
    """Images that a model reconstructs.

    Attributes:
        inputs: Shape (N, H, W, C).
        held_out: Which of them show factors that the model's training left out, shape (N,).
    """

    inputs: Images
    held_out: NDArray[np.bool_]


def start_image(source: Source, which: int | Path | None, seed: int = 0) -> StartImage:
    """One image to start from.

    Args:
        source: Where images come from.
        which: Number of an image, as `Source.images` counts; a file of the same size; or the first
            image that is not blank.
        seed: Root seed of images that are drawn.

    Raises:
        SbvaeError: If there is no such image, or it is of another size or of more channels.
    """
    if isinstance(which, Path):
        unknown = np.full(len(source.space.names), np.nan)
        pixels = read_image(which, source.height, source.width, source.channels)
        return StartImage(which.name, pixels, unknown)
    if which is None:
        count = LOOKED_AT if source.count is None else min(LOOKED_AT, source.count)
        which = int(shown(source.images(0, min(64, count), seed)[1])[0])
    images, factors = source.images(which, which + 1, seed)
    return StartImage(f"{which:,}", images[0], factors[0])


def shown(factors: FactorRows) -> NDArray[np.intp]:
    """Rows that are not blank, or all where every one is."""
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
    """Images to start from, then others, held-out ones last, some of them drawn where they can be.

    Args:
        rng: Where held-out images come from.
        source: Draws these.
        training_space: Space of the data that the model was trained on; says what was held out.
        starts: The first images.
        others: Images that may follow, but for those that are among `starts`, and their factors.
        count: Number of images, or that of `starts` where it is larger.
        shared: Space that chooses the held-out images in place of the model's own, so that models
            that were trained on different data have the same images.
    """
    first = len(starts)
    own = np.stack([start.pixels for start in starts]) if starts else others[0][:0]
    rows = np.stack([start.factors for start in starts]) if starts else others[1][:0]
    others = _but(own, *others)
    left = max(0, count - first)
    trained = FactorSpace(training_space)
    chooser = FactorSpace(shared or training_space)
    if source.space.names != chooser.names:  # no telling what was held out
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


def _but(own: Images, images: Images, factors: FactorRows) -> tuple[Images, FactorRows]:
    """The images that are none of some others."""
    known = {image.tobytes() for image in own}
    new = [number for number, image in enumerate(images) if image.tobytes() not in known]
    return images[new], factors[new]
