"""Find the array of images in a file, and the order of its axes."""

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sbvae_cli.commands import command
from sbvae_cli.errors import SbvaeError, printable

# Common names of arrays of images, the most reliable first; also in groups, as in `train/images`.
IMAGES = (
    *("images", "imgs", "image", "img", "x", "data", "pixels", "frames", "pictures"),
    *("observations", "obs", "samples", "stimuli"),
)
# Common names of arrays or attributes that list the names of factors or classes.
COLUMN_NAMES = (
    *("names", "factor_names", "latents_names", "label_names", "class_names", "attribute_names"),
    *("columns", "column_names"),
)
_CHANNELS = (1, 3, 4)
_MAX_SHOWN = 8  # largest number of arrays that a message lists


@dataclass(frozen=True)
class ArrayKind:
    """Description of an array in a file.

    Attributes:
        shape: Shape of the array.
        dtype: Type of its items.
        column_names: Names of its columns or classes, if its attributes have them.
        link_to: First name of the array, if this is a further name; else empty.
        encoded: Whether its items seem to be the bytes of image files.
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
        """Whether the array has the shape (H, W, C) of a single image."""
        return self._has_axes(3) and self.shape[2] in _CHANNELS

    @property
    def may_be_one_image(self) -> bool:
        """Whether the array may be a single image: (H, W, C), (C, H, W) or (H, W)."""
        channels_first = self._has_axes(3) and self.shape[0] in _CHANNELS
        return self.is_one_image or channels_first or self._has_axes(2)

    @property
    def is_likely_one_image(self) -> bool:
        """Whether it is likely a single image: (H, W) must be bytes, since it may be a table."""
        return self.may_be_one_image and (len(self.shape) == 3 or self.dtype.kind in "bu")

    def _has_axes(self, count: int) -> bool:
        """Return whether the array has `count` axes, exactly two of them longer than 4."""
        longer = sum(side > max(_CHANNELS) for side in self.shape)
        return self.dtype.kind in "buif" and len(self.shape) == count and longer == 2

    def __str__(self) -> str:
        return f"{'encoded images' if self.encoded else self.dtype} {self.shape}"


Arrays = Mapping[str, ArrayKind]


def find_images(path: Path, arrays: Arrays, key: str | None = None) -> str:
    """Find the array of images: the only one whose shape and type fit, or that is named like one.

    Args:
        path: Path of the file, for messages.
        arrays: Arrays of the file by name, such as `train/images`.
        key: Name that the user gave, or the end of it; None searches for the array.

    Raises:
        SbvaeError: If no array or more than one fits.
    """
    if key is not None:
        name = _named(path, arrays, key, "images_key")
        check_images(path, name, arrays[name])
        return name
    may_be = [name for name, array in arrays.items() if array.may_be_images]
    stacks = [name for name in may_be if not arrays[name].encoded]
    fit = [name for name in stacks or may_be if not arrays[name].link_to]
    found = fit if len(fit) == 1 else find_by_known_name(stacks or may_be, IMAGES)
    if len(found) == 1:
        return found[0]
    if not fit:
        meant = find_by_known_name(arrays, IMAGES)
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
    """Return the names of the arrays of factors that the user listed.

    Args:
        path: Path of the file, for messages.
        arrays: Arrays of the file by name.
        key: Comma-separated names or ends of names; the name of a group selects all its arrays.

    Raises:
        SbvaeError: If there is no array of one of these names.
    """
    names: list[str] = []
    for part in key.split(","):
        inside = [name for name in arrays if name.startswith(f"{part.strip('/ ')}/")]
        names += inside or [_named(path, arrays, part.strip(), "factors_key")]
    return names


def row_axis(shape: tuple[int, ...], count: int) -> int | None:
    """Return the axis of length `count` of an array of one or two axes; None if there is none."""
    return shape.index(count) if len(shape) in (1, 2) and count in shape else None


def order_axes(
    shape: tuple[int, ...], last_first: bool = False, rows: Collection[int] = ()
) -> tuple[int, ...]:
    """Return the permutation of an array's axes to (N, H, W) or (N, H, W, C).

    The axis of channels has length 1, 3 or 4; the last, second, third and first axis are tried in
    this order.

    Args:
        shape: Shape of the array, with three or four axes, as in the program that wrote it.
        last_first: Whether the last axis is more likely to number the images, as in MATLAB.
        rows: Lengths of other arrays; an axis of such a length is taken for that of the images.

    Returns:
        Axes for `numpy.transpose`.
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
    """List up to eight arrays for messages, as in `x uint8 (60, 32, 32), y int64 (60,)`."""
    chosen = list(arrays if names is None else names)
    shown = [f"{printable(name)} {arrays[name]}" for name in chosen[:_MAX_SHOWN]]
    more = len(chosen) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def _places(shape: tuple[int, ...]) -> list[int]:
    """Return which of four axes may be the channels, the most likely first."""
    return [axis for axis in (3, 1, 2, 0) if shape[axis] in _CHANNELS]


def check_images(path: Path, name: str, array: ArrayKind) -> None:
    """Check that an array can be images.

    Raises:
        SbvaeError: If its type or shape does not allow images.
    """
    where = f"{path}: {name}"
    if array.dtype.kind == "O" and not array.encoded:
        raise SbvaeError(f"{where} is object, which is never unpickled; save an array of numbers")
    if array.dtype.names:
        fields = ", ".join(array.dtype.names)
        found = f"has several fields ({fields}), which are not read as images"
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
    """Return the array of this name, or the only one whose name ends with it."""
    wanted = key.strip("/")
    if wanted in arrays:
        return wanted
    ends = [name for name in arrays if f"/{name}".endswith(f"/{wanted}")]
    if len(ends) == 1:
        return ends[0]
    near = difflib.get_close_matches(wanted, ends or arrays, n=1)
    hint = f"did you mean {near[0]}?" if near else "name one of these"
    raise SbvaeError(
        f"{key}: {path} has no such array, but {listed(arrays, ends or None)}; {hint}",
        field=argument,
    )


def find_by_known_name(names: Collection[str], known: Collection[str]) -> list[str]:
    """Return the names whose last part is the first word of `known` that occurs among them."""
    for word in known:
        found = [name for name in names if name.rpartition("/")[2].lower() == word]
        if found:
            return found
    return []
