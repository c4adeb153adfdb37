"""Write dataset files, which appear only when they are complete."""

import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from hashlib import sha256
from math import prod
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from sbvae_cli.data.factors import FactorRows, FactorSpace
from sbvae_cli.data.file import FORMAT, GZIP_LEVEL, Images
from sbvae_cli.data.file_names import write_file_names
from sbvae_cli.data.fingerprint import row_digests
from sbvae_cli.data.hdf5_chunks import write_stored_chunk
from sbvae_cli.data.workers import map_in_order
from sbvae_cli.errors import SbvaeError
from sbvae_cli.files import atomic_write

Chunk = tuple[FactorRows, Images]
_Stored = tuple[FactorRows, bytes, bytes]  # factors, compressed images, digests of the rows
MAX_CHUNK_IMAGES = 64  # largest number of images in a chunk
_CHUNK_BYTES = 1 << 20
_ROWS_AT_ONCE = 4096  # rows of factors for one call to HDF5


def write_dataset(
    path: Path | str,
    chunks: Iterable[Chunk] | Callable[[int, int], Chunk],
    *,
    space: FactorSpace,
    name: str,
    shape: tuple[int, ...],
    count: int | None = None,
    seed: int = 0,
    files: Sequence[str] | None = None,
    written_space: Callable[[], FactorSpace] | None = None,
    gzip_level: int = GZIP_LEVEL,
    force: bool = False,
    on_progress: Callable[[int], None] | None = None,
) -> int:
    """Write images to an HDF5 file, which appears only when it is complete.

    Args:
        path: File to write; its folder must exist.
        chunks: Iterable of stored factors (n, S) and images (n, H, W, C), with any n; or a
            thread-safe function from `start, stop` to those of images start to stop - 1.
        space: Factor space of the images.
        name: Name of the dataset.
        shape: Shape (H, W, C) of an image.
        count: Number of images, if `chunks` is a function.
        seed: Root seed with which the factors were sampled, at least 0.
        files: Names of the image files, one for each image; read after the last chunk.
        written_space: Called after the last chunk; returns the space of the images that came, with
            the columns of `space`, to be stored in its place.
        gzip_level: Compression level, from 1 (fast) to 9 (small).
        force: Whether to replace a file that exists.
        on_progress: Called with the number of images written so far; an exception from it ends the
            writing.

    Returns:
        Number of images written.

    Raises:
        SbvaeError: If the file exists and `force` is not set, if its folder does not exist, if the
            disk is full, or if there are no images.
    """
    path = Path(path)
    refuse_existing(path, force)
    done = 0
    with atomic_write(path) as disk:
        with h5py.File(disk, "w") as file:
            _write_header(file, space, name, seed)
            images, factors = _create(file, shape, space, count)
            compressed = _compressed(chunks, count, images.chunks[0], gzip_level, space.dtype)
            contents = sha256()
            with closing(compressed):
                for done in _fill(images, factors, compressed, contents.update):
                    disk.raise_write_error()
                    if on_progress:
                        on_progress(done)
            if done == 0:
                raise SbvaeError(f"{path}: there are no images to write")
            if written_space:
                _write_space(file, written_space())
            if files is not None:
                write_file_names(file, files)
            file.attrs["contents_hash"] = contents.hexdigest()
            file.flush()
            file.attrs["complete"] = True
        refuse_existing(path, force)  # another process may have written it in the meantime
    return done


def refuse_existing(path: Path, force: bool) -> None:
    """Check that a file may be written at `path`.

    Raises:
        SbvaeError: If the path is a folder, device or pipe, if the file exists and `force` is not
            set, or if its folder does not exist.
    """
    if path.is_dir():
        raise SbvaeError(f"{path}: is a folder; name a file in it")
    if path.exists() and not path.is_file():
        raise SbvaeError(f"{path}: is a device or a pipe; name a file to write")
    if path.exists() and not force:
        raise SbvaeError(f"{path}: exists; choose another name, or replace it with `force`")
    if not path.parent.is_dir():
        raise SbvaeError(f"{path}: there is no folder {path.parent}; create it first")


