"""Embed two factors of drawn or stored images in two latents, as a grid or scattered points."""

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.names import Select
from sbvae_cli.data.factor_grid import allowed_value, require_pair
from sbvae_cli.data.factors import FactorRows, FactorSpace
from sbvae_cli.data.file import DatasetFile
from sbvae_cli.data.source import Source
from sbvae_cli.data.stored_points import StoredPoints, stored_points
from sbvae_cli.evaluation.batching import OnImages, fitting_batch
from sbvae_cli.evaluation.encode import blank_image, encode_batches
from sbvae_cli.evaluation.factor_embedding import FactorEmbedding, embed_points
from sbvae_cli.evaluation.grid_embedding import default_pair, embed_factor_grid, held_out_points
from sbvae_cli.evaluation.point_codes import FactorPoints, averaged, points_of
from sbvae_cli.metrics.classes import factor_classes
from sbvae_cli.metrics.information import mutual_information
from sbvae_cli.models.vae import VAE
from sbvae_cli.random import stream

Floats = NDArray[np.float64]


def embed_factors(
    vae: VAE,
    source: Source,
    names: tuple[str, str] | None = None,
    *,
    size: int = 32,
    at: Mapping[str, float] | None = None,
    select: Select = "auto",
    latents: tuple[int, int] | None = None,
    trained_on: FactorSpace | None = None,
    on_images: OnImages = lambda images: None,
) -> FactorEmbedding:
    """Embed a grid of two factors, or the grid or points that stored images make.

    Args:
        vae: Model on its device.
        source: Data that draw the images or have them stored.
        names: The two factors; None for `default_pair`.
        size: Points along each factor of a drawn grid; for stored images as in `stored_points`.
        at: Fixed values of other factors.
        select: Rule that chooses the two latents.
        latents: The two latents, the first one for the first factor; None to choose them by
            `select`.
        trained_on: Factor space of the training data, whose held-out regions count; the source's if
            None or if its factors differ.
        on_images: Called with the number of images since the last call.

    Raises:
        SbvaeError: If a factor or latent does not exist, or fewer than two factors vary.
    """
    pair = names or default_pair(source.space)
    if source.can_render or source.file is None:
        return embed_factor_grid(
            vae, source, pair, size=size, at=at, select=select, latents=latents,
            trained_on=trained_on, on_images=on_images,
        )  # fmt: skip
    stored = choose_stored(source.file, source.space, pair, size, at or {})
    return embed_stored(
        vae, source, pair, stored, select=select, latents=latents, trained_on=trained_on,
        on_images=on_images,
    )  # fmt: skip


def choose_stored(
    file: DatasetFile,
    space: FactorSpace,
    pair: tuple[str, str],
    size: int,
    at: Mapping[str, float],
) -> StoredPoints:
    """Choose rows of a file as points of two factors; arguments as in `embed_factors`."""
    require_pair(space, pair, at)
    at = {name: allowed_value(space, name, value) for name, value in at.items()}
    factors = file.read_factors(np.arange(file.count))
    return stored_points(factors, space.names, pair, at, size, stream(0, "geometry"))


def embed_stored(
    vae: VAE,
    source: Source,
    pair: tuple[str, str],
    stored: StoredPoints,
    *,
    select: Select = "auto",
    latents: tuple[int, int] | None = None,
    trained_on: FactorSpace | None = None,
    on_images: OnImages = lambda images: None,
) -> FactorEmbedding:
    """Embed images that `stored_points` chose from a file; arguments as in `embed_factors`.

    Raises:
        SbvaeError: If a latent does not exist, or too few images are not held out.
    """
    space, file = source.space, source.file
    if file is None:
        raise ValueError(f"{source.name} has no stored images")
    means, stds = encode_batches(
        vae,
        lambda part: file.read_rows(stored.rows[part])[0],
        len(stored.rows),
        fitting_batch(vae.encoder, blank_image(vae, source)),
        on_images,
    )
    shown, columns = file.read_factors(stored.rows), [space.index(name) for name in pair]
    return embed_points(
        shown_points(space, pair, stored, shown, trained_on),
        averaged(stored, means, stds),
        mutual_information(means, factor_classes(shown[:, columns])),
        select=select,
        latents=latents,
    )


def shown_points(
    space: FactorSpace,
    pair: tuple[str, str],
    stored: StoredPoints,
    shown: FactorRows,
    trained_on: FactorSpace | None = None,
) -> FactorPoints:
    """Make points from rows that `stored_points` chose, with their factors `shown`."""
    return points_of(
        stored,
        pair,
        partial(_scaled, space, pair),
        held_out_points(space, trained_on, shown),
        (space.factor(pair[0]).circular, space.factor(pair[1]).circular),
        alone=set(pair) == set(space.varying),
    )


def _scaled(space: FactorSpace, pair: tuple[str, str], values: Floats) -> Floats:
    """Scale values of two factors (n, 2) as the space does."""
    rows = np.zeros((len(values), len(space.names)))
    rows[:, [space.index(name) for name in pair]] = values
    return space.scaled(rows, pair)
