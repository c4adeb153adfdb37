"""Which of a file's arrays are images, and in what order their axes are."""

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sbvae_cli.commands import command
from sbvae_cli.data.importers.collection import printable
from sbvae_cli.errors import SbvaeError

# Names that such arrays have in the field, the surest first; in groups too, as `train/images`.
IMAGES = (
    *("images", "imgs", "image", "img", "x", "data", "pixels", "frames", "pictures"),
    *("observations", "obs", "samples", "stimuli"),
)
# Names that names of factors or classes have, in an array or an attribute of their own.
COLUMN_NAMES = (
    *("names", "factor_names", "latents_names", "label_names", "class_names", "attribute_names"),
    *("columns", "column_names"),
)
_CHANNELS = (1, 3, 4)
_MOST_SHOWN = 8  # arrays that a message lists


@dataclass(frozen=True)
class ArrayKind:
    """What a file says of an array.

    Attributes:
        shape: Its shape.
        dtype: Type of its items.
        column_names: Names of its columns, or of classes, where the file says them beside it.
        link_to: The array that this is a second name of.
        encoded: Whether its items are the bytes of image files, as it seems.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    column_names: tuple[str, ...] = ()
    link_to: str = ""
    encoded: bool = False

    @property
    def may_be_images(self) -> bool:
        """Whether shape and type allow images."""
        if self.dtype.kind not in "buif" or 0 in self.shape:
            return self.encoded and len(self.shape) == 1 and 0 not in self.shape
        if len(self.shape) == 3:
            return not self.is_one_image
        return len(self.shape) == 4 and bool(_places(self.shape))

    @property
    def is_one_image(self) -> bool:
        """Whether it has the shape (H, W, C) of one image."""
        return self._has_axes(3) and self.shape[2] in _CHANNELS

    @property
    def may_be_one_image(self) -> bool:
        """Whether it may be one of several that are one image each: (H, W) and (C, H, W) too."""
        channels_first = self._has_axes(3) and self.shape[0] in _CHANNELS
        return self.is_one_image or channels_first or self._has_axes(2)

    @property
    def stands_for_one_image(self) -> bool:
        """Whether it is likely one of several: (H, W) has to be of bytes, as a table may be."""
        return self.may_be_one_image and (len(self.shape) == 3 or self.dtype.kind in "bu")

    def _has_axes(self, count: int) -> bool:
        """Whether it has so many axes, of which two are more than a few numbers long."""
        longer = sum(side > max(_CHANNELS) for side in self.shape)
        return self.dtype.kind in "buif" and len(self.shape) == count and longer == 2

    def __str__(self) -> str:
        return f"{'encoded images' if self.encoded else self.dtype} {self.shape}"


Arrays = Mapping[str, ArrayKind]


def find_images(path: Path, arrays: Arrays, key: str | None = None) -> str:
    """Name of the array of images: the only one that may be, or the only one that is called so.

    Args:
        path: For messages.
        arrays: The file's arrays by name, as `train/images`.
        key: The name that a user gave, or the end of it.

    Raises:
        SbvaeError: If there is no such array, or several may be meant.
    """
    if key is not None:
        name = _named(path, arrays, key, "images_key")
        check_images(path, name, arrays[name])
        return name
    may_be = [name for name, array in arrays.items() if array.may_be_images]
    stacks = [name for name in may_be if not arrays[name].encoded]
    fit = [name for name in stacks or may_be if not arrays[name].link_to]
    found = fit if len(fit) == 1 else called(stacks or may_be, IMAGES)
    if len(found) == 1:
        return found[0]
    if not fit:
        meant = called(arrays, IMAGES)
        if len(meant) == 1:
            check_images(path, meant[0], arrays[meant[0]])
        if not arrays:
            raise SbvaeError(f"{path}: holds no arrays; save images as one, (N, H, W, C)")
        for name, array in arrays.items():
            if array.is_one_image or (0 in array.shape and len(array.shape) in (3, 4)):
                check_images(path, name, array)
        raise SbvaeError(
            f"{path}: holds {listed(arrays)}, none of which has the shape of images, (N, H, W) or "
            "(N, H, W, C); save them as one array"
        )
    largest = max(found or fit, key=lambda name: int(np.prod(arrays[name].shape)))
    import_it = command("gen-data images", from_=path, images_key=largest)
    raise SbvaeError(
        f"{path}: several of its arrays may be images: {listed(arrays, found or fit)}; name one, "
        f"as {import_it}"
    )


def named_arrays(path: Path, arrays: Arrays, key: str) -> list[str]:
    """Names of the arrays of factors that a user named.

    Args:
        path: For messages.
        arrays: The file's arrays by name.
        key: Names, or ends of them, with commas between; a name of a group is all in it.

    Raises:
        SbvaeError: If there is no such array.
    """
    names: list[str] = []
    for part in key.split(","):
        inside = [name for name in arrays if name.startswith(f"{part.strip('/ ')}/")]
        names += inside or [_named(path, arrays, part.strip(), "factors_key")]
    return names


def row_axis(shape: tuple[int, ...], count: int) -> int | None:
    """The axis along which an array of one or two axes has so many rows; None where it has not."""
    return shape.index(count) if len(shape) in (1, 2) and count in shape else None


def order_axes(
    shape: tuple[int, ...], last_first: bool = False, rows: Collection[int] = ()
) -> tuple[int, ...]:
    """Order of an array's axes that makes it (N, H, W) or (N, H, W, C).

    Channels are told by their number, 1, 3 or 4: they stand last, second, third or first.

    Args:
        shape: The array's, as its program shows it, with three or four axes.
        last_first: Whether images are more likely to stand along the last axis, as MATLAB has it.
        rows: Lengths of other arrays: an axis of images is one of these, if only one is.

    Returns:
        Axes, as `numpy.transpose` takes them.
    """
    if len(shape) == 4:
        places = _places(shape)
        if last_first and 2 in places:
            return 3, 0, 1, 2
        return {3: (0, 1, 2, 3), 1: (0, 2, 3, 1), 2: (3, 0, 1, 2), 0: (3, 1, 2, 0)}[places[0]]
    first, second, third = shape
    known = [axis for axis in (0, 2) if shape[axis] in rows]
    if len(known) == 1 and first != third:
        last = known == [2]
    else:
        last = last_first and not second == third != first
    return (2, 0, 1) if last else (0, 1, 2)


def listed(arrays: Arrays, names: Collection[str] | None = None) -> str:
    """Arrays with type and shape, the first eight: `x uint8 (60, 32, 32), y int64 (60,)`."""
    chosen = list(arrays if names is None else names)
    shown = [f"{printable(name)} {arrays[name]}" for name in chosen[:_MOST_SHOWN]]
    more = len(chosen) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def _places(shape: tuple[int, ...]) -> list[int]:
    """Where channels may stand in four axes, the likeliest first."""
    return [axis for axis in (3, 1, 2, 0) if shape[axis] in _CHANNELS]


def check_images(path: Path, name: str, array: ArrayKind) -> None:
    """Refuse an array that cannot be images.

    Raises:
        SbvaeError: With its type or shape, and what would do.
    """
    where = f"{path}: {printable(name)}"
    if array.dtype.kind == "O" and not array.encoded:
        raise SbvaeError(f"{where} is object, which is never unpickled; save an array of numbers")
    if array.dtype.names:
        fields = ", ".join(map(printable, array.dtype.names))
        found = f"has several fields ({fields}), of which images are not read"
        raise SbvaeError(f"{where} {found}; save them as an array of their own, (N, H, W, C)")
    if 0 in array.shape and not array.encoded:
        raise SbvaeError(f"{where} holds 0 images, its shape is {array.shape}; name another")
    if array.is_one_image:
        found = f"is one image, its shape is {array.shape}"
        todo = "stack several as (N, H, W, C), or save each as an array in one group"
        raise SbvaeError(f"{where} {found}; {todo}")
    if array.dtype.kind not in "buif":
        raise SbvaeError(f"{where} is {array.dtype}; save real numbers, as uint8")
    if not array.may_be_images:
        todo = "images have the shape (N, H, W) or (N, H, W, C) with 1, 3 or 4 channels"
        raise SbvaeError(f"{where} has the shape {array.shape}; {todo}")


def _named(path: Path, arrays: Arrays, key: str, argument: str) -> str:
    """The array of that name, or the only one whose name ends so."""
    wanted = key.strip("/")
    if wanted in arrays:
        return wanted
    ends = [name for name in arrays if f"/{name}".endswith(f"/{wanted}")]
    if len(ends) == 1:
        return ends[0]
    near = difflib.get_close_matches(wanted, ends or arrays, n=1)
    hint = f"did you mean {printable(near[0])}?" if near else "name one of these"
    raise SbvaeError(
        f"{key}: {path} has no such array, but {listed(arrays, ends or None)}; {hint}",
        field=argument,
    )


def called(names: Collection[str], known: Collection[str]) -> list[str]:
    """Names with the first of some names that any has."""
    for word in known:
        found = [name for name in names if name.rpartition("/")[2].lower() == word]
        if found:
            return found
    return []
