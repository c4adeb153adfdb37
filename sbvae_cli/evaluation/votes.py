"""Draw and encode images for the votes of a FactorVAE score (Kim and Mnih 2018, Section 4)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.names import Population
from sbvae_cli.data.factors import FactorRows, FactorSpace
from sbvae_cli.data.source import Source
from sbvae_cli.evaluation.batching import OnImages
from sbvae_cli.evaluation.encode import Floats, encode_batches
from sbvae_cli.metrics.validate import Ints
from sbvae_cli.models.vae import VAE


def draw_votes(
    space: FactorSpace,
    names: Sequence[str],
    rng: np.random.Generator,
    votes: int,
    images: int,
    population: Population = "full",
) -> tuple[FactorRows, Ints]:
    """Draw factors of votes, whose images share the value of one factor and are not blank.

    The fixed factor is uniform over `names`, and its value is that of a random image of the
    population. The other factors are drawn from the population given that value.

    Args:
        space: Factor space of the images.
        names: Names of the factors that a vote may fix, at least one.
        rng: Random generator.
        votes: Number of votes V.
        images: Number of images L in a vote.
        population: "full", or "train" to leave held-out regions out.

    Returns:
        Rows of shape (V, L, F), and the index into `names` of each vote's fixed factor, shape (V,).

    Raises:
        SbvaeError: If the held-out regions leave almost nothing to draw from.
    """
    columns = [space.index(name) for name in names]
    fixed: Ints = rng.integers(len(columns), size=votes)
    drawn_from = space.whole if population == "full" else space
    values = drawn_from.sample_present(rng, votes)
    rows = [
        drawn_from.sample_present(rng, images, {columns[i]: row[columns[i]]})
        for i, row in zip(fixed.tolist(), values, strict=True)
    ]
    return np.stack(rows), fixed


def encode_votes(
    vae: VAE, source: Source, rows: FactorRows, size: int, on_images: OnImages = lambda images: None
) -> Floats:
    """Render and encode the images of votes in batches, each distinct image once.

    Args:
        vae: Model on its device.
        source: Data that render the images.
        rows: Factor values, shape (V, L, F).
        size: Number of images in a batch of the encoder.
        on_images: Called with the number of images since the last call.

    Returns:
        Posterior means, shape (V, L, K).

    Raises:
        SbvaeError: If the model's posteriors are not finite.
    """
    flat = rows.reshape(-1, rows.shape[2])
    once, place = _distinct(source.space, flat)
    codes, _ = encode_batches(
        vae, lambda batch: source.render(once[batch]), len(once), size, on_images
    )
    on_images(len(flat) - len(once))
    return codes[place].reshape(*rows.shape[:2], codes.shape[1])


def _distinct(space: FactorSpace, rows: FactorRows) -> tuple[FactorRows, NDArray[np.intp]]:
    """Return the distinct rows, and each row's index among them; continuous rows all differ."""
    factors = [factor for factor in space.factors if factor.varies]
    if any(factor.kind == "continuous" for factor in factors):
        return rows, np.arange(len(rows))
    once, place = np.unique(rows, axis=0, return_inverse=True)
    return once, place.reshape(-1)
