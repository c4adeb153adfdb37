"""Decode the images of a collection in threads and yield them in order as arrays."""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.names import Background, Fit
from sbvae_cli.data.importers.collection import ImageCollection, UnreadableImageError
from sbvae_cli.data.importers.fit import fit_image
from sbvae_cli.data.importers.levels import Levels
from sbvae_cli.data.importers.survey import choose_levels, count_appearances, typical_image
from sbvae_cli.data.importers.tally import Counted, Tally
from sbvae_cli.data.workers import map_in_order
from sbvae_cli.errors import SbvaeError, printable

Batch = tuple[NDArray[np.int64], NDArray[np.uint8]]
OnUnreadable = Callable[[str], None]
_BATCH = 64  # largest number of images in a batch
_BATCH_BYTES = 1 << 20
_DRAFT = 2  # JPEG files are decoded at no less than twice the final size


class Decoded(NamedTuple):
    """Decoded images.

    Attributes:
        indices: Numbers of the n images that could be read.
        images: Shape (n, H, W, C); any shape if n is 0.
        failed: Number of each unreadable image, and the reason.
        tally: Counts of changes and properties of the images that could be read.
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
    """Read all images of a collection with `fit_image`, in batches as from `read_units`.

    If no image has a value above 1, the values 0 and 1 become 0 and 255.

    Args:
        collection: Images to read; not closed.
        size: Height and width of the result, in pixels.
        fit: "crop", "pad" or "stretch".
        grey: Whether to return one channel instead of three.
        levels: Values that become 0 and 255, the same for all images. If only some images have
            more than 8 bits, the levels apply to these only.
        background: Colour behind transparent pixels.
        tally: Counts of changes, updated while the images are read.
        on_unreadable: Called with "name: reason" for each unreadable image.
        strict: Whether to raise an error at the first unreadable image.
        workers: Number of decoding threads; None for one per core.

    Raises:
        SbvaeError: If most images have more than 8 bits per channel and `levels` is None; the
            message has the range of their values.
    """
    chosen = choose_levels(collection, levels, workers)

    def read(index: int, tally: Tally | None = None) -> NDArray[np.uint8]:
        image = collection.read(index, _DRAFT * max(size), tally)
        own = chosen.of(image, tally)
        return fit_image(image, size, fit, grey, levels=own, background=background, tally=tally)

    height, width = size
    batch = max(1, min(_BATCH, _BATCH_BYTES // (height * width * 3)))
    starts = range(0, len(collection), batch)
    usual = None if tally is None else typical_image(collection, read)
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
    """Read the images of a collection in units, each of them in one thread.

    Args:
        collection: Images to read; not closed.
        units: Numbers of the images of each unit, ascending.
        work: Thread-safe function that reads a unit.
        tally: Counts, updated with those of each unit.
        on_unreadable: Called with "name: reason" for each unreadable image, in order.
        strict: Whether to raise an error at the first unreadable image.
        workers: Number of threads; None for one per core.

    Yields:
        Numbers of the images that could be read, in ascending order, shape (n,), and the images,
        shape (n, H, W, C).

    Raises:
        UnreadableImageError: If `strict`, for the first unreadable image.
        SbvaeError: If no image can be read.
    """
    first, tried, found = "", 0, 0
    with closing(map_in_order(work, units, workers)) as parts:
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
    """Read images one by one and collect the unreadable ones.

    Args:
        indices: Numbers of the images.
        read: Function from an image's number to its pixels, all of the same shape, which updates a
            tally; raises SbvaeError if it cannot read the image.
        usual: Typical image of the collection, of the same shape, to count similar ones.
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
            tally[Counted.NOT_FINITE] += counts[Counted.NOT_FINITE]
            failed.append((index, error.reason))
        except SbvaeError as error:
            failed.append((index, str(error)))
    if not images:
        return Decoded(good, np.empty(0, np.uint8), failed, tally)
    stacked = np.stack(images)
    count_appearances(stacked, usual, tally)
    return Decoded(good, stacked, failed, tally)
