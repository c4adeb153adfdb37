"""One image file for a model: exactly its size and channels, or a line that says what is wrong."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sbvae_cli.data.importers.one_image import read_image
from sbvae_cli.errors import SbvaeError

PIXELS = np.random.default_rng(1).integers(0, 256, (6, 4, 3), np.uint8)


def test_grey_fits_both_and_colours_fit_three_channels(tmp_path: Path) -> None:
    colour, grey = tmp_path / "c.png", tmp_path / "g.png"
    Image.fromarray(PIXELS).save(colour)
    Image.fromarray(PIXELS[..., 0]).save(grey)

    np.testing.assert_array_equal(read_image(colour, 6, 4, 3), PIXELS)
    np.testing.assert_array_equal(read_image(grey, 6, 4, 1), PIXELS[..., :1])
    np.testing.assert_array_equal(read_image(grey, 6, 4, 3), np.repeat(PIXELS[..., :1], 3, axis=2))


@pytest.mark.parametrize(
    ("name", "size", "channels", "message"),
    [
        ("c.png", (6, 4), 1, "c.png: has colours .3 channels., the model takes grey images"),
        ("c.png", (4, 6), 3, "c.png: is of 6x4 pixels, the model takes 4x6; resize it"),
        ("none.png", (6, 4), 3, "none.png: there is no such file; name an image file, or an"),
        ("folder", (6, 4), 3, "folder: is a folder; name an image file"),
        ("text.png", (6, 4), 3, "text.png: not an image that Pillow reads; name an image file"),
        ("deep.png", (6, 4), 1, "deep.png: has more than 8 bits a channel"),
    ],
)
def test_what_does_not_fit_is_told(
    tmp_path: Path, name: str, size: tuple[int, int], channels: int, message: str
) -> None:
    Image.fromarray(PIXELS).save(tmp_path / "c.png")
    Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 200).save(tmp_path / "deep.png")
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "folder").mkdir()

    with pytest.raises(SbvaeError, match=message):
        read_image(tmp_path / name, *size, channels)
