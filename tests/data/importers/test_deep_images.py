"""All bits of images that have more than eight, whatever the file."""

import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import AppendingTiffWriter

from sbvae_cli.data.importers.collection import identify
from sbvae_cli.data.importers.deep_images import DeepImage, deep_image, pixels_to_image
from sbvae_cli.data.importers.open_images import open_images

RNG = np.random.default_rng(0)
GREY, COLOUR, WITH_ALPHA, GREY_ALPHA = (
    RNG.integers(1 << 16, size=(5, 7, channels)).astype(np.uint16) for channels in (1, 3, 4, 2)
)


def png16(pixels: np.ndarray, extra: bytes = b"") -> bytes:
    height, width, channels = pixels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)
    data = chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + data + chunk(b"IEND", b"")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def tiff16(pixels: np.ndarray, order: str, planar: bool = False, compressed: bool = False) -> bytes:
    """An uncompressed or deflated TIFF of one strip (of one for each channel)."""
    height, width, channels = pixels.shape
    stored = pixels.astype(order + "u2")
    strips = [stored[..., c].tobytes() for c in range(channels)] if planar else [stored.tobytes()]
    strips = [zlib.compress(strip) for strip in strips] if compressed else strips
    count = len(strips)
    tags = [
        (256, [width]), (257, [height]), (258, [16] * channels), (259, [8 if compressed else 1]),
        (262, [1 if channels == 1 else 2]), (273, [0] * count), (277, [channels]), (278, [height]),
        (279, [len(strip) for strip in strips]), (284, [2 if planar else 1]),
        *([(338, [2])] if channels == 4 else []),
    ]  # fmt: skip
    after = 8 + 2 + 12 * len(tags) + 4
    lists = after + sum(4 * len(values) for _, values in tags if len(values) > 1)
    starts = [lists + sum(map(len, strips[:i])) for i in range(count)]
    directory, extra = struct.pack(order + "H", len(tags)), b""
    for tag, values in tags:
        values = starts if tag == 273 else values
        if len(values) == 1:
            directory += struct.pack(order + "HHII", tag, 4, 1, values[0])
        else:
            directory += struct.pack(order + "HHII", tag, 4, len(values), after + len(extra))
            extra += struct.pack(f"{order}{len(values)}I", *values)
    mark = b"II*\0" if order == "<" else b"MM\0*"
    head = mark + struct.pack(order + "I", 8) + directory + bytes(4)
    return head + extra + b"".join(strips)


def deep(data: bytes) -> DeepImage:
    found = deep_image(identify(BytesIO(data)))
    assert found is not None
    return found


def with_values(found: DeepImage, pixels: np.ndarray) -> None:
    """Compare an image with pixels of 1 to 4 channels, of which an even number has opacity."""
    channels = pixels.shape[-1]
    colours = pixels[..., : channels - (channels % 2 == 0)]
    np.testing.assert_array_equal(found.values.reshape(colours.shape), colours)
    if channels % 2:
        assert found.alpha is None
    else:
        np.testing.assert_array_equal(found.alpha, np.rint(pixels[..., -1] / 257))


@pytest.mark.parametrize("pixels", [GREY, GREY_ALPHA, COLOUR, WITH_ALPHA])
def test_png_keeps_all_bits(pixels: np.ndarray) -> None:
    with_values(deep(png16(pixels)), pixels)


@pytest.mark.parametrize("pixels", [GREY, COLOUR, WITH_ALPHA])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compressed", [False, True])
def test_tiff_keeps_all_bits(pixels: np.ndarray, order: str, compressed: bool) -> None:
    with_values(deep(tiff16(pixels, order, compressed=compressed)), pixels)


@pytest.mark.parametrize("compressed", [False, True])
def test_a_tiff_in_planes_is_refused(compressed: bool) -> None:
    with pytest.raises(ValueError, match=r"16-bit TIFF of a kind .*; save it as 16-bit RGB PNG"):
        deep(tiff16(COLOUR, "<", planar=True, compressed=compressed))


