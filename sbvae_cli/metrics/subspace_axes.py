"""Axes of a group's latents along which each knows as much as can be of a factor of its own."""

from collections.abc import Callable
from itertools import combinations, permutations

import numpy as np

from sbvae_cli.config.metrics import DEAD_BELOW
from sbvae_cli.metrics.information import count
from sbvae_cli.metrics.validate import Floats, Ints

Axes = Callable[[Floats], Floats]  # of a group's latents (n, d) to (n, factors)

_COARSE, _FINE = np.arange(-45.0, 45.0, 5.0), np.arange(-4.5, 5.0, 0.5)  # degrees
_STARTS = 16  # of an angle's first bin, over the width of one
_SWEEPS = 3  # over the planes of a group of more than two


def turned_axes(codes: Floats, stds: Floats, classes: Ints, bins: int) -> Axes:
    """A rotation, of standardised latents or of latents as they are, whichever knows more.

    A rotation mixes unequal ranges, so that standardised latents need not be a rotation of factors.

    Args:
        codes: Standardised, shape (n, d).
        stds: Std of each latent before it was standardised, shape (d,).
        classes: Class of each of the group's factors, shape (n, d).
        bins: Number of bins, of equal width, along each axis.

    Returns:
        Along axis j of it is factor j, (n, d) to (n, d).
    """
    if codes.shape[1] == 1:
        return lambda z: z
    return _knowing_most(_rotation, (np.eye(len(stds)), np.diag(stds)), codes, classes, bins)


def circular_axes(codes: Floats, classes: Ints, bins: int) -> Axes:
    """The angle in the plane of two latents, standardised or whitened; one latent as it is.

    Args:
        codes: Standardised, shape (n, 1) or (n, 2).
        classes: Class of the circular factor, shape (n, 1).
        bins: Number of bins, of equal width.

    Returns:
        From the latents to (n, 1).
    """
    if codes.shape[1] == 1:
        return lambda z: z
    return _knowing_most(_angle, (np.eye(2), _whitening(codes)), codes, classes, bins)


def _knowing_most(
    align: Callable[[Floats, Ints, int], Axes],
    bases: tuple[Floats, ...],
    codes: Floats,
    classes: Ints,
    bins: int,
) -> Axes:
    """Aligned in one of the bases (d, d)."""
    turned = [align(codes @ basis, classes, bins) for basis in bases]
    known = []
    for basis, turn in zip(bases, turned, strict=True):
        counts = count(turn(codes @ basis), classes, bins)
        known.append(np.diagonal(counts.shares()).mean())
    best = int(np.argmax(known))
    return lambda z: turned[best](z @ bases[best])


def _whitening(codes: Floats) -> Floats:
    """To uncorrelated axes of std 1; those of next to no std are left out as 0."""
    variances, directions = np.linalg.eigh(np.cov(codes.T))
    kept = variances > DEAD_BELOW**2 * max(variances.max(), np.finfo(float).tiny)
    scale = np.where(kept, 1 / np.sqrt(np.where(kept, variances, 1.0)), 0.0)
    whitening: Floats = directions * scale
    return whitening


def _angle(codes: Floats, classes: Ints, bins: int) -> Axes:
    """The angle in the plane of two latents, from (n, 2) codes to (n, 1); bins start best at it."""
    best, step = 0.0, 2 * np.pi / bins / _STARTS
    for starts in (np.arange(_STARTS), (np.arange(_STARTS) - _STARTS / 2) / _STARTS):
        tried = best + step * starts
        known = [count(_turns(codes, start), classes, bins).information()[0, 0] for start in tried]
        best = float(tried[int(np.argmax(known))])
    return lambda z: _turns(z, best)


def _turns(codes: Floats, start_radians: float) -> Floats:
    angle = np.arctan2(codes[:, 1], codes[:, 0]) - start_radians
    return (angle % (2 * np.pi))[:, None]


def _rotation(codes: Floats, classes: Ints, bins: int) -> Axes:
    """The rotation after which column j knows most of factor j, from (n, d) codes to (n, d)."""
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
    return np.where(turned.std(axis=0) >= DEAD_BELOW, turned, 0.0)


def _turn(size: int, plane: tuple[int, int], degrees: float) -> Floats:
    """A rotation by an angle in one plane."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.eye(size)
    turn[np.ix_(plane, plane)] = [[cosine, -sine], [sine, cosine]]
    return turn


def _matched(codes: Floats, classes: Ints, bins: int) -> tuple[float, tuple[int, ...]]:
    """The largest mean share of what there is to know, and the latent for each factor."""
    known = count(codes, classes, bins).shares()
    columns = np.arange(known.shape[1])
    orders = list(permutations(range(len(known))))
    shares = [float(known[list(order), columns].mean()) for order in orders]
    best = int(np.argmax(shares))
    return shares[best], orders[best]
