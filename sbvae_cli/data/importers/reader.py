"""Collections to arrays, in order, decoded in threads: Pillow releases Python's lock meanwhile."""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.names import Background, Fit
from sbvae_cli.data.importers.collection import ImageCollection, UnreadableImageError, printable
from sbvae_cli.data.importers.fit import fit_image
from sbvae_cli.data.importers.levels import Levels
from sbvae_cli.data.importers.survey import choose_levels, count_looks, usual_image
from sbvae_cli.data.importers.tally import Tally, Told
from sbvae_cli.data.workers import in_order
from sbvae_cli.errors import SbvaeError

Batch = tuple[NDArray[np.int64], NDArray[np.uint8]]
OnUnreadable = Callable[[str], None]
_BATCH = 64  # images, of 64x64 pixels in colour or fewer
_BATCH_BYTES = 1 << 20
_DRAFT = 2  # JPEG files are decoded at twice the final size or more


class Decoded(NamedTuple):
    """What became of some images.

    Attributes:
        indices: Numbers of the n images that could be read.
        images: Shape (n, H, W, C); any shape where n is 0.
        failed: Number and reason of each of the others.
        tally: What was done to those that could be read, and what they are like.
    """

    indices: list[int]
    images: NDArray[np.uint8]
    failed: list[tuple[int, str]]
    tally: Tally


def import_images(
    collection: ImageCollection,
    size: tuple[int, int],
    fit: Fit = "crop",
    grey: bool = False,
    *,
    levels: Levels | None = None,
    background: Background = "black",
    tally: Tally | None = None,
    on_unreadable: OnUnreadable | None = None,
    strict: bool = False,
    workers: int | None = None,
) -> Generator[Batch, None, None]:
    """Read all images, each fitted as by `fit_image`; the other arguments are `read_units`'s.

    Where no image has a value above 1, the values 0 and 1 become 0 and 255.

    Args:
        collection: Left open.
        size: Height and width.
        fit: "crop", "pad" or "stretch".
        grey: One channel instead of three.
        levels: Values that become 0 and 255, the same for all images; where some have 8 bits and
            others more, for these alone.
        background: What transparency is laid over.
        tally: Filled with what is done to the images, while they are read.
        on_unreadable: Called with "name: reason" for each image that cannot be read.
        strict: Whether the first such image ends it all.
        workers: Number of threads that decode; None takes one for each core.

    Raises:
        SbvaeError: If most images have more than 8 bits a channel and there are no levels, with
            the range of their values.
    """
    chosen = choose_levels(collection, levels, workers)

    def read(index: int, tally: Tally | None = None) -> NDArray[np.uint8]:
        image = collection.read(index, _DRAFT * max(size), tally)
        own = chosen.of(image, tally)
        return fit_image(image, size, fit, grey, levels=own, background=background, tally=tally)

    height, width = size
    batch = max(1, min(_BATCH, _BATCH_BYTES // (height * width * 3)))
    starts = range(0, len(collection), batch)
    usual = None if tally is None else usual_image(collection, read)
    yield from read_units(
        collection,
        (range(start, min(start + batch, len(collection))) for start in starts),
        lambda unit: decode(unit, read, usual),
        tally=tally,
        on_unreadable=on_unreadable,
        strict=strict,
        workers=workers,
    )


def read_units(
    collection: ImageCollection,
    units: Iterable[Sequence[int]],
    work: Callable[[Sequence[int]], Decoded],
    *,
    tally: Tally | None = None,
    on_unreadable: OnUnreadable | None = None,
    strict: bool = False,
    workers: int | None = None,
) -> Generator[Batch, None, None]:
    """Read the images of a collection that belong together at a time.

    Args:
        collection: Left open.
        units: Numbers of images, ascending.
        work: Reads a unit; called in threads.
        tally: Filled with those of the units.
        on_unreadable: Called with "name: reason" for each image that cannot be read, in order.
        strict: Whether the first such image ends it all.
        workers: Number of threads; None takes one for each core.

    Yields:
        Numbers of the images that could be read, in ascending order, shape (n,), and the images,
        shape (n, H, W, C).

    Raises:
        UnreadableImageError: If `strict`, for the first image that cannot be read.
        SbvaeError: If no image can be read.
    """
    first, tried, found = "", 0, 0
    with closing(in_order(work, units, workers)) as parts:
        for indices, images, failed, counts in parts:
            for index, reason in failed:
                name = collection.names[index]
                if strict:
                    raise UnreadableImageError(collection.path, name, reason)
                line = f"{printable(name)}: {reason}"
                first = first or line
                if on_unreadable:
                    on_unreadable(line)
            if tally is not None:
                tally.update(counts)
            tried += len(indices) + len(failed)
            found += len(indices)
            if indices:
                yield np.array(indices, np.int64), images
    if not found:
        none = f"none of {tried} files can be read as an image"
        raise SbvaeError(f"{collection.path}: {none}; the first is {first}")


def decode(
    indices: Sequence[int],
    read: Callable[[int, Tally], NDArray[np.uint8]],
    usual: NDArray[np.uint8] | None = None,
) -> Decoded:
    """Read images one by one, and note those that cannot be read.

    Args:
        indices: Numbers of the images.
        read: Number to array of one shape, with what was done; raises SbvaeError for what it cannot
            take.
        usual: What most images may be alike to, of the same shape.
    """
    good: list[int] = []
    images: list[NDArray[np.uint8]] = []
    failed: list[tuple[int, str]] = []
    tally = Tally()
    for index in indices:
        counts = Tally()
        try:
            images.append(read(index, counts))
            good.append(index)
            tally.update(counts)
        except UnreadableImageError as error:
            tally[Told.NOT_FINITE] += counts[Told.NOT_FINITE]
            failed.append((index, error.reason))
        except SbvaeError as error:
            failed.append((index, str(error)))
    if not images:
        return Decoded(good, np.empty(0, np.uint8), failed, tally)
    stacked = np.stack(images)
    count_looks(stacked, usual, tally)
    return Decoded(good, stacked, failed, tally)
