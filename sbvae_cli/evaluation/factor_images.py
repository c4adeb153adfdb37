"""Images of two factors, made once, that a model in training is looked at with again and again."""

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
    """Images of two factors, and where they lie.

    Attributes:
        points: The factors.
        images: Shape (R, H, W, C), uint8: in the order of the points, or of the stored rows.
        stored: Rows of a file, of which a point may have several or none; None where the images
            were drawn, one for each point.
        blank: An image that shows nothing, shape (1, H, W, C); None where the data has none.
    """

    points: FactorPoints
    images: Images
    stored: StoredPoints | None = None
    blank: Images | None = None

    def encode(self, vae: VAE) -> PointCodes:
        """Posteriors of the points.

        Raises:
            SbvaeError: If the model gives posteriors that are no numbers.
        """
        means, stds = encode(vae, self.images)
        if self.stored is not None:
            return averaged(self.stored, means, stds)
        shape = self.points.held_out.shape
        blank = None if self.blank is None else encode(vae, self.blank)[0][0]
        return PointCodes(means.reshape(*shape, -1), stds.reshape(*shape, -1), blank=blank)

    def embed(self, vae: VAE) -> FactorEmbedding:
        """The points in two latents of the model, scored.

        Raises:
            SbvaeError: If the model gives posteriors that are no numbers, or has one latent.
        """
        return embed_known(self.points, self.encode(vae))


def factor_images(
    source: Source,
    *,
    size: int,
    trained_on: FactorSpace | None = None,
    most_rows: int | None = None,
) -> FactorImages:
    """Draw the images of a grid of the first two factors, or read those that a file has of them.

    Args:
        source: Draws the images, or has them.
        size: Points along each factor of a grid that is drawn; else as `stored_points` takes it.
        trained_on: Space of the model's training, whose held-out regions count; the source's
            where None.
        most_rows: Rows of a file from which on a grid is thinned to `size` values of a factor, and
            to one row for each point.

    Raises:
        SbvaeError: If fewer than two factors vary, or these do not exist.
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
    """A grid of at most so many values of a factor, and one row for each point."""
    if stored.values.ndim == 2:  # scattered rows are few
        return stored
    steps = [-(-count // size) for count in stored.values.shape[:2]]
    values = stored.values[:: steps[0], :: steps[1]]
    places = np.divmod(stored.point, stored.values.shape[1])
    kept = (places[0] % steps[0] == 0) & (places[1] % steps[1] == 0)
    rows = stored.rows[kept]
    point = places[0][kept] // steps[0] * values.shape[1] + places[1][kept] // steps[1]
    first = np.sort(np.unique(point, return_index=True)[1])
    return replace(stored, values=values, rows=rows[first], point=point[first])
