"""`gen-data images`, and `--from` of sprites and chairs."""

import json
import os
import re
import signal
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from sbvae_cli.cli import write_data
from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.renderer import HSV
from sbvae_cli.config.space import FactorConfig
from sbvae_cli.data import imports
from sbvae_cli.data.importers.dsprites import LEVELS
from sbvae_cli.data.importers.fit import fit_image
from sbvae_cli.data.imports import import_dsprites
from sbvae_cli.data.source import open_source

Sbvae = Callable[..., object]
NAMES = ["b/10.png", "b/2.png", "c.png", "a.png"]
ORDERED = ["a.png", "b/2.png", "b/10.png", "c.png"]
PICTURES = {
    name: np.random.default_rng(seed).integers(256, size=(12, 16, 3), dtype=np.uint8)
    for seed, name in enumerate(NAMES)
}
IN_ORDER = np.stack([PICTURES[name] for name in ORDERED])
SIZE = ("--size", "12x16")


def png(pixels: np.ndarray) -> bytes:
    data = BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    return data.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG file of a few bytes that says that it is large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


FILES = {name: png(pixels) for name, pixels in PICTURES.items()}


def pack(kind: str, files: dict[str, bytes], path: str = "pics") -> Path:
    """Files as a folder or an archive."""
    where = Path(path if kind == "folder" else f"{path}.{kind}")
    if kind == "folder":
        for name, data in files.items():
            (where / name).parent.mkdir(parents=True, exist_ok=True)
            (where / name).write_bytes(data)
    elif kind == "zip":
        with zipfile.ZipFile(where, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
    else:
        with tarfile.open(where, "w:gz" if kind == "tar.gz" else "w") as archive:
            for name, data in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, BytesIO(data))
    return where


def contents(path: str = "pics.h5") -> tuple[np.ndarray, np.ndarray]:
    with h5py.File(path) as file:
        return file["images"][...], file["factors"][...]


def refused(done: object, *but: str) -> str:
    """The one line of an error; there is nothing beside what was there before."""
    assert (done.code, done.out) == (1, ""), done
    (line,) = done.err.splitlines()
    assert line.startswith("error: ")
    assert "bug of sbvae" not in line
    assert sorted(os.listdir()) == sorted(but)
    return line


@pytest.mark.parametrize("kind", ["folder", "zip", "tar", "tar.gz"])
def test_images_are_written_in_the_order_of_their_names(
    sbvae: Sbvae, tmp_path: Path, kind: str
) -> None:
    source = pack(kind, {**FILES, "notes.txt": b"x", "b/.hidden.png": b"x"})
    done = sbvae("gen-data", "images", "--from", source, *SIZE)
    assert done.code == 0, done.err
    images, factors = contents()
    np.testing.assert_array_equal(images, IN_ORDER)
    assert factors.shape == (4, 0)
    first, *hints = done.out.splitlines()
    assert first.startswith("wrote pics.h5: 4 images of 12x16, ") and first.endswith("kB. Next:")
    assert hints[0] == "  sbvae info pics.h5 --sheet samples.png"
    assert hints[1].startswith("  sbvae train --decoder broadcast --data pics.h5")
    assert len(hints) == 2
    note = "note: folders are not a factor: 2 of 4 images are in none"
    assert done.err.splitlines() == ["images 4/4  ", note]
    assert sorted(os.listdir()) == sorted([source.name, "pics.h5"])


def test_an_array_of_images_is_read_from_npz(sbvae: Sbvae) -> None:
    np.savez("pics.npz", images=IN_ORDER, other=np.zeros(3))
    done = sbvae("gen-data", "images", "--from", "pics.npz", *SIZE, "--out", "other.h5")
    assert done.code == 0, done.err
    np.testing.assert_array_equal(contents("other.h5")[0], IN_ORDER)


