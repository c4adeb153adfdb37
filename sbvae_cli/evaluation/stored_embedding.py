"""Two factors of images, drawn or stored, in two latents: a grid or scattered points."""

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
    """Embed a grid of two factors; of stored images the grid, or the points, that they make.

    Args:
        vae: On its device.
        source: Draws the images, or has them.
        names: The two factors; those of `default_pair` where None.
        size: Points along each factor of a grid that is drawn; else as `stored_points` takes it.
        at: Values of other factors.
        select: How the two latents are chosen.
        latents: Two latents instead, the first for the first factor.
        trained_on: Space of the model's training, whose held-out regions count; the source's
            where None, or where it has other factors.
        on_images: Called with the number of images since the last call.

    Raises:
        SbvaeError: If factors or latents do not exist, or fewer than two factors vary.
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
    """Rows of a file that show two factors; arguments as of `embed_factors`."""
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
    """Embed images of a file that `stored_points` chose; arguments as of `embed_factors`.

    Raises:
        SbvaeError: If latents do not exist, or too few images were not held out.
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
    """Where the points of rows lie that `stored_points` chose and that show these factors."""
    return points_of(
        stored,
        pair,
        partial(_scaled, space, pair),
        held_out_points(space, trained_on, shown),
        (space.factor(pair[0]).circular, space.factor(pair[1]).circular),
        alone=set(pair) == set(space.varying),
    )


def _scaled(space: FactorSpace, pair: tuple[str, str], values: Floats) -> Floats:
    """Values of two factors (n, 2), scaled as the space scales them."""
    rows = np.zeros((len(values), len(space.names)))
    rows[:, [space.index(name) for name in pair]] = values
    return space.scaled(rows, pair)
