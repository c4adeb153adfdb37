"""Read dataset files (HDF5).

The format: `images` (N, H, W, C), uint8, in chunks with the gzip filter; `factors` (N, F), float32
(float64 if float32 would merge values); `files` (N,), names of imported image files; and the root
attributes `sbvae_format`, `name`, `seed`, `space` (JSON of a SpaceConfig), `held_out_share`,
`contents_hash` (of images and factors, see `row_digests`) and `complete`. Colours of sprites are
not stored, and `factors` has no columns for them.
"""

import zlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.cores import usable_cores
from sbvae_cli.data.contents import recognise_contents
from sbvae_cli.data.factors import FactorRows, FactorSpace
from sbvae_cli.data.file_names import read_file_names
from sbvae_cli.data.file_snapshot import FileSnapshot
from sbvae_cli.data.hdf5 import open_hdf5, reading_hdf5
from sbvae_cli.data.hdf5_chunks import inflated, is_plain_gzip, read_stored_chunk
from sbvae_cli.data.hdf5_storage import check_storage
from sbvae_cli.data.level_grid import count_combinations
from sbvae_cli.data.shapes3d import is_3dshapes, read_3dshapes_space
from sbvae_cli.data.workers import map_in_order
from sbvae_cli.errors import SbvaeError, shorten_line

FORMAT = 1
GZIP_LEVEL = 1

Images = NDArray[np.uint8]


