"""Make grids of two factors with their images and each model's codes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.metrics import DEAD_BELOW_STD
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.file import DatasetFile
from sbvae_cli.data.source import Source
from sbvae_cli.data.stored_points import StoredFactors, StoredPoints
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.batching import fitting_batch
from sbvae_cli.evaluation.encode import blank_code, blank_image, encode, encode_batches
from sbvae_cli.evaluation.factor_embedding import FactorEmbedding, embed_known
from sbvae_cli.evaluation.grid_embedding import default_pair, grid_points
from sbvae_cli.evaluation.point_codes import FactorPoints, PointCodes, averaged
from sbvae_cli.evaluation.stored_embedding import shown_points
from sbvae_cli.explorer.atlas import MAX_PIXELS, atlas_of, shown_atlas
from sbvae_cli.explorer.payload import Points, Slice
from sbvae_cli.explorer.slices import DEFAULT_BUDGET, Budget, GridSpec, make_grid, plan_grids
from sbvae_cli.models.vae import VAE
from sbvae_cli.random import stream

Images = NDArray[np.uint8]
Floats = NDArray[np.float64]

MAX_SCATTERED = 1_024  # largest number of images if there is no grid
_SAMPLE_IMAGES = 16  # number of images from which the size of one is estimated


@dataclass(frozen=True)
class Grid:
    """A grid of two factors, with images and codes of its points.

    Attributes:
        points: The points, with their factor values, shape (n0, n1, 2).
        images: Image of each point, shape (n, H, W, C), with zeros if it has none; None if images
            are unknown.
        present: Whether each point has an image, shape (n0, n1).
        codes: Posteriors of each model at the points.
        dead_below: Smallest std of informative means of each model; empty for `DEAD_BELOW_STD`.
    """

    points: FactorPoints
    images: Images | None
    present: NDArray[np.bool_]
    codes: Sequence[PointCodes]
    dead_below: Sequence[float] = ()

    def slice(self) -> Slice:
        """Return the grid in the form that the page takes."""
        values, columns = self.points.values, self.present.shape[1]
        return Slice(
            self.points.names,
            {name: round(value, 6) for name, value in self.points.fixed.items()},
            (values[:, 0, 0], values[0, :, 1]),
            self.points.circular,
            self.points.held_out,
            self.present,
            None if self.images is None else shown_atlas(self.images, columns),
        )

    def flat_codes(self, model: int) -> Floats:
        """Return the posterior means of a model, shape (n, K)."""
        means = self.codes[model].means
        return means.reshape(-1, means.shape[-1])

    def embedding(self, model: int) -> FactorEmbedding | None:
        """Embed and score the grid in two latents; None for one latent or too few points."""
        codes = self.codes[model]
        if codes.means.shape[-1] < 2:
            return None
        dead_below = self.dead_below[model] if self.dead_below else DEAD_BELOW_STD
        try:
            return embed_known(self.points, codes, dead_below=dead_below)
        except SbvaeError:  # all or nearly all of the grid is held out
            return None


def grids_of(
    source: Source,
    vaes: Sequence[VAE],
    trained_on: FactorSpace | None,
    budget: Budget = DEFAULT_BUDGET,
) -> list[Grid]:
    """Make the grids of a page; empty if fewer than two factors vary or images form no grid.

    Args:
        source: Data that draw the images or have them stored.
        vaes: Models on the CPU.
        trained_on: Factor space of the training data, whose held-out regions count.
        budget: Limits on images and bytes.
    """
    space = source.space
    if len(space.varying) < 2:
        return []
    first = default_pair(space)
    latents = [_latents(vae, source) for vae in vaes]

    def planned(sample: Images) -> list[GridSpec]:
        return plan_grids(space, first, point_bytes(sample, latents, budget), budget)

    if source.can_render:
        sample = source.render(make_grid(space, GridSpec(first, 4, {})).factors)
        return [_render_grid(source, vaes, each, trained_on) for each in planned(sample)]
    if source.file is None:
        return []
    return _stored_grids(source, source.file, vaes, planned, trained_on)


def scattered(
    source: Source,
    vaes: Sequence[VAE],
    trained_on: FactorSpace | None,
    budget: Budget = DEFAULT_BUDGET,
) -> tuple[Points, list[tuple[Floats, Floats]], Images]:
    """Draw sample images, for data without a grid.

    Returns:
        The points; posterior means and stds (N, K) of each model; the images (N, H, W, C).
    """
    rng = stream(0, "samples")
    sample = source.sample(rng, _SAMPLE_IMAGES)[0]
    each = point_bytes(sample, [_latents(vae, source) for vae in vaes], budget)
    count = int(np.clip(budget.first_bytes / each, _SAMPLE_IMAGES, MAX_SCATTERED))
    if source.count is not None:
        count = min(count, source.count)
    images, factors = source.sample(rng, count)
    known = factors if len(source.space.varying) else None
    space = trained_on if trained_on and trained_on.names == source.space.names else source.space
    held_out = space.held_out_mask(factors) if space.held_out else None
    points = Points(count, shown_atlas(images), known, held_out)
    return points, [encode(vae, images) for vae in vaes], images


def _render_grid(
    source: Source, vaes: Sequence[VAE], spec: GridSpec, trained_on: FactorSpace | None
) -> Grid:
    grid = make_grid(source.space, spec)
    images = source.render(grid.factors)
    codes = []
    for vae in vaes:
        means, stds = (each.reshape(*grid.shape, -1) for each in encode(vae, images))
        codes.append(PointCodes(means, stds, blank=blank_code(vae, source)))
    points = grid_points(source.space, grid, spec.at, trained_on)
    return Grid(points, images, np.ones(grid.shape, np.bool_), codes)


def _stored_grids(
    source: Source,
    file: DatasetFile,
    vaes: Sequence[VAE],
    planned: Callable[[Images], list[GridSpec]],
    trained_on: FactorSpace | None,
) -> list[Grid]:
    """Make grids from a file's rows, for each pair at one setting of the other factors."""
    factors = file.read_factors(np.arange(file.count))
    some = np.linspace(0, file.count - 1, min(file.count, _SAMPLE_IMAGES)).astype(np.int64)
    found, chosen = [], StoredFactors(factors, source.space.names, stream(0, "geometry"))
    for wanted in planned(file.read_rows(some)[0]):
        if wanted.at:
            continue
        try:
            stored = chosen.points(wanted.pair, wanted.size, wanted.size)
        except SbvaeError:  # at every setting of the others, one of the two has a single value
            continue
        if stored.values.ndim == 3:
            points = shown_points(
                source.space, wanted.pair, stored, factors[stored.rows], trained_on
            )
            codes = [averaged(stored, *_encoded(vae, source, file, stored.rows)) for vae in vaes]
            found.append(Grid(points, *_first_images(file, stored), codes))
    return found


