"""Points of two factors, on a grid or scattered, and the posteriors of their images."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.data.stored_points import StoredPoints

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FactorPoints:
    """Where points lie in two factors.

    Attributes:
        names: The two factors.
        values: In the factors' own units, shape (n0, n1, 2) of a grid, (N, 2) of scattered points.
        scaled: The same scaled to [0, 1] by the factors' ranges.
        held_out: Points that training left out, shape (n0, n1) or (N,).
        circular: Whether a factor's range is a full turn.
        fixed: Values of other factors.
        free: Other factors, which vary among the images.
        alone: Whether the data vary in the two alone.
        population: "full" where images were made for the points, "file" where they were found.
        found: Number of images that scattered points were chosen from at random; 0 of a grid.
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
    """Posteriors of the points' images, or averages over the images of a point.

    Attributes:
        means: NaN at points without an image, shape (n0, n1, K) or (N, K).
        stds: In the same shape; None where these are not known.
        noise: Variance that averages have beside that of the points, shape (K,).
        within: Share of each latent's variance that averages leave out, shape (K,).
        blank: Posterior mean of an image that shows nothing, shape (K,); None where the data has
            none.
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
    """Where the points lie; values (n, 2) are scaled by a function, rows (R,) are held out."""
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
    """Averages over the rows of each point, and what they leave out; `blank` (K,) as it is."""
    shape, count = stored.values.shape[:-1], stored.values[..., 0].size
    number = np.bincount(stored.point, minlength=count)

    def average(rows: Floats) -> Floats:
        with np.errstate(invalid="ignore"):  # 0 / 0 of a point without a row
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
