"""The public renders of chairs (Aubry et al. 2014): who and from where stands in the file names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sbvae_cli.data.importers.collection import ImageCollection
from sbvae_cli.data.importers.fit import fit_image
from sbvae_cli.data.importers.reader import Batch, OnUnreadable, decode_images
from sbvae_cli.errors import SbvaeError

KEPT = 2 / 3  # of the side: the central 400x400 of 600x600, as public loaders crop the wide margin
_RENDER = re.compile(r"(?:^|/)([^/]+)/renders/image_\d+_p(-?\d+)_t(-?\d+)_r\d+\.png$")


@dataclass(frozen=True)
class ChairRenders:
    """Renders of a collection whose names say what they show, in the order of the names.

    Attributes:
        collection: Where they are; also what else is there.
        indices: Of each render in the collection, ascending, shape (N,).
        chair_ids: The chairs, sorted.
        chair: Number of each render's chair in `chair_ids`, shape (N,).
        elevation_degrees: Shape (N,).
        azimuth_degrees: Shape (N,).
        unmatched: How many files of the collection have other names.
    """

    collection: ImageCollection
    indices: NDArray[np.int64]
    chair_ids: tuple[str, ...]
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
        threads: int,
        invert: bool = False,
        on_unreadable: OnUnreadable | None = None,
        strict: bool = False,
    ) -> Iterator[Batch]:
        """Decode the renders: cropped to the central 2/3 of the side, in one channel.

        Args:
            size: Height and width.
            threads: See `import_images`.
            invert: Whether to make the white background black.
            on_unreadable: See `import_images`.
            strict: See `import_images`.

        Yields:
            Numbers of the renders, from 0 to N - 1 ascending, and the images, shape (n, H, W, 1).

        Raises:
            SbvaeError: See `import_images`.
        """
        for found, images in decode_images(
            self.collection,
            self.indices.tolist(),
            lambda image: fit_image(_crop(image), size, grey=True),
            threads=threads,
            on_unreadable=on_unreadable,
            strict=strict,
        ):
            yield np.searchsorted(self.indices, found), 255 - images if invert else images


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
    chair_ids, chair = np.unique(np.array(ids), return_inverse=True)
    return ChairRenders(
        collection,
        np.array(indices, np.int64),
        tuple(chair_ids.tolist()),
        chair.astype(np.int64),
        np.array(elevations, np.int64),
        np.array(azimuths, np.int64),
        len(matches) - len(found),
    )


def _crop(image: Image.Image) -> Image.Image:
    """The central square of a fixed share of the smaller side."""
    side = max(1, round(KEPT * min(image.size)))
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))