def _encoded(
    vae: VAE, source: Source, file: DatasetFile, rows: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    batch = fitting_batch(vae.encoder, blank_image(vae, source))
    return encode_batches(vae, lambda part: file.read_rows(rows[part])[0], len(rows), batch)


def _first_images(file: DatasetFile, stored: StoredPoints) -> tuple[Images, NDArray[np.bool_]]:
    """Return the first image of each point, (n, H, W, C), and whether it has one, (n0, n1)."""
    shown, first = np.unique(stored.point, return_index=True)
    order = np.argsort(first)
    rows = file.read_rows(stored.rows[first[order]])[0]
    shape = stored.values.shape[:2]
    images = np.zeros((shape[0] * shape[1], *rows.shape[1:]), np.uint8)
    images[shown[order]] = rows
    present = np.zeros(shape, np.bool_)
    present.flat[shown] = True
    return images, present


def _latents(vae: VAE, source: Source) -> int:
    blank = np.zeros((1, source.height, source.width, source.channels), np.uint8)
    return int(encode(vae, blank)[0].shape[1])


def point_bytes(
    sample: Images | None, latents: Sequence[int], budget: Budget = DEFAULT_BUDGET
) -> float:
    """Estimate the bytes of a point in the page, in base64; for large images by their pixels.

    Args:
        sample: Some of the images, shape (n, H, W, C); None if there are none.
        latents: Number of latents of each model.
        budget: Limit on a grid's bytes; a grid of `MAX_PIXELS` pixels uses it up.
    """
    codes = sum(4 * count for count in latents)
    if sample is None:
        return codes * 4 / 3
    image = len(atlas_of(sample).png) / len(sample)
    pixels = sample.shape[1] * sample.shape[2] / MAX_PIXELS
    return float(max((image + codes) * 4 / 3, pixels * budget.first_bytes))
