"""All the images of a source, one block at a time, to codes beside their factors."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.names import Population
from sbvae_cli.data.factors import Rows
from sbvae_cli.data.hdf5 import DatasetFile, Images
from sbvae_cli.data.source import FileSource, Source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.encode import encode
from sbvae_cli.models.vae import VAE

DRAWN_COUNT = 10_000  # images of a source that has no end
BLOCK = 64  # images drawn from one random state
_TAG = 0x636F6465  # keeps these random streams apart from others of the same seed
_MOST_IMAGES, _MOST_BYTES = 2048, 32 << 20  # in memory at once


@dataclass(frozen=True)
class Codes:
    """Posteriors of images, and the factors that the images were drawn from.

    Attributes:
        means: Shape (N, K), float32.
        stds: Shape (N, K), float32.
        factors: Shape (N, F), float32; NaN where an image is blank.
        names: Of the factors, F of them.
        circular: Those whose range is a full turn.
        held_out: Which images lie in a region that the space leaves out of training, shape (N,).
    """

    means: NDArray[np.float32]
    stds: NDArray[np.float32]
    factors: Rows
    names: tuple[str, ...]
    circular: tuple[str, ...]
    held_out: NDArray[np.bool_]


def count_images(source: Source, count: int | None, population: Population = "train") -> int:
    """How many images there are to encode: `count`, a file's rows, or 10,000.

    Raises:
        SbvaeError: If a file holds fewer than `count`.
    """
    file = _stored(source, population)
    if file is None:
        return DRAWN_COUNT if count is None else count
    if count is not None and count > file.count:
        raise SbvaeError(f"{file.path}: holds {file.count:,} images, not {count:,}")
    return file.count if count is None else count


def images_between(
    source: Source, start: int, stop: int, seed: int = 0, population: Population = "train"
) -> tuple[Images, Rows]:
    """Images `start` to `stop` - 1 of a source: a file's rows, or those drawn from a seed.

    Image i that is drawn is a pure function of the space, the seed, the population and i.

    Args:
        source: Where the images come from.
        start: First image.
        stop: One past the last image, more than `start`.
        seed: Of images that are drawn.
        population: See Source.sample; a file's rows are "train", and "full" without a renderer.

    Returns:
        Images (n, H, W, C) and factors (n, F).

    Raises:
        SbvaeError: If a file has no such image, or there are none of this population.
    """
    file = _stored(source, population)
    if file is not None:
        if stop > file.count:
            raise SbvaeError(
                f"{file.path}: has images 0 to {file.count - 1:,}, there is no {stop - 1:,}"
            )
        if not source.space.config.online:
            return file.read(start, stop)
    first = start // BLOCK
    blocks = [
        _block(source, np.random.default_rng([seed, _TAG, block]), block, population)
        for block in range(first, -(-stop // BLOCK))
    ]
    kept = slice(start - first * BLOCK, stop - first * BLOCK)
    images, factors = zip(*blocks, strict=True)
    return np.concatenate(images)[kept], np.concatenate(factors)[kept]


def _block(
    source: Source, rng: np.random.Generator, block: int, population: Population
) -> tuple[Images, Rows]:
    """Images drawn from one random state, or a file's rows in colours from one."""
    file = _stored(source, population)
    if isinstance(source, FileSource) and file is not None:
        rows = np.arange(block * BLOCK, min((block + 1) * BLOCK, file.count))
        return source.read_rows(rng, rows)
    return source.sample(rng, BLOCK, population)


def encode_source(
    vae: VAE,
    source: Source,
    count: int,
    *,
    seed: int = 0,
    population: Population = "train",
    on_progress: Callable[[int], None] | None = None,
) -> Codes:
    """Encode the first images of a source, in order, holding some megabytes of them at a time.

    Args:
        vae: On its device.
        source: Where the images come from.
        count: Of the images, at least 1; `count_images` says how many there are.
        seed: Of images that are drawn.
        population: See `images_between`.
        on_progress: Called with the number of images encoded so far.

    Raises:
        SbvaeError: If the data is damaged or ends early, or the model is unsound.
    """
    length = _images_at_once(source, population)
    means, stds, factors = [], [], []
    for start in range(0, count, length):
        stop = min(start + length, count)
        images, rows = images_between(source, start, stop, seed, population)
        mean, std = encode(vae, images)
        means.append(mean.astype(np.float32))
        stds.append(std.astype(np.float32))
        factors.append(rows)
        if on_progress:
            on_progress(stop)
    every = np.concatenate(factors)
    return Codes(
        np.concatenate(means),
        np.concatenate(stds),
        every,
        source.space.names,
        tuple(factor.name for factor in source.space.config.factors if factor.circular),
        source.space.held_out_mask(every),
    )


def _stored(source: Source, population: Population) -> DatasetFile | None:
    """The file whose rows are this population, or None where its images are drawn."""
    if not isinstance(source, FileSource):
        return None
    rows = population == "train" or (population == "full" and not source.can_render)
    return source.file if rows else None


def _images_at_once(source: Source, population: Population) -> int:
    """Whole blocks or chunks, so that none is made or read twice."""
    file = _stored(source, population)
    unit = BLOCK if file is None else file.chunk_length
    most = min(_MOST_IMAGES, _MOST_BYTES // (source.height * source.width * source.channels))
    return unit * max(1, most // unit)
