"""A grid of two factors, embedded in two latents (Section 4.4, Figures 7 and 8)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.metrics import DEAD_BELOW
from sbvae_cli.config.names import Select
from sbvae_cli.data.factor_grid import FactorGrid, factor_grid
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.source import Source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.batching import OnImages
from sbvae_cli.evaluation.encode import encode
from sbvae_cli.evaluation.findings.grids import cautions
from sbvae_cli.evaluation.findings.sentences import sentences
from sbvae_cli.evaluation.findings.words import NOTES
from sbvae_cli.evaluation.pair_geometry import PairGeometry
from sbvae_cli.metrics.choose_latents import LatentChoice, choose_pair
from sbvae_cli.metrics.classes import factor_classes
from sbvae_cli.metrics.geometry_scores import geometry_scores
from sbvae_cli.metrics.information import mutual_information
from sbvae_cli.models.vae import VAE


@dataclass(frozen=True)
class GridEmbedding:
    """Where the images of a factor grid lie in latent space.

    Attributes:
        grid: The factors, n0 x n1 points.
        held_out: Which points were left out of training, shape (n0, n1).
        codes: Posterior means of the two latents, shape (n0, n1, 2).
        stds: Posterior stds of all latents, averaged over the grid, shape (K,).
        choice: The latents, and what each rule would choose.
        scores: As `geometry_scores` defines them.
    """

    grid: FactorGrid
    held_out: NDArray[np.bool_]
    codes: NDArray[np.float64]
    stds: NDArray[np.float64]
    choice: LatentChoice
    scores: dict[str, Any]

    @property
    def pair(self) -> PairGeometry:
        """What a report says of it."""
        stds = self.codes[~self.held_out].std(axis=0)
        chosen = zip(self.choice.latents, stds, strict=True)
        dead = tuple(latent for latent, std in chosen if std < DEAD_BELOW)
        return PairGeometry(self.grid.names, self.grid.shape, self.choice, self.scores, dead=dead)

    @property
    def notes(self) -> list[str]:
        """Sentences on what the scores do not say themselves."""
        return sentences(cautions([self.pair]), NOTES)


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
) -> GridEmbedding:
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
    pair = names or default_pair(space)
    grid = factor_grid(space, pair, size, at)
    means, stds = encode(vae, source.render(grid.factors), on_images)
    scaled = space.scaled(grid.factors, pair)
    choice = choose_pair(
        np.square(stds).mean(0),
        means.std(axis=0, dtype=np.float64),
        mutual_information(means, factor_classes(scaled)),
        select,
        exactly_two_vary=set(pair) == set(space.varying),
    )
    if latents is not None:
        choice = _given(choice, latents, means.shape[1])
    codes = means[:, choice.latents].reshape(*grid.shape, 2)
    if trained_on is None or trained_on.names != space.names:
        trained_on = space
    held_out = trained_on.held_out_mask(grid.factors).reshape(grid.shape)
    circular = (space.factor(pair[0]).circular, space.factor(pair[1]).circular)
    scores = geometry_scores(scaled.reshape(*grid.shape, 2), codes, held_out, circular)
    return GridEmbedding(grid, held_out, codes, stds.mean(0), choice, scores)


def _given(choice: LatentChoice, latents: tuple[int, int], count: int) -> LatentChoice:
    if latents[0] == latents[1] or not all(0 <= latent < count for latent in latents):
        found = f"{latents[0]} and {latents[1]}"
        raise SbvaeError(f"latents {found}: name two different ones from 0 to {count - 1}")
    return replace(choice, latents=latents, rule="given")


def default_pair(space: FactorSpace) -> tuple[str, str]:
    """Position where x and y vary, else the first two factors that vary.

    Raises:
        SbvaeError: If there are fewer.
    """
    if len(space.varying) < 2:
        found = ", ".join(space.varying) or "none"
        raise SbvaeError(f"geometry needs two factors that vary, this data has {found}")
    if {"x", "y"} <= set(space.varying):
        return "x", "y"
    return space.varying[0], space.varying[1]
