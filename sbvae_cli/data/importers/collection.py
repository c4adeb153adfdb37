"""Images by number, whatever holds them, and why one of them cannot be read."""

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
from sbvae_cli.data.importers.tally import Tally, Told
from sbvae_cli.errors import SbvaeError

_DESCRIPTION = 270  # a tag of TIFF
_PLANES = re.compile(r"ImageJ=.*?\nimages=(\d{1,9})\n", re.DOTALL)  # which may share one page
_NEVER = {"EPS"}  # Pillow hands these files to Ghostscript, a program that runs what they say
_NO_IMAGES = frozenset(
    "7z bz2 csv db doc docx gz h5 hdf5 htm html ini ipynb json jsonl log mat md mov mp4 npy npz"  # noqa: SIM905
    " parquet pdf pickle pkl pt py rar rst sh tar tex tgz toml tsv txt url wav xls xlsx xml xz yaml"
    " yml zip".split()
)


class Closable(Protocol):
    """A file, or what stands for one."""

    def close(self) -> None:
        """Let go of it."""


class Closing(ABC):
    """What `with` closes."""

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
        """Let go of the files behind."""


class UnreadableImageError(SbvaeError):
    """One image of a collection that cannot be read.

    Args:
        path: The collection.
        name: Name of the image in it.
        reason: What was found.
    """

    def __init__(self, path: Path, name: str, reason: str) -> None:
        super().__init__(f"{path}: {printable(name)}: {reason}")
        self.name = name
        self.reason = reason


class ImageCollection(Closing):
    """Images with names, in the order of the names; several threads may read them at once.

    Args:
        path: The folder or archive.
        names: Sorted, relative to it, with forward slashes.
        held: Open files behind it, closed with this object.

    Attributes:
        value_range: Least and largest value of all images, where it is known unread.
        notes: What a user should know of its names.
        one_kind: Whether all images are of the same type, as in an array.
        arrays: Names of the arrays that they are, in a file of arrays.
        array_name: Name of the only one, or of their group.
        names_from: Name of the array that has the names of the images.
    """

    value_range: Levels | None = None
    notes: tuple[str, ...] = ()
    one_kind = False
    arrays: tuple[str, ...] = ()
    array_name = ""
    names_from = ""

    def __init__(self, path: Path, names: Sequence[str], held: Sequence[Closable] = ()) -> None:
        self.path = path
        self.names = tuple(names)
        self._held = held

    def __len__(self) -> int:
        return len(self.names)

    def close(self) -> None:
        """Let go of the files behind; an archive cannot be read afterwards."""
        for file in self._held:
            file.close()

    def read(
        self, index: int, enough: int | None = None, tally: Tally | None = None
    ) -> Image.Image | DeepImage:
        """Decode one image; of a file that holds several, the first.

        Args:
            index: From 0.
            enough: Pixels of the smaller side that will do: JPEG files, which can be decoded at a
                half, a quarter or an eighth of their size for less work, then are.
            tally: Counts the size as stored, and further frames that are left out.

        Raises:
            UnreadableImageError: If it is no image, broken, has more than Pillow's limit of
                pixels, or values that are not finite.
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
        except Exception as error:  # Pillow's readers raise anything when a file is broken
            raise UnreadableImageError(self.path, self.names[index], reason_of(error)) from error
        return self._own(image)

    def kind(self, index: int) -> Kind | None:
        """Numbers of one image, by its header alone; None where it cannot be read."""
        try:
            image = self._open(index)
        except Exception:  # told of when the image is read
            return None
        return image.numbers if isinstance(image, DeepImage) else stored_kind(image)

    @abstractmethod
    def _open(self, index: int) -> Image.Image | DeepImage:
        """An image, which may wait to be decoded until it is loaded."""

    def _left_out(self, image: Image.Image) -> int:
        """Number of the file's frames that are no images of the collection."""
        said = _PLANES.match(str(getattr(image, "tag_v2", {}).get(_DESCRIPTION, "")))
        return max(int(getattr(image, "n_frames", 1)), int(said[1]) if said else 1) - 1

    def _own(self, image: Image.Image) -> Image.Image:
        """The image, for the caller to change."""
        return image