def chunk_length(image_bytes: int) -> int:
    """Return the number of images in a chunk: the largest power of two up to 64 within 1 MiB."""
    length = MAX_CHUNK_IMAGES
    while length > 1 and length * image_bytes > _CHUNK_BYTES:
        length //= 2
    return length


def _create(
    file: Any, shape: tuple[int, ...], space: FactorSpace, count: int | None
) -> tuple[Any, Any]:
    """Create the empty arrays of images and factors; without a count they can grow."""
    length, columns = chunk_length(prod(shape)), len(space.stored)
    images = file.create_dataset(
        "images",
        (count or 0, *shape),
        np.uint8,
        maxshape=None if count else (None, *shape),
        chunks=(min(length, count or length), *shape),
        compression="gzip",
        compression_opts=GZIP_LEVEL,
    )
    factors = file.create_dataset(
        "factors",
        (count or 0, columns),
        space.dtype,
        maxshape=None if count else (None, columns),
        chunks=None if count or not columns else (_ROWS_AT_ONCE, columns),
    )
    return images, factors


def _fill(
    images: Any,
    factors: Any,
    compressed: Iterable[_Stored],
    on_digests: Callable[[bytes], None],
) -> Iterator[int]:
    """Write both arrays, and yield the number of images written after each chunk."""
    waiting: list[FactorRows] = []
    done = written = 0
    for rows, stored, digests in compressed:
        on_digests(digests)
        start, done = done, done + len(rows)
        if len(images) < done:
            images.resize(done, axis=0)
        write_stored_chunk(images, (start, 0, 0, 0), stored)
        waiting.append(rows)
        if done - written >= _ROWS_AT_ONCE:
            written, waiting = _append(factors, written, waiting), []
        yield done
    if waiting:
        _append(factors, written, waiting)


def _append(factors: Any, start: int, waiting: list[FactorRows]) -> int:
    rows = np.concatenate(waiting)
    end = start + len(rows)
    if len(factors) < end:
        factors.resize(end, axis=0)
    factors[start:end] = rows
    return end


def _compressed(
    chunks: Iterable[Chunk] | Callable[[int, int], Chunk],
    count: int | None,
    length: int,
    gzip_level: int,
    dtype: Any,
) -> Generator[_Stored, None, None]:
    """Yield factors, images compressed in threads and digests, `length` rows at a time."""

    def compress(chunk: Chunk) -> _Stored:
        rows, images = chunk
        stored = zlib.compress(_padded(images, length).data, gzip_level)
        return rows, stored, row_digests(images, np.asarray(rows, dtype))

    if not callable(chunks):
        return map_in_order(compress, _of_length(chunks, length))
    make, end = chunks, count or 0
    return map_in_order(
        lambda start: compress(make(start, min(start + length, end))), range(0, end, length)
    )


def _write_header(file: Any, space: FactorSpace, name: str, seed: int) -> None:
    """Write the attributes of a dataset file except `complete`, which is written last."""
    file.attrs.update(sbvae_format=FORMAT, name=name, seed=seed)
    _write_space(file, space)


def _write_space(file: Any, space: FactorSpace) -> None:
    file.attrs["space"] = space.config.model_dump_json()
    file.attrs["held_out_share"] = space.held_out_share


def _of_length(chunks: Iterable[Chunk], length: int) -> Iterator[Chunk]:
    """Regroup rows and images into chunks of `length`; the last one may have fewer."""
    waiting: list[Chunk] = []
    held = 0
    for chunk in chunks:
        waiting.append(chunk)
        held += len(chunk[1])
        if held < length:
            continue
        rows, images = _joined(waiting)
        whole = held - held % length
        for start in range(0, whole, length):
            yield rows[start : start + length], images[start : start + length]
        waiting, held = [(rows[whole:], images[whole:])], held - whole
    if held:
        yield _joined(waiting)


def _joined(chunks: list[Chunk]) -> Chunk:
    if len(chunks) == 1:
        return chunks[0]
    rows, images = zip(*chunks, strict=True)
    return np.concatenate(rows), np.concatenate(images)


def _padded(images: Images, length: int) -> Images:
    """Pad the last chunk with zeros to `length` images: HDF5 stores whole chunks."""
    if len(images) == length:
        return images
    full = np.zeros((length, *images.shape[1:]), np.uint8)
    full[: len(images)] = images
    return full
