"""Choose stored images that show two factors: a grid, whole or in part, or scattered points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.errors import SbvaeError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_SAME_LEVEL = 1e-6  # values closer than this share of the factor's range are one level
_TABLE = 4  # largest number of table entries per row: a larger table is slower than sorting
_ROWS_PER_POINT = 8  # largest number of rows for one point of the grid
MAX_GRID_LEVELS = 128  # levels of a factor; of a factor with more levels, only some are used
# Smallest share of the pair's combinations that one setting of the other factors must show.
_MIN_SHOWN = 0.5


@dataclass(frozen=True)
class StoredPoints:
    """Rows that show two factors, and their points in the plane of these factors.

    Attributes:
        values: Values of both factors at each point: shape (n0, n1, 2) for a grid, some points of
            which may have no row, or (N, 2) for scattered rows.
        rows: Numbers of the rows, increasing, shape (R,).
        point: Number of the point of each row, in the flattened grid or among the N, shape (R,).
        fixed: Values of other factors that these rows share, by name; the factors vary in the
            whole data or were named in `at`.
        free: Names of other factors that vary among these rows.
        found: Number of rows to choose from if the rows are scattered; else 0.
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
    most_levels: int = MAX_GRID_LEVELS,
) -> StoredPoints:
    """Choose the rows that best show a single pair of factors; see `StoredFactors.points`.

    Raises:
        SbvaeError: If one of the two factors has a single value among the rows.
    """
    return StoredFactors(factors, names, rng, at).points(pair, size, most_levels)


class StoredFactors:
    """Factors of stored rows, sorted once to choose rows for several pairs of factors.

    Args:
        factors: Factors of all rows, NaN in blank rows, shape (M, F).
        names: Names of the F factors.
        rng: Random number generator that chooses among rows if there are more than needed.
        at: Values of some factors; only rows with the nearest value that exists are used.
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
        self, pair: tuple[str, str], size: int, most_levels: int = MAX_GRID_LEVELS
    ) -> StoredPoints:
        """Choose the rows that best show two factors, in any order of storage.

        Values are a grid if enough combinations exist that points have neighbours. The other
        factors are fixed if one setting of them shows at least half of the pair's combinations; the
        setting that shows most is chosen, and among equal ones that nearest to the middle.
        Otherwise the other factors vary, and each point of the grid may have several rows. If the
        rows are no grid either way, the points are scattered.

        Args:
            pair: Names of the two factors.
            size: Number of points along a factor of more than `most_levels` levels; at most its
                square of scattered rows are chosen.
            most_levels: Largest number of levels of which a grid has all.

        Raises:
            SbvaeError: If one of the two factors has a single value among the rows.
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
        """Return the places of rows with the best setting of `others`; empty if all show few."""
        _, first, setting = _distinct(*self._joint(others))
        combinations, _, combination = _distinct(*self._joint(columns))
        both = setting * len(combinations) + combination
        _, shown, _ = _distinct(both, len(first) * len(combinations))
        counts = np.bincount(setting[shown])
        if counts.max() < _MIN_SHOWN * len(combinations):
            return first[:0]
        ticks = [self._columns[c].ticks[self._columns[c].level[first]] for c in others]
        off_middle = np.square(np.stack(ticks, axis=1) * _SAME_LEVEL - 0.5).sum(axis=1)
        best = np.lexsort((off_middle, -counts))[0]
        return np.flatnonzero(setting == best)

    def _joint(self, columns: Sequence[int]) -> tuple[Integers, int]:
        """Return the number of each row's combination of levels, and a bound above the numbers."""
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
        """Return values (n0, n1, 2), rows and their points; None if few points have neighbours."""
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
        ticks: Levels, in units of `_SAME_LEVEL` of the factor's range, above its minimum.
        level: Number of the level of each row.
    """

    ticks: Integers
    level: Integers


def _column(values: NDArray[np.floating]) -> _Column:
    known = values.astype(np.float64)
    low, width = (known.min(), np.ptp(known)) if len(known) else (0.0, 0.0)
    ticks = np.round((known - low) / (width if width > 0 else 1.0) / _SAME_LEVEL).astype(np.int64)
    return _Column(*np.unique(ticks, return_inverse=True))


def _distinct(numbers: Integers, bound: int) -> tuple[Integers, Integers, Integers]:
    """Return the distinct numbers, the first place of each, and the rank of every number.

    This is `np.unique` of numbers below `bound`. A table of `bound` entries avoids the sorting
    unless it would be too long.
    """
    if bound > _TABLE * len(numbers):
        return np.unique(numbers, return_index=True, return_inverse=True)
    first = np.full(bound, -1)
    first[numbers[::-1]] = np.arange(len(numbers))[::-1]
    there = first >= 0
    return np.flatnonzero(there), first[there], (np.cumsum(there) - 1)[numbers]


def _few_of_each(rows: Integers, point: Integers) -> tuple[Integers, Integers]:
    """Keep the first `_ROWS_PER_POINT` rows of each point, and sort them by row number."""
    by_point = np.argsort(point, kind="stable")
    counts = np.bincount(point)
    starts = np.cumsum(counts) - counts
    place = np.arange(len(point)) - starts[point[by_point]]
    kept = by_point[place < _ROWS_PER_POINT]
    kept = kept[np.argsort(rows[kept])]
    return rows[kept], point[kept]
