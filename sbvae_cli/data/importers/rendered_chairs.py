"""Read the public renders of chairs (Aubry et al. 2014), whose file names have the factors."""

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

_BACKGROUND = 250  # values from here on are background, which is nearly white in the renders
_MARGIN = 1.05  # side of the square over the extent of the chair
_RENDER = re.compile(r"(?:^|/)([^/]+)/renders/image_\d+_p(-?\d+)_t(-?\d+)_r\d+\.png$")


@dataclass(frozen=True)
class ChairRenders:
    """Renders of chairs in a collection, with the factors from their names.

    Attributes:
        collection: Collection that contains the renders, maybe among other files.
        indices: Number of each render in the collection, ascending, shape (N,).
        chair: Number of each render's chair, in the order of the chairs' names, shape (N,).
        elevation_degrees: Elevation of the camera in degrees, shape (N,).
        azimuth_degrees: Azimuth of the camera in degrees, shape (N,).
        unmatched: Number of files of the collection that are not named like a render.
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
        """Read the renders in one channel, cropped by `ChairCropping`, as `read_units` does.

        Args:
            size: Height and width of the result, in pixels.
            invert: Whether to make the white background black.
            levels: Values that become 0 and 255, the same for all renders.
            tally: Counts of changes, updated while the renders are read.
            on_unreadable: Called with "name: reason" for each unreadable render.
            strict: Whether to raise an error at the first unreadable render.
            workers: Number of decoding threads; None for one per core.
        """
        ends = np.flatnonzero(np.diff(self.chair)) + 1  # renders are sorted by chair
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
    """Crop all views of a chair to the same square, so that its size and axis do not change.

    The square is centred on the image, where the axis of the turntable is. It contains the chair in
    every readable view, with a margin of 5 %, so that the chair fills the frame in its widest view.
    A frame that is not square shows more at two opposite sides, white outside of the image. If all
    views are blank, they are not cropped. The background of transparent pixels is white.

    Attributes:
        collection: Collection that contains the renders.
        size: Height and width of the result, in pixels.
        invert: Whether to make the white background black.
        levels: Levels of 8-bit and of deeper images.
        kept_pixels: Largest number of pixels of one chair that are cached; further views are
            decoded twice. A public chair has 22 million.
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
            with suppress(SbvaeError):  # `decode` reads the view again and reports the error
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
        scale = share * min(view.shape) / min(self.size)  # pixels of the render per result pixel
        top, left = (
            round((scale * ours - theirs) / 2)
            for ours, theirs in zip(self.size, view.shape, strict=True)
        )
        frame = Image.new("L", (width + 2 * left, height + 2 * top), "white")
        frame.paste(Image.fromarray(view), (left, top))
        return fit_image(frame, self.size, "stretch", grey=True)


def _share(view: NDArray[np.uint8]) -> float:
    """Return the side of the square over the smaller side of the image; 0 if there is no chair.

    The margin is cut off at the edge of the image.
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
    """Return whether a file is named like a public render."""
    return _RENDER.search(name) is not None


def find_chairs(collection: ImageCollection) -> ChairRenders:
    """Read the chair, elevation and azimuth of each render from its name.

    The names are ID/renders/image_NNN_pEEE_tAAA_rNNN.png, in any folder.

    Args:
        collection: Collection from `open_images`; not closed.

    Raises:
        SbvaeError: If no file is named like a render.
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
