"""Images of two factors, made once, on which a model is embedded repeatedly during training."""

from dataclasses import dataclass, replace

import numpy as np

from sbvae_cli.data.factor_grid import factor_grid
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.file import Images
from sbvae_cli.data.source import Source
from sbvae_cli.data.stored_points import StoredPoints
from sbvae_cli.evaluation.encode import blank_images, encode
from sbvae_cli.evaluation.factor_embedding import FactorEmbedding, embed_known
from sbvae_cli.evaluation.grid_embedding import default_pair, grid_points
from sbvae_cli.evaluation.point_codes import FactorPoints, PointCodes, averaged
from sbvae_cli.evaluation.stored_embedding import choose_stored, shown_points
from sbvae_cli.models.vae import VAE


@dataclass(frozen=True)
class FactorImages:
    """Images of two factors, with their points.

    Attributes:
        points: The points, with their factor values.
        images: Images, uint8, shape (R, H, W, C), in the order of the points or of the stored rows.
        stored: Rows of a file, several or none for each point; None if the images were drawn, one
            for each point.
        blank: Blank image, shape (1, H, W, C); None if the data have none.
    """

    points: FactorPoints
    images: Images
    stored: StoredPoints | None = None
    blank: Images | None = None

    def encode(self, vae: VAE) -> PointCodes:
        """Compute the posteriors at the points.

        Raises:
            SbvaeError: If the model's posteriors are not finite.
        """
        means, stds = encode(vae, self.images)
        if self.stored is not None:
            return averaged(self.stored, means, stds)
        shape = self.points.held_out.shape
        blank = None if self.blank is None else encode(vae, self.blank)[0][0]
        return PointCodes(means.reshape(*shape, -1), stds.reshape(*shape, -1), blank=blank)

    def embed(self, vae: VAE) -> FactorEmbedding:
        """Embed the points in two latents of the model, and score the embedding.

        Raises:
            SbvaeError: If the model's posteriors are not finite, or it has one latent.
        """
        return embed_known(self.points, self.encode(vae))


def factor_images(
    source: Source,
    *,
    size: int,
    trained_on: FactorSpace | None = None,
    most_rows: int | None = None,
) -> FactorImages:
    """Draw the images of a grid of the first two factors, or read a file's images of them.

    Args:
        source: Data that draw the images or have them stored.
        size: Points along each factor of a drawn grid; for stored images as in `stored_points`.
        trained_on: Factor space of the training data, whose held-out regions count; None for the
            source's.
        most_rows: Number of stored rows above which a grid is thinned to `size` values of each
            factor and one row for each point; None for no limit.

    Raises:
        SbvaeError: If fewer than two factors vary.
    """
    space, pair = source.space, default_pair(source.space)
    if source.can_render or source.file is None:
        grid = factor_grid(space, pair, size, {})
        points = grid_points(space, grid, {}, trained_on)
        return FactorImages(points, source.render(grid.factors), blank=blank_images(source))
    stored = choose_stored(source.file, space, pair, size, {})
    if most_rows is not None and len(stored.rows) > most_rows:
        stored = _thinned(stored, size)
    shown = source.file.read_factors(stored.rows)
    images = np.asarray(source.file.read_rows(stored.rows)[0])
    return FactorImages(shown_points(space, pair, stored, shown, trained_on), images, stored)


def _thinned(stored: StoredPoints, size: int) -> StoredPoints:
    """Thin a grid to at most `size` values of each factor, and one row for each point."""
    if stored.values.ndim == 2:  # scattered points have few rows
        return stored
    steps = [-(-count // size) for count in stored.values.shape[:2]]
    values = stored.values[:: steps[0], :: steps[1]]
    places = np.divmod(stored.point, stored.values.shape[1])
    kept = (places[0] % steps[0] == 0) & (places[1] % steps[1] == 0)
    rows = stored.rows[kept]
    point = places[0][kept] // steps[0] * values.shape[1] + places[1][kept] // steps[1]
    first = np.sort(np.unique(point, return_index=True)[1])
    return replace(stored, values=values, rows=rows[first], point=point[first])
