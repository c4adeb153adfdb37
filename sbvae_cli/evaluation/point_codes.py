"""Points of two factors, on a grid or scattered, and the posteriors at the points."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.data.stored_points import StoredPoints

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FactorPoints:
    """Points in the plane of two factors.

    Attributes:
        names: Names of the two factors.
        values: Factor values in their own units, shape (n0, n1, 2) for a grid, (N, 2) for scattered
            points.
        scaled: Factor values scaled to [0, 1] by the factors' ranges, in the same shape.
        held_out: Whether training left out each point, shape (n0, n1) or (N,).
        circular: Whether the range of each factor is a full turn.
        fixed: Fixed values of other factors.
        free: Names of other factors, which vary among the images.
        alone: Whether only these two factors vary in the data.
        population: "full" if images were made for the points, "file" if they were found in a file.
        found: Number of images from which scattered points were chosen at random; 0 for a grid.
    """

    names: tuple[str, str]
    values: Floats
    scaled: Floats
    held_out: Bools
    circular: tuple[bool, bool] = (False, False)
    fixed: Mapping[str, float] = field(default_factory=dict)
    free: tuple[str, ...] = ()
    alone: bool = True
    population: str = "full"
    found: int = 0


@dataclass(frozen=True)
class PointCodes:
    """Posteriors at points, perhaps averaged over several images of each.

    Attributes:
        means: Posterior means, NaN at points without an image, shape (n0, n1, K) or (N, K).
        stds: Posterior stds in the same shape; None if unknown.
        noise: Variance of the averages due to the scatter within points, shape (K,).
        within: Share of each latent's variance that is within points and lost by averaging, shape
            (K,).
        blank: Posterior mean of a blank image, shape (K,); None if the data have none.
    """

    means: Floats
    stds: Floats | None
    noise: Floats | float = 0.0
    within: Floats | None = None
    blank: Floats | None = None


def points_of(
    stored: StoredPoints,
    pair: tuple[str, str],
    scale: Callable[[Floats], Floats],
    held_out: Bools,
    circular: tuple[bool, bool],
    alone: bool,
) -> FactorPoints:
    """Make points from stored ones; `scale` maps values (n, 2), and `held_out` has rows (R,)."""
    shape, count = stored.values.shape[:-1], stored.values[..., 0].size
    share = np.bincount(stored.point, held_out, count) / np.maximum(
        np.bincount(stored.point, minlength=count), 1
    )
    return FactorPoints(
        pair,
        stored.values,
        scale(stored.values.reshape(-1, 2)).reshape(*shape, 2),
        (share >= 0.5).reshape(shape),
        circular,
        stored.fixed,
        stored.free,
        alone,
        "file",
        stored.found,
    )


def averaged(
    stored: StoredPoints, means: Floats, stds: Floats | None, blank: Floats | None = None
) -> PointCodes:
    """Average the rows of each point, and measure the variance within points; keep `blank`."""
    shape, count = stored.values.shape[:-1], stored.values[..., 0].size
    number = np.bincount(stored.point, minlength=count)

    def average(rows: Floats) -> Floats:
        with np.errstate(invalid="ignore"):  # 0 / 0 at a point without a row
            columns = [np.bincount(stored.point, column, count) / number for column in rows.T]
        return np.stack(columns, axis=1)

    points = average(means)
    residual = means - points[stored.point]
    repeats = len(means) - np.count_nonzero(number)
    noise = np.square(residual).sum(axis=0) / max(repeats, 1)
    total = means.var(axis=0)
    return PointCodes(
        points.reshape(*shape, -1),
        None if stds is None else average(stds).reshape(*shape, -1),
        noise * np.mean(1.0 / number[number > 0]),
        np.divide(residual.var(axis=0), total, out=np.zeros_like(total), where=total > 0),
        blank,
    )
