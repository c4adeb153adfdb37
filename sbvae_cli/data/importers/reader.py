"""Collections to arrays, in order; decoded in other processes where that pays."""

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.names import Fit
from sbvae_cli.data.importers.collection import ImageCollection, UnreadableImageError, printable
from sbvae_cli.data.importers.fit import fit_image
from sbvae_cli.data.importers.processes import in_processes
from sbvae_cli.errors import SbvaeError

Batch = tuple[NDArray[np.int64], NDArray[np.uint8]]
OnUnreadable = Callable[[str], None]
_BATCH = 64  # images, of 64x64 pixels in colour or fewer
_BATCH_BYTES = 1 << 20
_DRAFT = 2  # JPEG files are decoded at twice the final size or more
_PAYS_SECONDS = 0.5  # of work; to start the processes takes about 0.15
_LOADING_SECONDS = 0.15  # that a process takes to load


class Decoded(NamedTuple):
    """What became of some images.

    Attributes:
        indices: Of those that could be read, n of them.
        images: Shape (n, H, W, C); any shape where n is 0.
        failed: Index and reason of each of the others.
    """

    indices: list[int]
    images: NDArray[np.uint8]
    failed: list[tuple[int, str]]


class Work(Protocol):
    """How some images of a collection are read; can be pickled if the collection can move."""

    @property
    def collection(self) -> ImageCollection:
        """Where they are."""

    def __call__(self, indices: Sequence[int]) -> Iterator[Decoded]:
        """Read a unit of them: one part or several, with every index in one of them."""


@dataclass(frozen=True)
class Fitting:
    """Each image by itself, fitted as by `fit_image`; of a unit there is one part."""

    collection: ImageCollection
    size: tuple[int, int]
    fit: Fit
    grey: bool

    def __call__(self, indices: Sequence[int]) -> Iterator[Decoded]:
        """Read a unit."""
        yield decode(indices, self._read)

    def _read(self, index: int) -> NDArray[np.uint8]:
        image = self.collection.read(index, enough=_DRAFT * max(self.size))
        return fit_image(image, self.size, self.fit, self.grey)


def import_images(
    collection: ImageCollection,
    size: tuple[int, int],
    fit: Fit = "crop",
    grey: bool = False,
    *,
    workers: int,
    on_unreadable: OnUnreadable | None = None,
    strict: bool = False,
) -> Generator[Batch, None, None]:
    """Read all images, each fitted as by `fit_image`.

    Args:
        collection: Left open.
        size: Height and width.
        fit: "crop", "pad" or "stretch".
        grey: One channel instead of three.
        workers: Processes that decode, at most; this one does it where they would not pay.
        on_unreadable: Called with "name: reason" for each image that cannot be read, in order.
        strict: Whether the first such image ends it all.

    Yields:
        Indices of the images that could be read, in ascending order, shape (n,), and the images,
        shape (n, H, W, C).

    Raises:
        UnreadableImageError: If `strict`, for the first image that cannot be read.
        SbvaeError: If no image can be read, or a process ends before its work.
    """
    batch = batch_length(size)
    everything = range(len(collection))
    return run_work(
        Fitting(collection, size, fit, grey),
        [everything[start : start + batch] for start in range(0, len(collection), batch)],
        workers=workers,
        on_unreadable=on_unreadable,
        strict=strict,
    )


def batch_length(size: tuple[int, int]) -> int:
    """How many images of a height and width are read at once."""
    height, width = size
    return max(1, min(_BATCH, _BATCH_BYTES // (height * width * 3)))


def run_work(
    work: Work,
    units: Sequence[Sequence[int]],
    *,
    workers: int,
    on_unreadable: OnUnreadable | None = None,
    strict: bool = False,
) -> Generator[Batch, None, None]:
    """Read images by any work; arguments and errors are those of `import_images`.

    Args:
        work: Done to each unit.
        units: Indices of images that belong together, ascending.
        workers: As above.
        on_unreadable: As above.
        strict: As above.

    Yields:
        Indices and images.

    Raises:
        UnreadableImageError: As above.
        SbvaeError: As above.
    """
    collection = work.collection
    first, found = "", 0
    with closing(_parts(work, units, workers)) as parts:
        for indices, images, failed in parts:
            for index, reason in failed:
                name = collection.names[index]
                if strict:
                    raise UnreadableImageError(collection.path, name, reason)
                line = f"{printable(name)}: {reason}"
                first = first or line
                if on_unreadable:
                    on_unreadable(line)
            if indices:
                found += len(indices)
                yield np.array(indices, np.int64), images
    if not found:
        tried = f"none of {sum(map(len, units))} files can be read as an image"
        raise SbvaeError(f"{collection.path}: {tried}; the first is {first}")


def _parts(
    work: Work, units: Sequence[Sequence[int]], workers: int
) -> Generator[Decoded, None, None]:
    """All parts in order; how long the first one takes tells whether other processes pay."""
    began = time.perf_counter()
    parts = work(units[0])
    first = next(parts)
    left = (time.perf_counter() - began) * (len(units) - 1)
    yield first
    yield from parts
    if workers > 1 and left > _PAYS_SECONDS and work.collection.can_move:
        yield from in_processes(
            work.collection.path, work, units[1:], workers, meanwhile_seconds=_LOADING_SECONDS
        )
        return
    for unit in units[1:]:
        yield from work(unit)


def decode(indices: Sequence[int], read: Callable[[int], NDArray[np.uint8]]) -> Decoded:
    """Read images one by one, and note those that cannot be read.

    Args:
        indices: Of the images.
        read: Index to array of one shape; raises SbvaeError for what it cannot take.
    """
    good: list[int] = []
    images: list[NDArray[np.uint8]] = []
    failed: list[tuple[int, str]] = []
    for index in indices:
        try:
            images.append(read(index))
            good.append(index)
        except UnreadableImageError as error:
            failed.append((index, error.reason))
        except SbvaeError as error:
            failed.append((index, str(error)))
    return Decoded(good, np.stack(images) if images else np.empty(0, np.uint8), failed)
