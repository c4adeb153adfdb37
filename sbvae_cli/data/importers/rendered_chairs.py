"""The public renders of chairs (Aubry et al. 2014): who and from where stands in the file names."""

import re
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sbvae_cli.data.importers.collection import ImageCollection
from sbvae_cli.data.importers.fit import fit_image
from sbvae_cli.data.importers.levels import Levels
from sbvae_cli.data.importers.reader import (
    Batch,
    Decoded,
    OnUnreadable,
    decode,
    read_units,
)
from sbvae_cli.data.importers.survey import UNCHANGED, LevelsByKind, choose_levels
from sbvae_cli.data.importers.tally import Tally
from sbvae_cli.errors import SbvaeError

_BACKGROUND = 250  # and above; the renders are white around the chair, to a rounding
_MARGIN = 1.05  # of the square's side over the chair's
_RENDER = re.compile(r"(?:^|/)([^/]+)/renders/image_\d+_p(-?\d+)_t(-?\d+)_r\d+\.png$")


@dataclass(frozen=True)
class ChairRenders:
    """Renders of a collection whose names say what they show, in the order of the names.

    Attributes:
        collection: Where they are; also what else is there.
        indices: Number of each render in the collection, ascending, shape (N,).
        chair: Number of each render's chair, in the order of their names, shape (N,).
        elevation_degrees: Shape (N,).
        azimuth_degrees: Shape (N,).
        unmatched: How many files of the collection have other names.
    """

    collection: ImageCollection
    indices: NDArray[np.int64]
    chair: NDArray[np.int64]
    elevation_degrees: NDArray[np.int64]
    azimuth_degrees: NDArray[np.int64]
    unmatched: int

    def __len__(self) -> int:
        return len(self.indices)

    def images(
        self,
        size: tuple[int, int],
        *,
        invert: bool = False,
        levels: Levels | None = None,
        tally: Tally | None = None,
        on_unreadable: OnUnreadable | None = None,
        strict: bool = False,
        workers: int | None = None,
    ) -> Generator[Batch, None, None]:
        """Read the renders as by `read_units`: cropped as by `ChairCropping`, in one channel.

        Args:
            size: Height and width.
            invert: Whether to make the white background black.
            levels: Values that become 0 and 255, the same for all renders.
            tally: Filled with what is done to the renders, while they are read.
            on_unreadable: Called with "name: reason" for each render that cannot be read.
            strict: Whether the first such render ends it all.
            workers: Number of threads that decode; None takes one for each core.
        """
        ends = np.flatnonzero(np.diff(self.chair)) + 1  # a chair's renders follow each other
        return read_units(
            self.collection,
            [unit.tolist() for unit in np.split(self.indices, ends)],
            ChairCropping(
                self.collection, size, invert, choose_levels(self.collection, levels, workers)
            ),
            tally=tally,
            on_unreadable=on_unreadable,
            strict=strict,
            workers=workers,
        )


@dataclass(frozen=True)
class ChairCropping:
    """One square for all views of a chair: the chair keeps its size and its axis between views.

    The square is about the centre of the image, where the axis of the turntable is, and reaches as
    far as the chair does in any of the views that can be read, with a margin of a twentieth. So
    each chair fills the frame in its widest view. A frame that is not square shows more beside or
    above the square, white beyond the image. Where all views are blank, they are kept whole.
    Transparency is laid over white too.

    Attributes:
        collection: Where the renders are.
        size: Height and width of the result.
        invert: Whether to make the white background black.
        levels: Those of each kind of image.
        kept_pixels: Number of pixels of one chair that are kept in memory; other views are decoded
            twice. The public chairs have 22 million.
    """

    collection: ImageCollection
    size: tuple[int, int]
    invert: bool
    levels: LevelsByKind = UNCHANGED
    kept_pixels: int = 64 << 20

    def __call__(self, indices: Sequence[int]) -> Decoded:
        """Read the views of one chair."""
        share, kept, pixels = 0.0, {}, 0
        done = {index: Tally() for index in indices}
        for index in indices:
            with suppress(SbvaeError):  # told of below
                view = self._view(index, done[index])
                share = max(share, _share(view))
                if pixels + view.size <= self.kept_pixels:
                    kept[index] = view
                    pixels += view.size
        share = share or 1.0

        def read(index: int, tally: Tally) -> NDArray[np.uint8]:
            view = kept.pop(index, None)
            cropped = self._crop(self._view(index) if view is None else view, share)
            tally.update(done[index])
            return 255 - cropped if self.invert else cropped

        return decode(indices, read)

    def _view(self, index: int, tally: Tally | None = None) -> NDArray[np.uint8]:
        image = self.collection.read(index, tally=tally)
        size = image.height, image.width
        levels = self.levels.of(image, tally)
        view = fit_image(image, size, grey=True, levels=levels, background="white", tally=tally)
        return view[..., 0]

    def _crop(self, view: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
        height, width = view.shape
        scale = share * min(view.shape) / min(self.size)  # pixels of the render in one of ours
        top, left = (
            round((scale * ours - theirs) / 2)
            for ours, theirs in zip(self.size, view.shape, strict=True)
        )
        frame = Image.new("L", (width + 2 * left, height + 2 * top), "white")
        frame.paste(Image.fromarray(view), (left, top))
        return fit_image(frame, self.size, "stretch", grey=True)


def _share(view: NDArray[np.uint8]) -> float:
    """Side of the square about the centre, over the smaller side of the image; 0 without a chair.

    The margin is left out where the image has none.
    """
    reach = 0.0
    for pixels in (view.min(1), view.min(0)):
        dark = np.flatnonzero(pixels < _BACKGROUND)
        if len(dark):
            centre = len(pixels) / 2
            reach = max(reach, centre - int(dark[0]), int(dark[-1]) + 1 - centre)
    share: float = 2 * reach / min(view.shape)
    return min(_MARGIN * share, max(1.0, share))


def is_render(name: str) -> bool:
    """Whether a file is called as the public renders are."""
    return _RENDER.search(name) is not None


def find_chairs(collection: ImageCollection) -> ChairRenders:
    """Take the chair, elevation and azimuth of each render from its name.

    The names are ID/renders/image_NNN_pEEE_tAAA_rNNN.png, in any folder.

    Args:
        collection: As from `open_images`; left open.

    Raises:
        SbvaeError: If there is no such name.
    """
    matches = [(i, _RENDER.search(name)) for i, name in enumerate(collection.names)]
    found = [(i, *match.groups()) for i, match in matches if match]
    if not found:
        names = f"none of {len(matches)} files is called ID/renders/image_NNN_pEEE_tAAA_rNNN.png"
        raise SbvaeError(f"{collection.path}: {names}; choose the folder or TAR rendered_chairs")
    indices, ids, elevations, azimuths = zip(*found, strict=True)
    _, chair = np.unique(np.array(ids), return_inverse=True)
    return ChairRenders(
        collection,
        np.array(indices, np.int64),
        chair.astype(np.int64),
        np.array(elevations, np.int64),
        np.array(azimuths, np.int64),
        len(matches) - len(found),
    )
