"""Animations and stacks of pages: each frame as an image of its own, as `movie.gif#03`."""

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
from sbvae_cli.data.workers import in_order

_FORMATS = {"AVIF", "DCX", "FLI", "GIF", "IM", "PNG", "SPIDER", "TIFF", "WEBP"}  # of equal frames
_FEW = 8  # files of one suffix that tell whether the others may hold several frames
_AT_ONCE = 64  # files whose frames a thread counts
_SUBFILE_TYPE, _REDUCED = 254, 1  # a tag of TIFF, and its bit of a page that is another in small


class FrameImages(ImageCollection):
    """The frames of files, in the order of the files.

    Args:
        files: Closed with this object.
        frames: Numbers of each file's frames that are images, in a file that has several; a file
            that is not among them is one image.

    Attributes:
        files_of_frames: Number of files that have several.
        an_image_of_several: Name of an image that is one of several.
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
        self._open_file = threading.local()  # a frame is drawn over those before it

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
    """The collection, with each frame of its animations and stacks as an image of its own.

    Where a few files of a suffix hold one image each in a format for one, the others of that suffix
    are not looked into. What a format keeps beside its image (layers, a smaller copy, the second
    picture of a camera) is no frame.

    Args:
        files: Becomes the result's to close.
        workers: Number of threads; None takes one for each core.
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
        return image.format in _FORMATS - {"PNG"} or getattr(image, "n_frames", 1) > 1
    except Exception:  # told of when the image is read
        return False


def _count(
    files: ImageFiles, members: Sequence[int], workers: int | None
) -> dict[int, Sequence[int]]:
    """Frames of the files that have several."""

    def look(start: int) -> dict[int, Sequence[int]]:
        part = members[start : start + _AT_ONCE]
        return {i: frames for i in part if len(frames := _frames(files, i)) > 1}

    found: dict[int, Sequence[int]] = {}
    with closing(in_order(look, range(0, len(members), _AT_ONCE), workers)) as parts:
        for part in parts:
            found |= part
    return found


def _frames(files: ImageFiles, index: int) -> Sequence[int]:
    """Numbers of a file's frames that are images; one where it cannot be read."""
    try:
        image = identify(BytesIO(files.stored(index)))
        count = int(getattr(image, "n_frames", 1)) if image.format in _FORMATS else 1
        if image.format == "TIFF" and count > 1:
            return _full_pages(image, count)
        return range(count)
    except Exception:  # told of when the image is read
        return range(1)


def _full_pages(image: Image.Image, count: int) -> Sequence[int]:
    """Pages of a TIFF that are not another page in small."""
    pages = []
    for page in range(count):
        image.seek(page)
        if not int(getattr(image, "tag_v2", {}).get(_SUBFILE_TYPE, 0)) & _REDUCED:
            pages.append(page)
    return pages
