"""Bytes that stand for decisions, and what they change in a file or in what a file is made of.

A case is a string of bytes, so that hypothesis and random numbers make cases alike.
"""

import copy
from collections.abc import Sequence
from typing import Any

_MOST_CHANGES = 6
_TEXT_BYTES = b"0123456789.,:;-+eE[]{}()<>\"'#&*!|%@`\\/ \t\n\r=_aNnux"
# What stands in the place of a number, word or section.
_OTHERS: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 3, 7, 255, 256, 65_536, 2**31 - 1, 2**31, 2**32, 2**53 + 1),
    *(2**63 - 1, 2**63, 2**64, 10**12, 10**30, -(2**63), 0.5, 1.5, -0.0, 1e-320, 1e308, -1e308),
    *(float("nan"), float("inf"), float("-inf"), "", " ", "x", "0", "1e999", "nan", "\0", "\n"),
    *("../../x", "/etc/passwd", "a,b", "é", "\u202e", "\ud800", "x" * 300, "[1,", "{}", "%s%n"),
    *(b"", b"x", [], {}, [[]], [0, 0], [1, 2, 3], [None], {"": 0}, {"a": {"b": []}}, [[1], [2, 3]]),
    *("circles", "uint8", "<f8", "|O", "broadcast", "deconv", "gaussian", "beta-tcvae", "present"),
)  # fmt: skip


class Choices:
    """Decisions read off a string of bytes, one after the other; zeros after its end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._next = data, 0

    @property
    def left(self) -> bool:
        """Whether there are bytes that decide nothing yet."""
        return self._next < len(self._data)

    def below(self, limit: int) -> int:
        """A number from 0 to less than a limit, which is at least 1."""
        size = 1 if limit <= 256 else 2 if limit <= 65_536 else 4
        taken = self._data[self._next : self._next + size]
        self._next += size
        return int.from_bytes(taken, "little") % limit


def mutate_bytes(content: bytes, others: Sequence[bytes], choices: Choices) -> bytes:
    """Cut, flip, fill, splice and repeat, as often as there are decisions, at most six times.

    Args:
        content: A file.
        others: Files of the same kind, of which the end may take the place of its own.
        choices: What is done, and where.
    """
    changed = bytearray(content)
    for _ in range(_MOST_CHANGES):
        if not choices.left:
            break
        _change_bytes(changed, others, choices)
    return bytes(changed)


def _change_bytes(changed: bytearray, others: Sequence[bytes], choices: Choices) -> None:
    what, size = choices.below(10), len(changed)
    at = choices.below(size + 1)
    span = slice(at, at + 1 + choices.below(64))
    match what:
        case 0:
            if at < size:
                changed[at] ^= 1 << choices.below(8)
        case 1:
            changed[span] = (b"\0", b"\xff")[choices.below(2)] * len(changed[span])
        case 2 | 3:
            _change_number(changed, at, 4 * (what - 1), choices)
        case 4:
            del changed[at:]
        case 5:
            changed[at:at] = changed[span]
        case 6:
            del changed[span]
        case 7:
            there = slice(choices.below(size + 1), None)
            there = slice(there.start, there.start + len(changed[span]))
            changed[span], changed[there] = changed[there], changed[span]
        case 8:
            other = others[choices.below(len(others))]
            changed[at:] = other[choices.below(len(other) + 1) :]
        case _:
            if at < size:
                changed[at] = _TEXT_BYTES[choices.below(len(_TEXT_BYTES))]


def _change_number(changed: bytearray, at: int, size: int, choices: Choices) -> None:
    """Change a number at an aligned place, such as a length or an offset, to a bound or by one."""
    at -= at % size
    if at + size > len(changed):
        return
    order: Any = ("little", "big")[choices.below(2)]
    most = 256**size - 1
    found = int.from_bytes(changed[at : at + size], order)
    values = (0, 1, most, most // 2, most // 2 + 1, found + 1, found - 1, 2 * found, 10**12)
    changed[at : at + size] = (values[choices.below(len(values))] & most).to_bytes(size, order)


def mutate_tree(tree: Any, choices: Choices) -> Any:
    """Put other values into a tree of mappings, lists and plain values; the tree itself stays.

    Args:
        tree: What a file is made of.
        choices: What is done, and where.
    """
    holder = {"": copy.deepcopy(tree)}
    for _ in range(_MOST_CHANGES):
        if not choices.left:
            break
        _change_tree(holder, choices)
    return holder[""]


def _change_tree(holder: dict[str, Any], choices: Choices) -> None:
    places = _places(holder)
    above, key = places[choices.below(len(places))]
    value = above[key]
    match choices.below(9):
        case 0 | 1 | 2:
            above[key] = copy.deepcopy(_OTHERS[choices.below(len(_OTHERS))])
        case 3:
            if above is not holder:
                del above[key]
        case 4:
            other, there = places[choices.below(len(places))]
            above[key] = copy.deepcopy(other[there])
        case 5:
            above[key] = [value]
        case 6:
            _add(above, key, copy.deepcopy(value), choices)
        case 7 if isinstance(value, bytes | bytearray):
            above[key] = mutate_bytes(bytes(value), [bytes(value)], choices)
        case _ if isinstance(value, int | float):
            above[key] = _near(value)[choices.below(8)]
        case _ if isinstance(value, str) and value:
            at = choices.below(len(value))
            above[key] = value[:at] + chr(choices.below(0x250)) + value[at + 1 :]


def _add(above: Any, key: Any, value: Any, choices: Choices) -> None:
    """Another entry like one, beside it."""
    if isinstance(above, list):
        above[key:key] = [value] * (1 + choices.below(40))
    elif isinstance(key, str):
        above[f"{key}{choices.below(10)}" if choices.below(2) else f"{key}/x"] = value


def _near(value: float) -> tuple[Any, ...]:
    return (
        -value,
        value + 1,
        value - 1,
        value * 1000,
        value / 2,
        value * 1e9,
        str(value),
        value * 10,
    )


def _places(holder: dict[str, Any]) -> list[tuple[Any, Any]]:
    """Every value of a tree, as what it stands in and its key there."""
    found: list[tuple[Any, Any]] = []
    left: list[Any] = [holder]
    while left:
        above = left.pop()
        keys = list(above) if isinstance(above, dict) else range(len(above))
        found += [(above, key) for key in keys]
        left += [above[key] for key in keys if isinstance(above[key], dict | list)]
    return found
