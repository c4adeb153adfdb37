"""Names in the order in which people count: 2 before 10."""

import re
import unicodedata
from collections.abc import Iterable

_Part = tuple[int, int, str]  # whether it is a number, its digits, and the text or number itself


def natural_order(names: Iterable[str]) -> list[str]:
    """Sort names so that numbers in them count as numbers, folder by folder.

    Capitals and the way in which accents are written do not matter, unless nothing else differs;
    so the order is the same on every system.
    """
    return sorted(names, key=_key)


def _key(name: str) -> tuple[list[list[_Part]], str]:
    plain = unicodedata.normalize("NFC", name).casefold()
    return [[_part(p) for p in re.split(r"([0-9]+)", folder)] for folder in plain.split("/")], name


def _part(text: str) -> _Part:
    if not text[:1].isdecimal() or not text.isascii():
        return 1, 0, text
    digits = text.lstrip("0")  # no int(): a name may have more digits than that takes
    return 0, len(digits), digits
