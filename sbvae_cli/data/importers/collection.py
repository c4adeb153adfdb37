"""Collections of images from any kind of file or folder, read by number."""

import re
import struct
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Protocol, Self

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile

from sbvae_cli.data.importers.deep_images import DeepImage, Kind, deep_image, stored_kind
from sbvae_cli.data.importers.levels import Levels
from sbvae_cli.data.importers.limits import check_pixels
from sbvae_cli.data.importers.tally import Counted, Tally
from sbvae_cli.data.importers.tiff_pages import frame_count
from sbvae_cli.errors import SbvaeError, printable
from sbvae_cli.system_errors import NO_MORE_FILES

_DESCRIPTION = 270  # TIFF tag
_PLANES = re.compile(r"ImageJ=.*?\nimages=(\d{1,9})\n", re.DOTALL)  # planes that share one page
_NEVER = {"EPS"}  # Pillow passes these to Ghostscript, which executes the program in the file
_NO_IMAGES = frozenset(
    "7z bz2 csv db doc docx gz h5 hdf5 htm html ini ipynb json jsonl log mat md mov mp4 npy npz"  # noqa: SIM905
    " parquet pdf pickle pkl pt py rar rst sh tar tex tgz toml tsv txt url wav xls xlsx xml xz yaml"
    " yml zip".split()
)


class Closable(Protocol):
    """Object with a `close` method, such as an open file."""

    def close(self) -> None:
        """Release the file."""


class Closing(ABC):
    """Base class of context managers that close themselves."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Close the underlying files."""


class UnreadableImageError(SbvaeError):
    """Error for an image of a collection that cannot be read.

    Args:
        path: Path of the collection.
        name: Name of the image in the collection.
        reason: Reason, for the message.
    """

    def __init__(self, path: Path, name: str, reason: str) -> None:
        super().__init__(f"{path}: {name}: {reason}")
        self.name = name
        self.reason = reason


class ImageCollection(Closing):
    """Images with names, in the order of the names; reading is thread-safe.

    Args:
        path: Path of the folder, archive or file of arrays.
        names: Sorted names relative to `path`, with forward slashes.
        open_files: Open files to close with this object.

    Attributes:
        value_range: Smallest and largest value of all images; None if not known in advance.
        notes: Lines of information for the user about the names.
        one_kind: Whether all images have the same type, as in an array.
        arrays: Names of the arrays with the images, in a file of arrays; else empty.
        array_name: Name of the single array, or of the group of arrays.
        names_from: Name of the array with the names of the images; empty if there is none.
    """

    value_range: Levels | None = None
    notes: tuple[str, ...] = ()
    one_kind = False
    arrays: tuple[str, ...] = ()
    array_name = ""
    names_from = ""

    def __init__(
        self, path: Path, names: Sequence[str], open_files: Sequence[Closable] = ()
    ) -> None:
        self.path = path
        self.names = tuple(names)
        self._open_files = open_files

    def __len__(self) -> int:
        return len(self.names)

    def close(self) -> None:
        """Close the underlying files; an archive cannot be read afterwards."""
        for file in self._open_files:
            file.close()

    def read(
        self, index: int, enough: int | None = None, tally: Tally | None = None
    ) -> Image.Image | DeepImage:
        """Decode an image; of a file with several frames, the first.

        Args:
            index: Number of the image, from 0.
            enough: Sufficient length of the smaller side, in pixels: a JPEG file may be decoded
                at 1/2, 1/4 or 1/8 of its size, which is faster. None decodes it in full.
            tally: Counts of stored sizes and of frames that are left out, to be updated.

        Raises:
            UnreadableImageError: If the file is no image, is broken, has more pixels than Pillow's
                limit, or has values that are not finite.
            OSError: If the system opens no more files.
        """
        try:
            image = self._open(index)
            if isinstance(image, DeepImage):
                _count(tally, image)
                return _finite(image, tally)
            check_pixels(image.width, image.height)
            _count(tally, image, self._left_out(image))
            deep = deep_image(image) if isinstance(image, ImageFile) else None
            if deep:
                return _finite(deep, tally)
            if enough and image.format == "JPEG":
                image.draft(None, (enough, enough))
            image.load()
        except UnreadableImageError:
            raise
        except Exception as error:  # Pillow raises any exception for broken files
            if isinstance(error, OSError) and error.errno in NO_MORE_FILES:
                raise  # which says nothing of the image
            raise UnreadableImageError(self.path, self.names[index], reason_of(error)) from error
        return self._own(image)

    def kind(self, index: int) -> Kind | None:
        """Return the kind of numbers of an image, from its header; None if it cannot be read."""
        try:
            image = self._open(index)
        except Exception:  # reported when the image is read
            return None
        return image.numbers if isinstance(image, DeepImage) else stored_kind(image)

    @abstractmethod
    def _open(self, index: int) -> Image.Image | DeepImage:
        """Return an image, which may be decoded only when it is loaded."""

    def _left_out(self, image: Image.Image) -> int:
        """Return the number of frames of the image's file that are not in the collection."""
        planes = _PLANES.match(str(getattr(image, "tag_v2", {}).get(_DESCRIPTION, "")))
        return max(frame_count(image), int(planes[1]) if planes else 1) - 1

    def _own(self, image: Image.Image) -> Image.Image:
        """Return an image that the caller may change."""
        return image


