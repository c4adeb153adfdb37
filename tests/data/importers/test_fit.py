"""Modes, orientations and shapes to one array."""

import numpy as np
import pytest
from PIL import Image
from PIL.ImageCms import ImageCmsProfile, createProfile

from sbvae_cli.data.importers.fit import Fit, fit_image
from sbvae_cli.data.importers.tally import Counted, Tally
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


@pytest.mark.parametrize(
    ("dtype", "kind"), [("<u2", "16-bit"), (">u2", "16-bit"), ("i4", "32-bit"), ("f4", "float")]
)
def test_more_than_8_bits_need_levels(dtype: str, kind: str) -> None:
    values = np.tile(np.repeat([0, 90], 4), (6, 1)).astype(dtype)
    with pytest.raises(
        SbvaeError, match=f"{kind} grey with values 0..90; .* by `levels`"
    ) as caught:
        fit_image(Image.fromarray(values), (6, 8))
    assert "\n" not in str(caught.value)
    found = fit_image(Image.fromarray(values), (6, 8), grey=True, levels=(0, 100))
    assert found[0, :, 0].tolist() == [0] * 4 + [round(255 * 0.9)] * 4


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P", "1"])
def test_levels_spread_8_bits_but_not_opacity(mode: str) -> None:
    values = np.array([[0, 10, 35, 60, 255]], np.uint8)
    image = Image.fromarray(
        np.minimum(values, 1) * np.uint8(255) if mode == "1" else values
    ).convert(mode)
    if mode.endswith("A"):
        image.putalpha(Image.fromarray(np.full((1, 5), 51, np.uint8)))
    tally = Tally()
    found = fit_image(image, (1, 5), levels=(10, 60), tally=tally)[0, :, 0].tolist()
    expected = [0, 255, 255, 255, 255] if mode == "1" else [0, 0, 128, 255, 255]
    assert found == [round(value / 5) if mode.endswith("A") else value for value in expected]
    assert tally[Counted.LEVELLED] == tally[Counted.CLIPPED] == 1
    assert tally[Counted.VALUES_CLIPPED] / tally[Counted.VALUES] == (1 if mode == "1" else 2 / 5)


def test_a_sprite_in_its_transparency_alone_is_seen_on_white_and_told_on_black() -> None:
    alpha = np.zeros((6, 8), np.uint8)
    alpha[:, 4:] = 255
    sprite = Image.new("LA", (8, 6))
    sprite.putalpha(Image.fromarray(alpha))
    tally = Tally()
    assert not fit_image(sprite, (6, 8), tally=tally).any()
    assert (tally[Counted.TRANSPARENT], tally[Counted.VANISHED]) == (1, 1)
    tally = Tally()
    found = fit_image(sprite, (6, 8), background="white", tally=tally)
    np.testing.assert_array_equal(found[..., 0], 255 - alpha)
    assert (tally[Counted.TRANSPARENT], tally[Counted.VANISHED]) == (1, 0)


def told(image: Image.Image, size: tuple[int, int] = (6, 6), **options: object) -> set[object]:
    """What was done to an image."""
    tally = Tally()
    fit_image(image, size, **options, tally=tally)
    return {key for key, number in tally.items() if number}


def test_what_is_done_is_counted() -> None:
    image = Image.fromarray(PIXELS)
    assert told(image, (6, 8)) == set()
    assert told(image, (6, 8), grey=True) == {Counted.COLOUR_LOST}
    assert told(Image.fromarray(PIXELS[..., 0]).convert("RGB"), (6, 8), grey=True) == set()
    assert told(image) == {Counted.CROPPED, Counted.CUT}
    assert told(Image.new("RGB", (8, 6), "red")) == {Counted.CROPPED}
    assert told(image, (3, 4)) == {Counted.REDUCED}
    assert told(image, (12, 16)) == {Counted.ENLARGED}
    assert told(image, fit="pad") == {Counted.PADDED, Counted.REDUCED}
    assert told(image, fit="stretch") == {Counted.STRETCHED, Counted.REDUCED}
    assert told(image.convert("CMYK"), (6, 8)) == {(Counted.CONVERTED, "CMYK")}
    assert told(image.convert("RGBA"), (6, 8)) == set()
    image.getexif()[0x0112] = 3
    assert told(image, (6, 8)) == {Counted.TURNED}


def test_another_colour_profile_than_srgb_is_told() -> None:
    image = Image.fromarray(PIXELS)
    for space, expected in (("sRGB", set()), ("LAB", {Counted.PROFILE})):
        image.info["icc_profile"] = ImageCmsProfile(createProfile(space)).tobytes()
        assert told(image, (6, 8)) == expected


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
