"""A grid of two factors, drawn and embedded in two latents (Section 4.4, Figures 7 and 8)."""

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
    """Render a factor grid, encode it and score its embedding.

    Args:
        vae: On its device.
        source: Draws the images.
        names: The two factors; those of `default_pair` where None.
        size: Points along each factor; the grid spans the whole space, held-out regions included.
        at: Values of other factors; the rest stand at the middle of their ranges.
        select: How the two latents are chosen.
        latents: Two latents instead, the first for the first factor.
        trained_on: Space of the model's training, whose held-out regions count; the source's
            where None, or where it has other factors.
        on_images: Called with the number of images since the last call.

    Raises:
        SbvaeError: If factors or latents do not exist, or the data has no renderer.
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
    """Where a grid's points lie; arguments as of `embed_factor_grid`."""
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
    """Which rows of factors training left out, shape (n,)."""
    if trained_on is None or trained_on.names != space.names:
        trained_on = space
    return trained_on.held_out_mask(factors)


def default_pair(space: FactorSpace) -> tuple[str, str]:
    """Position where x and y vary, else the first two factors that vary.

    Raises:
        SbvaeError: If there are fewer.
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
