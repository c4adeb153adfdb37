"""Inspect some images of a collection for the levels they need and for their typical look."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sbvae_cli.data.importers.collection import ImageCollection
from sbvae_cli.data.importers.deep_images import DeepImage, Kind
from sbvae_cli.data.importers.fit import VISIBLE_DIFFERENCE, channel_extrema, opaque
from sbvae_cli.data.importers.levels import MASK, Levels, levels_needed, value_range
from sbvae_cli.data.importers.tally import Counted, Tally
from sbvae_cli.data.workers import map_in_order
from sbvae_cli.errors import SbvaeError

_FEW, _FEWER = 16, 3  # images inspected for their kind; the fewer ones suffice if all have 8 bits
_TYPICAL_IMAGES = 9  # images whose median is the typical image
_MANY = 1000  # images whose values are inspected to suggest levels
_DEEP: tuple[Kind, ...] = ("integers", "floats")
_AT_ONCE = 16  # images that a thread inspects at a time


@dataclass(frozen=True)
class LevelsByKind:
    """Levels of 8-bit and of deeper images.

    Attributes:
        levels: Values that become 0 and 255; None keeps 8-bit values.
        deep_only: Whether 8-bit images keep their values although there are levels.
    """

    levels: Levels | None = None
    deep_only: bool = False

    def of(self, image: Image.Image | DeepImage, tally: Tally | None = None) -> Levels | None:
        """Return the levels of an image; count it in `tally` if it keeps its 8-bit values."""
        if not self.deep_only or isinstance(image, DeepImage):
            return self.levels
        if tally is not None:
            tally[Counted.UNLEVELLED] += 1
        return None


UNCHANGED = LevelsByKind()


def choose_levels(
    collection: ImageCollection, levels: Levels | None, workers: int | None = None
) -> LevelsByKind:
    """Decide to which images levels apply: levels for 16-bit images would make 8-bit ones black.

    Args:
        collection: Images to inspect; not closed.
        levels: Levels that the user chose; None for those of `find_levels`.
        workers: Number of threads; None for one per core.

    Raises:
        SbvaeError: If levels are needed but not given, or if some images have integers of more than
            8 bits and others floats, which need different levels.
    """
    if levels is None:
        return LevelsByKind(find_levels(collection, workers))
    if collection.one_kind:
        return LevelsByKind(levels)
    kinds = _kinds(collection, workers)
    return LevelsByKind(levels, "bytes" in kinds and len(kinds) > 1)


def _kinds(collection: ImageCollection, workers: int | None) -> set[Kind]:
    """Return the kinds of the images; refuse both floats and integers of more than 8 bits."""
    first: dict[Kind, str] = {}
    counts: Counter[Kind] = Counter()

    def look(part: Sequence[int]) -> list[tuple[int, Kind]]:
        return [(index, kind) for index in part if (kind := collection.kind(index))]

    with closing(map_in_order(look, _parts(collection), workers)) as parts:
        for index, kind in (each for part in parts for each in part):
            first.setdefault(kind, collection.names[index])
            counts[kind] += 1
    if {"integers", "floats"} <= first.keys():
        found = [f"{counts[kind]:,} of {kind} (as {first[kind]})" for kind in _DEEP]
        raise SbvaeError(
            f"{collection.path}: holds images of more than 8 bits of two kinds, "
            f"{' and '.join(found)}, which one range cannot serve; import integers and "
            "floats separately, or convert them to one type"
        )
    return set(first)


def find_levels(collection: ImageCollection, workers: int | None = None) -> Levels | None:
    """Find the levels of 8-bit images: (0, 1) if no value exceeds 1, else None.

    A few evenly spaced images decide whether most have more than 8 bits. All images are inspected
    only as long as no value above 1 is found.

    Args:
        collection: Images to inspect; not closed.
        workers: Number of threads; None for one per core.

    Raises:
        SbvaeError: If most images have more than 8 bits; the message has their range of values.
    """
    for few in (_FEWER, _FEW):
        images = list(_images(collection, evenly_spaced(len(collection), few)))
        deep = [image for image in images if isinstance(image, DeepImage)]
        if not deep and max(map(_largest, images), default=0) > MASK[1]:
            return None
    if 2 * len(deep) > len(images):
        raise _too_deep(collection, deep[0].kind, workers)
    if max(map(_largest, images), default=MASK[1] + 1) > MASK[1]:
        return None
    if collection.value_range:
        return MASK if collection.value_range == MASK else None
    seen = 0
    with closing(
        map_in_order(partial(_largest_of, collection), _parts(collection), workers)
    ) as found:
        for value in found:
            seen = max(seen, value)
            if seen > MASK[1]:
                return None
    return MASK if seen else None


def typical_image(
    collection: ImageCollection, read: Callable[[int], NDArray[np.uint8]]
) -> NDArray[np.uint8] | None:
    """Return the median of a few evenly spaced images, shape (H, W, C); None if fewer than three.

    If most images are alike, they resemble this one.

    Args:
        collection: Images to inspect; not closed.
        read: Function from an image's number to its pixels, shape (H, W, C).
    """
    images = []
    for index in evenly_spaced(len(collection), _TYPICAL_IMAGES):
        with suppress(SbvaeError):
            images.append(read(index))
    middle = len(images) // 2
    return np.sort(images, axis=0)[middle] if len(images) > 2 else None


def count_appearances(
    images: NDArray[np.uint8], typical: NDArray[np.uint8] | None, tally: Tally
) -> None:
    """Count images that are nearly constant or like the typical one, and note extreme values.

    Args:
        images: Shape (n, H, W, C).
        typical: Typical image, shape (H, W, C); None if there is none.
        tally: Counts, to be updated.
    """
    flat = images.reshape(len(images), -1)
    darkest, brightest = flat.min(1), flat.max(1)
    tally[Counted.CONSTANT] += int(np.count_nonzero(brightest - darkest < VISIBLE_DIFFERENCE))
    tally[Counted.DARKEST, int(darkest.min())] += 1
    tally[Counted.BRIGHTEST, int(brightest.max())] += 1
    if typical is not None:
        apart = np.maximum(images, typical) - np.minimum(images, typical)
        tally[Counted.ALIKE] += int(
            np.count_nonzero(apart.reshape(flat.shape).max(1) < VISIBLE_DIFFERENCE)
        )


def _too_deep(collection: ImageCollection, kind: str, workers: int | None) -> SbvaeError:
    where, indices = f"{collection.path}: images are {kind}", evenly_spaced(len(collection), _MANY)
    if collection.value_range:
        return levels_needed(where, collection.value_range)
    if not collection.one_kind:
        _kinds(collection, workers)

    def look(part: Sequence[int]) -> list[Levels]:
        deep = [image for image in _images(collection, part) if isinstance(image, DeepImage)]
        return [found for image in deep if (found := value_range(image.values))]

    parts = [indices[start : start + _AT_ONCE] for start in range(0, len(indices), _AT_ONCE)]
    with closing(map_in_order(look, parts, workers)) as found:
        ends = [end for part in found for each in part for end in each]
    some = f"in {len(indices):,} of {len(collection):,} that were looked at"
    return levels_needed(
        where,
        (min(ends), max(ends)) if ends else None,
        some if len(indices) < len(collection) else "",
    )


def _parts(collection: ImageCollection) -> Iterator[range]:
    count = len(collection)
    return (range(start, min(start + _AT_ONCE, count)) for start in range(0, count, _AT_ONCE))


def _largest_of(collection: ImageCollection, indices: Sequence[int]) -> int:
    return max(map(_largest, _images(collection, indices)), default=0)


def _largest(image: Image.Image | DeepImage) -> int:
    """Return the largest value of any channel except opacity; 0 for images of more than 8 bits."""
    if isinstance(image, DeepImage):
        return 0
    with suppress(SbvaeError):  # Pillow cannot convert its colours: reported at import
        return max(high for _, high in channel_extrema(opaque(image)))
    return 0


def _images(
    collection: ImageCollection, indices: Sequence[int]
) -> Iterator[Image.Image | DeepImage]:
    """Yield the readable images; unreadable ones are reported when they are imported."""
    for index in indices:
        with suppress(SbvaeError):
            yield collection.read(index)


def evenly_spaced(count: int, most: int) -> list[int]:
    """Return at most `most` evenly spaced numbers below `count`."""
    return [i * count // min(count, most) for i in range(min(count, most))]
