"""Writing dataset files: chunks in, the whole file out, or none."""

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
from sbvae_cli.data.workers import in_order
from sbvae_cli.errors import SbvaeError
from sbvae_cli.files import replacing

Chunk = tuple[FactorRows, Images]
_Stored = tuple[FactorRows, bytes, bytes]  # factors, compressed images, digests of the rows
MOST_IMAGES = 64  # of a chunk
_CHUNK_BYTES = 1 << 20
_ROWS_AT_ONCE = 4096  # of factors: one call to HDF5 for them


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
    """Write images to an HDF5 file, which appears when the last one is in it.

    Args:
        path: File to write; its folder must exist.
        chunks: Stored factors (n, S) and images (n, H, W, C), any number at a time; or a function,
            called in several threads, that gives those of images start to stop - 1.
        space: Factor space of the images.
        name: Name of the dataset.
        shape: Shape (H, W, C) of an image.
        count: Number of images that the function is to give.
        seed: Root seed that the factors were sampled with, at least 0.
        files: Names of the image files, one an image; complete when the last chunk is.
        written_space: Called after the last chunk: the space of the images that came, of the same
            columns as `space`, to be stored instead.
        gzip_level: Compression, from 1, fast, to 9, small.
        force: Whether to replace a file that exists.
        on_progress: Called with the number of images written so far; what it raises ends it all.

    Returns:
        The number of images.

    Raises:
        SbvaeError: If the file exists and `force` is not set, the folder does not, the disk is
            full, or there are no images.
    """
    path = Path(path)
    refuse_existing(path, force)
    done = 0
    with replacing(path) as disk:
        with h5py.File(disk, "w") as file:
            _write_header(file, space, name, seed)
            images, factors = _create(file, shape, space, count)
            compressed = _compressed(chunks, count, images.chunks[0], gzip_level, space.dtype)
            contents = sha256()
            with closing(compressed):
                for done in _fill(images, factors, compressed, contents.update):
                    disk.raise_kept()
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
        refuse_existing(path, force)  # somebody else may have written it meanwhile
    return done


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
        raise SbvaeError(f"{path}: exists; choose another name, or replace it with `force`")
    if not path.parent.is_dir():
        raise SbvaeError(f"{path}: there is no folder {path.parent}; create it first")


def chunk_length(image_bytes: int) -> int:
    """Number of images in a chunk: about a megabyte of them, and a power of two."""
    length = MOST_IMAGES
    while length > 1 and length * image_bytes > _CHUNK_BYTES:
        length //= 2
    return length


def _create(
    file: Any, shape: tuple[int, ...], space: FactorSpace, count: int | None
) -> tuple[Any, Any]:
    """The two arrays, empty; without a count they grow."""
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
    """Write both arrays; yields the number of images after each chunk."""
    waiting: list[FactorRows] = []
    done = written = 0
    for rows, stored, digests in compressed:
        on_digests(digests)
        start, done = done, done + len(rows)
        if len(images) < done:
            images.resize(done, axis=0)
        images.id.write_direct_chunk((start, 0, 0, 0), stored)
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
    """Factors and compressed images, `length` at a time and fewer at the end, made in threads."""

    def compress(chunk: Chunk) -> _Stored:
        rows, images = chunk
        stored = zlib.compress(_padded(images, length).data, gzip_level)
        return rows, stored, row_digests(images, np.asarray(rows, dtype))

    if not callable(chunks):
        return in_order(compress, _of_length(chunks, length))
    make, end = chunks, count or 0
    return in_order(
        lambda start: compress(make(start, min(start + length, end))), range(0, end, length)
    )


def _write_header(file: Any, space: FactorSpace, name: str, seed: int) -> None:
    """The attributes of a dataset file, all but `complete`, which is written last."""
    file.attrs.update(sbvae_format=FORMAT, name=name, seed=seed)
    _write_space(file, space)


def _write_space(file: Any, space: FactorSpace) -> None:
    file.attrs["space"] = space.config.model_dump_json()
    file.attrs["held_out_share"] = space.held_out_share


def _of_length(chunks: Iterable[Chunk], length: int) -> Iterator[Chunk]:
    """The same rows and images, `length` at a time; fewer at the end."""
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
    """HDF5 stores the last chunk in full."""
    if len(images) == length:
        return images
    full = np.zeros((length, *images.shape[1:]), np.uint8)
    full[: len(images)] = images
    return full
