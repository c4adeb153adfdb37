"""Stored images that show two factors: those of a grid, whole or in part, or scattered ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.errors import SbvaeError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_EQUAL = 1e-6  # of a factor's range: values that are closer are one level
_TABLE = 4  # entries of a table for each row: a longer one is slower than sorting
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
    """Choose the rows that show two factors best, as `StoredFactors` chooses them of one pair.

    Raises:
        SbvaeError: If one of the two has one value among the rows.
    """
    return StoredFactors(factors, names, rng, at).points(pair, size, most_levels)


class StoredFactors:
    """Factors of stored rows, sorted once, of which every pair chooses the rows that show it.

    Args:
        factors: Factors of all rows, NaN of blank ones, shape (M, F).
        names: Their names, F of them.
        rng: Chooses among rows where there are more than needed.
        at: Values of some factors; the rows that come nearest are taken.
    """

    def __init__(
        self,
        factors: NDArray[np.floating],
        names: Sequence[str],
        rng: np.random.Generator,
        at: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        rows = rng.permutation(np.flatnonzero(np.isfinite(factors).all(axis=1)))
        nearest: dict[str, float] = {}
        for name, value in at.items():
            column = factors[rows, names.index(name)]
            nearest[name] = float(column[np.abs(column - value).argmin()]) if len(rows) else value
            rows = rows[column == nearest[name]]
        self._factors, self._names, self._rows, self._nearest = factors, names, rows, nearest
        self._columns = [_column(factors[rows, c]) for c in range(len(names))]

    def points(
        self, pair: tuple[str, str], size: int, most_levels: int = MOST_LEVELS
    ) -> StoredPoints:
        """Choose the rows that show two factors best, in whatever order they are stored.

        A grid is recognised by its values: so many combinations are there that points have
        neighbours. Other factors stand still where one setting of them shows half of all
        combinations or more: the setting that shows most, of several the one nearest the middle.
        Where there is none, others vary, and rows of one combination are averaged. What makes no
        grid either way lies scattered.

        Args:
            pair: The two factors.
            size: Rows that lie scattered are `size` squared at most, and a factor of more than
                `most_levels` has so many points.
            most_levels: Levels of a factor that a grid has all of.

        Raises:
            SbvaeError: If one of the two has one value among the rows.
        """
        names, rows = self._names, self._rows
        columns = [names.index(name) for name in pair]
        self._require_two_values(pair)
        varying = [c for c, column in enumerate(self._columns) if len(column.ticks) > 1]
        others = [c for c in varying if c not in columns]
        still = self._one_setting(columns, others) if others else np.arange(0)
        free = tuple(names[column] for column in others)
        for chosen in (still, np.arange(len(rows))):
            found = self._grid(chosen, columns, size, most_levels)
            if found is None:
                continue
            if chosen is still:
                setting = {names[c]: float(self._factors[rows[still[0]], c]) for c in others}
                return StoredPoints(*found, self._nearest | setting)
            return StoredPoints(*found, self._nearest, free)
        some = np.sort(rows[: size**2])
        return StoredPoints(
            self._factors[some][:, columns].astype(np.float64), some, np.arange(len(some)),
            self._nearest, free, len(rows),
        )  # fmt: skip

    def _require_two_values(self, pair: tuple[str, str]) -> None:
        for name in pair:
            if len(self._columns[self._names.index(name)].ticks) < 2:
                where = " and ".join(f"{other} = {v:g}" for other, v in self._nearest.items())
                where = f"with {where}" if where else "there are"
                raise SbvaeError(
                    f"{name} has one value in all images {where}; name other `factors`"
                )

    def _one_setting(self, columns: Sequence[int], others: Sequence[int]) -> Integers:
        """Places of the setting of others that shows most combinations; none if all show few."""
        _, first, setting = _distinct(*self._joint(others))
        combinations, _, combination = _distinct(*self._joint(columns))
        both = setting * len(combinations) + combination
        _, shown, _ = _distinct(both, len(first) * len(combinations))
        counts = np.bincount(setting[shown])
        if counts.max() < _LEAST_SHOWN * len(combinations):
            return first[:0]
        ticks = [self._columns[c].ticks[self._columns[c].level[first]] for c in others]
        off_middle = np.square(np.stack(ticks, axis=1) * _EQUAL - 0.5).sum(axis=1)
        best = np.lexsort((off_middle, -counts))[0]
        return np.flatnonzero(setting == best)

    def _joint(self, columns: Sequence[int]) -> tuple[Integers, int]:
        """A number of each row's combination, in the order of the levels, and a bound of them."""
        joint, bound = np.zeros(len(self._rows), np.int64), 1
        for column in (self._columns[c] for c in columns):
            joint, bound = joint * len(column.ticks) + column.level, bound * len(column.ticks)
            if bound > _TABLE * len(joint):
                levels, _, joint = _distinct(joint, bound)
                bound = len(levels)
        return joint, bound

    def _grid(
        self, chosen: Integers, columns: Sequence[int], size: int, most_levels: int
    ) -> tuple[Floats, Integers, Integers] | None:
        """Values (n0, n1, 2), rows and their points; None where too few points have neighbours."""
        axes, places, rows = [], [], self._rows[chosen]
        for c in columns:
            column = self._columns[c]
            levels, first, place = _distinct(column.level[chosen], len(column.ticks))
            values = self._factors[rows[first], c].astype(np.float64)
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


@dataclass(frozen=True)
class _Column:
    """Values of one factor.

    Attributes:
        ticks: Its levels as whole numbers, increasing.
        level: Number of the level of each row.
    """

    ticks: Integers
    level: Integers


def _column(values: NDArray[np.floating]) -> _Column:
    known = values.astype(np.float64)
    low, width = (known.min(), np.ptp(known)) if len(known) else (0.0, 0.0)
    ticks = np.round((known - low) / (width if width > 0 else 1.0) / _EQUAL).astype(np.int64)
    return _Column(*np.unique(ticks, return_inverse=True))


def _distinct(numbers: Integers, bound: int) -> tuple[Integers, Integers, Integers]:
    """Those of numbers below a bound that occur, where each does first, and the rank of each.

    It is what `np.unique` gives, by a table where this is not too long, which needs no sorting.
    """
    if bound > _TABLE * len(numbers):
        return np.unique(numbers, return_index=True, return_inverse=True)
    first = np.full(bound, -1)
    first[numbers[::-1]] = np.arange(len(numbers))[::-1]
    there = first >= 0
    return np.flatnonzero(there), first[there], (np.cumsum(there) - 1)[numbers]


def _few_of_each(rows: Integers, point: Integers) -> tuple[Integers, Integers]:
    """The first rows of each point, in increasing order."""
    by_point = np.argsort(point, kind="stable")
    counts = np.bincount(point)
    starts = np.cumsum(counts) - counts
    place = np.arange(len(point)) - starts[point[by_point]]
    kept = by_point[place < _IN_A_CELL]
    kept = kept[np.argsort(rows[kept])]
    return rows[kept], point[kept]
