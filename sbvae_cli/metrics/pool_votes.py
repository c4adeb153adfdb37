"""Votes from images that exist, for data that nobody can draw and for codes from elsewhere."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.validate import Floats, Ints
from sbvae_cli.random import stream

RESAMPLES = 30


def votable(classes: Ints) -> NDArray[np.intp]:
    """Factors that `votes_from_pool` can fix: two rows of either half share a class of theirs.

    Where each row has a value of its own, as one that was measured may have, there is no such pair.

    Args:
        classes: Class of each factor, shape (N, F).

    Returns:
        Columns, ascending, F at most.
    """
    half = len(classes) // 2
    halves = classes[:half], classes[half:]
    shared = [all(len(_groups(half[:, f])) > 0 for half in halves) for f in range(classes.shape[1])]
    return np.flatnonzero(shared)


def votes_from_pool(
    codes: Floats, classes: Ints, rng: np.random.Generator, votes: tuple[int, int], images: int
) -> tuple[Floats, Ints]:
    """Votes whose images share one class of one factor.

    The votes that make a classifier are of the first half of the images, those that it is scored on
    of the other: where both had the same images, codes that know nothing would score above chance,
    the more so the fewer images there are.

    The class is that of a random image, among the classes of at least two. A class of fewer images
    than a vote has is drawn from with replacement, and votes of one kind share images.

    Args:
        codes: Posterior means, shape (N, K).
        classes: Class of each factor, shape (N, F).
        rng: Source of random numbers.
        votes: Number of votes of either kind.
        images: Images of a vote L.

    Returns:
        Posterior means (V, L, K), and the factor that each vote fixes, (V,).

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
    """A score of votes on bootstrap resamples of the images that the votes share.

    Votes that share images are not independent: to count them as if they were makes an interval
    too narrow. The halves of `votes_from_pool` are resampled each by itself.

    Args:
        score: Codes, classes and a generator for the votes to a score.
        codes: Shape (N, K).
        classes: Shape (N, F).
        seed: Root seed of the resamples.
        resamples: Number of them B.

    Returns:
        Shape (B,).
    """
    found = []
    for number in range(resamples):
        rng = stream(seed, "resample", number)
        half, rest = len(codes) // 2, len(codes) - len(codes) // 2
        rows = np.concatenate([rng.integers(half, size=half), half + rng.integers(rest, size=rest)])
        found.append(score(codes[rows], classes[rows], rng))
    return np.array(found)


def _groups(classes: Ints) -> list[NDArray[np.intp]]:
    """Rows of each class that has two at least."""
    order = np.argsort(classes, kind="stable")
    starts = np.flatnonzero(np.diff(classes[order])) + 1
    return [group for group in np.split(order, starts) if len(group) > 1]
