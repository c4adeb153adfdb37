"""Collections to arrays: decoded in threads, in order, a bounded number ahead."""

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sbvae_cli.config.names import Fit
from sbvae_cli.data.importers.collection import ImageCollection, UnreadableImageError, printable
from sbvae_cli.data.importers.fit import fit_image
from sbvae_cli.errors import SbvaeError

Batch = tuple[NDArray[np.int64], NDArray[np.uint8]]
OnUnreadable = Callable[[str], None]
_BATCH = 64  # images, of 64x64 pixels or fewer
_BATCH_BYTES = 1 << 20
_AHEAD = 2  # batches for each thread
_DRAFT = 2  # JPEG files are decoded at twice the final size or more


def import_images(
    collection: ImageCollection,
    size: tuple[int, int],
    fit: Fit = "crop",
    grey: bool = False,
    *,
    threads: int,
    on_unreadable: OnUnreadable | None = None,
    strict: bool = False,
) -> Iterator[Batch]:
    """Read all images, each fitted as by `fit_image`.

    Args:
        collection: Left open.
        size: Height and width.
        fit: "crop", "pad" or "stretch".
        grey: One channel instead of three.
        threads: That decode; at least 1.
        on_unreadable: Called with "name: reason" for each image that cannot be read, in order.
        strict: Whether the first such image ends it all.

    Yields:
        Indices of the images that could be read, in ascending order, shape (n,), and the images,
        shape (n, H, W, C).

    Raises:
        UnreadableImageError: If `strict`, for the first image that cannot be read.
        SbvaeError: If no image can be read.
    """
    height, width = size
    return decode_images(
        collection,
        range(len(collection)),
        lambda image: fit_image(image, size, fit, grey),
        batch=max(1, min(_BATCH, _BATCH_BYTES // (height * width * 3))),
        enough=_DRAFT * max(size),
        threads=threads,
        on_unreadable=on_unreadable,
        strict=strict,
    )


def decode_images(
    collection: ImageCollection,
    indices: Sequence[int],
    convert: Callable[[Image.Image], NDArray[np.uint8]],
    *,
    batch: int = _BATCH,
    enough: int | None = None,
    threads: int,
    on_unreadable: OnUnreadable | None = None,
    strict: bool = False,
) -> Iterator[Batch]:
    """Read some images; as `import_images`, with any function to an array of one shape.

    Args:
        collection: Left open.
        indices: Which images, in ascending order.
        convert: Image to array; runs in several threads, and raises SbvaeError for what it cannot
            take.
        batch: Images yielded at once, or fewer.
        enough: See `ImageCollection.read`.
        threads: As above.
        on_unreadable: As above.
        strict: As above.

    Yields:
        Indices and images.

    Raises:
        UnreadableImageError: As above.
        SbvaeError: As above.
    """
    first = ""
    found = 0

    def decode(chosen: Sequence[int]) -> _Decoded:
        good, images, failed = [], [], []
        for index in chosen:
            try:
                images.append(_decode(collection, index, convert, enough))
                good.append(index)
            except UnreadableImageError as error:
                failed.append(error)
        return good, images, failed

    with closing(_in_order(decode, indices, batch, threads)) as batches:
        for good, images, failed in batches:
            for error in failed:
                if strict:
                    raise error
                line = f"{printable(error.name)}: {error.reason}"
                first = first or line
                if on_unreadable:
                    on_unreadable(line)
            if images:
                found += len(images)
                yield np.array(good, np.int64), np.stack(images)
    if not found:
        tried = f"none of {len(indices)} files can be read as an image"
        raise SbvaeError(f"{collection.path}: {tried}; the first is {first}")


_Decoded = tuple[list[int], list[NDArray[np.uint8]], list[UnreadableImageError]]


def _in_order(
    decode: Callable[[Sequence[int]], _Decoded], indices: Sequence[int], batch: int, threads: int
) -> Generator[_Decoded, None, None]:
    """Batches in order, while threads work a few ahead."""
    pool = ThreadPoolExecutor(threads, "sbvae-import")
    ahead: deque[Future[_Decoded]] = deque()
    starts = iter(range(0, len(indices), batch))
    try:
        while True:
            for start in islice(starts, _AHEAD * threads - len(ahead)):
                ahead.append(pool.submit(decode, indices[start : start + batch]))
            if not ahead:
                return
            yield ahead.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _decode(
    collection: ImageCollection,
    index: int,
    convert: Callable[[Image.Image], NDArray[np.uint8]],
    enough: int | None,
) -> NDArray[np.uint8]:
    image = collection.read(index, enough)
    try:
        return convert(image)
    except SbvaeError as error:
        name = collection.names[index]
        raise UnreadableImageError(collection.path, name, str(error)) from error
