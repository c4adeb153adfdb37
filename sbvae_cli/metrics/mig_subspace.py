"""A mutual information gap that forgives what the MIG punishes: a rotation within a group.

A position is as well known by two latents along its diagonals as by two along its axes, and a hue
needs two latents to go round a circle; the MIG is 0 for both (Section 4.4). The definition is ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from sbvae_cli.config.metrics import DEAD_BELOW
from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.information import Counts, count, fills_table
from sbvae_cli.metrics.intervals import (
    ConfidenceInterval,
    jackknife_interval,
    random_groups,
    random_parts,
    selection_bias,
)
from sbvae_cli.metrics.subspace_axes import Axes, circular_axes, turned_axes
from sbvae_cli.metrics.subspace_latents import Chosen, Group, choose_subspaces
from sbvae_cli.metrics.validate import Floats, Ints, codes_and_classes
from sbvae_cli.random import stream

_LEAST_ROWS = 8
_SEARCHED = 2500  # rows that latents are chosen on
_RIVALS = 4  # latents outside that know most, of which the best few are a group's runner-up
_ROWS_OF_A_CELL = 2  # of half of the rows: with fewer no interval covers codes that are perfect
_EXACT = 0.05  # of a factor's entropy: who is short of it by less may know all with many rows
_CONSTANT = 1e-12  # of the codes' size: a smaller std is rounding
_MOST = 4  # factors of a group: its best matching is found by trying all


@dataclass(frozen=True)
class SubspaceGap:
    """The score, and the latents that each group of factors was given.

    Attributes:
        score: Mean of `by_factor`, in [0, 1].
        interval: Holds the score and, in 95 % of samples, what it tends to with many rows
            and these latents; None where half of the rows are too few to tell.
        by_factor: Shape (F,).
        latents: For each group, those of its subspace.
    """

    score: float
    interval: ConfidenceInterval | None
    by_factor: Floats
    latents: Chosen


def mig_subspace(
    codes: ArrayLike,
    classes: ArrayLike,
    names: Sequence[str],
    groups: Sequence[Group],
    circular: frozenset[str] = frozenset(),
    bins: int = 20,
    *,
    seed: int = 0,
) -> SubspaceGap:
    """The gap between what a group's own latents know of its factors and what others know of them.

    A group has a latent for each factor; a circular factor is a group of its own with one or two;
    every factor that is in no group is one by itself. On one half of the rows a group's latents,
    standardised or as they are (a rotation mixes unequal ranges), are rotated so that each knows as
    much as can be of a factor of its own; of a circular factor with two latents it is the angle in
    their plane, standardised or whitened, that knows; and groups have those latents that know most
    when so turned. Scored on the other half: the information of the factor's rotated latent, less
    that of the best latent outside of the group, or of the best axis of as many latents there,
    turned likewise, over the factor's entropy, 0 where that is negative.

    Two copies within a group are one axis of its plane, and do not cost the factor they copy. What
    shares a plane with an angle, such as saturation as the distance from the centre of a disc
    of colours, is not seen: it has no latent of its own.

    Args:
        codes: Posterior means, shape (N, K), N at least 8.
        classes: Class of each factor, from 0, two of each at least, shape (N, F).
        names: Names of the factors.
        groups: Factors that are taken together, none of them circular, at most four in a group.
        circular: Factors whose range is a full turn.
        bins: Number of bins, of equal width, of each rotated latent; an angle in so many bins tells
            at most log(bins) nats.
        seed: Root seed of the halves.

    Raises:
        ValueError: If the arrays do not fit.
        SbvaeError: If a group names an unknown or circular factor, or one twice, or there are
            fewer latents than factors or fewer than eight rows.
    """
    z, v = codes_and_classes(codes, classes)
    if v.shape[1] != len(names):
        raise ValueError(f"{len(names)} names do not fit classes of shape {v.shape}")
    every = every_group(names, groups, circular)
    _check_size(z, names)
    stds = _stds(z)
    z = _standardised(z, stds)
    fit = stream(seed, "subspace").permutation(len(z)) < len(z) // 2
    halves = [_Half(z[rows], v[rows], stds, tuple(names), circular, bins) for rows in (fit, ~fit)]
    chosen = halves[0].first(_SEARCHED).chosen(every)
    readings = [halves[0].reading(group, latents) for group, latents in chosen.items()]
    gaps, interval = halves[1].scored(readings, seed)
    if interval is not None:
        # The best axes of many rows are worse than these on the rows that these were fitted to.
        _, fitted = halves[0].scored(readings, seed)
        high = max(interval.high, fitted.high if fitted else 1.0)
        if any(len(own) == 2 for group, own in chosen.items() if group[0] in circular):
            high = max(high, halves[1].with_still_angles(readings, float(gaps.mean()), seed))
        interval = ConfidenceInterval(interval.low, min(high, 1.0))
    return SubspaceGap(float(gaps.mean()), interval, gaps, chosen)


def every_group(
    names: Sequence[str], groups: Sequence[Group], circular: frozenset[str]
) -> list[Group]:
    """The groups, and every other factor as one of its own.

    Raises:
        SbvaeError: If a group names an unknown or circular factor, or one twice, or too many.
    """
    named = [name for group in groups for name in group]
    for name in named:
        if name not in names:
            raise SbvaeError(f"`group`: {name} does not vary here; choose from {', '.join(names)}")
        if name in circular:
            raise SbvaeError(f"`group`: {name} is circular and so a group of its own; leave it out")
        if named.count(name) > 1:
            raise SbvaeError(f"`group`: {name} is named twice; it can be in one group only")
    if any(len(group) > _MOST for group in groups):
        raise SbvaeError(f"`group`: {_MOST} factors at most make a group")
    return [tuple(group) for group in groups] + [(name,) for name in names if name not in named]


def _check_size(z: Floats, names: Sequence[str]) -> None:
    if len(names) > z.shape[1]:
        raise SbvaeError(
            f"mig_subspace needs a latent for each of {len(names)} factors, there are {z.shape[1]}"
        )
    if len(z) < _LEAST_ROWS:
        raise SbvaeError(f"mig_subspace needs {_LEAST_ROWS} rows, there are {len(z)}")


def _stds(z: Floats) -> Floats:
    """Std of each latent; 0 where it is constant or dead, beside the prior or the widest."""
    stds = z.std(axis=0)
    unit = min(1.0, float(stds.max()))
    alive = (stds > _CONSTANT * np.abs(z).max()) & (stds >= DEAD_BELOW * unit)
    return np.where(alive, stds, 0.0)


def _standardised(z: Floats, stds: Floats) -> Floats:
    alive = stds > 0
    standard: Floats = (z - z.mean(axis=0)) / np.where(alive, stds, 1.0)
    return np.where(alive, standard, 0.0)


@dataclass(frozen=True)
class _Reading:
    """What knows of a group's factors: its own axes, and what is outside."""

    columns: list[int]
    latents: tuple[int, ...]
    own: Axes
    rivals: tuple[int, ...] = ()
    rival: Axes = lambda z: z

    def of(self, codes: Floats) -> Floats:
        """A column for each factor of the group, then those outside."""
        own, outside = self.own(codes[:, self.latents]), np.delete(codes, self.latents, axis=1)
        return np.concatenate([own, outside, self.rival(codes[:, self.rivals])], axis=1)


