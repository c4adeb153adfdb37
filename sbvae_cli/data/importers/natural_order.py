"""Names in the order in which people count: 2 before 10."""

import re
import unicodedata
from collections.abc import Iterable


def natural_order(names: Iterable[str]) -> list[str]:
    """Sort names so that numbers in them count as numbers, folder by folder.

    Capitals and the way in which accents are written do not matter, unless nothing else differs;
    so the order is the same on every system.
    """
    return sorted(names, key=lambda name: (_key(name), name))


def _key(name: str) -> str:
    """Text that sorts as the name is to: longer numbers last, and folders before all else."""
    plain = name.lower() if name.isascii() else unicodedata.normalize("NFC", name).casefold()
    return re.sub("[0-9]+", _counted, plain.replace("/", "\0"))


def _counted(digits: re.Match[str]) -> str:
    """A number behind its length; no int(), since a name may have more digits than that takes."""
    number = digits[0].lstrip("0")
    return f"\1{chr(len(number) + 1)}{number}"
