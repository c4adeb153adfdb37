"""Animations and stacks: which frames there are, and that each is read right from any thread."""

import struct
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sbvae_cli.data.importers.frames import FrameImages
from sbvae_cli.data.importers.open_images import open_images
from sbvae_cli.data.importers.reader import import_images
from sbvae_cli.data.importers.tally import Counted, Tally
from sbvae_cli.data.importers.tiff_pages import frame_count
from sbvae_cli.errors import SbvaeError

COUNT = 12


def frame(number: int) -> Image.Image:
    """A bar that moves to the right."""
    pixels = np.zeros((16, 64), np.uint8)
    pixels[:, 5 * number : 5 * number + 5] = 255
    return Image.fromarray(pixels)


FRAMES = [frame(i) for i in range(COUNT)]


def save(path: Path, frames: list[Image.Image] = FRAMES, **options: object) -> None:
    path.parent.mkdir(exist_ok=True)
    frames[0].save(path, save_all=True, append_images=frames[1:], **options)


def read(path: Path, **options: object) -> np.ndarray:
    with open_images(path) as images:
        batches = list(import_images(images, (16, 64), grey=True, **options))
    assert np.concatenate([i for i, _ in batches]).tolist() == list(range(len(images)))
    return np.concatenate([pixels for _, pixels in batches])[..., 0]


@pytest.mark.parametrize("suffix", ["gif", "tif", "png", "webp"])
def test_each_frame_is_an_image_of_its_own(suffix: str, tmp_path: Path) -> None:
    options = {"lossless": True} if suffix == "webp" else {}
    save(tmp_path / "in" / f"movie.{suffix}", **options)
    frame(3).save(tmp_path / "in" / f"one.{suffix}", **options)
    with open_images(tmp_path / "in") as images:
        assert isinstance(images, FrameImages)
        assert images.names == (
            *(f"movie.{suffix}#{i:02}" for i in range(COUNT)),
            f"one.{suffix}",
        )
        assert images.files_of_frames == 1
        assert images.an_image_of_several == f"movie.{suffix}#00"
    np.testing.assert_array_equal(read(tmp_path / "in"), [*map(np.array, FRAMES), frame(3)])


def test_a_file_of_another_format_than_its_suffix_says_is_one_image(tmp_path: Path) -> None:
    save(tmp_path / "in" / "a.gif", FRAMES[:3])
    frame(5).save(tmp_path / "in" / "b.gif", "BMP")
    with open_images(tmp_path / "in") as images:
        assert images.names == ("a.gif#0", "a.gif#1", "a.gif#2", "b.gif")
    np.testing.assert_array_equal(read(tmp_path / "in"), [*map(np.array, FRAMES[:3]), frame(5)])


@pytest.mark.parametrize("workers", [1, 3])
def test_a_long_animation_is_read_in_several_threads(workers: int, tmp_path: Path) -> None:
    frames = [frame(i * i % COUNT) for i in range(150)]
    save(tmp_path / "in" / "movie.gif", frames, disposal=1)
    np.testing.assert_array_equal(
        read(tmp_path / "in", workers=workers), list(map(np.array, frames))
    )


def test_pages_may_be_asked_for_in_any_order(tmp_path: Path) -> None:
    save(tmp_path / "in" / "movie.gif")
    save(tmp_path / "in" / "stack.tif")
    with open_images(tmp_path / "in") as images:
        for i in (5, 2, 2, 3, 20, 3, 23, *range(COUNT)):
            found = images.read(i)
            np.testing.assert_array_equal(np.array(found.convert("L")), np.array(FRAMES[i % COUNT]))
            found.paste(99, (0, 0, 64, 16))  # what is done to one is no matter of the others


def test_pages_of_16_bits_keep_them(tmp_path: Path) -> None:
    pages = [Image.fromarray(np.array(f).astype(np.uint16) * 16) for f in FRAMES]
    save(tmp_path / "in" / "stack.tif", pages)
    found = read(tmp_path / "in", levels=(0, 16 * 255))
    np.testing.assert_array_equal(found, list(map(np.array, FRAMES)))


def test_a_smaller_copy_of_a_page_is_no_frame(tmp_path: Path) -> None:
    write_tiff(tmp_path / "in" / "scan.tif", 2, copies=(1,))
    with Image.open(tmp_path / "in" / "scan.tif") as scan:
        assert scan.n_frames == 2
    with open_images(tmp_path / "in") as images:
        assert images.names == ("scan.tif",)


