"""The images of a FactorVAE score's votes, drawn and encoded (Kim and Mnih 2018, Section 4)."""

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
    """Factors of votes whose images share the value of one factor; none is blank.

    The factor is uniform over those that are named, its value that of one image of the population;
    the others are drawn from the population given that value.

    Args:
        space: Space of the images.
        names: Factors that a vote may fix, one at least.
        rng: Where the randomness comes from.
        votes: Number of votes V.
        images: Images of a vote L.
        population: "full", or "train", which leaves the held-out regions out.

    Returns:
        Rows (V, L, F), and for each vote which of `names` is fixed, (V,).

    Raises:
        SbvaeError: If the held-out regions leave next to nothing to draw from.
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
    """Render and encode the images of votes, some at a time, and none of them twice.

    Args:
        vae: On its device.
        source: Draws the images.
        rows: Factors, shape (V, L, F).
        size: Images that the encoder takes at once.
        on_images: Called with the number of images since the last call.

    Returns:
        Posterior means, shape (V, L, K).

    Raises:
        SbvaeError: If the model gives posteriors that are no numbers.
    """
    flat = rows.reshape(-1, rows.shape[2])
    once, place = _distinct(source.space, flat)
    codes, _ = encode_batches(
        vae, lambda batch: source.render(once[batch]), len(once), size, on_images
    )
    on_images(len(flat) - len(once))
    return codes[place].reshape(*rows.shape[:2], codes.shape[1])


def _distinct(space: FactorSpace, rows: FactorRows) -> tuple[FactorRows, NDArray[np.intp]]:
    """Rows that differ, and which of them each row is; those of a range differ anyway."""
    factors = [factor for factor in space.factors if factor.varies]
    if any(factor.kind == "continuous" for factor in factors):
        return rows, np.arange(len(rows))
    once, place = np.unique(rows, axis=0, return_inverse=True)
    return once, place.reshape(-1)