def _count(tally: Tally | None, image: Image.Image | DeepImage, left_out: int = 0) -> None:
    if tally is not None:
        tally[Told.SIZE, image.height, image.width] += 1
        if left_out:
            tally[Told.FILES_OF_FRAMES] += 1
            tally[Told.FRAMES_LEFT_OUT] += left_out


class ImageFiles(ImageCollection):
    """A collection of image files."""

    def _open(self, index: int) -> Image.Image:
        return identify(BytesIO(self.stored(index)))

    @abstractmethod
    def stored(self, index: int) -> bytes:
        """The bytes of an image file."""


def identify(file: IO[bytes]) -> Image.Image:
    """An image that waits to be decoded: `Image.open` without its word on large images.

    That is a warning, and how warnings are taken is a matter of the whole process.

    Raises:
        UnidentifiedImageError: If it is in no format that Pillow reads.
        Exception: Anything that Pillow's readers raise for a broken file.
    """
    Image.init()
    start = file.read(16)
    for name in Image.ID:
        read, accepts = Image.OPEN[name]
        try:
            accepted = accepts(start) if accepts else True
            if name in _NEVER or not accepted or isinstance(accepted, str):
                continue  # a text says what is missing to read the format
            file.seek(0)
            return read(file, "")
        except (SyntaxError, IndexError, TypeError, struct.error):
            continue  # as in `Image.open`: another format may do
    raise UnidentifiedImageError


def _finite(image: DeepImage, tally: Tally | None) -> DeepImage:
    """The image, if all of its values are numbers: any colour in place of others is wrong."""
    values = image.values
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        if tally is not None:
            tally[Told.NOT_FINITE] += 1
        bad = values.size - int(np.count_nonzero(np.isfinite(values)))
        raise ValueError(f"{bad:,} of {values.size:,} values are not finite (NaN or infinite)")
    return image


def is_candidate(name: str) -> bool:
    """Whether a file may be an image: neither hidden nor of a kind that never is one."""
    path = PurePosixPath(name)
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return not hidden and path.suffix[1:].lower() not in _NO_IMAGES


def inner_name(archive: Path, name: str) -> str:
    """A member's name with forward slashes and without `./`.

    Raises:
        SbvaeError: If it is absolute or leaves the archive.
    """
    slashed = name.replace("\\", "/")
    parts = slashed.split("/")
    if slashed.startswith("/") or re.match(r"[A-Za-z]:/", slashed) or ".." in parts:
        found = f"{printable(name)} points outside of the archive"
        raise SbvaeError(f"{archive}: {found}; pack the images again with relative names")
    return "/".join(part for part in parts if part not in ("", "."))


def note_on_repeats(names: Iterable[str]) -> tuple[str, ...]:
    """A line on members of an archive that have the same name, of which the last is taken."""
    repeated = {name: number - 1 for name, number in Counter(names).items() if number > 1}
    if not repeated:
        return ()
    count = sum(repeated.values())
    them = "1 member of the archive is" if count == 1 else f"{count:,} members of the archive are"
    return (
        f"{them} left out, as a later one has the same name ({printable(next(iter(repeated)))}); "
        "pack them under other names",
    )


def printable(name: str) -> str:
    """A name for messages: what would break the line or cannot be encoded is replaced."""
    return "".join(c if c.isprintable() else "\ufffd" for c in name)


def reason_of(error: Exception) -> str:
    """One line about an error that a reader of images or archives raised."""
    if isinstance(error, UnidentifiedImageError):
        return "not an image that Pillow reads"
    if isinstance(error, MemoryError):
        return "does not fit into memory"
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return printable(" ".join(text.split())) or type(error).__name__
