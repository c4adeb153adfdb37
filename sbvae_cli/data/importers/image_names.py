"""Find the image of a collection that a name in a table refers to."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property


class ImageNames:
    """Index of the images of a collection by the names that a table may use.

    Args:
        names: Paths in the collection, or the numbers of an array's rows.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        plain = [_normal(name) for name in names]
        self._exact = {name: i for i, name in enumerate(plain)}
        self._ends = _unique((_end(name), name) for name in plain)

    @cached_property
    def _stems(self) -> Mapping[str, str]:
        """Names by their case-folded form with and without suffix; few tables need these."""
        return _unique((_loose(text), name) for name in self._exact for text in {name, _stem(name)})

    @cached_property
    def _loose_ends(self) -> Mapping[str, str]:
        return _unique(
            (_end(_loose(text)), name) for name in self._exact for text in {name, _stem(name)}
        )

    def find(self, cell: str, loosely: bool = True) -> int | None:
        """Return the number of the image that a cell names; None if none or more than one fits.

        Args:
            cell: Path, or a unique end of it.
            loosely: Whether the suffix may be missing and the case may differ.
        """
        name = _normal(cell)
        if name in self._exact:
            return self._exact[name]
        found = self._ends.get(_end(name))
        if found and _is_end(name, found):
            return self._exact[found]
        if not loosely:
            return None
        loose = _loose(name)
        found = self._stems.get(loose)
        if found is None:
            found = self._loose_ends.get(_end(loose))
            if found and not any(_is_end(loose, _loose(text)) for text in (found, _stem(found))):
                found = None
        return self._exact[found] if found else None

    def advice(self, cell: str) -> str:
        """Return advice for a name to which no image belongs."""
        if all(_end(name) == str(i) for i, name in enumerate(self.names)):
            last = len(self.names) - 1
            return f"rows of an array are named by their numbers, 0 to {last}; name them so"
        frame = next((name for name in self.names if name.startswith(f"{cell}#")), None)
        if frame:
            return f"name its frames, as {frame}, or take the first of each file by `frames=first`"
        end = _end(_loose(_stem(_normal(cell))))
        alike = [n for n in self.names if _end(_loose(_stem(_normal(n)))) == end]
        if len(alike) == 1:
            return f"did you mean {alike[0]}?"
        if alike:
            return f"{len(alike)} images are called so; write their paths, as {alike[0]}"
        return f"remove them, or name them as the images are, {self.names[0]}"


def _unique(pairs: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Return the names by those keys that belong to one name only."""
    listed = list(pairs)
    counts = Counter(key for key, _ in listed)
    return {key: name for key, name in listed if counts[key] == 1}


def _normal(name: str) -> str:
    """Return a path with forward slashes and composed Unicode, the same on every system."""
    return unicodedata.normalize("NFC", name.replace("\\", "/")).removeprefix("./")


def _loose(name: str) -> str:
    return name.casefold()


def _stem(name: str) -> str:
    """Return a path without suffix; the name of a frame has none (`movie.gif#03`)."""
    folder, slash, base = name.rpartition("/")
    stem, _, ending = base.rpartition(".")
    return f"{folder}{slash}{stem}" if stem and ending.isalnum() else name


def _end(name: str) -> str:
    base = name.rpartition("/")[2]
    return base.lstrip("0") or "0" if base.isdecimal() else base


def _is_end(cell: str, name: str) -> bool:
    """Return whether one path is the end of the other, or both are numbers."""
    shorter, longer = sorted((cell, name), key=len)
    numbers = cell.isdecimal() and name.isdecimal()
    return numbers or longer.endswith("/" + shorter)
