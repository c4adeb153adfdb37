"""Read a single image file as input of a model."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.data.importers.collection import ImageFiles, UnreadableImageError
from sbvae_cli.data.importers.deep_images import DeepImage
from sbvae_cli.data.importers.fit import fit_image
from sbvae_cli.data.importers.limits import check_size
from sbvae_cli.data.importers.tally import Counted, Tally
from sbvae_cli.errors import SbvaeError
from sbvae_cli.system_errors import unreadable

_MISSING = "name an image file, or an image of the data by its number"


class _OneFile(ImageFiles):
    """Collection of a single file."""

    def stored(self, index: int) -> bytes:
        check_size(self.path.stat().st_size)
        return self.path.read_bytes()


def read_image(path: Path, height: int, width: int, channels: int) -> NDArray[np.uint8]:
    """Read an image of exactly this size; of an animation, the first frame.

    Args:
        path: File in any format that Pillow reads.
        height: Height in pixels.
        width: Width in pixels.
        channels: 1 for grey; 3 for colour, to which grey images are converted.

    Returns:
        Shape (height, width, channels).

    Raises:
        SbvaeError: If the file cannot be read, if the image has another size or more than 8 bits
            per channel, or if it has colours but `channels` is 1.
    """
    if path.is_dir():
        raise SbvaeError(f"{path}: is a folder; {_MISSING}")
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise unreadable(path, error, _MISSING) from error
    try:
        image = _OneFile(path, (path.name,)).read(0)
    except UnreadableImageError as error:
        raise SbvaeError(f"{path}: {error.reason}; {_MISSING}") from error
    if isinstance(image, DeepImage):
        raise SbvaeError(f"{path}: has more than 8 bits a channel; save it with 8")
    if image.size != (width, height):
        raise SbvaeError(
            f"{path}: is of {image.height}x{image.width} pixels, the model takes {height}x{width}; "
            "resize it, or name an image of the data by its number"
        )
    tally = Tally()
    pixels = fit_image(image, (height, width), "stretch", channels == 1, tally=tally)
    if tally[Counted.COLOUR_LOST]:
        raise SbvaeError(
            f"{path}: has colours (3 channels), the model takes grey images (1 channel); save it "
            "as grey"
        )
    return pixels
