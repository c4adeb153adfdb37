"""All the images of a source, one block at a time, to codes beside their factors."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.names import Population
from sbvae_cli.data.factors import FactorRows
from sbvae_cli.data.source import Source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.encode import encode
from sbvae_cli.models.vae import VAE

DRAWN_COUNT = 10_000  # images of a source that has no end
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
    factors: FactorRows
    names: tuple[str, ...]
    circular: tuple[str, ...]
    held_out: NDArray[np.bool_]


def count_images(source: Source, count: int | None, population: Population = "train") -> int:
    """How many images there are to encode: `count`, a file's rows, or 10,000.

    Raises:
        SbvaeError: If a file holds fewer than `count`.
    """
    stored = source.stored_rows(population)
    if stored is None:
        return DRAWN_COUNT if count is None else count
    if count is not None and count > stored:
        raise SbvaeError(f"{source.label}: holds {stored:,} images, not {count:,}")
    return stored if count is None else count


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
        population: Name of the population, as in `Source.images`.
        on_progress: Called with the number of images encoded so far.

    Raises:
        SbvaeError: If the data is damaged or ends early, or the model is unsound.
    """
    length = _images_at_once(source, population)
    means, stds, factors = [], [], []
    for start in range(0, count, length):
        stop = min(start + length, count)
        images, rows = source.images(start, stop, seed, population)
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
        tuple(name for name in source.space.names if name in source.space.circular),
        source.space.held_out_mask(every),
    )


def _images_at_once(source: Source, population: Population) -> int:
    """Whole blocks or chunks, so that none is made or read twice."""
    unit = source.together(population)
    most = min(_MOST_IMAGES, _MOST_BYTES // (source.height * source.width * source.channels))
    return unit * max(1, most // unit)
