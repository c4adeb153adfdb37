"""A mutual information gap that forgives what the MIG punishes: a rotation within a group.

A position is as well known by two latents along its diagonals as by two along its axes, and a hue
needs two latents to go round a circle; the MIG is 0 for both (Section 4.4). The definition is ours.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
from numpy.typing import ArrayLike

from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.information import MAX_CLASSES, Counts, Floats, Ints, count, factor_classes
from sbvae_cli.metrics.intervals import Interval, jackknife_interval, random_groups

Group = tuple[str, ...]
Axes = Callable[[Floats], Floats]
_COARSE, _FINE = np.arange(-45.0, 45.0, 5.0), np.arange(-4.5, 5.0, 0.5)  # degrees
_STARTS = 16  # of an angle's first bin, over the width of one
_SWEEPS = 3  # over the planes of a group of more than two
_LEAST_ROWS = 8
_CONSTANT = 1e-12  # of the codes' size: a smaller deviation is rounding
_FAINT = 0.05  # of a deviation: less is a trace that noise would drown
_MOST = 4  # factors of a group: its best matching is found by trying all


@dataclass(frozen=True)
class SubspaceGap:
    """The score, and the latents that each group of factors was given.

    Attributes:
        score: Mean of `by_factor`, in [0, 1].
        interval: As that of the MIG; latents and rotations are taken as given.
        by_factor: Shape (F,).
        latents: For each group, those of its subspace.
    """

    score: float
    interval: Interval
    by_factor: Floats
    latents: dict[Group, tuple[int, ...]]


def mig_subspace(
    codes: ArrayLike,
    factors: ArrayLike,
    names: Sequence[str],
    groups: Sequence[Group],
    circular: frozenset[str] = frozenset(),
    bins: int = 20,
    *,
    max_classes: int = MAX_CLASSES,
    seed: int = 0,
) -> SubspaceGap:
    """The gap between what a group's own latents know of its factors and what others know of them.

    Groups get the latents that know most of their factors, one for each; a circular factor is a
    group of its own with two latents; every other factor is one with one. On one half of the
    rows a group's latents, standardised or as they are (a rotation mixes unequal ranges), whichever
    tells more, are rotated so that each knows as much as can be of a factor of its own; of a
    circular factor it is the angle in the plane of its two latents, standardised or whitened, that
    knows. Scored on the other half: the information of the factor's rotated latent, less that of
    the best latent outside of the group, over the factor's entropy, 0 where that is negative.

    Args:
        codes: Posterior means, shape (N, K).
        factors: Factor values, shape (N, F), each of two levels or more.
        names: Of the factors.
        groups: Factors that are taken together, none of them circular, at most four in a group.
        circular: Factors whose range is a full turn.
        bins: Of equal width for each rotated latent, and of continuous factors; an angle in so many
            bins tells at most log(bins) nats.
        max_classes: Most distinct values of a factor that is not binned.
        seed: Of the halves.

    Raises:
        SbvaeError: If a group names an unknown or circular factor, or one twice, or there are
            fewer latents than the groups need.
    """
    z, v, every = _checked(codes, factors, names, groups, circular)
    fit = np.random.default_rng(seed).permutation(len(z)) < len(z) // 2
    rows = random_groups(int((~fit).sum()), seed)
    chosen = _assign(count(z[fit], v[fit], bins, max_classes), names, every, circular)
    gaps = np.empty(len(names))
    without = np.empty((int(rows.max()) + 1, len(names)))
    for group, latents in chosen.items():
        columns, own = [list(names).index(name) for name in group], z[:, latents]
        if group[0] in circular:
            axes = _best_axes(_angle, _whitening(own[fit]), own[fit], v[fit][:, columns], bins)
        else:
            raw = np.diag(_deviations(codes)[list(latents)])
            axes = _best_axes(_rotation, raw, own[fit], v[fit][:, columns], bins)
        found = np.concatenate([axes(own[~fit]), np.delete(z[~fit], latents, axis=1)], axis=1)
        counts = count(found, v[~fit][:, columns], bins, max_classes, groups=rows)
        gaps[columns] = _gaps(counts.total())
        without[:, columns] = _gaps(counts.without_each_group())
    score = float(gaps.mean())
    return SubspaceGap(score, jackknife_interval(score, without.mean(axis=1)), gaps, chosen)


def latents_of_groups(names: Sequence[str], circular: frozenset[str]) -> int:
    """How many latents the groups need: one for each factor, two for a circular one."""
    return len(names) + sum(name in circular for name in names)


def _checked(
    codes: ArrayLike,
    factors: ArrayLike,
    names: Sequence[str],
    groups: Sequence[Group],
    circular: frozenset[str],
) -> tuple[Floats, Floats, list[Group]]:
    """Standardised codes, factors, and every factor in one group."""
    z, v = np.asarray(codes, np.float64), np.asarray(factors, np.float64)
    if z.ndim != 2 or v.shape != (len(z), len(names)) or len(z) < _LEAST_ROWS:
        raise ValueError(f"codes (N, K) and factors (N, F) do not fit: {z.shape} and {v.shape}")
    named = [name for group in groups for name in group]
    for name in named:
        if name not in names:
            raise SbvaeError(f"--group: {name} does not vary here; choose from {', '.join(names)}")
        if name in circular:
            raise SbvaeError(f"--group: {name} is circular and so a group of its own; leave it out")
        if named.count(name) > 1:
            raise SbvaeError(f"--group: {name} is named twice; it can be in one group only")
    if any(len(group) > _MOST for group in groups):
        raise SbvaeError(f"--group: {_MOST} factors at most make a group")
    every = [tuple(group) for group in groups] + [(name,) for name in names if name not in named]
    needed = latents_of_groups(names, circular)
    if needed > z.shape[1]:
        raise SbvaeError(
            f"mig_subspace needs {needed} latents for these factors, there are {z.shape[1]}"
        )
    deviation = z.std(axis=0)
    constant = deviation <= _CONSTANT * np.abs(z).max()
    alive = ~constant & (deviation >= _FAINT * deviation.max())
    z = np.where(alive, (z - z.mean(axis=0)) / np.where(alive, deviation, 1.0), 0.0)
    return z, v, every


def _assign(
    counts: Counts, names: Sequence[str], groups: Sequence[Group], circular: frozenset[str]
) -> dict[Group, tuple[int, ...]]:
    """Latents of each group: one for each factor, two for a circular one, the surest first.

    Not those that know most of the group as a whole: these may be two copies of one latent.
    """
    known = counts.information() / counts.entropies()  # (K, F)
    room = [2 if name in circular else 1 for name in names]
    chosen: list[list[int]] = [[] for _ in names]
    for flat in np.argsort(-known, axis=None, kind="stable").tolist():
        latent, factor = divmod(flat, len(names))
        if len(chosen[factor]) < room[factor] and not any(latent in own for own in chosen):
            chosen[factor].append(latent)
    return {
        group: tuple(sorted(k for name in group for k in chosen[list(names).index(name)]))
        for group in groups
    }


def _best_axes(
    align: Callable[[Floats, Floats, int], Axes],
    other: Floats,
    codes: Floats,
    factors: Floats,
    bins: int,
) -> Axes:
    """Aligned as they are or in another basis (d, d), whichever knows more on these rows."""
    best: tuple[float, Axes] | None = None
    classes = np.stack([factor_classes(column, bins) for column in factors.T], axis=1)
    for basis in (np.eye(codes.shape[1]), other):
        turned = align(codes @ basis, factors, bins)

        def axes(z: Floats, basis: Floats = basis, turned: Axes = turned) -> Floats:
            return turned(z @ basis)

        counts = count(axes(codes), classes, bins)
        known = np.diagonal(counts.information()) / counts.entropies()
        if best is None or known.mean() > best[0]:
            best = float(known.mean()), axes
    if best is None:
        raise ValueError("a group has no latents")
    return best[1]


def _deviations(codes: ArrayLike) -> Floats:
    """Of each latent, over the largest."""
    deviations = np.asarray(codes, np.float64).std(axis=0)
    shares: Floats = deviations / max(float(deviations.max()), np.finfo(float).tiny)
    return shares


def _whitening(codes: Floats) -> Floats:
    """To uncorrelated axes of deviation 1; those of next to no deviation are left out as 0."""
    variances, directions = np.linalg.eigh(np.cov(codes.T).reshape(codes.shape[1], -1))
    kept = variances > _FAINT**2 * max(variances.max(), np.finfo(float).tiny)
    scale = np.where(kept, 1 / np.sqrt(np.where(kept, variances, 1.0)), 0.0)
    whitening: Floats = directions * scale
    return whitening


def _angle(codes: Floats, factor: Floats, bins: int) -> Callable[[Floats], Floats]:
    """The angle in the plane of two latents, from (n, 2) codes to (n, 1); bins start best at it."""
    classes = factor_classes(factor[:, 0], bins)[:, None]
    starts = np.arange(_STARTS) * 2 * np.pi / bins / _STARTS
    known = [count(_turns(codes, start), classes, bins).information()[0, 0] for start in starts]
    best = starts[int(np.argmax(known))]
    return lambda z: _turns(z, best)


def _turns(codes: Floats, start_radians: float) -> Floats:
    angle = np.arctan2(codes[:, 1], codes[:, 0]) - start_radians
    return (angle % (2 * np.pi))[:, None]


def _rotation(codes: Floats, factors: Floats, bins: int) -> Callable[[Floats], Floats]:
    """The rotation after which column j knows most of factor j, from (n, d) codes to (n, d)."""
    classes = np.stack([factor_classes(column, bins) for column in factors.T], axis=1)
    size = codes.shape[1]
    rotation, order = np.eye(size), tuple(range(size))
    for _ in range(_SWEEPS if size > 2 else 1):
        for plane in combinations(range(size), 2):
            for angles in (_COARSE, _FINE):
                turned = [rotation @ _turn(size, plane, angle) for angle in angles]
                found = [_matched(_turned(codes, candidate), classes, bins) for candidate in turned]
                best = int(np.argmax([share for share, _ in found]))
                rotation, order = turned[best], found[best][1]
    return lambda z: _turned(z, rotation[:, order])


def _turned(codes: Floats, rotation: Floats) -> Floats:
    """Along the new axes; one along which the codes hardly deviate is constant."""
    turned: Floats = codes @ rotation
    return np.where(turned.std(axis=0) >= _FAINT, turned, 0.0)


def _turn(size: int, plane: tuple[int, int], degrees: float) -> Floats:
    """A rotation by an angle in one plane."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.eye(size)
    turn[np.ix_(plane, plane)] = [[cosine, -sine], [sine, cosine]]
    return turn


def _matched(codes: Floats, classes: Ints, bins: int) -> tuple[float, tuple[int, ...]]:
    """The largest mean share of what there is to know, and the latent for each factor."""
    counts = count(codes, classes, bins)
    known = counts.information() / counts.entropies()
    columns = np.arange(known.shape[1])
    orders = list(permutations(range(len(known))))
    shares = [float(known[list(order), columns].mean()) for order in orders]
    best = int(np.argmax(shares))
    return shares[best], orders[best]


def _gaps(counts: Counts) -> Floats:
    """Of counts whose first latents are the factors' own, the others outside; shape (..., F)."""
    nats, entropies = counts.information(), counts.entropies()
    size = nats.shape[-1]
    own = np.diagonal(nats[..., :size, :], axis1=-2, axis2=-1)
    outside = nats[..., size:, :].max(axis=-2, initial=0.0)
    gap: Floats = np.divide(
        np.maximum(own - outside, 0.0), entropies, out=np.zeros_like(entropies), where=entropies > 0
    )
    return gap
