"""What `gen-data images` says that it changed, what it warns of, and the ways out that it names."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

Sbvae = Callable[..., object]


def save(pixels: list[np.ndarray], folder: str = "in", **options: object) -> None:
    Path(folder).mkdir()
    for i, image in enumerate(pixels):
        Image.fromarray(image).save(Path(folder) / f"{i:02}.png", **options)


def bars(height: int, width: int, value: int, dtype: type = np.uint8) -> list[np.ndarray]:
    """A bar that moves from left to right."""
    images = []
    for i in range(6):
        image = np.zeros((height, width), dtype)
        image[:, i * width // 6 : (i + 1) * width // 6] = value
        images.append(image)
    return images


def made(sbvae: Sbvae, *options: object) -> tuple[np.ndarray, list[str]]:
    """The images, and what is said."""
    done = sbvae("gen-data", "images", "--from", "in", "--out", "o.h5", "--force", *options)
    assert done.code == 0, done.err
    with h5py.File("o.h5") as file:
        return file["images"][...], [" ".join(done.err.split())]


def advised(text: str) -> list[str]:
    """The options that a text names, as words of a command."""
    found = re.search(r"--levels \S+\.\.\d[\d.]*|--(fit|background|frames) \w+|--gray", text)
    assert found, text
    return shlex.split(found[0])


def test_16_bits_are_refused_with_the_range_that_keeps_their_brightness(sbvae: Sbvae) -> None:
    save([image * (i + 1) for i, image in enumerate(bars(8, 12, 600, np.uint16))])
    done = sbvae("gen-data", "images", "--from", "in", "--out", "o.h5")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "error: in: images are 16-bit grey, with values 0..3600; say which range becomes black to "
        "white, one for all images, as --levels 0..3600\n"
    )
    images, (text,) = made(sbvae, "--size", "8x12", *advised(done.err))
    assert images.max((1, 2, 3)).tolist() == [round(255 * (i + 1) / 6) for i in range(6)]
    assert "6 scaled by the levels 0..3600" in text and "clipped" not in text


def test_what_levels_clip_is_counted(sbvae: Sbvae) -> None:
    save([image * (i + 1) for i, image in enumerate(bars(8, 12, 600, np.uint16))])
    images, (text,) = made(sbvae, "--size", "8x12", "--gray", "--levels", "0..1800")
    assert images.max((1, 2, 3)).tolist() == [85, 170, 255, 255, 255, 255]
    assert "6 scaled by the levels 0..1800, in 3 of them 8.33% of all values were clipped" in text


def test_levels_that_leave_images_dark_are_told(sbvae: Sbvae) -> None:
    save(bars(8, 12, 4000, np.uint16))
    dark, (text,) = made(sbvae, "--size", "8x12", "--gray", "--levels", "0..65535")
    assert dark.max() == 16
    assert "warning: all values lie between 0 and 16, of 0 to 255; --levels 0..4112" in text
    assert (
        made(sbvae, "--size", "8x12", "--gray", *advised(text.partition("255;")[2]))[0].max() > 240
    )


@pytest.mark.parametrize("blank", [0, 40])
def test_masks_of_0_and_1_are_scaled_as_arrays_are(sbvae: Sbvae, blank: int) -> None:
    masks = [np.zeros((8, 12), np.uint8)] * blank + bars(8, 12, 1)
    save(masks)
    images, (text,) = made(sbvae, "--size", "8x12", "--gray")
    np.testing.assert_array_equal(images[..., 0], 255 * np.stack(masks))
    assert f"{blank + 6} of values 0 and 1 scaled to 0 and 255 (--levels 0..255 leaves" in text
    kept, _ = made(sbvae, "--size", "8x12", "--gray", "--levels", "0..255")
    np.testing.assert_array_equal(kept[..., 0], np.stack(masks))
    np.savez("in.npz", images=masks)
    assert sbvae("gen-data", "images", "--from", "in.npz", "--size", "8x12", "--gray").code == 0
    with h5py.File("in.h5") as file:
        np.testing.assert_array_equal(file["images"], images)


def test_one_larger_value_says_that_images_are_no_masks(sbvae: Sbvae) -> None:
    masks = [*bars(8, 12, 1) * 5, np.full((8, 12), 200, np.uint8), *bars(8, 12, 1) * 5]
    save(masks)
    images, _ = made(sbvae, "--size", "8x12", "--gray")
    np.testing.assert_array_equal(images[..., 0], np.stack(masks))


def test_labels_of_few_values_are_told_with_the_levels_that_show_them(sbvae: Sbvae) -> None:
    save(bars(8, 12, 4))
    text = made(sbvae, "--size", "8x12")[1][0]
    assert "all values lie between 0 and 4, of 0 to 255" in text
    assert made(sbvae, "--size", "8x12", *advised(text.partition("255;")[2]))[0].max() == 255


def test_a_crop_that_cuts_off_what_factors_tell_is_told(sbvae: Sbvae) -> None:
    save(bars(8, 24, 255))
    Path("t.csv").write_text("file,x\n" + "".join(f"{i:02}.png,{i}\n" for i in range(6)))
    options = ("--size", 8, "--factors", "t.csv")
    images, (text,) = made(sbvae, *options)
    assert [bool(image.any()) for image in images] == [False, False, True, True, False, False]
    assert "6 cropped to the frame's shape, 4 with something in the part that was cut" in text
    assert "warning: 4 of 6 images had something in the part that was cropped off" in text
    assert "warning: 4 of 6 images are nearly of one colour" in text
    kept, (text,) = made(sbvae, *options, *advised(text.partition("warning:")[2]))
    assert all(image.any() for image in kept)
    assert "6 put between black bars; 6 reduced to 8x8, from 8x24" in text
    assert "warning" not in text


def test_sprites_in_their_transparency_alone_are_told_and_shown_on_white(sbvae: Sbvae) -> None:
    shapes = [np.stack([np.zeros_like(bar)] * 3 + [bar], -1) for bar in bars(8, 12, 255)]
    save(shapes)
    images, (text,) = made(sbvae, "--size", "8x12")
    assert not images.any()
    assert "6 of 6 images show their object by transparency alone, and are black on black" in text
    images, (text,) = made(sbvae, "--size", "8x12", *advised(text.partition("on black;")[2]))
    np.testing.assert_array_equal(images[..., 0], 255 - np.stack(bars(8, 12, 255)))
    assert "warning" not in text and "6 transparent ones laid on white" in text


def test_images_that_come_out_alike_are_told(sbvae: Sbvae) -> None:
    rng = np.random.default_rng(0)
    ramp = np.tile(np.linspace(0, 200, 12).astype(np.uint8), (8, 1))
    save(
        [ramp + rng.integers(4, size=ramp.shape).astype(np.uint8) for _ in range(5)]
        + bars(8, 12, 9)[:2]
    )
    text = made(sbvae, "--size", "8x12")[1][0]
    assert "warning: 5 of 7 images are nearly alike" in text


def test_sizes_and_colours_are_told(sbvae: Sbvae) -> None:
    rng = np.random.default_rng(0)
    shapes = [(8, 12), (16, 24), (4, 6), (8, 12)]
    save([rng.integers(256, size=(*shape, 3)).astype(np.uint8) for shape in shapes])
    text = made(sbvae, "--size", "8x12", "--gray")[1][0]
    assert (
        "1 reduced and 1 enlarged to 8x12, from 3 sizes, 4x6 to 16x24, each scaled separately"
        in text
    )
    assert "4 coloured ones made grey" in text
    assert "warning" not in text


def test_images_that_need_no_change_are_written_without_a_word(sbvae: Sbvae) -> None:
    rng = np.random.default_rng(0)
    save([rng.integers(256, size=(8, 12, 3)).astype(np.uint8) for _ in range(5)])
    assert made(sbvae, "--size", "8x12")[1] == ["images 5/5"]


def test_frames_are_told_and_the_first_of_each_may_be_had(sbvae: Sbvae) -> None:
    Path("in").mkdir()
    frames = [Image.fromarray(bar) for bar in bars(8, 12, 255)]
    for name in ("movie.gif", "stack.tif"):
        frames[0].save(Path("in") / name, save_all=True, append_images=frames[1:])
    images, (text,) = made(sbvae, "--size", "8x12")
    np.testing.assert_array_equal(images[..., 0], np.stack(bars(8, 12, 255) * 2))
    assert "2 files hold several frames, each imported as an image named like movie.gif#0;" in text
    images, (text,) = made(sbvae, "--size", "8x12", *advised(text))
    assert len(images) == 2
    assert "2 files hold 10 further frames, left out; --frames all takes them" in text


def test_a_table_of_files_says_how_frames_are_named(sbvae: Sbvae) -> None:
    Path("in").mkdir()
    frames = [Image.fromarray(bar) for bar in bars(8, 12, 255)]
    frames[0].save("in/movie.gif", save_all=True, append_images=frames[1:])
    Path("t.csv").write_text("file,x\nmovie.gif,1\n")
    done = sbvae("gen-data", "images", "--from", "in", "--factors", "t.csv", "--out", "o.h5")
    assert (done.code, done.out) == (1, "")
    assert "movie.gif; name its frames, as movie.gif#0, or take the first of each file" in done.err
    assert len(made(sbvae, "--factors", "t.csv", *advised(done.err))[0]) == 1
    rows = "".join(f"movie.gif#{i},{i}\n" for i in reversed(range(6)))
    Path("t.csv").write_text(f"file,x\n{rows}")
    made(sbvae, "--factors", "t.csv")
    with h5py.File("o.h5") as file:
        assert file["factors"][:, 0].tolist() == list(range(6))


@pytest.mark.parametrize("text", ["5", "9..5", "a..b", "1..1", "0..inf", "..5"])
def test_levels_that_are_no_range_are_one_line(sbvae: Sbvae, text: str) -> None:
    save(bars(8, 12, 255))
    done = sbvae("gen-data", "images", "--from", "in", "--levels", text)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"error: --levels {text}: ")


def test_images_with_values_that_are_not_finite_are_left_out(sbvae: Sbvae) -> None:
    values = np.linspace(0, 1, 4 * 6 * 8, dtype=np.float32).reshape(4, 6, 8)
    values[1, 0, :3], values[2, 5, 5] = np.nan, np.inf
    np.savez("in.npz", images=values)
    options = ("gen-data", "images", "--from", "in.npz", "--out", "o.h5", "--size", "6x8")
    done = sbvae(*options, "--levels", "0..1", "--gray")
    assert done.code == 0
    assert "warning: 2 of 4 images hold values that are not finite" in done.err
    assert "1: 3 of 48 values are not finite (NaN or infinite)" in done.err
    with h5py.File("o.h5") as file:
        np.testing.assert_array_equal(file["images"][..., 0], np.rint(255 * values[[0, 3]]))
        assert [name.decode() for name in file["files"]] == ["0", "3"]
    done = sbvae(*options, "--levels", "0..1", "--strict", "--force")
    assert (done.code, done.err.splitlines()[-1]) == (
        1,
        "error: in.npz: 1: 3 of 48 values are not finite (NaN or infinite)",
    )


def test_levels_are_for_the_deeper_files_where_depths_are_mixed(sbvae: Sbvae) -> None:
    save([*bars(6, 8, 200), *(image * 256 for image in bars(6, 8, 100, np.uint16))])
    images, (text,) = made(sbvae, "--size", "6x8", "--levels", "0..25600", "--gray")
    assert images.max((1, 2, 3)).tolist() == [200] * 6 + [255] * 6
    assert "6 scaled by the levels 0..25600, which leave 6 of 8 bits as they are" in text
    Image.fromarray(np.full((6, 8), 0.5, np.float32)).save("in/f.tif")
    done = sbvae("gen-data", "images", "--from", "in", "--levels", "0..25600")
    assert done.code == 1
    assert "6 of integers (as 06.png) and 1 of floats (as f.tif), which one range" in done.err
