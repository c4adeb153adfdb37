"""Reading one image."""

from io import BytesIO
from pathlib import Path
from unittest.mock import patch

import pytest
from PIL import Image, UnidentifiedImageError

from sbvae_cli.data.importers.collection import (
    UnreadableImageError,
    identify,
    inner_name,
)
from sbvae_cli.data.importers.open_images import open_images
from sbvae_cli.data.importers.tally import Counted, Tally
from sbvae_cli.errors import SbvaeError


def test_a_broken_image_is_named_with_its_reason(files: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "cut.png").write_bytes(files["a.png"][:-60])
    (tmp_path / "none.png").write_bytes(b"hello")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere")
    images = open_images(tmp_path)
    for i, reason in enumerate(["truncated", "No such file or directory", "not an image"]):
        with pytest.raises(UnreadableImageError, match=reason) as caught:
            images.read(i)
        assert caught.value.name == images.names[i]
        assert str(caught.value) == f"{tmp_path}: {images.names[i]}: {caught.value.reason}"


@pytest.mark.parametrize("start", [b"", b"x" * 20, b"\x00\x00\x01\x00", b"\xff\xd8\xff", b"BM"])
def test_what_few_bytes_may_be_is_no_image(start: bytes, tmp_path: Path) -> None:
    """As Pillow itself says it of every beginning, though its readers need more bytes to tell."""
    for length in range(len(start) + 1):
        (tmp_path / f"{length:02}.png").write_bytes(start[:length])
    images = open_images(tmp_path)
    for i, name in enumerate(images.names):
        with pytest.raises(UnidentifiedImageError):
            Image.open(tmp_path / name)
        with pytest.raises(UnreadableImageError, match="not an image that Pillow reads"):
            images.read(i)


@pytest.mark.parametrize("kind", ["png", "jpg", "gif", "bmp", "webp", "tif", "ppm", "tga", "ico"])
def test_formats_are_told_apart_as_by_pillow(kind: str, tmp_path: Path) -> None:
    Image.new("RGB", (16, 16), "red").save(tmp_path / f"a.{kind}")
    with Image.open(tmp_path / f"a.{kind}") as image:
        expected = image.format
    assert identify(BytesIO((tmp_path / f"a.{kind}").read_bytes())).format == expected


def test_a_file_of_more_bytes_than_the_limit_is_not_read(tmp_path: Path) -> None:
    with open(tmp_path / "a.png", "wb") as file:
        file.truncate((256 << 20) + 1)
    with pytest.raises(UnreadableImageError, match="256 MB, more than the limit of 256 MB"):
        open_images(tmp_path).read(0)


def test_postscript_is_never_run(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "a.eps")
    with (
        patch("subprocess.check_call") as run,
        pytest.raises(UnreadableImageError, match="not an image that Pillow reads"),
    ):
        open_images(tmp_path).read(0)
    run.assert_not_called()


@pytest.mark.parametrize(("enough", "side"), [(None, 64), (65, 64), (32, 32), (20, 32), (8, 8)])
def test_jpeg_is_decoded_as_small_as_will_do(enough: int | None, side: int, tmp_path: Path) -> None:
    Image.new("RGB", (2 * 64, 64)).save(tmp_path / "a.jpg")
    assert open_images(tmp_path).read(0, enough).size == (2 * side, side)


def test_the_first_frame_of_an_animation_is_read(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert open_images(tmp_path).read(0).convert("RGB").getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize(
    "name", ["../a.png", "b/../../a.png", "/a.png", "..", "C:\\a.png", "b\\..\\..\\a.png", "//h/a"]
)
def test_a_name_that_leaves_the_archive_is_refused(name: str) -> None:
    with pytest.raises(SbvaeError, match=r"^x.zip: .* points outside of the archive"):
        inner_name(Path("x.zip"), name)


def test_inner_names_have_forward_slashes() -> None:
    assert inner_name(Path("x"), "./b\\.//a..png") == "b/a..png"


def test_sizes_are_counted_as_stored_and_frames_that_are_left_out(tmp_path: Path) -> None:
    small, large = Image.new("RGB", (4, 6), "red"), Image.new("RGB", (8, 5), "blue")
    for number in range(3):
        small.save(tmp_path / f"{number}.png")
    large.save(tmp_path / "a.gif", save_all=True, append_images=[small.resize((8, 5))])
    images, tally = open_images(tmp_path, "first"), Tally()
    for index in range(len(images)):
        images.read(index, tally=tally)
    assert dict(tally) == {
        (Counted.SIZE, 6, 4): 3,
        (Counted.SIZE, 5, 8): 1,
        Counted.FILES_OF_FRAMES: 1,
        Counted.FRAMES_LEFT_OUT: 1,
    }
