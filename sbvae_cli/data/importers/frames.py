"""Read each frame of animations and multi-page files as an image, named like `movie.gif#03`."""

import threading
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from io import BytesIO
from itertools import accumulate

import numpy as np
from PIL import Image

from sbvae_cli.data.importers.collection import ImageCollection, ImageFiles, identify
from sbvae_cli.data.importers.deep_images import DeepImage
from sbvae_cli.data.importers.tiff_pages import frame_count
from sbvae_cli.data.workers import map_in_order
from sbvae_cli.errors import SbvaeError

# Formats of several frames of equal rank.
_FORMATS = {"AVIF", "DCX", "FLI", "GIF", "IM", "PNG", "SPIDER", "TIFF", "WEBP"}
_FEW = 8  # files of a suffix that are inspected before the frames of all of them are counted
_AT_ONCE = 64  # files whose frames a thread counts at a time
_MAX_PAGES = 30_000  # of a TIFF file, for which Pillow takes 10 seconds
_SUBFILE_TYPE, _REDUCED = 254, 1  # TIFF tag, and its bit for a smaller copy of another page


class FrameImages(ImageCollection):
    """Frames of image files, in the order of the files.

    Args:
        files: Image files; closed with this object.
        frames: Numbers of the frames that are images, by the number of their file, for files with
            several frames; any other file is a single image.

    Attributes:
        files_of_frames: Number of files with several frames.
        an_image_of_several: Name of a frame of such a file, as an example.
    """

    def __init__(self, files: ImageFiles, frames: dict[int, Sequence[int]]) -> None:
        names: list[str] = []
        for i, name in enumerate(files.names):
            several = range(len(frames.get(i, ())))
            digits = len(str(len(several) - 1))
            names += [f"{name}#{number:0{digits}}" for number in several] or [name]
        super().__init__(files.path, names, (files,))
        self.files_of_frames = len(frames)
        self.notes = files.notes
        self._files, self._frames = files, frames
        counts = [len(frames.get(i, (0,))) for i in range(len(files))]
        self._starts = np.array([0, *accumulate(counts)][:-1])
        self.an_image_of_several = names[int(self._starts[next(iter(frames))])]
        # Decoding a frame needs the frames before it, so each thread keeps its last file open.
        self._open_file = threading.local()

    def _open(self, index: int) -> Image.Image | DeepImage:
        file = int(np.searchsorted(self._starts, index, "right")) - 1
        if file not in self._frames:
            return identify(BytesIO(self._files.stored(file)))
        frame = self._frames[file][index - int(self._starts[file])]
        kept: tuple[int, Image.Image] = getattr(self._open_file, "kept", (-1, Image.Image()))
        if kept[0] != file or kept[1].tell() == frame:
            kept = self._open_file.kept = file, identify(BytesIO(self._files.stored(file)))
        kept[1].seek(frame)
        return kept[1]

    def _left_out(self, image: Image.Image) -> int:
        return 0 if self._is_kept(image) else super()._left_out(image)

    def _own(self, image: Image.Image) -> Image.Image:
        return image.copy() if self._is_kept(image) else image

    def _is_kept(self, image: Image.Image) -> bool:
        kept: object = getattr(self._open_file, "kept", (-1, None))[1]
        return image is kept


def with_frames(files: ImageFiles, workers: int | None = None) -> ImageCollection:
    """Return a collection in which each frame of an animation or multi-page file is an image.

    If a few files of a suffix have single images in single-image formats, the other files of the
    suffix are not inspected. Layers, smaller copies and second pictures of a camera are no frames.

    Args:
        files: Image files; closed with the result.
        workers: Number of threads; None for one per core.

    Raises:
        SbvaeError: If a TIFF file has more pages than Pillow can read within seconds.
    """
    by_suffix: defaultdict[str, list[int]] = defaultdict(list)
    for i, name in enumerate(files.names):
        suffix = name.rpartition(".")[2]
        by_suffix[suffix.lower() if suffix.isalnum() and len(suffix) < 6 else ""].append(i)
    frames: dict[int, Sequence[int]] = {}
    for members in by_suffix.values():
        few = members[:: max(1, len(members) // _FEW)]
        if any(_may_have_frames(files, i) for i in few):
            frames |= _count(files, members, workers)
    return FrameImages(files, frames) if frames else files


def _may_have_frames(files: ImageFiles, index: int) -> bool:
    try:
        image = identify(BytesIO(files.stored(index)))
        return image.format in _FORMATS - {"PNG"} or frame_count(image) > 1
    except Exception:  # reported when the image is read
        return False


def _count(
    files: ImageFiles, members: Sequence[int], workers: int | None
) -> dict[int, Sequence[int]]:
    """Return the frames of those files that have several."""

    def look(start: int) -> dict[int, Sequence[int]]:
        part = members[start : start + _AT_ONCE]
        return {i: frames for i in part if len(frames := _frames(files, i)) > 1}

    found: dict[int, Sequence[int]] = {}
    with closing(map_in_order(look, range(0, len(members), _AT_ONCE), workers)) as parts:
        for part in parts:
            found |= part
    return found


def _frames(files: ImageFiles, index: int) -> Sequence[int]:
    """Return the numbers of a file's frames that are images; a single one if it is unreadable."""
    try:
        image = identify(BytesIO(files.stored(index)))
        count = frame_count(image) if image.format in _FORMATS else 1
        if image.format != "TIFF" or count == 1:
            return range(count)
        _refuse_many(files, index, count)
        return _full_pages(image, int(getattr(image, "n_frames", 1)))
    except SbvaeError:
        raise
    except Exception:  # reported when the image is read
        return range(1)


def _refuse_many(files: ImageFiles, index: int, count: int) -> None:
    if count > _MAX_PAGES:
        found = f"{files.names[index]} has {count:,} pages"
        raise SbvaeError(
            f"{files.path}: {found}, more than the limit of {_MAX_PAGES:,}; split it into files "
            "of fewer pages, or save its images as an array in an NPZ file"
        )


def _full_pages(image: Image.Image, count: int) -> Sequence[int]:
    """Return the pages of a TIFF file that are not smaller copies of other pages."""
    pages = []
    for page in range(count):
        image.seek(page)
        if not int(getattr(image, "tag_v2", {}).get(_SUBFILE_TYPE, 0)) & _REDUCED:
            pages.append(page)
    return pages
