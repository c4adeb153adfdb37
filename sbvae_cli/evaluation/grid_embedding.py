"""Render a grid of two factors and embed it in two latents (Section 4.4, Figures 7 and 8)."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.names import Select
from sbvae_cli.data.factor_grid import FactorGrid, factor_grid
from sbvae_cli.data.factors import FactorRows, FactorSpace
from sbvae_cli.data.source import Source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.batching import OnImages
from sbvae_cli.evaluation.encode import blank_code, encode
from sbvae_cli.evaluation.factor_embedding import FactorEmbedding, embed_points
from sbvae_cli.evaluation.point_codes import FactorPoints, PointCodes
from sbvae_cli.metrics.classes import factor_classes
from sbvae_cli.metrics.information import mutual_information
from sbvae_cli.models.vae import VAE


def embed_factor_grid(
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
    """Render a grid of two factors, encode it, and score its embedding.

    Args:
        vae: Model on its device.
        source: Data that draw the images.
        names: The two factors; None for `default_pair`.
        size: Points along each factor; the grid covers the whole space with its held-out regions.
        at: Fixed values of other factors; the rest are at the middle of their ranges.
        select: Rule that chooses the two latents.
        latents: The two latents, the first one for the first factor; None to choose them by
            `select`.
        trained_on: Factor space of the training data, whose held-out regions count; the source's if
            None or if its factors differ.
        on_images: Called with the number of images since the last call.

    Raises:
        SbvaeError: If a factor or latent does not exist, or the data have no renderer.
    """
    space = source.space
    grid = factor_grid(space, names or default_pair(space), size, at)
    means, stds = encode(vae, source.render(grid.factors), on_images)
    return embed_points(
        grid_points(space, grid, at or {}, trained_on),
        PointCodes(
            means.reshape(*grid.shape, -1),
            stds.reshape(*grid.shape, -1),
            blank=blank_code(vae, source),
        ),
        mutual_information(means, factor_classes(space.scaled(grid.factors, grid.names))),
        select=select,
        latents=latents,
    )


def grid_points(
    space: FactorSpace,
    grid: FactorGrid,
    at: Mapping[str, float],
    trained_on: FactorSpace | None = None,
) -> FactorPoints:
    """Return the points of a grid; arguments as in `embed_factor_grid`."""
    pair = grid.names
    columns = [space.index(name) for name in pair]
    others = {name for name in space.varying if name not in pair} | set(at)
    return FactorPoints(
        pair,
        grid.factors[:, columns].reshape(*grid.shape, 2).astype(np.float64),
        space.scaled(grid.factors, pair).reshape(*grid.shape, 2),
        held_out_points(space, trained_on, grid.factors).reshape(grid.shape),
        (space.factor(pair[0]).circular, space.factor(pair[1]).circular),
        {name: float(grid.factors[0, space.index(name)]) for name in space.names if name in others},
        alone=set(pair) == set(space.varying),
    )


def held_out_points(
    space: FactorSpace, trained_on: FactorSpace | None, factors: FactorRows
) -> NDArray[np.bool_]:
    """Return whether training left out each row of factors, shape (n,)."""
    if trained_on is None or trained_on.names != space.names:
        trained_on = space
    return trained_on.held_out_mask(factors)


def default_pair(space: FactorSpace) -> tuple[str, str]:
    """Return x and y if both vary, else the first two factors that vary.

    Raises:
        SbvaeError: If fewer than two factors vary.
    """
    if len(space.varying) < 2:
        found = ", ".join(space.varying) or "none"
        raise SbvaeError(
            f"geometry needs two factors that vary, this data has {found}; import the images with "
            "a table of them, as `sbvae gen-data images from=DIR factors=table.csv`, and name that "
            "file by `data`"
        )
    if {"x", "y"} <= set(space.varying):
        return "x", "y"
    return space.varying[0], space.varying[1]
