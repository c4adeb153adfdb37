"""Measure how close the embedding of two factors in two latents is to linear (Section 4.4)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sbvae_cli.config.metrics import DEAD_BELOW_STD, METRICS
from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.isotonic import isotonic_r2
from sbvae_cli.metrics.latent_use import SCORES_OF_ALL_LATENTS
from sbvae_cli.metrics.mesh import fold_fractions, heldout_area_ratio, tear
from sbvae_cli.metrics.validate import Floats

Bools = NDArray[np.bool_]
GridScores = dict[str, float | list[float] | None]

EXACT = 1e-9  # errors below this are rounding


@dataclass(frozen=True)
class _Points:
    """Validated input: factors (..., 2), codes raw and standardised (dead ones 0), alive (2,).

    `held_out` and `known`, which marks points with a code, have shape (...).
    """

    factors: Floats
    raw: Floats
    codes: Floats
    alive: Bools
    held_out: Bools
    known: Bools
    circular: tuple[bool, bool]


def geometry_scores(
    factors: ArrayLike,
    codes: ArrayLike,
    held_out: ArrayLike,
    circular: tuple[bool, bool] = (False, False),
    dead_below: float = DEAD_BELOW_STD,
) -> GridScores:
    """Score the embedding of a grid of two factors in two latents (Section 4.4, Figures 7 and 8).

    Points may also be scattered. They have no neighbours and share no values, so `fold_fraction`,
    `tear`, `monotone_r2` and `heldout_area_ratio` are then None.

    The support is the grid without the held-out region. Each latent is standardised over it, so
    that a strong latent does not hide a fold in a weak one. A latent whose means have a std below
    `dead_below` is dead: its posterior noise hides whatever its means encode. It counts as a
    constant: as 0 in the mean of `affine_r2`, as an error of its whole std in the `nrmse` scores,
    and with every triangle folded.

    R2 is 1 - residual / total over the support, in [0, 1]. `affine_r2` is the mean over latents;
    `inverse_r2` and `monotone_r2` are the smaller value of the two factors, each along the
    projection that separates the factor's values best. `affine_axis_ratio` and the angles describe
    the affine map into raw latents: short over long axis of the ellipse to which it maps a circle;
    the angle between the images of the factors' axes; and the larger of their angles to the
    nearest latent axis. The `nrmse` scores are relative to the std of the support's codes. The
    table of metrics describes the other scores.

    Args:
        factors: Factor values scaled to [0, 1] by their ranges. A grid has shape (n0, n1, 2):
            column 0 increases along axis 0 only, column 1 along axis 1 only, with possibly unequal
            steps. Scattered points have shape (N, 2).
        codes: Posterior means of the two latents, in prior stds, in the shape of `factors`; NaN at
            points without a code, which belong neither to the support nor to the held-out region.
        held_out: Whether each point was left out of training or has no code, shape (n0, n1) or
            (N,).
        circular: Whether each factor's range is a full turn. Such a factor is represented by (cos,
            sin) and the grid wraps; then only `inverse_r2` and `tear` are computed.
        dead_below: Latents whose means have a smaller std over the support are treated as constant.

    Returns:
        A dict of floats, lists of two floats, and None for scores that do not apply. Scores of all
        latents are in `LatentUse`.

    Raises:
        ValueError: If the shapes do not fit, or `factors` is not an increasing grid.
        SbvaeError: If values are not finite, the grid is too small, or the support is empty.
    """
    points = _check(factors, codes, held_out, circular, dead_below)
    inverse = [_inverse_r2(points, factor) for factor in (0, 1)]
    scores: GridScores = {"inverse_r2": min(inverse), "inverse_r2_by_factor": inverse}
    if points.held_out.ndim == 2:
        values = points.factors[:, 0, 0], points.factors[0, :, 1]
        steps = tuple(np.append(np.diff(v), 1.0 + v[0] - v[-1]) for v in values)
        scores["tear"] = tear(points.codes, (steps[0], steps[1]), circular)
    if not any(circular):
        matrix, errors = _affine(points)
        scores |= _affine_scores(points, matrix, errors)
        scores |= _mesh_scores(points, matrix) if points.held_out.ndim == 2 else {}
    names = [name for name in METRICS["geometry"].scores if name not in SCORES_OF_ALL_LATENTS]
    return {name: scores.get(name) for name in names}


def _affine_scores(points: _Points, matrix: Floats, errors: Floats) -> GridScores:
    """Compute scores of affine maps, which need no grid."""
    support, left_out = ~points.held_out, points.held_out & points.known
    by_latent = [float(np.clip(1.0 - np.square(e).mean(), 0.0, 1.0)) for e in errors[support].T]
    raw_matrix = matrix * points.raw[support].std(axis=0)
    long, short = np.linalg.svd(raw_matrix, compute_uv=False)
    support_nrmse = _root_mean_square(errors[support])
    heldout_nrmse = _root_mean_square(errors[left_out]) if left_out.any() else None
    ratio = None if heldout_nrmse is None else max(heldout_nrmse, EXACT) / max(support_nrmse, EXACT)
    return {
        "affine_r2": float(np.mean(by_latent)),
        "affine_r2_by_latent": by_latent,
        "affine_axis_ratio": float(short / long) if long > 0 else 0.0,
        **_axes(raw_matrix),
        "similarity_r2": _similarity_r2(points),
        "support_nrmse": support_nrmse,
        "heldout_nrmse": heldout_nrmse,
        "heldout_ratio": ratio,
    }


def _mesh_scores(grid: _Points, matrix: Floats) -> GridScores:
    """Compute scores of neighbours and of points with a common value, which need a grid."""
    support, known = ~grid.held_out, grid.known
    folds = fold_fractions(grid.factors, grid.codes, support, known)
    monotone = [_monotone_r2(grid, factor) for factor in (0, 1)]
    area = None
    if (grid.held_out & known).any():
        area = heldout_area_ratio(grid.factors, grid.codes, grid.held_out, matrix, known)
    return {
        "monotone_r2": min(monotone),
        "monotone_r2_by_factor": monotone,
        "fold_fraction": folds[0],
        "fold_fraction_heldout": folds[1],
        "heldout_area_ratio": area,
    }


def _check(
    factors: ArrayLike,
    codes: ArrayLike,
    held_out: ArrayLike,
    circular: tuple[bool, bool],
    dead_below: float,
) -> _Points:
    f, raw = np.asarray(factors, dtype=np.float64), np.asarray(codes, dtype=np.float64)
    held = np.asarray(held_out, dtype=np.bool_)
    if (
        f.ndim not in (2, 3)
        or f.shape[-1] != 2
        or raw.shape != f.shape
        or held.shape != f.shape[:-1]
    ):
        raise ValueError(
            "factors and codes must have shape (n0, n1, 2) or (N, 2), held_out all but the last "
            f"dimension, got {f.shape}, {raw.shape} and {held.shape}"
        )
    for name, array in (("factors", f), ("codes", raw[~held])):
        if not np.isfinite(array).all():
            bad = np.count_nonzero(~np.isfinite(array))
            raise SbvaeError(f"geometry: {bad} of {array.size} {name} are not finite")
    if f.ndim == 3:
        check_grid(f)
    support = ~held
    if any(len(np.unique(f[support][:, factor])) < 2 for factor in (0, 1)):
        raise SbvaeError(
            f"geometry: {np.count_nonzero(held)} of {held.size} points are held out; "
            "two values of each factor must be left, so move the others out of the region by `at`"
        )
    return _standardise(f, raw, held, circular, dead_below)


def check_grid(factors: Floats) -> None:
    """Check that factor values form a grid, as `geometry_scores` requires.

    Args:
        factors: Factor values, shape (n0, n1, 2).

    Raises:
        ValueError: If a column does not increase along its own axis, or varies along the other.
        SbvaeError: If the grid has fewer than 2x2 points.
    """
    shape = factors.shape[:2]
    if min(shape) < 2:
        raise SbvaeError(f"geometry needs a grid of 2x2 points or more, got {shape}")
    first, second = factors[:, 0, 0], factors[0, :, 1]
    if np.any(factors != np.stack(np.meshgrid(first, second, indexing="ij"), axis=-1)):
        raise ValueError("factors must be a grid: column 0 along axis 0, column 1 along axis 1")
    if np.any(np.diff(first) <= 0) or np.any(np.diff(second) <= 0):
        raise ValueError("factors must increase along their axes")


def _standardise(
    factors: Floats, raw: Floats, held: Bools, circular: tuple[bool, bool], dead_below: float
) -> _Points:
    mean, std = raw[~held].mean(axis=0), raw[~held].std(axis=0)
    # The second bound keeps the rounding error of a constant code from being magnified.
    alive = (std >= dead_below) & (std > 1e-12 * np.abs(raw[~held]).max())
    known: Bools = np.logical_and.reduce(np.isfinite(raw), axis=-1)
    codes = np.where(alive, (raw - mean) / np.where(alive, std, 1.0), 0.0)
    raw = np.where(alive, raw - mean, 0.0)
    return _Points(factors, raw, codes, alive, held, known, circular)


def _affine(points: _Points) -> tuple[Floats, Floats]:
    """Fit the linear part (2, 2) of the map on the support; return it with errors (n0, n1, 2)."""
    support = ~points.held_out
    centred = points.factors - points.factors[support].mean(axis=0)
    matrix = np.linalg.lstsq(centred[support], points.codes[support], rcond=None)[0]
    errors = np.where(points.alive, points.codes - centred @ matrix, 1.0)
    return matrix, errors


def _inverse_r2(points: _Points, factor: int) -> float:
    support = ~points.held_out
    values = points.factors[..., factor][support][:, None]
    if points.circular[factor]:
        turns = 2.0 * np.pi * values
        values = np.concatenate([np.cos(turns), np.sin(turns)], axis=1)
    values = values - values.mean(axis=0)
    codes = points.codes[support]
    fit = codes @ np.linalg.lstsq(codes, values, rcond=None)[0]
    residual, total = np.square(values - fit).sum(), np.square(values).sum()
    return float(np.clip(1.0 - residual / total, 0.0, 1.0))


def _axes(matrix: Floats) -> GridScores:
    """Compute the angles of the images of the factors' axes, the rows of `matrix`."""
    lengths = np.linalg.norm(matrix, axis=1)
    if lengths.min() <= EXACT * lengths.max():
        return {"axis_angle_degrees": None, "axis_turn_degrees": None}
    images = np.abs(matrix) / lengths[:, None]
    cosine = min(abs(float(matrix[0] @ matrix[1])) / float(lengths.prod()), 1.0)
    return {
        "axis_angle_degrees": float(np.degrees(np.arccos(cosine))),
        "axis_turn_degrees": float(np.degrees(np.arctan2(images.min(1), images.max(1))).max()),
    }


