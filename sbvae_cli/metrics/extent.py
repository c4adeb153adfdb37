"""Classify the embedding of two factors in two latents as a sheet, a line or a point."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sbvae_cli.config.metrics import DEAD_BELOW_STD
from sbvae_cli.metrics.mesh import signed_areas, triangles_within
from sbvae_cli.metrics.validate import Floats

Extent = Literal["sheet", "line", "point"]

MAX_LINE_RATIO = 0.1  # largest ratio of width to length of a line
MIN_LINE_STD = 0.5  # smallest std of a faint line in its single direction, in stds of the posterior


def extent(
    codes: Floats,
    held_out: NDArray[np.bool_],
    variances: ArrayLike = 0.0,
    dead_below: float = DEAD_BELOW_STD,
) -> Extent:
    """Classify an embedding as a sheet, a line (straight or bent) or a point.

    A direction counts if codes vary in it by more than the posterior std, whose noise hides
    smaller variation. If no direction counts, a single one with half that variation makes a
    line. The width of a grid is the total area of its triangles, regardless of orientation,
    divided by the square of its length: a ring is then as thin as a straight line, and a folded
    sheet is not. Scattered points have no triangles, and are a line if they are on a straight one.

    Args:
        codes: Posterior means of the two latents, NaN where there is none, shape (n0, n1, 2) or (N,
            2).
        held_out: Whether each point is held out and does not count, shape (n0, n1) or (N,).
        variances: Mean posterior variance of both latents; 0 if unknown.
        dead_below: Smallest std of means that carry information.
    """
    support = ~held_out & np.isfinite(codes).all(axis=-1)
    spread = np.atleast_2d(np.cov(codes[support].T, bias=True))
    rounding = max(1e-12 * float(np.abs(codes[support]).max(initial=0.0)), 1e-150)
    least = max(dead_below, rounding) ** 2
    noise = np.sqrt(np.maximum(np.broadcast_to(variances, 2), least))
    loud = np.linalg.eigvalsh(spread / np.outer(noise, noise))
    audible = int((loud >= 1.0).sum())
    if audible == 0:
        drowns = bool((noise**2 > least).any())
        return "line" if drowns and int((loud >= MIN_LINE_STD**2).sum()) == 1 else "point"
    across, along = np.sqrt(np.maximum(np.linalg.eigvalsh(spread), 0.0))
    width = across / along
    inside = triangles_within(support) if codes.ndim == 3 else np.zeros(0, np.bool_)
    if inside.any():  # in a uniform square, the variance is a twelfth of the area
        area = np.abs(signed_areas(codes)[inside]).sum() / inside.mean()
        width = area / (12.0 * along**2)
    return "sheet" if audible == 2 and width >= MAX_LINE_RATIO else "line"