def test_the_first_of_each_file_may_be_taken_and_the_others_are_counted(tmp_path: Path) -> None:
    save(tmp_path / "in" / "movie.gif")
    save(tmp_path / "in" / "stack.tif")
    tally = Tally()
    with open_images(tmp_path / "in", "first") as images:
        assert images.names == ("movie.gif", "stack.tif")
        list(import_images(images, (16, 64), tally=tally))
    assert (tally[Counted.FILES_OF_FRAMES], tally[Counted.FRAMES_LEFT_OUT]) == (2, 2 * (COUNT - 1))


def test_an_animation_among_many_files_of_a_suffix_is_told(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for i in range(40):
        frame(i % COUNT).save(tmp_path / "in" / f"{i:02}.png")
    save(tmp_path / "in" / "07.png")
    save(tmp_path / "in" / "movie.gif")
    tally = Tally()
    with open_images(tmp_path / "in") as images:
        list(import_images(images, (16, 64), tally=tally))
        assert len(images) == 40 + COUNT
    assert (tally[Counted.FILES_OF_FRAMES], tally[Counted.FRAMES_LEFT_OUT]) == (1, COUNT - 1)


def test_a_broken_animation_is_one_unreadable_file(tmp_path: Path) -> None:
    data = BytesIO()
    FRAMES[0].save(data, "GIF")
    (tmp_path / "a.gif").write_bytes(data.getvalue())
    (tmp_path / "b.gif").write_bytes(data.getvalue()[:20])
    lines: list[str] = []
    with open_images(tmp_path) as images:
        assert images.names == ("a.gif", "b.gif")
        list(import_images(images, (16, 64), on_unreadable=lines.append))
    assert [line[:6] for line in lines] == ["b.gif:"]


def test_planes_that_share_a_page_are_told(tmp_path: Path) -> None:
    frame(0).save(tmp_path / "a.tif", description="ImageJ=1.54\nimages=12\nslices=12\n")
    tally = Tally()
    with open_images(tmp_path) as images:
        list(import_images(images, (16, 64), tally=tally))
    assert (tally[Counted.FILES_OF_FRAMES], tally[Counted.FRAMES_LEFT_OUT]) == (1, 11)


def write_tiff(
    path: Path, pages: int, *, end: int = 0, order: str = "<", copies: Sequence[int] = ()
) -> None:
    """Write pages of 4x4 pixels that share their bytes; an offset of 0 ends their chain.

    Those of `copies` are marked as smaller copies of others.
    """
    content = bytearray(b"II*\0" if order == "<" else b"MM\0*")
    content += struct.pack(f"{order}I", 24) + bytes(range(16))
    tags = {254: 0, 256: 4, 257: 4, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 4, 279: 16}
    for page in range(pages):
        tags[254] = int(page in copies)
        content += struct.pack(f"{order}H", len(tags))
        for tag, value in tags.items():
            content += struct.pack(f"{order}HHII", tag, 4, 1, value)
        content += struct.pack(f"{order}I", len(content) + 4 if page < pages - 1 else end)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def test_a_tiff_of_more_pages_than_are_read_in_seconds_is_refused_before_any_is(
    tmp_path: Path,
) -> None:
    write_tiff(tmp_path / "in" / "many.tif", 200_000)
    with pytest.raises(SbvaeError, match=r"in: many\.tif has 200,000 pages, more than the limit"):
        open_images(tmp_path / "in")


def test_pages_in_a_circle_end(tmp_path: Path) -> None:
    write_tiff(tmp_path / "in" / "circle.tif", 3, end=24)
    with open_images(tmp_path / "in") as images:
        assert images.names == ("circle.tif#0", "circle.tif#1", "circle.tif#2")


@pytest.mark.parametrize("kind", ["<", ">", "big"])
def test_pages_are_counted_as_pillow_counts_them(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "in" / "pages.tif"
    if kind == "big":
        save(path, FRAMES[:3], big_tiff=True)
    else:
        write_tiff(path, 3, order=kind)
    with Image.open(path) as image:
        assert (frame_count(image), image.n_frames) == (3, 3)
        image.load()