@pytest.mark.parametrize("kind", ["folder", "tar"])
def test_factors_come_from_a_table(sbvae: Sbvae, kind: str) -> None:
    source = pack(kind, FILES)
    Path("t.csv").write_text("file,size,colour\nc.png,3,red\na.png,1,blue\n10.png,2,red\n2.png,5,x")
    done = sbvae("gen-data", "images", "--from", source, "--factors", "t.csv", *SIZE)
    assert done.code == 0, done.err
    assert done.err.splitlines()[-3:] == [
        "factor size    4 levels: 1, 2, 3, 5",
        "factor colour  3 levels: 0 blue, 1 red, 2 x",
        "--kind NAME=levels or NAME=range, and --circular NAME, change what factors are",
    ]
    images, factors = contents()
    np.testing.assert_array_equal(images, IN_ORDER)
    np.testing.assert_array_equal(factors, [[1, 0], [5, 2], [2, 1], [3, 1]])
    done = sbvae("info", "pics.h5")
    assert "4 levels: 1, 2, 3, 5" in done.out and "3 levels: 0 blue, 1 red, 2 x" in done.out


def test_factors_of_an_array_are_joined_by_number(sbvae: Sbvae) -> None:
    np.savez("pics.npz", IN_ORDER)
    Path("t.csv").write_text("name,size\n2,20\n0,0\n1,10\n3,30\n")
    done = sbvae("gen-data", "images", "--from", "pics.npz", "--factors", "t.csv", *SIZE)
    assert done.code == 0, done.err
    assert contents()[1].tolist() == [[0], [10], [20], [30]]


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("grey", [False, True])
def test_images_are_made_to_fit(sbvae: Sbvae, fit: str, grey: bool) -> None:
    source = pack("folder", FILES)
    options = ("--fit", fit, "--size", 8, *(["--gray"] if grey else []))
    done = sbvae("gen-data", "images", "--from", source, *options)
    assert done.code == 0, done.err
    expected = [fit_image(Image.fromarray(image), (8, 8), fit, grey) for image in IN_ORDER]
    images = contents()[0]
    assert images.shape == (4, 8, 8, 1 if grey else 3)
    np.testing.assert_array_equal(images, expected)
    shown = sbvae("info", "pics.h5").out
    assert f"4 of 8x8 pixels, {'grey' if grey else 'colour'}" in shown


def test_the_size_is_64_unless_told_otherwise(sbvae: Sbvae) -> None:
    assert sbvae("gen-data", "images", "--from", pack("zip", FILES)).code == 0
    assert contents()[0].shape == (4, 64, 64, 3)


DEEP = np.random.default_rng(0).integers(1 << 16, size=(12, 16)).astype(np.uint16)


def tiff(pixels: np.ndarray) -> bytes:
    data = BytesIO()
    Image.fromarray(pixels).save(data, "TIFF")
    return data.getvalue()


ODD = {
    "0bomb.png": (
        bomb(20_000, 20_000),
        "20000x20000 are 400 million pixels, more than the limit of 89 million; reduce it",
    ),
    "0warned.png": (bomb(10_000, 10_000), "100 million pixels"),
    "broken.png": (b"broken", "not an image that Pillow reads"),
    "cut.png": (FILES["c.png"][:200], ""),
    "deep.png": (png(DEEP), "16-bit grey"),
    "float.tif": (tiff(DEEP / np.float32(7)), "float grey"),
    "none.png": (b"", ""),
}


@pytest.mark.parametrize("kind", ["folder", "zip", "tar"])
def test_unreadable_files_are_counted_listed_and_left_out(sbvae: Sbvae, kind: str) -> None:
    source = pack(kind, {**FILES, **{name: data for name, (data, _) in ODD.items()}})
    table = "".join(f"{name},{i}\n" for i, name in enumerate(sorted([*FILES, *ODD])))
    Path("t.csv").write_text(f"file,number\n{table}")
    done = sbvae("gen-data", "images", "--from", source, "--factors", "t.csv", *SIZE)
    assert done.code == 0, done.err
    images, factors = contents()
    np.testing.assert_array_equal(images, IN_ORDER)
    places = [sorted([*FILES, *ODD]).index(name) for name in ORDERED]
    assert factors[:, 0].tolist() == places
    lines = done.err.splitlines()
    first = lines.index("7 of 11 files could not be read:")
    for line, (name, (_, reason)) in zip(lines[first + 1 :], ODD.items(), strict=True):
        assert line.startswith(f"  {name}: ")
        assert reason in line
    assert "wrote pics.h5: 4 images" in done.out


