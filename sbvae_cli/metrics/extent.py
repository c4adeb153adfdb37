"""What is left of a grid of two factors in two latents: a sheet, a line or a point."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sbvae_cli.config.metrics import DEAD_BELOW
from sbvae_cli.metrics.mesh import signed_areas, triangles_within
from sbvae_cli.metrics.validate import Floats

Extent = Literal["sheet", "line", "point"]

THIN = 0.1  # width over length of a sheet that is no more than a line
FAINT = (
    0.5  # of the posterior's std: a lone direction that varies so much is a line, if a faint one
)


def extent(
    codes: Floats,
    held_out: NDArray[np.bool_],
    variances: ArrayLike = 0.0,
    dead_below: float = DEAD_BELOW,
) -> Extent:
    """Tell a sheet from a line, straight or bent, and from a point.

    A direction counts where codes vary more in it than the posterior itself, whose noise drowns
    what is less; where none does, a lone one that varies half as much makes a line. Of a grid the
    width is the area of all triangles, whatever their sense, over the square of the length: a ring
    is as thin as a straight line, a folded sheet is none. Scattered points have no triangles, and
    are a line where they lie along a straight one.

    Args:
        codes: Posterior means of the two latents, NaN where there is none, shape (n0, n1, 2) or
            (N, 2).
        held_out: Points that do not count, shape (n0, n1) or (N,).
        variances: Mean posterior variance of both latents; 0 where it is not known.
        dead_below: Std of means that tell nothing.
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
        return "line" if drowns and int((loud >= FAINT**2).sum()) == 1 else "point"
    across, along = np.sqrt(np.maximum(np.linalg.eigvalsh(spread), 0.0))
    width = across / along
    inside = triangles_within(support) if codes.ndim == 3 else np.zeros(0, np.bool_)
    if inside.any():  # of a uniform square the variance is a twelfth of the area
        area = np.abs(signed_areas(codes)[inside]).sum() / inside.mean()
        width = area / (12.0 * along**2)
    return "sheet" if audible == 2 and width >= THIN else "line"