def _count(tally: Tally | None, image: Image.Image | DeepImage, left_out: int = 0) -> None:
    if tally is not None:
        tally[Counted.SIZE, image.height, image.width] += 1
        if left_out:
            tally[Counted.FILES_OF_FRAMES] += 1
            tally[Counted.FRAMES_LEFT_OUT] += left_out


class ImageFiles(ImageCollection):
    """Collection of image files."""

    def _open(self, index: int) -> Image.Image:
        return identify(BytesIO(self.stored(index)))

    @abstractmethod
    def stored(self, index: int) -> bytes:
        """Return the bytes of an image file."""


def identify(file: IO[bytes]) -> Image.Image:
    """Open an image without decoding it, like `Image.open` but without its warning of large images.

    Suppressing the warning instead would change the filters of the whole process.

    Raises:
        UnidentifiedImageError: If Pillow cannot read the format.
        Exception: Any exception that Pillow's readers raise for a broken file.
    """
    Image.init()
    start = file.read(16)
    for name in Image.ID:
        read, accepts = Image.OPEN[name]
        try:
            accepted = accepts(start) if accepts else True
            if name in _NEVER or not accepted or isinstance(accepted, str):
                continue  # a string names a library that Pillow lacks for this format
            file.seek(0)
            return read(file, "")
        except (SyntaxError, IndexError, TypeError, struct.error):
            continue  # as in `Image.open`: another format may fit
    raise UnidentifiedImageError


def _finite(image: DeepImage, tally: Tally | None) -> DeepImage:
    """Check that all values are finite, since no colour can stand for NaN; return the image."""
    values = image.values
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        if tally is not None:
            tally[Counted.NOT_FINITE] += 1
        bad = values.size - int(np.count_nonzero(np.isfinite(values)))
        raise ValueError(f"{bad:,} of {values.size:,} values are not finite (NaN or infinite)")
    return image


def is_candidate(name: str) -> bool:
    """Return whether a file may be an image: it is not hidden and has no suffix of another kind."""
    path = PurePosixPath(name)
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return not hidden and path.suffix[1:].lower() not in _NO_IMAGES


def inner_name(archive: Path, name: str) -> str:
    """Return the name of an archive's member with forward slashes and without `./`.

    Raises:
        SbvaeError: If the name is absolute or points outside of the archive.
    """
    slashed = name.replace("\\", "/")
    parts = slashed.split("/")
    if slashed.startswith("/") or re.match(r"[A-Za-z]:/", slashed) or ".." in parts:
        found = f"{name} points outside of the archive"
        raise SbvaeError(f"{archive}: {found}; pack the images again with relative names")
    return "/".join(part for part in parts if part not in ("", "."))


def note_on_repeats(names: Iterable[str]) -> tuple[str, ...]:
    """Return a line on members of an archive with the same name, of which the last one is used."""
    repeated = {name: number - 1 for name, number in Counter(names).items() if number > 1}
    if not repeated:
        return ()
    count = sum(repeated.values())
    them = "1 member of the archive is" if count == 1 else f"{count:,} members of the archive are"
    return (
        f"{them} left out, as a later one has the same name ({printable(next(iter(repeated)))}); "
        "pack them under other names",
    )


def reason_of(error: Exception) -> str:
    """Describe an error of a reader of images or archives in one line."""
    if isinstance(error, UnidentifiedImageError):
        return "not an image that Pillow reads"
    if isinstance(error, MemoryError):
        return "does not fit into memory"
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return printable(" ".join(text.split())) or type(error).__name__