@pytest.mark.parametrize("start", ["0", "z"])
def test_progress_counts_the_unreadable_files_too(sbvae: Sbvae, start: str) -> None:
    good = {f"{i:03}.png": FILES["a.png"] for i in range(128)}  # 64 are written together
    pack("folder", {**good, **{f"{start}{i}x.png": b"x" for i in range(3)}})
    done = sbvae("gen-data", "images", "--from", "pics", *SIZE)
    progress = [line.strip() for line in done.err.splitlines() if line.startswith("images ")]
    assert progress[-1] == "images 131/131"
    assert contents()[0].shape[0] == 128


def test_many_unreadable_files_are_cut_short(sbvae: Sbvae) -> None:
    pack("folder", {**FILES, **{f"x{i:02}.png": b"x" for i in range(25)}})
    done = sbvae("gen-data", "images", "--from", "pics", *SIZE)
    lines = done.err.splitlines()
    first = lines.index("25 of 29 files could not be read:")
    assert [line[:9] for line in lines[first + 1 : -1]] == [f"  x{i:02}.png" for i in range(10)]
    assert lines[-1] == "  and 15 more; --strict stops at the first"


def test_strict_stops_at_the_first_unreadable_file(sbvae: Sbvae) -> None:
    pack("folder", {**FILES, "b/3.png": b"broken", "z.png": b"broken"})
    line = refused(sbvae("gen-data", "images", "--from", "pics", "--strict"), "pics")
    assert line == "error: pics: b/3.png: not an image that Pillow reads"


@pytest.mark.parametrize("name", ODD)
def test_nothing_readable_is_one_line(sbvae: Sbvae, name: str) -> None:
    data, reason = ODD[name]
    pack("folder", {name: data})
    line = refused(sbvae("gen-data", "images", "--from", "pics"), "pics")
    assert reason in line
    if "grey" in reason:
        assert f"error: pics: images are {reason}, with values " in line
        return
    assert line.startswith(
        f"error: pics: none of 1 files can be read as an image; the first is {name}"
    )


def test_transparency_is_laid_over_black(sbvae: Sbvae) -> None:
    alpha = np.zeros((12, 16, 1), np.uint8)
    alpha[:, 8:] = 255
    see_through = np.concatenate([PICTURES["a.png"], alpha], axis=2)
    pack("folder", {"a.png": png(see_through)})
    assert sbvae("gen-data", "images", "--from", "pics", *SIZE).code == 0
    ((image,), _) = contents()
    assert not image[:, :8].any()
    np.testing.assert_array_equal(image[:, 8:], PICTURES["a.png"][:, 8:])


def hostile(kind: str) -> Path:
    Path("made").mkdir()
    return pack(kind, {"a.png": FILES["a.png"], "../escaped.png": FILES["c.png"]}, "made/x")


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_an_archive_that_points_outside_is_refused(sbvae: Sbvae, kind: str) -> None:
    line = refused(sbvae("gen-data", "images", "--from", hostile(kind)), "made")
    assert "../escaped.png points outside of the archive" in line
    assert os.listdir("made") == [f"x.{kind}"]


@pytest.mark.parametrize(
    ("name", "data", "found"),
    [
        ("a.png", FILES["a.png"], "is one image (PNG); a dataset needs many images: "),
        ("a.zip", b"PK\x03\x04 broken", "this ZIP archive is broken or cut short"),
        ("a.h5", b"\x89HDF\r\n\x1a\n", "is a damaged HDF5 file"),
        (
            "none",
            None,
            "there is no such file; choose a folder, ZIP or TAR of images, or an NPZ, HDF5",
        ),
    ],
)
def test_what_holds_no_images_is_one_line(
    sbvae: Sbvae, name: str, data: bytes | None, found: str
) -> None:
    if data is not None:
        Path(name).write_bytes(data)
    done = sbvae("gen-data", "images", "--from", name, "--out", "made.h5")
    line = refused(done, *([] if data is None else [name]))
    assert line.startswith(f"error: {name}: ")
    assert found in line


