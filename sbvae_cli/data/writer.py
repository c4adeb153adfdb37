"""Writing data set files: chunks are drawn and compressed in threads, written in order.

The file appears under its name when it is whole; until then it has a hidden name beside it.
"""

import io
import os
import secrets
import shutil
import zlib
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from sbvae_cli.data.factors import FactorSpace, Rows
from sbvae_cli.data.hdf5 import FORMAT, GZIP_LEVEL, Images
from sbvae_cli.data.workers import usable_cores
from sbvae_cli.errors import SbvaeError, StoppedError

BLOCK = 64  # rows of factors from one random state; chunks are blocks or even parts of them
_TAG = 0x66696C65  # keeps these random streams apart from others of the same seed
_CHUNK_BYTES = 1 << 20
_ROWS_AT_ONCE = 4096  # of factors: one call to HDF5 for them


def write_dataset(
    path: Path | str,
    *,
    space: FactorSpace,
    name: str,
    seed: int,
    count: int,
    height: int,
    width: int,
    render: Callable[[Rows], Images],
    rows: Callable[[int, int], Rows] | None = None,
    gzip_level: int = GZIP_LEVEL,
    force: bool = False,
    on_progress: Callable[[int], None] | None = None,
    stop: Callable[[], int | None] | None = None,
) -> None:
    """Draw a training set and write it to an HDF5 file, which appears when it is whole.

    The same seed gives the same images, whatever the number of threads; a larger count begins with
    the same ones. The factors are the same for every image size.

    Args:
        path: File to write; its folder must exist.
        space: Where the factors are drawn from (population "train").
        name: Of the data set.
        seed: At least 0.
        count: Images, at least 1.
        height: Rows of an image.
        width: Columns of an image.
        render: Stored factors (n, S) to images (n, height, width, C); runs in several threads.
        rows: Gives the stored factors of images start to stop - 1 instead of drawing them.
        gzip_level: From 1, fast, to 9, small.
        force: Whether to replace a file that exists.
        on_progress: Called with the number of images written so far.
        stop: Asked between chunks for the number of a signal that wants the end, None to go on.

    Raises:
        SbvaeError: If the file exists and `force` is not set, the folder does not, or the disk is
            full or far too small.
        StoppedError: If `stop` gave a signal; then there is no file.
    """
    path = Path(path)
    if count < 1 or height < 1 or width < 1:
        raise SbvaeError(
            f"{path}: {count} images of {height}x{width} pixels hold nothing; choose 1 or more"
        )
    refuse_existing(path, force)
    rows = rows or partial(_factor_rows, space, seed)
    sample = render(rows(0, 1))
    _require_room(path, count, sample.nbytes, rows, render, gzip_level)
    with appearing(path, force) as disk, h5py.File(disk, "w") as file:
        arrays = _create(file, space, count, sample)
        write_header(file, space, name, seed)
        with closing(_write_chunks(arrays, rows, render, gzip_level)) as written:
            for done in written:
                disk.raise_kept()
                if on_progress:
                    on_progress(done)
                raise_if_stopped(stop, f"{path}: stopped after {done} of {count} images")
        file.flush()
        file.attrs["complete"] = True


def _require_room(
    path: Path,
    count: int,
    image_bytes: int,
    rows: Callable[[int, int], Rows],
    render: Callable[[Rows], Images],
    gzip_level: int,
) -> None:
    """Refuse what does not fit on the disk, judged by compressing some images from the middle.

    Raises:
        SbvaeError: If twice as much as is free would hardly do: some images tell only about.
    """
    free = shutil.disk_usage(path.parent).free
    if count * image_bytes < free:
        return
    start = count // 2 // BLOCK * BLOCK
    some = rows(start, min(start + max(8, chunk_length(image_bytes)), count))
    stored = len(zlib.compress(render(some).data, gzip_level)) + some.nbytes
    needed = count * stored // len(some)
    if needed > 2 * free:
        raise SbvaeError(
            f"{path}: {count:,} images need about {needed / 1e9:,.1f} GB, {free / 1e9:,.1f} GB are "
            "free; choose a smaller --count or --size, or another disk"
        )


class _Disk(io.FileIO):
    """A file that keeps its first error until it is asked for.

    HDF5 leaves objects behind that crash the process later when a write fails as it closes a file,
    and with a full disk the last of its own records often are what fails. So it is told that all
    went well, closes in order, and the file is then thrown away.
    """

    kept: OSError | None = None

    def write(self, data: Any) -> int:
        rest = memoryview(data).cast("B")
        size = len(rest)
        try:
            while rest and not self.kept:
                rest = rest[super().write(rest) :]
        except OSError as error:
            self.kept = error
        return size

    def truncate(self, size: int | None = None) -> int:
        try:
            return super().truncate(size)
        except OSError as error:
            self.kept = self.kept or error
            return self.tell() if size is None else size

    def raise_kept(self) -> None:
        """Raise the first error, if there was one."""
        if self.kept:
            raise self.kept


