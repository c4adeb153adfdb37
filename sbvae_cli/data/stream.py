"""Writing images that come from elsewhere, as many as there turn out to be."""

import zlib
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from sbvae_cli.data.factors import FactorSpace, Rows
from sbvae_cli.data.hdf5 import GZIP_LEVEL, Images
from sbvae_cli.data.workers import usable_cores
from sbvae_cli.data.writer import (
    appearing,
    chunk_length,
    pad,
    raise_if_stopped,
    refuse_existing,
    write_header,
)
from sbvae_cli.errors import SbvaeError


def write_stream(
    path: Path | str,
    batches: Iterator[tuple[Rows, Images]],
    *,
    space: FactorSpace,
    name: str,
    shape: tuple[int, int, int],
    force: bool = False,
    gzip_level: int = GZIP_LEVEL,
    on_progress: Callable[[int], None] | None = None,
    stop: Callable[[], int | None] | None = None,
) -> int:
    """Write batches of images to an HDF5 file, which appears when the last one is in it.

    Args:
        path: File to write; its folder must exist.
        batches: Stored factors (n, S) and images (n, H, W, C).
        space: Of the factors.
        name: Of the data set.
        shape: (H, W, C).
        force: Whether to replace a file that exists.
        gzip_level: From 1, fast, to 9, small.
        on_progress: Called with the number of images written so far.
        stop: Asked after each chunk for the number of a signal that wants the end.

    Returns:
        The number of images.

    Raises:
        SbvaeError: If the file exists and `force` is not set, the folder does not, the disk is
            full, or a batch cannot be made.
        StoppedError: If `stop` gave a signal; then there is no file.
    """
    path = Path(path)
    refuse_existing(path, force)
    length = chunk_length(int(np.prod(shape)))
    with appearing(path, force) as disk, h5py.File(disk, "w") as file:
        images, factors = _create(file, shape, len(space.config.stored), length)
        write_header(file, space, name, seed=0)
        count = 0
        with closing(_compressed(_chunks(batches, length), length, gzip_level)) as chunks:
            for rows, stored in chunks:
                images.resize(count + len(rows), axis=0)
                factors.resize(count + len(rows), axis=0)
                images.id.write_direct_chunk((count, 0, 0, 0), stored)
                factors[count:] = rows
                count += len(rows)
                disk.raise_kept()
                if on_progress:
                    on_progress(count)
                raise_if_stopped(stop, f"{path}: stopped after {count} images")
        if count == 0:
            raise SbvaeError(f"{path}: there are no images to write")
        file.flush()
        file.attrs["complete"] = True
    return count


def _compressed(
    chunks: Iterator[tuple[Rows, Images]], length: int, gzip_level: int
) -> Generator[tuple[Rows, bytes], None, None]:
    """Chunks in order, each compressed in a thread while the next ones are read."""
    workers = usable_cores()
    ahead: deque[tuple[Rows, Future[bytes]]] = deque()
    pool = ThreadPoolExecutor(workers, "sbvae-compress")
    try:
        for rows, images in chunks:
            whole = pad(images, length)
            ahead.append((rows, pool.submit(zlib.compress, whole.data, gzip_level)))
            if len(ahead) > workers:
                ready, stored = ahead.popleft()
                yield ready, stored.result()
        while ahead:
            ready, stored = ahead.popleft()
            yield ready, stored.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _create(file: Any, shape: tuple[int, int, int], columns: int, length: int) -> tuple[Any, Any]:
    images = file.create_dataset(
        "images",
        (0, *shape),
        np.uint8,
        maxshape=(None, *shape),
        chunks=(length, *shape),
        compression="gzip",
        compression_opts=GZIP_LEVEL,
    )
    factors = file.create_dataset(
        "factors",
        (0, columns),
        np.float32,
        maxshape=(None, columns),
        chunks=(4096, columns) if columns else None,
    )
    return images, factors


def _chunks(batches: Iterator[tuple[Rows, Images]], length: int) -> Iterator[tuple[Rows, Images]]:
    """The same rows and images, `length` at a time; fewer at the end."""
    waiting: list[tuple[Rows, Images]] = []
    held = 0
    for rows, images in batches:
        waiting.append((rows, images))
        held += len(images)
        if held < length:
            continue
        all_rows, all_images = (np.concatenate(part) for part in zip(*waiting, strict=True))
        whole = held - held % length
        for start in range(0, whole, length):
            yield all_rows[start : start + length], all_images[start : start + length]
        waiting, held = [(all_rows[whole:], all_images[whole:])], held - whole
    if held:
        all_rows, all_images = (np.concatenate(part) for part in zip(*waiting, strict=True))
        yield all_rows, all_images