def test_another_array_is_one_line(sbvae: Sbvae) -> None:
    np.savez("a.npz", images=np.full((4, 6, 8), None))
    line = refused(sbvae("gen-data", "images", "--from", "a.npz"), "a.npz")
    assert line.startswith("error: a.npz: images is object")


def test_a_table_that_does_not_match_is_one_line(sbvae: Sbvae) -> None:
    pack("folder", FILES)
    Path("t.csv").write_text("file,a\nc.png,1\na.png,2\nother.png,3\n")
    done = sbvae("gen-data", "images", "--from", "pics", "--factors", "t.csv")
    line = refused(done, "pics", "t.csv")
    assert line.startswith(
        "error: t.csv: 1 of 3 rows name files that are not among the images, the"
    )


def test_a_file_that_exists_is_kept_without_force(sbvae: Sbvae) -> None:
    pack("tar", FILES)
    Path("pics.h5").write_text("precious")
    line = refused(sbvae("gen-data", "images", "--from", "pics.tar"), "pics.tar", "pics.h5")
    assert "pics.h5: the existing file is not an HDF5 file and is not replaced" in line
    assert Path("pics.h5").read_text() == "precious"
    with h5py.File("pics.h5", "w") as file:
        file["kept"] = 1
    line = refused(sbvae("gen-data", "images", "--from", "pics.tar"), "pics.tar", "pics.h5")
    assert "pics.h5: exists; choose another name, or replace it with --force" in line
    assert sbvae("gen-data", "images", "--from", "pics.tar", "--force", *SIZE).code == 0
    np.testing.assert_array_equal(contents()[0], IN_ORDER)


@pytest.mark.parametrize("size", ["0", "x", "5000", "8x"])
def test_a_size_that_is_none_is_one_line(sbvae: Sbvae, size: str) -> None:
    pack("tar", FILES)
    done = sbvae("gen-data", "images", "--from", "pics.tar", "--size", size)
    assert f"--size {size}" in refused(done, "pics.tar")


