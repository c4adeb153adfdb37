"""The images of a FactorVAE score's votes, drawn and encoded (Kim and Mnih 2018, Section 4)."""

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.analysis.batching import Progress
from sbvae_cli.analysis.encode import Floats, encode_batches
from sbvae_cli.config.names import Population
from sbvae_cli.data.factors import FactorSpace, Rows
from sbvae_cli.data.source import Source
from sbvae_cli.metrics.information import Ints, factor_classes
from sbvae_cli.models.vae import VAE

_MOST_PROPOSALS = 1 << 16


def draw_votes(
    space: FactorSpace,
    rng: np.random.Generator,
    votes: int,
    images: int,
    population: Population = "full",
) -> tuple[Rows, Ints]:
    """Factors of votes whose images share the value of one factor; none is blank.

    The factor is uniform over those that vary, its value over its range or levels; the others are
    drawn from the population given that value, by rejection where regions are left out. A value
    that leaves next to nothing of the population is drawn again.

    Args:
        space: With at least one factor that varies.
        rng: Where the randomness comes from.
        votes: Number of votes V.
        images: Images of a vote L.
        population: "full", or "train", which leaves the held-out regions out.

    Returns:
        Rows (V, L, F), and for each vote which of `space.varying` is fixed, (V,).
    """
    columns = [space.index(name) for name in space.varying]
    fixed: Ints = rng.integers(len(columns), size=votes)
    rows = [_vote(space, rng, columns[i], images, population) for i in fixed.tolist()]
    return np.stack(rows), fixed


def _vote(
    space: FactorSpace, rng: np.random.Generator, column: int, images: int, population: Population
) -> Rows:
    proposals = images
    if population == "train" and space.config.held_out:
        proposals = min(int(2 * images / (1 - space.held_out_share)) + 64, _MOST_PROPOSALS)
    while True:
        value = space.sample(rng, 1, "full")[0, column]
        kept: list[Rows] = []
        missing = images
        while missing > 0:
            rows = space.sample(rng, proposals, "full")
            rows[:, column] = value
            if population == "train":
                rows = rows[~space.held_out_mask(rows)]
            if not kept and not len(rows):
                break
            kept.append(rows[:missing])
            missing -= len(kept[-1])
        else:
            return np.concatenate(kept)


def encode_votes(
    vae: VAE, source: Source, rows: Rows, size: int, progress: Progress = lambda images: None
) -> Floats:
    """Render and encode the images of votes, some at a time.

    Args:
        vae: On its device.
        source: Draws the images.
        rows: Factors, shape (V, L, F).
        size: Images that the encoder takes at once.
        progress: Called with the number of images since the last call.

    Returns:
        Posterior means, shape (V, L, K).

    Raises:
        SbvaeError: If the model gives posteriors that are no numbers.
    """
    flat = rows.reshape(-1, rows.shape[2])
    codes, _ = encode_batches(
        vae, lambda batch: source.render(flat[batch]), len(flat), size, progress
    )
    return codes.reshape(*rows.shape[:2], codes.shape[1])


def votes_from_pool(
    codes: Floats, factors: NDArray[np.floating], rng: np.random.Generator, votes: int, images: int
) -> tuple[Floats, Ints]:
    """Votes from images that exist, for data that nobody can draw.

    A vote takes images of one class of one factor: of one level, or where a factor has more than
    100 of one of 20 bins of equal width. The class is uniform over those of at least two images.
    A class of fewer images than a vote has is drawn from with replacement, and votes share images.

    Args:
        codes: Posterior means, shape (N, K).
        factors: Those that vary, shape (N, F).
        rng: Where the randomness comes from.
        votes: Number of votes V.
        images: Images of a vote L.

    Returns:
        Posterior means (V, L, K), and the factor that each vote fixes, (V,).
    """
    groups = [_groups(column) for column in factors.T]
    usable = np.flatnonzero([len(group) > 0 for group in groups])
    fixed: Ints = rng.choice(usable, size=votes)
    picked = []
    for factor in fixed.tolist():
        group = groups[factor][int(rng.integers(len(groups[factor])))]
        picked.append(rng.choice(group, images, replace=len(group) < images))
    return codes[np.stack(picked)], fixed


def _groups(column: NDArray[np.floating]) -> list[NDArray[np.intp]]:
    """Rows of each class that has two at least."""
    classes = factor_classes(column)
    order = np.argsort(classes, kind="stable")
    starts = np.flatnonzero(np.diff(classes[order])) + 1
    return [group for group in np.split(order, starts) if len(group) > 1]
