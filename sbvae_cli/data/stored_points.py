"""Stored images that show two factors: those of a grid, whole or in part, or scattered ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.errors import SbvaeError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_EQUAL = 1e-6  # of a factor's range: values that are closer are one level
_IN_A_CELL = 8  # rows that are averaged, at most
MOST_LEVELS = 128  # along a factor of a grid; of more, some are taken
_LEAST_SHOWN = (
    0.5  # of the combinations that there are: one setting of the others has to show so many
)


@dataclass(frozen=True)
class StoredPoints:
    """Rows that show two factors, and where they lie.

    Attributes:
        values: Values of both factors, shape (n0, n1, 2) of a grid, of which some points may have
            no row, or (N, 2) of rows that lie scattered.
        rows: Numbers of the rows, increasing, shape (R,).
        point: The point, of the flattened grid or of the N, that each row shows, shape (R,).
        fixed: Other factors that vary, but not among these rows, and those that were asked for.
        free: Names of other factors that vary among these rows.
        found: Number of rows that could have been chosen, where the rows lie scattered; else 0.
    """

    values: Floats
    rows: Integers
    point: Integers
    fixed: Mapping[str, float] = field(default_factory=dict)
    free: tuple[str, ...] = ()
    found: int = 0


def stored_points(
    factors: NDArray[np.floating],
    names: Sequence[str],
    pair: tuple[str, str],
    at: Mapping[str, float],
    size: int,
    rng: np.random.Generator,
    most_levels: int = MOST_LEVELS,
) -> StoredPoints:
    """Choose the rows that show two factors best, in whatever order they are stored.

    A grid is recognised by its values: so many combinations are there that points have neighbours.
    Other factors stand still where one setting of them shows half of all combinations or more: the
    setting that shows most, of several the one nearest the middle. Where there is none, others
    vary, and rows of one combination are averaged. What makes no grid either way lies scattered.

    Args:
        factors: Factors of all rows, NaN of blank ones, shape (M, F).
        names: Their names, F of them.
        pair: The two factors.
        at: Values of other factors; the rows that come nearest are taken.
        size: Rows that lie scattered are `size` squared at most, and a factor of more than
            `most_levels` has so many points.
        rng: Chooses among rows where there are more than needed.
        most_levels: Levels of a factor that a grid has all of.

    Raises:
        SbvaeError: If one of the two has one value among the rows.
    """
    rows = rng.permutation(np.flatnonzero(np.isfinite(factors).all(axis=1)))
    nearest: dict[str, float] = {}
    for name, value in at.items():
        column = factors[rows, names.index(name)]
        nearest[name] = float(column[np.abs(column - value).argmin()]) if len(rows) else value
        rows = rows[column == nearest[name]]
    columns = [names.index(name) for name in pair]
    ticks = _ticks(factors, rows)
    varies = (ticks[rows] != ticks[rows[:1]]).any(axis=0)
    for name in pair:
        if not varies[names.index(name)]:
            where = " and ".join(f"{other} = {value:g}" for other, value in nearest.items())
            where = f"with {where}" if where else "there are"
            raise SbvaeError(f"{name} has one value in all images {where}; name other `factors`")
    others = [c for c in np.flatnonzero(varies).tolist() if c not in columns]
    still = _one_setting(ticks, rows, columns, others) if others else rows[:0]
    free = tuple(names[column] for column in others)
    for chosen in (still, rows):
        found = _grid(factors, ticks, chosen, columns, size, most_levels)
        if found is None:
            continue
        if chosen is still:
            setting = {names[c]: float(factors[still[0], c]) for c in others}
            return StoredPoints(*found, nearest | setting)
        return StoredPoints(*found, nearest, free)
    some = np.sort(rows[: size**2])
    return StoredPoints(
        factors[some][:, columns].astype(np.float64), some, np.arange(len(some)), nearest, free,
        len(rows),
    )  # fmt: skip


def _ticks(factors: NDArray[np.floating], rows: Integers) -> Integers:
    """Values as whole numbers, the same for one level; shape (M, F), -1 of blank rows."""
    known = factors[rows].astype(np.float64)
    low, width = known.min(axis=0), np.ptp(known, axis=0)
    ticks = np.full(factors.shape, -1, np.int64)
    ticks[rows] = np.round((known - low) / np.where(width > 0, width, 1.0) / _EQUAL)
    return ticks


def _one_setting(
    ticks: Integers, rows: Integers, columns: Sequence[int], others: Sequence[int]
) -> Integers:
    """Rows of the setting of the others that shows most combinations; none if all show few."""
    settings, group = np.unique(ticks[rows][:, others], axis=0, return_inverse=True)
    shown = np.unique(np.column_stack([group.ravel(), ticks[rows][:, columns]]), axis=0)
    combinations = np.bincount(shown[:, 0])
    if combinations.max() < _LEAST_SHOWN * len(np.unique(shown[:, 1:], axis=0)):
        return rows[:0]
    off_middle = np.square(settings * _EQUAL - 0.5).sum(axis=1)
    best = np.lexsort((off_middle, -combinations))[0]
    chosen: Integers = rows[group.ravel() == best]
    return chosen


def _grid(
    factors: NDArray[np.floating],
    ticks: Integers,
    rows: Integers,
    columns: Sequence[int],
    size: int,
    most_levels: int,
) -> tuple[Floats, Integers, Integers] | None:
    """Values (n0, n1, 2), rows and their points; None where too few points have neighbours."""
    axes, places = [], []
    for column in columns:
        levels, first, place = np.unique(
            ticks[rows, column], return_index=True, return_inverse=True
        )
        values = factors[rows[first], column].astype(np.float64)
        if len(levels) > most_levels:
            kept = np.unique(np.linspace(0, len(levels) - 1, size).round().astype(np.int64))
            of_level = np.full(len(levels), -1)
            of_level[kept] = np.arange(len(kept))
            values, place = values[kept], of_level[place]
        axes.append(values)
        places.append(place)
    shape = len(axes[0]), len(axes[1])
    on_grid = (places[0] >= 0) & (places[1] >= 0)
    point = places[0][on_grid] * shape[1] + places[1][on_grid]
    there = np.bincount(point, minlength=shape[0] * shape[1]).reshape(shape) > 0
    down, across = there[1:] & there[:-1], there[:, 1:] & there[:, :-1]
    neighbours = int(down.sum() + across.sum())
    if min(shape) < 2 or neighbours < max(int(there.sum()), 4):
        return None
    rows, point = _few_of_each(rows[on_grid], point)
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1), rows, point


def _few_of_each(rows: Integers, point: Integers) -> tuple[Integers, Integers]:
    """The first rows of each point, in increasing order."""
    by_point = np.argsort(point, kind="stable")
    counts = np.bincount(point)
    starts = np.cumsum(counts) - counts
    place = np.arange(len(point)) - starts[point[by_point]]
    kept = by_point[place < _IN_A_CELL]
    kept = kept[np.argsort(rows[kept])]
    return rows[kept], point[kept]
