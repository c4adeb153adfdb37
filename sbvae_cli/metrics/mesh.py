"""The embedded grid as a mesh of triangles: folds, tears and contracted holes."""

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.metrics.validate import Floats

Bools = NDArray[np.bool_]

ROUNDING = 1e-6  # latent area per factor area: what is left where both latents are one function
LEAST_EXPLAINED = 0.01  # of a latent's variance, along the shorter axis of the affine map
COLLAPSED = 1e-6  # of the mean absolute area: a triangle smaller than this has lost a dimension


def signed_areas(points: Floats) -> Floats:
    """Signed area of every triangle; each grid cell is cut along the diagonal from its low corner.

    Args:
        points: Grid of points in a plane, shape (n0, n1, 2).

    Returns:
        Shape (n0 - 1, n1 - 1, 2). Positive where the triangle keeps the sense of the factor axes.
        Triangle 0 of a cell has the corners (i, j), (i+1, j), (i+1, j+1); triangle 1 has
        (i, j), (i+1, j+1), (i, j+1).
    """
    low, high = points[:-1, :-1], points[1:, 1:]
    first, second = points[1:, :-1], points[:-1, 1:]
    lower = _cross(first - low, high - low)
    upper = _cross(high - low, second - low)
    return np.stack([lower, upper], axis=-1) / 2.0


def triangles_within(mask: Bools) -> Bools:
    """Which triangles of `signed_areas` have all three corners in `mask`.

    Args:
        mask: Shape (n0, n1).

    Returns:
        Shape (n0 - 1, n1 - 1, 2).
    """
    ends = mask[:-1, :-1] & mask[1:, 1:]
    return np.stack([ends & mask[1:, :-1], ends & mask[:-1, 1:]], axis=-1)


def folded_triangles(factors: Floats, points: Floats, support: Bools) -> Bools:
    """Triangles that are turned over against most of the support, or that have no area.

    A triangle has no area where its area per factor area is below 1e-6 of the mean over the
    support: of the mean and not of the median, since the median of a mesh that has collapsed for
    the most part is as small as what it should find.

    Args:
        factors: Factor values of the grid, shape (n0, n1, 2).
        points: The embedding, shape (n0, n1, 2).
        support: Points that set the orientation, shape (n0, n1).

    Returns:
        Shape (n0 - 1, n1 - 1, 2).
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
    """Share of folded triangles within the support (at most 0.5), and among the others (at most 1).

    The others are judged by the support's orientation: a hole that is turned over as a whole has 1.
    Zero does not prove that the mesh is injective: it may still overlap itself from afar.

    Args:
        factors: Factor values of the grid, shape (n0, n1, 2).
        points: The embedding, shape (n0, n1, 2).
        support: Shape (n0, n1).
        known: Points that have a code, those of the support among them, shape (n0, n1).

    Returns:
        Both shares; None for one that has no triangles.
    """
    folded = folded_triangles(factors, points, support)
    within = triangles_within(support)
    inside, others = folded[within], folded[~within & triangles_within(known)]
    return (
        min(0.5, float(inside.mean())) if inside.size else None,
        float(others.mean()) if others.size else None,
    )


def tear(points: Floats, steps: tuple[Floats, Floats], wraps: tuple[bool, bool]) -> float | None:
    """Largest over median distance between codes of neighbours, for the factor where it is larger.

    Distances are divided by the factor steps, so that levels at unequal distances do not look torn,
    and each factor has its own median, so that a jump along a factor that moves the codes little is
    not hidden by one that moves them much. About 1 to 3 for a smooth mesh.

    Args:
        points: Standardised codes, shape (n0, n1, 2); NaN where there is none.
        steps: For each factor the distance to the next value, shape (n,): the last one wraps.
        wraps: Whether the last value of a factor is a neighbour of the first.

    Returns:
        At least 1; None where all codes are one. Where the median vanishes (a staircase) the mean
        takes its place.
    """
    worst = None
    for axis in (0, 1):
        gaps = np.linalg.norm(np.roll(points, -1, axis=axis) - points, axis=-1)
        gaps = np.moveaxis(gaps, axis, 0)
        step = steps[axis] if wraps[axis] else steps[axis][:-1]
        apart = step > 1e-9  # both ends of a full turn in the grid are one setting
        slopes = gaps[: len(step)][apart] / step[apart, None]
        slopes = slopes[np.isfinite(slopes)]  # of neighbours that both have a code
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
    """Net latent area of the held-out region over the area that the support's affine map predicts.

    Only triangles with all corners held out count: those on the edge stretch over whatever gap a
    contracted hole leaves, and would always make the ratio 1. Areas keep their sign, so that noise,
    whose folds add absolute area, cannot hide a contraction.

    Args:
        factors: Factor values, shape (n0, n1, 2).
        points: Codes, standardised over the support, shape (n0, n1, 2).
        held_out: Shape (n0, n1).
        matrix: Linear part of the affine map from factors to codes, shape (2, 2), row convention.
        known: Points that have a code, those of the support among them, shape (n0, n1).

    Returns:
        1 where the model extends linearly, 0 where the hole collapses, negative where it is turned
        over; None without triangles, or where the map explains less than a hundredth of a latent's
        variance along one of its axes (a latent is dead or noise) and so predicts no area.
    """
    inside = triangles_within(held_out & known)
    fitted = factors[~held_out] @ matrix
    explained = np.linalg.eigvalsh(np.cov(fitted.T, bias=True))
    if not inside.any() or explained[0] < LEAST_EXPLAINED:
        return None
    predicted = np.linalg.det(matrix) * signed_areas(factors)[inside].sum()
    return float(signed_areas(points)[inside].sum() / predicted)


def _cross(a: Floats, b: Floats) -> Floats:
    product: Floats = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return product