def write_header(file: Any, space: FactorSpace, name: str, seed: int) -> None:
    """The attributes of a dataset file, all but `complete`, which is written last."""
    file.attrs.update(sbvae_format=FORMAT, name=name, seed=seed)
    file.attrs["space"] = space.config.model_dump_json()
    file.attrs["held_out_share"] = space.held_out_share


def raise_if_stopped(stop: Callable[[], int | None] | None, found: str) -> None:
    """Ask whether a signal wants the end.

    Raises:
        StoppedError: If one does; says what was found, and that nothing was kept.
    """
    signal_number = stop() if stop else None
    if signal_number:
        raise StoppedError(f"{found}; nothing was kept", signal_number)


def refuse_existing(path: Path, force: bool) -> None:
    """Refuse to write where something stands that must not be replaced.

    Raises:
        SbvaeError: With what stands there.
    """
    if path.is_dir():
        raise SbvaeError(f"{path}: is a folder; name a file in it")
    if path.exists() and not path.is_file():
        raise SbvaeError(f"{path}: is a device or a pipe; name a file to write")
    if path.exists() and not force:
        raise SbvaeError(f"{path}: exists; choose another name, or replace it with --force")
    if not path.parent.is_dir():
        raise SbvaeError(f"{path}: there is no folder {path.parent}; create it first")


@contextmanager
def appearing(path: Path, force: bool) -> Iterator[_Disk]:
    """A file beside the path, which takes the path's name at the end and is removed on failure."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        with _Disk(temporary, "x+") as disk:
            yield disk
            disk.raise_kept()
            os.fsync(disk.fileno())  # some file systems find out here that there is no room
        refuse_existing(path, force)  # somebody else may have written it meanwhile
        os.replace(temporary, path)
    except OSError as error:
        raise _disk_error(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def _disk_error(path: Path, error: OSError) -> SbvaeError:
    reason = error.strerror or " ".join(str(error).split())
    return SbvaeError(f"{path}: {reason}; nothing was kept, choose another place")


def chunk_length(image_bytes: int) -> int:
    """Images of a chunk: about a megabyte, and a power of two."""
    length = BLOCK
    while length > 1 and length * image_bytes > _CHUNK_BYTES:
        length //= 2
    return length


def _create(file: Any, space: FactorSpace, count: int, sample: Images) -> tuple[Any, Any]:
    """The two empty arrays."""
    length = chunk_length(sample[0].nbytes)
    shape = sample.shape[1:]
    images = file.create_dataset(
        "images",
        (count, *shape),
        np.uint8,
        chunks=(min(length, count), *shape),
        compression="gzip",
        compression_opts=GZIP_LEVEL,
    )
    factors = file.create_dataset("factors", (count, len(space.config.stored)), np.float32)
    return images, factors


def _write_chunks(
    arrays: tuple[Any, Any],
    rows_between: Callable[[int, int], Rows],
    render: Callable[[Rows], Images],
    gzip_level: int,
) -> Generator[int, None, None]:
    """Write both arrays; yields the number of images after each chunk."""
    images, factors = arrays
    count, length = len(images), images.chunks[0]

    def make(start: int) -> tuple[Rows, bytes]:
        rows = rows_between(start, min(start + length, count))
        return rows, zlib.compress(pad(render(rows), length).data, gzip_level)

    waiting: list[Rows] = []
    written = 0
    with closing(_in_order(make, range(0, count, length))) as made:
        for start, (rows, stored) in made:
            images.id.write_direct_chunk((start, 0, 0, 0), stored)
            waiting.append(rows)
            done = start + len(rows)
            if done - written >= _ROWS_AT_ONCE or done == count:
                factors[written:done] = np.concatenate(waiting)
                written, waiting = done, []
            yield done


def _in_order(
    make: Callable[[int], tuple[Rows, bytes]], starts: range
) -> Generator[tuple[int, tuple[Rows, bytes]], None, None]:
    """Results in order, while threads work a few chunks ahead."""
    workers = usable_cores()
    pool = ThreadPoolExecutor(workers, "sbvae-write")
    ahead: deque[tuple[int, Future[tuple[Rows, bytes]]]] = deque()
    try:
        for start in starts:
            ahead.append((start, pool.submit(make, start)))
            if len(ahead) > 4 * workers:
                first, future = ahead.popleft()
                yield first, future.result()
        for first, future in ahead:
            yield first, future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _factor_rows(space: FactorSpace, seed: int, start: int, stop: int) -> Rows:
    """Rows of the training set; a block is a function of its number and the seed alone."""
    block, first = divmod(start, BLOCK)
    rng = np.random.default_rng([seed, block, _TAG])
    rows = space.sample(rng, BLOCK)[first : first + stop - start]
    if not space.config.online:
        return rows
    return rows[:, [space.index(name) for name in space.config.stored]]


def pad(images: Images, length: int) -> NDArray[np.uint8]:
    """HDF5 stores the last chunk in full."""
    if len(images) == length:
        return images
    full = np.zeros((length, *images.shape[1:]), np.uint8)
    full[: len(images)] = images
    return full
