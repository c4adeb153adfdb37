"""Draw votes from existing images, for data that cannot be rendered and for users' codes."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.validate import Floats, Ints
from sbvae_cli.random import stream

RESAMPLES = 30


def votable_factors(classes: Ints) -> NDArray[np.intp]:
    """Return factors that `votes_from_pool` can fix: in each half, two rows share a class.

    A factor with a different value in every row, such as a measured one, has no such pair.

    Args:
        classes: Class of each factor, shape (N, F).

    Returns:
        Columns of the factors, ascending.
    """
    half = len(classes) // 2
    halves = classes[:half], classes[half:]
    shared = [all(len(_groups(half[:, f])) > 0 for half in halves) for f in range(classes.shape[1])]
    return np.flatnonzero(shared)


def votes_from_pool(
    codes: Floats, classes: Ints, rng: np.random.Generator, votes: tuple[int, int], images: int
) -> tuple[Floats, Ints]:
    """Draw votes whose images share one class of one factor.

    Votes that train a classifier use the first half of the images, and votes that evaluate it the
    second half. If both used the same images, uninformative codes would score above chance, and
    more so with fewer images.

    The shared class is that of a random image, among classes with at least two images. From a class
    with fewer images than a vote needs, images are drawn with replacement. Votes of one kind share
    images.

    Args:
        codes: Posterior means, shape (N, K).
        classes: Class of each factor, shape (N, F).
        rng: Random generator.
        votes: Number of votes for training and for evaluation.
        images: Number of images L in a vote.

    Returns:
        Posterior means (V, L, K), and the index of the factor that each vote fixes, (V,).

    Raises:
        SbvaeError: If no two rows of a half share a class.
    """
    half = len(codes) // 2
    parts = [
        _votes(codes[rows], classes[rows], rng, number, images)
        for rows, number in zip((slice(half), slice(half, None)), votes, strict=True)
    ]
    return np.concatenate([z for z, _ in parts]), np.concatenate([fixed for _, fixed in parts])


def _votes(
    codes: Floats, classes: Ints, rng: np.random.Generator, votes: int, images: int
) -> tuple[Floats, Ints]:
    groups = [_groups(column) for column in classes.T]
    usable = np.flatnonzero([len(group) > 0 for group in groups])
    if not len(usable):
        raise SbvaeError(
            f"votes need rows that share a level of a factor, none of {len(codes):,} do; bring "
            "more rows"
        )
    fixed: Ints = rng.choice(usable, size=votes)
    sizes = [np.array([len(group) for group in of]) for of in groups]
    ends = [np.cumsum(size) for size in sizes]
    picked = np.empty((votes, images), np.intp)
    for vote, factor in enumerate(fixed.tolist()):
        image = rng.integers(ends[factor][-1])
        group = groups[factor][int(np.searchsorted(ends[factor], image, side="right"))]
        picked[vote] = rng.choice(group, images, replace=len(group) < images)
    return codes[picked], fixed


def resampled_by_image(
    score: Callable[[Floats, Ints, np.random.Generator], float],
    codes: Floats,
    classes: Ints,
    seed: int,
    resamples: int = RESAMPLES,
) -> Floats:
    """Compute a score of votes on bootstrap resamples of the images that the votes share.

    Votes that share images are not independent, and an interval that treats them so is too narrow.
    The halves of `votes_from_pool` are resampled separately.

    Args:
        score: Maps codes, classes and a random generator for the votes to a score.
        codes: Posterior means, shape (N, K).
        classes: Class of each factor, shape (N, F).
        seed: Root seed of the resamples.
        resamples: Number of resamples B.

    Returns:
        Scores, shape (B,).
    """
    found = []
    for number in range(resamples):
        rng = stream(seed, "resample", number)
        half, rest = len(codes) // 2, len(codes) - len(codes) // 2
        rows = np.concatenate([rng.integers(half, size=half), half + rng.integers(rest, size=rest)])
        found.append(score(codes[rows], classes[rows], rng))
    return np.array(found)


def _groups(classes: Ints) -> list[NDArray[np.intp]]:
    """Return the rows of each class that has at least two."""
    order = np.argsort(classes, kind="stable")
    starts = np.flatnonzero(np.diff(classes[order])) + 1
    return [group for group in np.split(order, starts) if len(group) > 1]