class DatasetFile:
    """Open dataset file whose header has been checked.

    Args:
        path: Path of the file.

    Attributes:
        path: Path of the file.
        name: Name of the dataset, such as "xy-hole".
        seed: Seed with which the dataset was generated.
        space: Factor space of the images.
        count: Number of images.
        height: Height of an image, in pixels.
        width: Width of an image, in pixels.
        channels: Number of channels of a stored image, 1 or 3.
        chunk_length: Number of images that are stored, and therefore read, together.
        contents_hash: Hash of all images and stored factors; None if the file has no hash.

    Raises:
        SbvaeError: If the file is missing, damaged, unfinished, of a newer format or another kind.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._file = _open(self.path)
        self._unchanged = FileSnapshot(self.path)
        try:
            with reading_hdf5(self.path):
                self._read_header()
        except BaseException:
            self._file.close()
            raise

    def _read_header(self) -> None:
        read = self._read_3dshapes if is_3dshapes(self._file) else self._read_own
        read()
        self.count, self.height, self.width, self.channels = map(int, self._images.shape)
        self._is_direct = is_plain_gzip(self._images)
        chunks = self._images.chunks
        self.chunk_length = min(self.count, int(chunks[0]) if chunks else 64)
        self.contents_hash: str | None = self._file.attrs.get("contents_hash")

    def _check_storage(self) -> None:
        by_hdf5 = not is_plain_gzip(self._images)  # else by `read_chunk`, to their length
        check_storage(self.path, "images", self._images, by_hdf5)
        check_storage(self.path, "factors", self._factors)

    def _read_3dshapes(self) -> None:
        self.name, self.seed = "3dshapes", 0
        self._images, self._factors = self._file["images"], self._file["labels"]
        self._check_storage()
        self.space = FactorSpace(read_3dshapes_space(self.path, self._file))

    def _read_own(self) -> None:
        attributes = self._file.attrs
        self._check_kind()
        try:
            self.name, self.seed = str(attributes["name"]), int(attributes["seed"])
        except (TypeError, ValueError):
            raise self._error("its attribute seed is damaged; generate it again") from None
        self._images, self._factors = self._file["images"], self._file.get("factors")
        self._check_arrays()
        try:
            self.space = FactorSpace(SpaceConfig.model_validate_json(attributes["space"]))
        except ValidationError as error:
            problem = error.errors()[0]
            where = ".".join(map(str, problem["loc"]))
            cause = " ".join(f"{where} {problem['msg']}".split())
            raise self._error(
                f"its attribute space cannot be read ({cause}); generate it again"
            ) from None
        columns, named = self._factors.shape[1], len(self.space.stored)
        if columns != named:
            found = f"{columns} columns of factors, its space names {named}"
            raise self._error(f"has {found}; generate it again")
        images, combinations = len(self._images), count_combinations(self.space.config)
        if self.space.complete_grid and combinations != images:
            found = f"{images} images of a grid of {combinations} combinations"
            raise self._error(f"has {found}; generate it again")
        self._check_storage()

    def _check_kind(self) -> None:
        attributes = self._file.attrs
        missing = [] if "images" in self._file else ["dataset images"]
        needed = ("name", "seed", "space")
        missing += [f"attribute {name}" for name in needed if name not in attributes]
        if missing:
            raise self._error(f"has no {missing[0]}; generate it again")
        found = attributes["sbvae_format"]
        if np.ndim(found) or found != FORMAT:
            raise self._error(
                f"has format {shorten_line(str(found), 80)}, this sbvae reads {FORMAT}; install a "
                "newer sbvae"
            )
        if not attributes.get("complete", False):
            raise self._error("was not written to its end; generate it again")

    def _check_arrays(self) -> None:
        images, factors = self._images, self._factors
        kinds_of = {"images": (images, "u1", 4), "factors": (factors, "f4 f8", 2)}
        for name, (array, kinds, ndim) in kinds_of.items():
            if not isinstance(array, h5py.Dataset):
                raise self._error(f"has no dataset {name}; generate it again")
            if array.ndim != ndim or array.dtype.str[1:] not in kinds.split():
                raise self._error(
                    f"its {name} are {array.dtype} of shape {array.shape}, expected "
                    f"{np.dtype(kinds[:2])} in {ndim} dimensions; generate it again"
                )
        if len(images) != len(factors):
            found = f"{len(images)} images and {len(factors)} rows of factors"
            raise self._error(f"has {found}; generate it again")
        if 0 in images.shape:
            raise self._error(
                f"holds no images (shape {images.shape}); generate it with `count` 1 or more"
            )

    @property
    def threads(self) -> int:
        """Number of threads with which chunks are read fastest."""
        return min(usable_cores(), 8)

    @property
    def chunk_count(self) -> int:
        """Number of chunks; the last one may hold fewer images."""
        return -(-self.count // self.chunk_length)

    def chunk_size(self, chunk: int) -> int:
        """Return the number of images in a chunk."""
        return min(self.chunk_length, self.count - chunk * self.chunk_length)

    def read(self, start: int, stop: int) -> tuple[Images, FactorRows]:
        """Read consecutive images and their factors.

        Args:
            start: Number of the first image.
            stop: Number of the last image plus 1; cut to `count` if larger.

        Returns:
            Images (n, H, W, C) and factors (n, F).

        Raises:
            SbvaeError: If the file is damaged there.
        """
        return self.read_rows(np.arange(start, min(stop, self.count)))

    def read_rows(self, rows: NDArray[np.integer]) -> tuple[Images, FactorRows]:
        """Read images and their factors in any order, reading each chunk once.

        Args:
            rows: Row numbers, shape (n,).

        Returns:
            Images (n, H, W, C) and factors (n, F).

        Raises:
            SbvaeError: If the file is damaged there.
        """
        out = np.empty((len(rows), *self._images.shape[1:]), np.uint8)
        order = np.argsort(rows, kind="stable")
        chunks = rows[order] // self.chunk_length
        wanted, starts = np.unique(chunks, return_index=True)
        places = np.split(order, starts[1:]) if len(rows) else []

        def copy(chunk: int, place: NDArray[np.intp]) -> None:
            out[place] = self.read_chunk(chunk)[rows[place] - chunk * self.chunk_length]

        self._in_threads(copy, list(zip(wanted.tolist(), places, strict=True)))
        return out, self.read_factors(rows)

    def read_chunks(self, chunks: Sequence[int]) -> Images:
        """Read the images of several chunks and concatenate them.

        Raises:
            SbvaeError: If one of these chunks is damaged.
        """
        ends = np.cumsum([self.chunk_size(chunk) for chunk in chunks]).tolist()
        out = np.empty((ends[-1] if ends else 0, *self._images.shape[1:]), np.uint8)

        def copy(chunk: int, end: int) -> None:
            out[end - self.chunk_size(chunk) : end] = self.read_chunk(chunk)

        self._in_threads(copy, list(zip(chunks, ends, strict=True)))
        return out

    def _in_threads(self, copy: Any, calls: list[tuple[int, Any]]) -> None:
        if len(calls) < 2:
            for call in calls:
                copy(*call)
            return
        for _ in map_in_order(lambda call: copy(*call), calls, self.threads):
            pass

    def read_chunk(self, chunk: int) -> Images:
        """Read the images of a chunk, shape (n, H, W, C), maybe read-only; runs in many threads.

        Raises:
            SbvaeError: If the chunk is damaged, or the file was written to since it was opened.
        """
        start, size = chunk * self.chunk_length, self.chunk_size(chunk)
        try:
            if not self._is_direct:
                images: Images = self._images[start : start + size]
                self._unchanged.check()
                return images
            # HDF5 holds its global lock while it decompresses, so zlib does it, in parallel.
            skipped, stored = read_stored_chunk(self._images, (start, 0, 0, 0))
            shape = self._images.chunks
            length = int(np.prod(shape))
            self._unchanged.check()
            stored = stored if skipped else inflated(stored, length)
        except (OSError, RuntimeError, ValueError, zlib.error) as error:
            raise self._damaged(start, size, error) from error
        if len(stored) != length:
            raise self._damaged(start, size, f"found {len(stored)} bytes of {length}")
        return np.frombuffer(stored, np.uint8).reshape(shape)[:size]

    def read_factors(self, rows: NDArray[np.integer]) -> FactorRows:
        """Read rows of factors, via the span from the first to the last row: factors are small."""
        if not len(rows):
            return np.empty((0, self._factors.shape[1]), self.space.dtype)
        first, last = int(rows.min()), int(rows.max())
        try:
            span: FactorRows = np.asarray(self._factors[first : last + 1], self.space.dtype)
        except (OSError, RuntimeError) as error:
            raise self._damaged(first, last + 1 - first, error) from error
        picked: FactorRows = span[rows - first]
        return picked

    @cached_property
    def files(self) -> tuple[str, ...] | None:
        """Names of the image files, one for each image; None if they are not stored."""
        return read_file_names(self.path, self._file, self.count)

    def _damaged(self, start: int, size: int, cause: object) -> SbvaeError:
        self._unchanged.check()  # which then is the cause
        where, reason = f"images {start} to {start + size - 1}", " ".join(str(cause).split())
        return self._error(f"is damaged at {where} ({reason}); copy it or generate it again")

    def _error(self, message: str) -> SbvaeError:
        return SbvaeError(f"{self.path}: {message}")

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _open(path: Path) -> Any:
    contents = recognise_contents(path)
    if contents.kind not in ("dataset", "3dshapes"):
        raise SbvaeError(f"{path}: {contents}")
    return open_hdf5(path)
