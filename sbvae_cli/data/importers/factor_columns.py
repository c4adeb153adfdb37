"""Make factors, with levels or a range, from columns of values of any file."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.commands import quoted
from sbvae_cli.config.metrics import MAX_LEVELS, ROWS_OF_A_LEVEL
from sbvae_cli.config.names import FactorKind
from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.data.factors import FactorRows
from sbvae_cli.data.importers.cells import Cells, Column, read_cells, refuse_cells
from sbvae_cli.data.importers.full_turn import full_turn, looks_circular
from sbvae_cli.errors import SbvaeError, printable, unknown_name

_MAX_WORDS = 10_000
_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?")


@dataclass(frozen=True)
class DeclaredColumns:
    """Kinds and periods of columns that the user declared; values decide for other columns.

    Attributes:
        kinds: "levels" or "range", by the column's name.
        circular: Period of each circular column, by its name; None infers it from the values.
    """

    kinds: Mapping[str, FactorKind] = field(default_factory=dict)
    circular: Mapping[str, float | None] = field(default_factory=dict)

    def check(self, where: str, names: Collection[str]) -> None:
        """Check that all declared columns exist.

        Raises:
            SbvaeError: If a column does not exist; the message suggests the closest name.
        """
        for argument, named in (("kind", self.kinds), ("circular", self.circular)):
            for name in named:
                if name not in names:
                    why = unknown_name(name, names)
                    raise SbvaeError(f"{name}: {where}: {why}", field=argument)


NONE_DECLARED = DeclaredColumns()


@dataclass(frozen=True)
class FactorTable:
    """Factors of the images of a collection.

    Attributes:
        factors: Factors in the order of the columns.
        rows: Values, shape (N, F), float32, or float64 if float32 would merge or round values.
        remarks: Remarks on factors for the user, by the factor's name.
        columns: Values in double precision, shape (N,) each, by the factor's name.
        fixed_kinds: Names of factors whose kind does not depend on which images are kept.
        notes: Lines on cells or names that were read differently from how they are written.
    """

    factors: tuple[FactorConfig, ...]
    rows: FactorRows
    remarks: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    fixed_kinds: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    @cached_property
    def space(self) -> SpaceConfig:
        """Factor space of these factors."""
        wide = self.rows.dtype == np.float64
        return SpaceConfig(factors=self.factors, dtype="float64" if wide else "float32")

    def select_rows(self, numbers: NDArray[np.intp]) -> "FactorTable":
        """Return the table of some of the images, with the levels, ranges and kinds of these.

        Declared kinds, circular factors and the numbers of words do not change, nor does the type.

        Args:
            numbers: Numbers of the images in the new order, shape (n,) with n at least 1.
        """
        columns = {name: values[numbers] for name, values in self.columns.items()}
        factors, remarks = [], dict(self.remarks)
        for factor in self.factors:
            name, values = factor.name, columns[factor.name]
            if name in self.fixed_kinds:
                factors.append(restrict_to_values(factor, values))
                continue
            judged, remarks[name] = _factor(name, name, Column(values), NONE_DECLARED)
            words = dict(zip(factor.levels or (), factor.level_names or (), strict=False))
            names = tuple(words.get(level, "") for level in judged.levels or ())
            factors.append(_with_names(judged, names) if words else judged)
        return replace(
            self, factors=tuple(factors), rows=self.rows[numbers], remarks=remarks, columns=columns
        )


def factor_table(
    columns: Mapping[str, Cells],
    where: str,
    declared: DeclaredColumns = NONE_DECLARED,
    *,
    first_row: int = 0,
    words: Collection[str] = (),
    level_names: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> FactorTable:
    """Make factors from columns with one value for each image.

    Words and dates become levels 0, 1, ... in natural order. Numbers become levels if they have at
    most 100 different values and these are integers or recur; otherwise they become a range.

    Args:
        columns: Text, or arrays of shape (N,), by name.
        where: Start of error messages: the file.
        declared: Kinds and periods that the user declared.
        first_row: Number of the first row in messages.
        words: Names of columns whose numbers are read as words.
        level_names: Words for the values 0, 1, ... of a column, by its name.

    Raises:
        SbvaeError: If a name or value cannot be a factor's, or a declaration does not fit the
            values.
    """
    check_titles(where, list(columns))
    declared.check(where, columns)
    factors, values, remarks = [], {}, {}
    fixed_kinds = {*declared.kinds, *declared.circular}
    for name, cells in columns.items():
        here = f"{where}: column {printable(name)}"
        column = read_cells(here, cells, first_row, name in words)
        factor, remarks[name] = _factor(here, name, column, declared)
        factors.append(_named(factor, level_names.get(name, ())))
        values[name] = column.values
        fixed_kinds |= {name} if column.words else set()
    rows: FactorRows = np.stack(list(values.values()), 1)
    if not any(map(_loses_precision, values.values())):
        rows = rows.astype(np.float32)
    nonempty_remarks = {name: text for name, text in remarks.items() if text}
    return FactorTable(tuple(factors), rows, nonempty_remarks, values, frozenset(fixed_kinds))


def restrict_to_values(factor: FactorConfig, values: NDArray[np.float64]) -> FactorConfig:
    """Restrict a factor to the levels that occur among some values, or to the range of the values.

    Args:
        factor: The factor; a circular range does not change.
        values: Some of its values, shape (n,), n at least 1.
    """
    found = np.unique(values).tolist()
    if factor.levels is None:
        if factor.period:
            return factor
        return factor.model_copy(update={"low": found[0], "high": found[-1]})
    taken = {*found}
    kept = [i for i, level in enumerate(factor.levels) if level in taken]
    words = factor.level_names
    names = tuple(words[i] for i in kept) if words else None
    levels = tuple(factor.levels[i] for i in kept)
    return factor.model_copy(update={"levels": levels, "level_names": names})


def check_titles(where: str, titles: Sequence[str]) -> None:
    """Check that the names of columns can be names of factors.

    Raises:
        SbvaeError: If a name is empty, occurs twice, is `present`, or has a comma or an unprintable
            character.
    """
    if "" in titles:
        todo = "name it or remove it (pandas leaves it out with index=False)"
        raise SbvaeError(f"{where}: a column has no name; {todo}")
    twice = [title for title, count in Counter(titles).items() if count > 1]
    refuse_cells(f"{where}: columns are named twice", twice, "rename them")
    odd = [title for title in titles if "," in title or not title.isprintable()]
    refuse_cells(f"{where}: names of columns have commas or odd characters", odd, "rename them")
    if "present" in titles:
        todo = "the name is kept for blank images; rename it"
        raise SbvaeError(f"{where}: a column is called present; {todo}")


def plain_titles(titles: Sequence[str]) -> tuple[list[str], list[str]]:
    """Replace commas, which separate names in lists; return names and notes on changed ones."""
    plain = [re.sub(r"\s*,\s*", "_", title) for title in titles]
    notes = [
        f"the column {printable(title)} is called {printable(new)}, since commas separate names "
        "in lists"
        for title, new in zip(titles, plain, strict=True)
        if title != new
    ]
    return plain, notes


def _factor(
    where: str, name: str, column: Column, declared: DeclaredColumns
) -> tuple[FactorConfig, str]:
    """Make a factor from a column, and a remark for the user."""
    if column.words:
        return _of_words(where, name, column.words, declared)
    found, counts = np.unique(column.values, return_counts=True)
    kind = declared.kinds.get(name)
    levels = kind == "levels" or (kind is None and _repeats(found, counts))
    low, high = float(found[0]), float(found[-1])
    turn, remark = None, ""
    if name in declared.circular:
        turn = full_turn(f"{name}: {where}", found, levels, declared.circular[name])
        low, high = turn.low, max(high, turn.low + turn.period)
        remark = f"a full turn of {turn.period:.6g}"
        if turn.repeats:
            remark += f"; {found[0]:g} and {found[-1]:g} are one setting, kept as two levels"
    elif looks_circular(found, levels):
        remark = f"a full turn, if `circular={quoted(name)}`"
    known = {"unit": turn.unit, "period": turn.period} if turn else {}
    if levels:
        known |= {"kind": "discrete", "levels": tuple(found.tolist())}
    else:
        known |= {"low": low, "high": high}
    return FactorConfig.model_validate({"name": name, **known}), remark


def _named(factor: FactorConfig, words: Sequence[str]) -> FactorConfig:
    """Name the levels of a factor, if there is a word for each level."""
    levels = factor.levels or ()
    if not levels or factor.level_names or not {*levels} <= {*map(float, range(len(words)))}:
        return factor
    return _with_names(factor, [words[int(level)] for level in levels])


def _with_names(factor: FactorConfig, words: Sequence[str]) -> FactorConfig:
    names = tuple(printable(word).strip() for word in words)
    if "" in names or len(set(names)) < len(names):  # words differ in unprintable characters only
        return factor
    return factor.model_copy(update={"level_names": names})


def _of_words(
    where: str, name: str, words: tuple[str, ...], declared: DeclaredColumns
) -> tuple[FactorConfig, str]:
    if declared.kinds.get(name) == "range":
        found = f"{name}=range: {where} holds words, which have no range"
        raise SbvaeError(f"{found}; number them", field="kind")
    if len(words) > _MAX_WORDS:
        found = f"{where} has {len(words):,} different words, too many for levels"
        raise SbvaeError(f"{found}; leave it out, or number them")
    if name in declared.circular:
        todo = "number them in their order around the turn"
        raise SbvaeError(f"{name}: {where} holds words; {todo}", field="circular")
    levels = tuple(map(float, range(len(words))))
    factor = _with_names(FactorConfig(name=name, kind="discrete", levels=levels), words)
    dates = all(map(_DATE.fullmatch, words))
    return factor, "dates are words; for a range write numbers, as days" if dates else ""


def _repeats(found: NDArray[np.float64], counts: NDArray[np.intp]) -> bool:
    """Return whether numbers are levels: few different integers, or few numbers that recur."""
    if len(found) > MAX_LEVELS:
        return False
    whole = bool((found == np.rint(found)).all())
    return whole or int(counts.min()) > 1 or float(counts.mean()) >= ROWS_OF_A_LEVEL


def _loses_precision(values: NDArray[np.float64]) -> bool:
    """Return whether single precision merges two of the values or rounds an integer."""
    found = np.unique(values)
    with np.errstate(over="ignore"):  # overflow to infinity counts as a changed value
        narrow = found.astype(np.float32)
    whole = found == np.rint(found)
    return len(np.unique(narrow)) < len(found) or bool((narrow != found)[whole].any())
