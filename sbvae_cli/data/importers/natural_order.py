"""Sort names with numbers in numerical order: 2 before 10."""

import re
import unicodedata
from collections.abc import Iterable


def natural_order(names: Iterable[str]) -> list[str]:
    """Sort paths folder by folder, comparing digits in them as numbers.

    Case and Unicode normalisation matter only between names that are otherwise equal, so that the
    order is the same on every system.
    """
    return sorted(names, key=lambda name: (_key(name), name))


def _key(name: str) -> str:
    """Return a sort key: numbers compare by value, and "/" sorts before any other character."""
    plain = name.lower() if name.isascii() else unicodedata.normalize("NFC", name).casefold()
    return re.sub("[0-9]+", _counted, plain.replace("/", "\0"))


def _counted(digits: re.Match[str]) -> str:
    """Prefix a number by its length; int() would refuse names with thousands of digits."""
    number = digits[0].lstrip("0")
    return f"\1{chr(len(number) + 1)}{number}"
