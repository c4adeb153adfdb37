"""Modes, orientations and shapes to one array."""

import numpy as np
import pytest
from PIL import Image

from sbvae_cli.data.importers.fit import Fit, fit_image
from sbvae_cli.errors import SbvaeError

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 8, 3)).astype(np.uint8)
FITS: list[Fit] = ["crop", "pad", "stretch"]


@pytest.mark.parametrize("fit", FITS)
def test_an_image_of_the_right_size_keeps_every_bit(fit: Fit) -> None:
    colour, grey = Image.fromarray(PIXELS), Image.fromarray(PIXELS[..., 0])
    np.testing.assert_array_equal(fit_image(colour, (6, 8), fit), PIXELS)
    np.testing.assert_array_equal(fit_image(grey, (6, 8), fit, grey=True), PIXELS[..., :1])


def test_grey_and_colour_give_the_channels_that_were_asked_for() -> None:
    grey = Image.fromarray(PIXELS[..., 0])
    np.testing.assert_array_equal(fit_image(grey, (6, 8)), PIXELS[..., :1].repeat(3, -1))
    luma = fit_image(Image.fromarray(PIXELS), (6, 8), grey=True)
    assert luma.shape == (6, 8, 1)
    np.testing.assert_allclose(luma[..., 0], PIXELS @ [0.299, 0.587, 0.114], atol=0.51)


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr", "HSV", "RGBA", "LA"])
@pytest.mark.parametrize("grey", [False, True])
def test_every_8_bit_mode_gives_its_picture(mode: str, grey: bool) -> None:
    image = Image.new("RGB", (8, 6), "white")
    image.paste((0, 0, 0), (0, 0, 4, 6))
    expected = np.zeros((6, 8, 1 if grey else 3), np.uint8)
    expected[:, 4:] = 255
    found = fit_image(image.convert(mode), (6, 8), grey=grey)
    np.testing.assert_allclose(found, expected, atol=1)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_laid_over_black(mode: str) -> None:
    image = Image.new("RGBA", (8, 6), (200, 200, 200, 255)).convert(mode)
    alpha = np.full((6, 8), 255, np.uint8)
    alpha[:3], alpha[3] = 0, 51
    image.putalpha(Image.fromarray(alpha))
    expected = np.repeat([0, 0, 0, 40, 200, 200], 8).reshape(6, 8, 1)
    np.testing.assert_array_equal(fit_image(image, (6, 8), grey=True), expected)
    np.testing.assert_array_equal(fit_image(image, (6, 8)), expected.repeat(3, -1))


@pytest.mark.parametrize(("mode", "key"), [("P", 1), ("L", 1), ("RGB", (1, 1, 1))])
def test_a_transparent_colour_becomes_black(mode: str, key: object) -> None:
    image = Image.new(mode, (2, 1), key)
    if mode == "P":
        image.putpalette([9, 9, 9, 200, 200, 200])
        image.putpixel((0, 0), 0)
    else:
        image.putpixel((0, 0), 9 if mode == "L" else (9, 9, 9))
    image.info["transparency"] = key
    np.testing.assert_array_equal(fit_image(image, (1, 2))[0, :, 0], [9, 0])


@pytest.mark.parametrize("mode", ["I;16", "I;16B", "I", "F"])
def test_more_than_8_bits_are_refused(mode: str) -> None:
    with pytest.raises(SbvaeError, match=rf"image \(mode {mode}\); convert it to 8 bits") as caught:
        fit_image(Image.new(mode, (8, 6)), (6, 8))
    assert "\n" not in str(caught.value)


def test_a_colour_space_that_pillow_cannot_convert_is_one_line() -> None:
    with pytest.raises(SbvaeError, match=r"La.*; convert the image to RGB"):
        fit_image(Image.new("La", (8, 6)), (6, 8))


@pytest.mark.parametrize(
    ("orientation", "stored"),  # the pixels as a camera stores them that was held so
    [
        (1, PIXELS),
        (2, PIXELS[:, ::-1]),
        (3, PIXELS[::-1, ::-1]),
        (4, PIXELS[::-1]),
        (5, PIXELS.swapaxes(0, 1)),
        (6, np.rot90(PIXELS)),
        (7, PIXELS[::-1, ::-1].swapaxes(0, 1)),
        (8, np.rot90(PIXELS, -1)),
    ],
)
def test_exif_orientation_is_applied(orientation: int, stored: np.ndarray) -> None:
    image = Image.fromarray(np.ascontiguousarray(stored))
    image.getexif()[0x0112] = orientation
    np.testing.assert_array_equal(fit_image(image, (6, 8)), PIXELS)


def test_orientation_6_means_that_the_camera_was_turned_a_quarter() -> None:
    stored = Image.fromarray(PIXELS)
    stored.getexif()[0x0112] = 6  # the first row is the right side, the first column the top
    np.testing.assert_array_equal(fit_image(stored, (8, 6)), np.rot90(PIXELS, -1))


def test_broken_exif_data_does_not_spoil_the_image() -> None:
    image = Image.fromarray(PIXELS)
    image.info["exif"] = b"Exif\0\0broken"
    np.testing.assert_array_equal(fit_image(image, (6, 8)), PIXELS)


def ramp(height: int, width: int) -> Image.Image:
    return Image.fromarray(np.tile(np.linspace(0, 250, width).astype(np.uint8), (height, 1)))


@pytest.mark.parametrize("size", [(5, 9), (9, 5), (1, 1), (64, 64)])
@pytest.mark.parametrize("shape", [(1, 1), (3, 100), (100, 3), (7, 7)])
@pytest.mark.parametrize("fit", FITS)
def test_every_shape_fits_every_size(
    fit: Fit, shape: tuple[int, int], size: tuple[int, int]
) -> None:
    image = Image.new("L", shape[::-1], 90)
    found = fit_image(image, size, fit, grey=True)
    assert found.shape == (*size, 1)
    assert set(np.unique(found)) <= ({0, 90} if fit == "pad" else {90})
    assert 90 in found


def test_crop_keeps_the_centre() -> None:
    found = fit_image(ramp(10, 30), (10, 10), "crop", grey=True)
    np.testing.assert_array_equal(found[..., 0], np.array(ramp(10, 30))[:, 10:20])


def test_pad_keeps_all_between_black_bars() -> None:
    image = Image.new("L", (30, 10), 90)
    found = fit_image(image, (15, 15), "pad", grey=True)[..., 0]
    np.testing.assert_array_equal(found[:, 0], [0] * 5 + [90] * 5 + [0] * 5)
    assert (found == found[:, :1]).all()


def test_stretch_keeps_the_ends() -> None:
    found = fit_image(ramp(10, 300), (10, 10), "stretch", grey=True)[0, :, 0]
    np.testing.assert_allclose(found, np.linspace(12, 238, 10), atol=2)


def test_fine_stripes_average_out() -> None:
    stripes = np.tile(np.array([0, 255], np.uint8), (256, 128))
    found = fit_image(Image.fromarray(stripes), (32, 32), "crop", grey=True)
    np.testing.assert_allclose(found[2:-2, 2:-2], 127.5, atol=3)
