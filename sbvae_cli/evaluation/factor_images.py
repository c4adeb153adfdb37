"""Images of two factors, made once, that a model in training is looked at with again and again."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sbvae_cli.data.factor_grid import factor_grid
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.file import Images
from sbvae_cli.data.source import Source
from sbvae_cli.data.stored_points import StoredPoints
from sbvae_cli.evaluation.encode import encode
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
    """

    points: FactorPoints
    images: Images
    stored: StoredPoints | None = None

    def encode(self, vae: VAE) -> PointCodes:
        """Posteriors of the points.

        Raises:
            SbvaeError: If the model gives posteriors that are no numbers.
        """
        means, stds = encode(vae, self.images)
        if self.stored is not None:
            return averaged(self.stored, means, stds)
        shape = self.points.held_out.shape
        return PointCodes(means.reshape(*shape, -1), stds.reshape(*shape, -1))


def factor_images(
    source: Source,
    names: tuple[str, str] | None = None,
    *,
    size: int,
    at: Mapping[str, float] | None = None,
    trained_on: FactorSpace | None = None,
) -> FactorImages:
    """Draw the images of a grid of two factors, or read those that a file has of them.

    Args:
        source: Draws the images, or has them.
        names: The two factors; those of `default_pair` where None.
        size: Points along each factor of a grid that is drawn; else as `stored_points` takes it.
        at: Values of other factors.
        trained_on: Space of the model's training, whose held-out regions count; the source's
            where None.

    Raises:
        SbvaeError: If fewer than two factors vary, or these do not exist.
    """
    space, pair = source.space, names or default_pair(source.space)
    if source.can_render or source.file is None:
        grid = factor_grid(space, pair, size, at)
        points = grid_points(space, grid, at or {}, trained_on)
        return FactorImages(points, source.render(grid.factors))
    stored = choose_stored(source.file, space, pair, size, at or {})
    shown = source.file.read_factors(stored.rows)
    images = np.asarray(source.file.read_rows(stored.rows)[0])
    return FactorImages(shown_points(space, pair, stored, shown, trained_on), images, stored)
