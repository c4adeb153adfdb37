"""Which of a file's arrays are images."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sbvae_cli.data.importers.collection import printable
from sbvae_cli.errors import SbvaeError

# Names that such arrays have in the field, the surest first; in groups too, as `train/images`.
_IMAGES = (
    *("images", "imgs", "image", "img", "x", "data", "pixels", "frames", "pictures"),
    *("observations", "obs", "samples", "stimuli"),
)
_CHANNELS = (1, 3, 4)
_MOST_SHOWN = 8  # arrays that a message lists


@dataclass(frozen=True)
class ArrayKind:
    """What a file says of an array.

    Attributes:
        shape: Its shape.
        dtype: Type of its items.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def may_be_images(self) -> bool:
        """Whether shape and type allow images."""
        return (
            self.dtype.kind in "buif"
            and 0 not in self.shape
            and (len(self.shape) == 3 or (len(self.shape) == 4 and bool(_places(self.shape))))
        )

    def __str__(self) -> str:
        return f"{self.dtype} {self.shape}"


Arrays = Mapping[str, ArrayKind]


def find_images(path: Path, arrays: Arrays) -> str:
    """Name of the array of images: the only one that may be, or the only one that is called so.

    Args:
        path: For messages.
        arrays: The file's arrays by name, as `train/images`.

    Raises:
        SbvaeError: If there is no such array, or several may be meant.
    """
    fit = [name for name, array in arrays.items() if array.may_be_images]
    called = _called(fit, _IMAGES)
    found = fit if len(fit) == 1 else called
    if len(found) == 1:
        return found[0]
    if not fit:
        shown = listed(arrays) or "no arrays"
        raise SbvaeError(
            f"{path}: holds {shown}, none of which has the shape of images, (N, H, W) or "
            "(N, H, W, C); save them as one array"
        )
    raise SbvaeError(
        f"{path}: several of its arrays may be images: {listed(arrays, found or fit)}; save the "
        "one that is meant by itself, as numpy.savez(FILE, images=ARRAY)"
    )


def listed(arrays: Arrays, names: Collection[str] | None = None) -> str:
    """Arrays with type and shape, the first eight: `x uint8 (60, 32, 32), y int64 (60,)`."""
    chosen = list(arrays if names is None else names)
    shown = [f"{printable(name)} {arrays[name]}" for name in chosen[:_MOST_SHOWN]]
    more = len(chosen) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def _places(shape: tuple[int, ...]) -> list[int]:
    """Where channels may stand in four axes, the likeliest first."""
    return [axis for axis in (3, 1, 2, 0) if shape[axis] in _CHANNELS]


def _called(names: Collection[str], known: Collection[str]) -> list[str]:
    """Those with the first of some names that any has."""
    for word in known:
        found = [name for name in names if name.rpartition("/")[2].lower() == word]
        if found:
            return found
    return []
