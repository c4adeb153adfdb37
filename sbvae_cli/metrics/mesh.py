"""Measure folds, tears and shrunken holes of an embedded grid, as a mesh of triangles."""

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.metrics.validate import Floats

Bools = NDArray[np.bool_]

ROUNDING = 1e-6  # latent area per factor area that remains if both latents are the same function
MIN_EXPLAINED = 0.01  # share of a latent's variance, along the shorter axis of the affine map
COLLAPSED = 1e-6  # of the mean absolute area; a smaller triangle has lost a dimension


def signed_areas(points: Floats) -> Floats:
    """Compute the signed areas of triangles; cells are cut along the diagonal from the low corner.

    Args:
        points: Grid of points in a plane, shape (n0, n1, 2).

    Returns:
        Areas of shape (n0 - 1, n1 - 1, 2), positive for triangles with the orientation of the
        factor axes. Triangle 0 of a cell has the corners (i, j), (i+1, j), (i+1, j+1); triangle 1
        has (i, j), (i+1, j+1), (i, j+1).
    """
    low, high = points[:-1, :-1], points[1:, 1:]
    first, second = points[1:, :-1], points[:-1, 1:]
    lower = _cross(first - low, high - low)
    upper = _cross(high - low, second - low)
    return np.stack([lower, upper], axis=-1) / 2.0


def triangles_within(mask: Bools) -> Bools:
    """Return which triangles of `signed_areas` have all three corners in `mask`.

    Args:
        mask: Points of the grid, shape (n0, n1).

    Returns:
        Mask of triangles, shape (n0 - 1, n1 - 1, 2).
    """
    ends = mask[:-1, :-1] & mask[1:, 1:]
    return np.stack([ends & mask[1:, :-1], ends & mask[:-1, 1:]], axis=-1)


def folded_triangles(factors: Floats, points: Floats, support: Bools) -> Bools:
    """Find triangles that are turned over relative to most of the support, or have no area.

    A triangle has no area if its area per factor area is below 1e-6 of the mean over the support.
    The median would not do: if most of a mesh has collapsed, it is as small as the areas to be
    found.

    Args:
        factors: Factor values of the grid, shape (n0, n1, 2).
        points: Embedding of the grid, shape (n0, n1, 2).
        support: Points that determine the orientation, shape (n0, n1).

    Returns:
        Mask of triangles, shape (n0 - 1, n1 - 1, 2).
    """
    stretch = signed_areas(points) / signed_areas(factors)
    inside = stretch[triangles_within(support)]
    size = np.abs(inside).mean() if inside.size else np.abs(stretch).mean()
    orientation = -1.0 if 2 * np.count_nonzero(inside < 0) > inside.size else 1.0
    folded: Bools = orientation * stretch <= COLLAPSED * max(size, ROUNDING)
    return folded


def fold_fractions(
    factors: Floats, points: Floats, support: Bools, known: Bools
) -> tuple[float | None, float | None]:
    """Compute the share of folded triangles in the support (at most 0.5) and outside (at most 1).

    Triangles outside are compared to the support's orientation: a hole that is turned over as a
    whole has 1. A share of 0 does not prove that the mesh is injective, as distant parts may
    overlap.

    Args:
        factors: Factor values of the grid, shape (n0, n1, 2).
        points: Embedding of the grid, shape (n0, n1, 2).
        support: Points of the support, shape (n0, n1).
        known: Points that have a code, including the support, shape (n0, n1).

    Returns:
        Both shares; None for one without triangles.
    """
    folded = folded_triangles(factors, points, support)
    within = triangles_within(support)
    inside, others = folded[within], folded[~within & triangles_within(known)]
    return (
        min(0.5, float(inside.mean())) if inside.size else None,
        float(others.mean()) if others.size else None,
    )


def tear(points: Floats, steps: tuple[Floats, Floats], wraps: tuple[bool, bool]) -> float | None:
    """Compute the largest over the median distance between neighbours' codes, for the worse factor.

    Distances are divided by the factor's steps, so that unequal levels do not look torn. Each
    factor has its own median, so that a jump along a factor that moves the codes little is not
    hidden by a factor that moves them much. A smooth mesh has about 1 to 3.

    Args:
        points: Standardised codes, shape (n0, n1, 2); NaN where there are none.
        steps: Distance of each factor's values to the next one, shape (n,); the last one is the
            wrap.
        wraps: Whether the last value of each factor is a neighbour of the first.

    Returns:
        The ratio, at least 1; None if all codes are equal. If the median is 0 (a staircase), the
        mean is used instead.
    """
    worst = None
    for axis in (0, 1):
        gaps = np.linalg.norm(np.roll(points, -1, axis=axis) - points, axis=-1)
        gaps = np.moveaxis(gaps, axis, 0)
        step = steps[axis] if wraps[axis] else steps[axis][:-1]
        apart = step > 1e-9  # both ends of a full turn are the same setting
        slopes = gaps[: len(step)][apart] / step[apart, None]
        slopes = slopes[np.isfinite(slopes)]  # only neighbours that both have a code
        if not len(slopes):
            continue
        typical = np.median(slopes)
        if typical <= COLLAPSED * slopes.mean():
            typical = slopes.mean()
        if typical > 0:
            worst = max(worst or 1.0, float(slopes.max() / typical))
    return worst


def heldout_area_ratio(
    factors: Floats, points: Floats, held_out: Bools, matrix: Floats, known: Bools
) -> float | None:
    """Compute the net latent area of the held-out region, relative to the affine map's prediction.

    Only triangles whose corners are all held out count: triangles at the edge span any gap that a
    shrunken hole leaves, and would always make the ratio 1. Areas keep their sign, so that noise,
    whose folds add absolute area, cannot hide that a hole has shrunk.

    Args:
        factors: Factor values, shape (n0, n1, 2).
        points: Codes, standardised over the support, shape (n0, n1, 2).
        held_out: Points of the held-out region, shape (n0, n1).
        matrix: Linear part of the affine map from factors to codes, shape (2, 2), for row vectors.
        known: Points that have a code, including the support, shape (n0, n1).

    Returns:
        1 if the model extends linearly, 0 if the hole collapses, negative if it is turned over.
        None without triangles, or if the map predicts no area because it explains less than a
        hundredth of a latent's variance along one of its axes (a dead latent or noise).
    """
    inside = triangles_within(held_out & known)
    fitted = factors[~held_out] @ matrix
    explained = np.linalg.eigvalsh(np.cov(fitted.T, bias=True))
    if not inside.any() or explained[0] < MIN_EXPLAINED:
        return None
    predicted = np.linalg.det(matrix) * signed_areas(factors)[inside].sum()
    return float(signed_areas(points)[inside].sum() / predicted)


def _cross(a: Floats, b: Floats) -> Floats:
    product: Floats = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return product