@dataclass(frozen=True)
class _Half:
    """The rows that latents and axes are fitted to."""

    codes: Floats
    classes: Ints
    stds: Floats
    names: tuple[str, ...]
    circular: frozenset[str]
    bins: int

    def first(self, rows: int) -> "_Half":
        return self._rows(slice(rows))

    def _rows(self, rows: slice | Ints) -> "_Half":
        codes, classes = self.codes[rows], self.classes[rows]
        return _Half(codes, classes, self.stds, self.names, self.circular, self.bins)

    def columns(self, group: Group) -> list[int]:
        return [self.names.index(name) for name in group]

    def axes(self, group: Group, latents: tuple[int, ...]) -> Axes:
        own, classes = self.codes[:, latents], self.classes[:, self.columns(group)]
        if group[0] in self.circular:
            return circular_axes(own, classes, self.bins)
        widest = max(float(self.stds.max()), np.finfo(float).tiny)
        return turned_axes(own, self.stds[list(latents)] / widest, classes, self.bins)

    def reading(self, group: Group, latents: tuple[int, ...]) -> "_Reading":
        """Axes of a group's own latents, and of as many others, two for a circle."""
        columns = self.columns(group)
        outside = [k for k in range(self.codes.shape[1]) if k not in latents]
        known = count(self.codes, self.classes[:, columns], self.bins).information().sum(axis=1)
        number = 2 if group[0] in self.circular else len(latents)
        own = self.axes(group, latents)
        if number == 1 or len(outside) < number:
            return _Reading(columns, latents, own)
        some = sorted(outside, key=lambda k: -known[k])[: max(_RIVALS, number)]
        few = self.first(_SEARCHED)
        rivals = max(combinations(sorted(some), number), key=lambda those: few.value(group, those))
        return _Reading(columns, latents, own, rivals, self.axes(group, rivals))

    def scored(
        self, readings: Sequence["_Reading"], seed: int
    ) -> tuple[Floats, ConfidenceInterval | None]:
        """Gap of each factor, and the interval of their mean."""
        rows = random_groups(len(self.codes), seed)
        gaps, more = np.empty(len(self.names)), np.empty(len(self.names))
        without = np.empty((int(rows.max()) + 1, len(self.names)))
        for each in readings:
            columns = each.columns
            counts = count(each.of(self.codes), self.classes[:, columns], self.bins, groups=rows)
            whole, others = counts.total(), counts.without_each_group()
            gaps[columns] = _gaps(whole)
            without[:, columns] = _gaps(others)
            short = 1 - np.diagonal(whole.shares())
            more[columns] = _selection_bias_of_the_next(whole, others)
            more[columns] += np.where(short <= _EXACT, short, 0.0)
        interval = None
        if fills_table(self.classes, self.bins, _ROWS_OF_A_CELL):
            interval = jackknife_interval(float(gaps.mean()), without.mean(axis=1))
        if interval is not None:
            interval = ConfidenceInterval(
                interval.low, min(interval.high + float(more.mean()), 1.0)
            )
        return gaps, interval

    def with_still_angles(self, readings: Sequence["_Reading"], score: float, seed: int) -> float:
        """The score if the middle of a ring did not wander, as the root of 1/N; from two halves."""
        found = [
            float(self._rows(half).scored(readings, seed)[0].mean())
            for half in random_parts(len(self.codes), seed, 2)
        ]
        wander = max(score - float(np.mean(found)), 0.0) + float(np.ptp(found))
        return score + wander / (2**0.5 - 1)

    def chosen(self, groups: Sequence[Group]) -> Chosen:
        known = count(self.codes, self.classes, self.bins).shares()
        return choose_subspaces(known, self.names, groups, self.circular, cache(self.value))

    def value(self, group: Group, latents: tuple[int, ...]) -> float:
        """Summed shares of what there is to know of a group's factors.

        Not the gaps: two copies of one latent would gain from hiding each other.
        """
        turned = self.axes(group, latents)(self.codes[:, latents])
        counts = count(turned, self.classes[:, self.columns(group)], self.bins)
        return float(np.diagonal(counts.shares()).sum())


def _gaps(counts: Counts) -> Floats:
    """Gaps from counts whose first latents are the factors' own; shape (..., F)."""
    nats, entropies = counts.information(), counts.entropies()
    size = nats.shape[-1]
    own = np.diagonal(nats[..., :size, :], axis1=-2, axis2=-1)
    outside = nats[..., size:, :].max(axis=-2, initial=0.0)
    gap: Floats = np.divide(
        np.maximum(own - outside, 0.0), entropies, out=np.zeros_like(entropies), where=entropies > 0
    )
    return gap


def _selection_bias_of_the_next(whole: Counts, others: Counts) -> Floats:
    """Selection bias of the best latent outside for each factor; 0 where there is one at most."""
    nats = whole.information()
    own = nats.shape[1]
    if len(nats) - own < 2:
        return np.zeros(own)
    return selection_bias(whole, others, own + nats[own:].argmax(axis=0))