def test_pages_of_colours_keep_all_bits_however_often_they_are_read(tmp_path: Path) -> None:
    content = BytesIO()
    with AppendingTiffWriter(content) as stack:
        for pixels in (COLOUR, COLOUR // 2):
            stack.write(tiff16(pixels, "<"))
            stack.newFrame()
    (tmp_path / "stack.tif").write_bytes(content.getvalue())
    with open_images(tmp_path) as images:
        assert len(images) == 2
        for i in (0, 0, 1, 1, 0):
            found = images.read(i)
            assert isinstance(found, DeepImage)
            with_values(found, COLOUR // (i + 1))


@pytest.mark.parametrize("most", [4095, 65535])
@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("pixels", [GREY, COLOUR])
def test_pgm_and_ppm_keep_their_values(pixels: np.ndarray, plain: bool, most: int) -> None:
    pixels = np.minimum(pixels, most)
    kind = {(1, False): 5, (1, True): 2, (3, False): 6, (3, True): 3}[pixels.shape[-1], plain]
    data = " ".join(map(str, pixels.ravel())).encode() if plain else pixels.astype(">u2").tobytes()
    with_values(deep(b"P%d 7 5 %d\n" % (kind, most) + data), pixels)


@pytest.mark.parametrize("dtype", ["i4", "f4"])
def test_a_tiff_of_32_bits_keeps_its_values(dtype: str) -> None:
    data = BytesIO()
    values = (GREY[..., 0].astype(np.int64) * 1000 - (1 << 24)).astype(dtype)
    Image.fromarray(values).save(data, "TIFF")
    with_values(deep(data.getvalue()), values[..., None])


@pytest.mark.parametrize(("pixels", "place"), [(GREY, (1, 2)), (COLOUR, (3, 4))])
def test_the_transparent_colour_of_a_png_is_found_by_all_its_bits(
    pixels: np.ndarray, place: tuple[int, int]
) -> None:
    near = pixels.copy()
    near[0, 0] = pixels[place] ^ 1  # differs in the lowest bit
    found = deep(png16(near, chunk(b"tRNS", pixels[place].astype(">u2").tobytes())))
    assert found.alpha is not None
    assert [tuple(map(int, at)) for at in np.argwhere(found.alpha == 0)] == [place]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_eight_bits_are_left_to_pillow(mode: str, kind: str) -> None:
    data = BytesIO()
    Image.new(mode, (7, 5)).save(data, kind)
    assert deep_image(identify(BytesIO(data.getvalue()))) is None


def test_a_bitmap_of_16_bits_a_pixel_has_8_bits_a_channel_at_most() -> None:
    header = struct.pack("<IiiHHIIiiII", 40, 2, 1, 1, 16, 3, 4, 0, 0, 0, 0)
    masks = struct.pack("<III", 0xF800, 0x07E0, 0x001F)
    pixels = struct.pack("<HH", 0xF800, 0x07E0)
    data = b"BM" + struct.pack("<IHHI", 70, 0, 0, 66) + header + masks + pixels
    image = identify(BytesIO(data))
    assert deep_image(image) is None
    assert [image.convert("RGB").getpixel((x, 0)) for x in (0, 1)] == [(255, 0, 0), (0, 255, 0)]


def test_levels_make_an_image_with_its_opacity_and_orientation() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    found = DeepImage(COLOUR, np.full((5, 7), 51, np.uint8), exif.tobytes()).levelled((0, 65535))
    assert found.mode == "RGBA"
    assert found.getexif()[0x0112] == 6
    np.testing.assert_array_equal(np.array(found)[..., :3], np.rint(COLOUR / 257))
    assert found.getpixel((0, 0))[3] == 51


def test_rows_of_arrays_are_images_where_their_type_has_8_bits() -> None:
    assert pixels_to_image(np.zeros((5, 7), np.uint8)).mode == "L"
    assert np.array(pixels_to_image(np.ones((5, 7), bool))).max() == 255
    found = pixels_to_image(WITH_ALPHA)
    assert isinstance(found, DeepImage)
    assert (found.kind, found.height, found.width) == ("16-bit colour", 5, 7)
    with_values(found, WITH_ALPHA)
    assert pixels_to_image(np.zeros((5, 7))).kind == "float grey"
