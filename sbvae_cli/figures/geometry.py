"""A grid of two factors, and where models put it in latent space (Figures 7 and 8)."""

from collections.abc import Mapping

import numpy as np
from PIL.Image import Image

from sbvae_cli.config.space import FactorConfig
from sbvae_cli.data.source import Source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.grid_embedding import GridEmbedding
from sbvae_cli.random import stream
from sbvae_cli.viz.geometry import Embedding, FactorPanel, draw_embedding, draw_embeddings

SAMPLES = 16  # as in Figure 7


def draw_geometry(
    embeddings: Mapping[str, GridEmbedding], source: Source, caption: str = ""
) -> Image:
    """Draw a factor grid and its embedding, with samples and scores; or several models' embeddings.

    Args:
        embeddings: Embeddings of one grid, one or more, by the titles of their panels.
        source: Dataset that the grid and the samples are images of.
        caption: Line at the top of the picture.

    Returns:
        RGB.

    Raises:
        SbvaeError: If the embeddings are of different grids or held-out regions.
    """
    first = _require_one_grid(embeddings)
    space = source.space
    columns = [space.index(name) for name in first.grid.names]
    factors = [space.factor(name) for name in first.grid.names]
    points = first.grid.factors.astype(np.float64).reshape(*first.grid.shape, -1)
    panel = FactorPanel(
        (points[:, 0, columns[0]], points[0, :, columns[1]]),
        (axis_label(factors[0]), axis_label(factors[1])),
        first.held_out,
        (factors[0].circular, factors[1].circular),
    )
    panels = [_panel(embedding, name) for name, embedding in embeddings.items()]
    if len(panels) > 1:
        return draw_embeddings(panel, panels, caption)
    samples, _ = source.sample(stream(0, "samples"), SAMPLES)
    return draw_embedding(panel, panels[0], caption, samples)


def axis_label(factor: FactorConfig) -> str:
    """The name with its unit, or with what the numbers at the axis mean."""
    if factor.levels and factor.level_names:
        levels = zip(factor.levels, factor.level_names, strict=True)
        return f"{factor.name} ({', '.join(f'{level:g} {name}' for level, name in levels)})"
    return f"{factor.name} ({factor.unit})" if factor.unit else factor.name


def _panel(embedding: GridEmbedding, name: str) -> Embedding:
    first, second = embedding.choice.latents
    return Embedding(
        embedding.codes, (f"latent {first}", f"latent {second}"), name, embedding.scores
    )


def _require_one_grid(embeddings: Mapping[str, GridEmbedding]) -> GridEmbedding:
    """The first embedding, whose grid all others share."""
    first = next(iter(embeddings.values()))
    for name, other in embeddings.items():
        same = other.grid.names == first.grid.names and all(
            np.array_equal(a, b)
            for a, b in (
                (other.grid.factors, first.grid.factors),
                (other.held_out, first.held_out),
            )
        )
        if not same:
            raise SbvaeError(
                f"{name}: its factors or held-out regions are not those of the models before it; "
                "draw it by itself, or give all the same `factors` and `data`"
            )
    return first