def _similarity_r2(points: _Points) -> float:
    """Compute the R2 of an orthogonal Procrustes fit with one scale (Schoenemann 1966)."""
    support = ~points.held_out
    factors = points.factors[support] - points.factors[support].mean(axis=0)
    total = np.square(factors).sum() * np.square(points.raw[support]).sum()
    if total == 0.0:
        return 0.0
    nuclear = np.linalg.svd(factors.T @ points.raw[support], compute_uv=False).sum()
    return float(np.clip(nuclear**2 / total, 0.0, 1.0))


def _monotone_r2(points: _Points, factor: int) -> float:
    """Compute the R2 of a factor as a monotone function of its discriminant (Fisher 1936).

    The discriminant is the projection of the latents that varies least while the factor is
    constant. For codes that are an affine image of (g(first), h(second)), it is a function of the
    factor alone, whatever is held out. The direction of a regression is not, once a held-out
    corner correlates the two factors.
    """
    support = ~points.held_out
    codes = points.codes[support]
    values = points.factors[..., factor][support]
    _, level, count = np.unique(values, return_inverse=True, return_counts=True)
    sums = np.stack([np.bincount(level, weights=column) for column in codes.T], axis=1)
    within = codes - (sums / count[:, None])[level]
    _, sizes, axes = np.linalg.svd(codes, full_matrices=False)
    kept = sizes > EXACT * max(sizes[0], EXACT)
    if not kept.any():
        return 0.0
    whiten = axes[kept].T / sizes[kept]  # (2, rank)
    scatter = whiten.T @ (within.T @ within) @ whiten
    direction = whiten @ np.linalg.eigh(scatter)[1][:, 0]
    # Otherwise rounding would order equal codes, and that order could be fitted perfectly.
    projection = np.round(codes @ direction / np.abs(codes @ direction).max(), 9)
    return isotonic_r2(projection, values)


def _root_mean_square(errors: Floats) -> float:
    """Compute the root mean square distance, divided by that of standardised codes, sqrt(2)."""
    return float(np.sqrt(np.square(errors).sum(axis=-1).mean() / 2.0))
