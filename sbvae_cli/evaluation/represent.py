"""Encode images of a source to codes with their factors."""

from collections.abc import Callable

import numpy as np

from sbvae_cli.config.names import Population
from sbvae_cli.data.source import Source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.batching import OnImages
from sbvae_cli.evaluation.colour_basis import factors_in_rgb, in_other_basis, names_in_rgb
from sbvae_cli.evaluation.encode import encode
from sbvae_cli.evaluation.images import nonblank_images
from sbvae_cli.evaluation.representation import Representation, kinds_of
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.models.vae import VAE
from sbvae_cli.random import stream

DRAWN_COUNT = 10_000  # images from data without an end
_MAX_IMAGES, _MAX_BYTES = 2048, 32 << 20  # limits on images in memory at once


def count_images(source: Source, count: int | None, population: Population = "train") -> int:
    """Return the number of images to encode: `count`, a file's rows, or 10,000 by default.

    Raises:
        SbvaeError: If a file has fewer than `count` images.
    """
    stored = source.stored_rows(population)
    if stored is None:
        return DRAWN_COUNT if count is None else count
    if count is not None and count > stored:
        raise SbvaeError(f"{source.label}: holds {stored:,} images, not {count:,}")
    return stored if count is None else count


def represent(
    vae: VAE,
    source: Source,
    count: int,
    *,
    seed: int = 0,
    population: Population = "train",
    on_progress: Callable[[int], None] = lambda done: None,
    most_images: int = _MAX_IMAGES,
    most_bytes: int = _MAX_BYTES,
) -> Representation:
    """Encode images of a source in order, with a few megabytes of them in memory at a time.

    If a file has more rows than `count`, rows are picked at random, since neighbours in a file are
    often alike. Drawn images are the first ones.

    Args:
        vae: Model on its device.
        source: Data that images come from.
        count: Number of images, at least 1, as from `count_images`.
        seed: Root seed of drawn images and picked rows.
        population: Name of the population, as in `Source.images`.
        on_progress: Called with the number of images encoded so far.
        most_images: Largest number of images in memory at once, unless the file has larger chunks.
        most_bytes: Largest number of bytes of these images.

    Returns:
        Codes and stds in float32, with the factors.

    Raises:
        SbvaeError: If the data are damaged or end early, or the model's posteriors are not finite.
    """
    unit = source.images_per_read(population)  # so that no image is made or read twice
    most = min(most_images, most_bytes // (source.height * source.width * source.channels))
    length = unit * max(1, most // unit)
    means, stds, factors = [], [], []
    stored, picked = source.stored_rows(population), None
    if stored is not None and count < stored:
        picked = np.sort(source.random_rows(stream(seed, "picked"), count))
    for start in range(0, count, length):
        stop = min(start + length, count)
        if picked is None:
            images, rows = source.images(start, stop, seed, population)
        else:
            images, rows = source.read_rows(stream(seed, "picked", 1 + start), picked[start:stop])
        mean, std = encode(vae, images)
        means.append(mean.astype(np.float32))
        stds.append(std.astype(np.float32))
        factors.append(rows)
        on_progress(stop)
    every = np.concatenate(factors)
    names = source.files if stored is not None else None
    if names is not None and picked is not None:
        names = tuple(names[row] for row in picked.tolist())
    return Representation(
        np.concatenate(means),
        every,
        source.space.names,
        source.space.circular,
        np.concatenate(stds),
        source.space.held_out_mask(every),
        population,
        kinds=kinds_of(source.space.factors),
        space=source.space.as_dict(),
        files=names,
        rows=picked,
    )


def represent_at_random(
    vae: VAE,
    source: Source,
    protocol: Protocol,
    pool: int,
    on_images: OnImages = lambda images: None,
) -> Representation:
    """Encode images that are not blank, for the metrics of factors.

    Args:
        vae: Model on its device.
        source: Data to evaluate on.
        protocol: Protocol, which has the population and the colour basis.
        pool: Number of images, including those that test fitted metrics.
        on_images: Called with the number of images since the last call.

    Returns:
        Codes in random order, with the factors that vary in the space.

    Raises:
        SbvaeError: If every image is blank, or the model's posteriors are not finite.
    """
    images, rows = nonblank_images(source, protocol, pool)
    means, stds = encode(vae, images, on_images)
    names, space = source.space.varying, source.space
    if in_other_basis(space.names, names, protocol.color_basis):
        factors = factors_in_rgb(rows, space.names, names)
        names = names_in_rgb(names)
    else:
        factors = rows[:, [space.index(name) for name in names]].astype(np.float64)
    population = protocol.population if source.can_render else "file"
    return Representation(
        means,
        factors,
        names,
        space.circular,
        stds,
        population=population,
        at_random=True,
        kinds=kinds_of(space.factors),
    )