class Interrupting:
    """A progress bar during which somebody presses Ctrl-C, so many times at each chunk."""

    def __init__(self, times: int) -> None:
        self.times = times

    def __enter__(self) -> "Interrupting":
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def update(self, done: int, text: str) -> None:
        assert [name for name in os.listdir() if name.endswith(".tmp")]
        for _ in range(self.times):
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("kind", ["folder", "tar.gz"])
def test_ctrl_c_leaves_nothing(
    sbvae: Sbvae, kind: str, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = pack(kind, {f"{i}.png": FILES["a.png"] for i in range(150)})
    monkeypatch.setattr(write_data, "progress_display", lambda *_: Interrupting(times))
    done = sbvae("gen-data", "images", "--from", source, "--size", 8)
    assert (done.code, done.out) == (130, "")
    assert os.listdir() == [source.name]
    expected = "pics.h5: stopped after 64 images; nothing was kept"
    if times == 2:
        expected = "interrupted; no incomplete files were left"
    assert done.err == f"error: {expected}\n"


def test_ctrl_c_on_a_terminal_is_one_line_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    noise = np.random.default_rng(0).integers(256, size=(256, 256, 3), dtype=np.uint8)
    first = pack("folder", {"0000.png": png(noise)}) / "0000.png"
    for i in range(1, 5000):
        os.link(first, first.with_name(f"{i:04}.png"))
    command = [sys.executable, "-m", "sbvae_cli", "gen-data", "images", "--from", "pics"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as program:
        begun = program.stderr.readline()
        os.killpg(program.pid, signal.SIGINT)
        out, err = program.communicate(timeout=60)
    *progress, line = err.splitlines()
    assert line.startswith("error: pics.h5: stopped after ")
    assert all(line.startswith("images ") for line in [begun, *progress]), err
    assert (program.returncode, out) == (130, "")
    assert os.listdir() == ["pics"]


def test_a_model_is_trained_and_scored_without_factors(sbvae: Sbvae, tiny: list[str]) -> None:
    pack("folder", FILES)
    assert sbvae("gen-data", "images", "--from", "pics", "--size", 16).code == 0
    options = tiny[tiny.index("--device") :]
    done = sbvae("train", "--data", "pics.h5", *options, "--steps", 3, "--out", "run")
    assert done.code == 0, done.err
    done = sbvae("eval", "run", "--json", "scores.json")
    assert done.code == 0, done.err
    (left_out,) = (line for line in done.err.splitlines() if "without" in line)
    assert left_out.startswith("note: without mig")
    assert "factor-vae and geometry: pics has no factors" in left_out
    assert "nll" in done.out and "mig" not in done.out
    assert "has no factors that vary" in sbvae("eval", "run", "--metrics", "mig").err
    assert sbvae("traverse", "run").code == 0
    done = sbvae("geometry", "run")
    assert (done.code, len(done.err.splitlines())) == (1, 1)
    assert "needs two factors that vary" in done.err
    assert sbvae("encode", "run").code == 0
    with np.load("codes.npz") as codes:
        assert (codes["codes"].shape, codes["factors"].shape) == ((4, 3), (4, 0))


def test_a_single_image_is_enough_to_train_on(sbvae: Sbvae, tiny: list[str]) -> None:
    pack("folder", {"a.png": FILES["a.png"]})
    assert sbvae("gen-data", "images", "--from", "pics", "--size", 16).code == 0
    options = tiny[tiny.index("--device") :]
    done = sbvae("train", "--data", "pics.h5", *options, "--steps", 2, "--out", "run")
    assert done.code == 0, done.err
    done = sbvae("eval", "run")
    assert done.code in (0, 1)
    assert "bug of sbvae" not in done.err


# The public archives


@pytest.fixture
def chairs(sbvae: Sbvae) -> Path:
    renders = {}
    for number, azimuth in enumerate((0, 90, 180)):
        image = np.full((30, 30, 3), 255, np.uint8)
        image[10:20, 10:20] = 50 * number
        name = f"c{number % 2}/renders/image_{number:03}_p020_t{azimuth:03}_r096.png"
        renders[name] = png(image)
    return pack("tar", {**renders, "overview.png": b"x"}, "rendered_chairs")


def test_chairs_are_imported(sbvae: Sbvae, chairs: Path) -> None:
    done = sbvae("gen-data", "chairs", "--from", chairs, "--size", 20)
    assert done.code == 0, done.err
    assert "note: files with other names, left out: 1" in done.err.splitlines()
    images, factors = contents("rendered-chairs.h5")
    assert factors.tolist() == [[0, 20, 0], [0, 20, 180], [1, 20, 90]]
    assert images.shape == (3, 20, 20, 1)
    assert images[:, 10, 10, 0].tolist() == [0, 100, 50]
    done = sbvae("gen-data", "chairs", "--from", chairs, "--size", 20, "--invert", "--out", "i.h5")
    assert done.code == 0, done.err
    np.testing.assert_array_equal(contents("i.h5")[0], 255 - images)


def test_other_images_are_no_chairs(sbvae: Sbvae) -> None:
    line = refused(sbvae("gen-data", "chairs", "--from", pack("tar", FILES)), "pics.tar")
    assert "none of 4 files is called ID/renders/image_NNN" in line


@pytest.mark.parametrize("gray", [False, True])
def test_dsprites_are_imported(sbvae: Sbvae, monkeypatch: pytest.MonkeyPatch, gray: bool) -> None:
    few = (1, 3, 1, 2, 2, 2)
    images = np.random.default_rng(0).integers(2, size=(24, 64, 64), dtype=np.uint8)
    classes = np.stack(np.unravel_index(np.arange(24), few), 1)
    np.savez("d.npz", imgs=images, latents_classes=classes)
    line = refused(sbvae("gen-data", "sprites", "--from", "d.npz"), "d.npz")
    assert f"it should be uint8 of shape ({np.prod(LEVELS)}, 64, 64); the public archive" in line

    space = named_space("sprites")
    factors = [
        f.model_copy(update={"levels": f.levels[:n]}) if n else f
        for f, n in zip(space.factors, (*few[1:], 0, 0, 0), strict=True)
    ]
    narrowed = space.model_copy(update={"factors": tuple(factors)})
    monkeypatch.setattr(imports, "import_dsprites", partial(import_dsprites, sprites=narrowed))
    done = sbvae("gen-data", "sprites", "--from", "d.npz", *(["--gray"] if gray else []))
    assert done.code == 0, done.err
    path = "dsprites-gray.h5" if gray else "dsprites.h5"
    np.testing.assert_array_equal(contents(path)[0][..., 0], 255 * images)
    shown = sbvae("info", path).out
    assert f"24 of 64x64 pixels, {'grey' if gray else 'colour'}" in shown
    assert [f"factor {name} " in shown for name in HSV] == 3 * [not gray]
    with open_source(path).file as file:  # the grid that others look images up in
        assert file.space.complete_grid and file.space.renderer is None


@pytest.mark.parametrize("command", ["sprites", "chairs"])
@pytest.mark.parametrize(
    "option",
    ["--count=3", "--factor=scale=0.5", "--hole=x=0..1", "--correlate=x,y=1", "--blank=0.5"],
)
def test_options_of_drawing_are_refused_beside_from(
    sbvae: Sbvae, command: str, option: str
) -> None:
    line = refused(sbvae("gen-data", command, "--from", "d", option))
    name = option.partition("=")[0]
    assert line == f"error: {name} changes what is drawn; with --from leave it out"


@pytest.mark.parametrize("option", ["--invert", "--strict"])
def test_options_of_importing_are_refused_without_from(sbvae: Sbvae, option: str) -> None:
    assert "apply only to --from; leave them out" in refused(sbvae("gen-data", "chairs", option))


def test_rows_have_the_names_of_their_files_in_data_and_codes(
    sbvae: Sbvae, write_model: Callable[..., Path]
) -> None:
    files = {f"{i}.png": FILES["a.png"] for i in range(12)}
    pack("folder", {**files, "1.png": b"broken"})
    assert sbvae("gen-data", "images", "--from", "pics", "--size", "12x8").code == 0
    names = [f"{i}.png" for i in (0, *range(2, 12))]
    with h5py.File("pics.h5") as file:
        assert file["files"].asstr()[...].tolist() == names
    assert open_source("pics.h5").files == tuple(names)
    model = write_model(Path("ckpt.pt"))
    assert sbvae("encode", model, "--data", "pics.h5").code == 0
    with np.load("codes.npz") as codes:
        assert codes["files"].tolist() == names
    done = sbvae("traverse", model, "--data", "pics.h5", "--start-image", 1, "--top", 1)
    assert "start image: row 1, 2.png" in done.out


def test_codes_of_a_file_are_scored_as_by_the_model(
    sbvae: Sbvae, write_model: Callable[..., Path]
) -> None:
    pack("folder", {f"{i}.png": FILES["a.png"] for i in range(40)})
    numbers = np.random.default_rng(0).random(40)
    rows = "".join(f"{i}.png,{i},{weight},{i % 4}\n" for i, weight in enumerate(numbers))
    Path("t.csv").write_text(f"file,id,weight,grade\n{rows}")
    options = ("--factors", "t.csv", "--kind", "grade=range", "--size", "12x8")
    assert sbvae("gen-data", "images", "--from", "pics", *options).code == 0
    model = write_model(Path("ckpt.pt"))
    assert sbvae("encode", model, "--data", "pics.h5").code == 0
    binned = []
    for target, data in ((model, ("--data", "pics.h5")), ("codes.npz", ())):
        done = sbvae("eval", target, *data, "--metrics", "mig", "--json", "found.json")
        assert done.code == 0, done.err
        assert "guessed" not in done.out + done.err
        (found,) = json.loads(Path("found.json").read_text())["results"]
        binned.append([f["factors"] for f in found["findings"] if f["code"] == "binned"])
    assert binned == [[["weight", "grade"]]] * 2


def factors_of(path: str) -> dict[str, FactorConfig]:
    return {factor.name: factor for factor in open_source(path).space.factors}


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_folders_are_classes_unless_there_is_a_table(sbvae: Sbvae, kind: str) -> None:
    names = [f"r/{c}/{i}.png" for c in ("s10", "s2") for i in range(3)]
    source = pack(kind, dict.fromkeys(names, FILES["a.png"]))
    done = sbvae("gen-data", "images", "--from", source, *SIZE)
    assert "note: the factor class is the folder of each image" in done.err.splitlines()
    assert factors_of("pics.h5")["class"].level_names == ("s2", "s10")
    assert contents()[1].ravel().tolist() == [0, 0, 0, 1, 1, 1]
    Path("t.csv").write_text("file,x\n" + "".join(f"{n},{i}\n" for i, n in enumerate(names)))
    options = ("--from", source, *SIZE, "--factors", "t.csv", "--force")
    done = sbvae("gen-data", "images", *options)
    assert "note: the table has the factors, the folders are not used" in done.err.splitlines()
    assert list(factors_of("pics.h5")) == ["x"]


def test_labels_beside_an_array_of_images_are_a_factor(sbvae: Sbvae) -> None:
    np.savez("pics.npz", images=IN_ORDER, labels=[1, 0, 1, 1], label_names=["no", "yes"])
    done = sbvae("gen-data", "images", "--from", "pics.npz", *SIZE)
    lines = done.err.splitlines()
    assert "factor labels  2 levels: 0 no, 1 yes" in lines
    assert "note: factors are those of the array labels" in lines
    np.testing.assert_array_equal(contents()[1], [[1], [0], [1], [1]])


def test_labels_that_cannot_be_factors_are_said(sbvae: Sbvae) -> None:
    np.savez("pics.npz", images=IN_ORDER, y=[0.5, np.nan, 1, 1])
    done = sbvae("gen-data", "images", "--from", "pics.npz", *SIZE)
    assert done.code == 0
    assert "warning: the labels are not used: pics.npz: column y has numbers that" in done.err
    assert contents()[1].shape == (4, 0)
    done = sbvae("gen-data", "images", "--from", "pics.npz", "--force", "--kind", "z=range")
    assert done.err.startswith("error: --kind z: pics.npz: factor z is unknown; there are y")


def test_a_table_in_the_folder_is_named(sbvae: Sbvae) -> None:
    pack("folder", {**FILES, "labels.csv": b"file,x\n"})
    done = sbvae("gen-data", "images", "--from", "pics", *SIZE)
    line = "note: pics/labels.csv is not used; give it as --factors pics/labels.csv"
    assert line in done.err.splitlines()


def test_what_a_user_says_of_columns_is_kept(sbvae: Sbvae) -> None:
    pack("folder", {f"{i}.png": FILES["a.png"] for i in range(36)})
    rows = "".join(f"{i}.png,{i * 10},{i % 3},{1_700_000_000 + i}\n" for i in range(36))
    Path("t.csv").write_text(f"file,azimuth,size,t\n{rows}")
    options = ("--factors", "t.csv", "--circular", "azimuth", "--kind", "size=range")
    done = sbvae("gen-data", "images", "--from", "pics", *options, *SIZE)
    assert "360 degree, circular" not in done.err  # the levels end a step before
    azimuth, size, t = factors_of("pics.h5").values()
    assert (azimuth.period, azimuth.circular, len(azimuth.levels)) == (360, True, 36)
    assert (size.kind, size.bounds) == ("continuous", (0, 2))
    assert t.levels == tuple(1_700_000_000 + i for i in range(36))
    assert contents()[1][:, 2].tolist() == list(t.levels)
    shown = sbvae("info", "pics.h5", "--json", "found.json").out
    assert re.search(r"images from +0.png, 1.png, 2.png, ..., 35.png\n", shown)
    assert "36 levels: 0, 10, 20, ..., 350 degree, circular" in shown
    assert json.loads(Path("found.json").read_text())["files"][10] == "10.png"
