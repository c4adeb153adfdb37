"""Read a column of text or an array as numbers in double precision or as words."""

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.data.importers.natural_order import natural_order
from sbvae_cli.errors import SbvaeError

Cells = Sequence[str] | NDArray[Any]

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?(inf|infinity|nan)", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(e[+-]?\d+)?", re.IGNORECASE)
_LARGEST = 1e70  # fourth powers of numbers up to this, and their sums, are finite
_EXACT = 2**53  # double precision represents every integer up to this


class Column(NamedTuple):
    """Values of a column.

    Attributes:
        values: Numbers, shape (N,); for words, the numbers of their levels.
        words: Words of the levels 0, 1, ... in natural order; empty for numbers.
    """

    values: NDArray[np.float64]
    words: tuple[str, ...] = ()


def read_cells(where: str, cells: Cells, first_row: int = 0, as_words: bool = False) -> Column:
    """Read a column as numbers if all cells are numbers, or as words if none is.

    Args:
        where: Start of error messages: the file and the column.
        cells: Text, or an array of numbers, text, dates or booleans.
        first_row: Row number of the first cell in messages.
        as_words: Whether to read numbers as words too.

    Raises:
        SbvaeError: If a cell is empty or not finite, if numbers and words are mixed, if the type is
            another one, or if double precision cannot represent an integer.
    """
    if not isinstance(cells, np.ndarray):
        return _read_texts(where, cells, first_row, as_words)
    if cells.ndim != 1:
        raise SbvaeError(f"{where} has the shape {cells.shape}; a factor is one value for each row")
    kind = cells.dtype.kind
    if kind in "USOMb" or as_words:
        return _read_texts(where, _texts(where, cells), first_row, as_words or kind in "Mb")
    if kind not in "iuf":
        raise SbvaeError(f"{where} is {cells.dtype}; a factor is real numbers or words")
    values = cells.astype(np.float64)
    if kind in "iu":
        refuse_inexact(where, cells, values)
    elif cells.dtype.itemsize > values.itemsize:
        refuse_inexact(where, iter(cells), values)
    _refuse_infinite(where, cells, values, first_row)
    return Column(_as_written(cells) if cells.dtype.itemsize < values.itemsize else values)


def _texts(where: str, cells: NDArray[Any]) -> list[str]:
    if cells.dtype.kind == "M":
        return ["" if text == "NaT" else text for text in np.datetime_as_string(cells).tolist()]
    found = cells.tolist()
    odd = [cell for cell in found if cells.dtype == object and not isinstance(cell, str | bytes)]
    if odd:
        raise SbvaeError(f"{where} holds {type(odd[0]).__name__}; a factor is numbers or words")
    return [
        cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell).strip()
        for cell in found
    ]


def _read_texts(where: str, cells: Sequence[str], first_row: int, as_words: bool) -> Column:
    def rows(is_odd: Callable[[str], object]) -> list[str]:
        odd = [i for i, cell in enumerate(cells) if is_odd(cell)]
        return [f"{row_text(i, first_row)} ({cells[i]})" for i in odd]

    refuse_cells(f"{where} has empty cells", rows(operator.not_), "fill them")
    numbers = [] if as_words else [cell for cell in cells if _NUMBER.fullmatch(cell)]
    if not as_words:
        commas = rows(_DECIMAL_COMMA.fullmatch)
        refuse_cells(f"{where} has decimal commas", commas, "write decimal points")
    if not numbers:
        words = tuple(natural_order(set(cells)))
        number = {word: float(i) for i, word in enumerate(words)}
        return Column(np.array([number[cell] for cell in cells]), words)
    odd = rows(lambda cell: not _NUMBER.fullmatch(cell))
    refuse_cells(f"{where} mixes numbers and words", odd, "write one or the other")
    values = np.array(cells, np.str_).astype(np.float64)
    _refuse_infinite(where, cells, values, first_row)
    refuse_inexact(where, map(Decimal, cells), values)
    return Column(values)


def with_decimal_points(cells: Sequence[str]) -> list[str] | None:
    """Replace decimal commas by points; return None if cells have no commas, or points or words."""
    plain = [cell.replace(",", ".") for cell in cells]
    commas = any(map(_DECIMAL_COMMA.fullmatch, cells))
    points = any("." in cell for cell in cells)
    return plain if commas and not points and all(map(_NUMBER.fullmatch, plain)) else None


def _as_written(cells: NDArray[Any]) -> NDArray[np.float64]:
    """Convert shorter floats to double precision as printed: to 0.1, not 0.10000000149."""
    found, inverse = np.unique(cells, return_inverse=True)
    return np.array([float(str(value)) for value in found])[inverse]


def _refuse_infinite(where: str, cells: Cells, values: NDArray[np.float64], first_row: int) -> None:
    bad = np.flatnonzero(~(np.abs(values) <= _LARGEST)).tolist()
    odd = [f"{row_text(i, first_row)} ({cells[i]})" for i in bad]
    todo = f"remove these images, or fill them (up to {_LARGEST:g})"
    refuse_cells(f"{where} has numbers that are not finite", odd, todo)


def refuse_inexact(where: str, given: Iterable[Any], values: NDArray[np.float64]) -> None:
    """Check that double precision changes no integer and merges no two values.

    Args:
        where: Start of error messages.
        given: Exact values: an array of integers, or exact numbers such as Decimal.
        values: The same values in double precision, shape (N,).

    Raises:
        SbvaeError: If an integer is changed or two values are merged; the message shows both.
    """
    if isinstance(given, np.ndarray):
        if np.abs(values).max(initial=0) < _EXACT:
            return
        given = given.tolist()
    first: dict[float, Any] = {}
    for exact, value in zip(given, values.tolist(), strict=True):
        if first.setdefault(value, exact) != exact:
            found = f"{first[value]} and {exact} are one number in double precision"
        elif abs(value) >= _EXACT and exact != value:
            found = f"{exact} would become {int(value)} in double precision"
        else:
            continue
        todo = "subtract the smallest from all, or number them 0, 1, 2, ..."
        raise SbvaeError(f"{where}: {found}; {todo}")


def row_text(index: int, first_row: int) -> str:
    """Name a row in messages: by its line in a table, or by its number in an array."""
    return f"row {index + first_row}" + ("" if first_row else ", counted from 0")


def refuse_cells(found: str, examples: Sequence[str], todo: str) -> None:
    """Raise an error with the number of faulty cells and the first of them, if there are any.

    Args:
        found: Description of the fault.
        examples: Faulty cells; if empty, nothing happens.
        todo: Advice.

    Raises:
        SbvaeError: If `examples` is not empty.
    """
    if examples:
        raise SbvaeError(f"{found}: {len(examples)}, as {examples[0]}; {todo}")
