"""`sbvae info` says how a picture was drawn, from what stands in its file."""

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sbvae_cli import __version__
from sbvae_cli.viz.animation import Animation
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.save import encode
from sbvae_cli.viz.theme import THEMES

Sbvae = Callable[..., Any]
ABOUT = {
    "command": "sbvae geometry runs/a runs/b",
    "seed": [0, 3],
    "step": 1000,
    "scores": {"a": {"affine_r2": 0.91234567, "tear": None}, "b": {"affine_r2": 0.5}},
    "factors": ["x", "y"],
}


def write(path: str, about: dict[str, Any]) -> Path:
    frames = [Canvas(80, 60), Canvas(80, 60)]
    frames[1].disc(20, 20, 9, (0, 0, 0))
    moves = path.endswith((".gif", ".webp"))
    picture = Animation(frames, [40, 40]) if moves else frames[1]
    Path(path).write_bytes(encode(picture, Path(path).suffix, scale=2, about=about))
    return Path(path)


def test_a_picture_whose_metadata_are_damaged_says_that_it_does_not_know(sbvae: Sbvae) -> None:
    path = write("a.webp", ABOUT)
    path.write_bytes(path.read_bytes().replace(b"MM\0*", b"MF0\1").replace(b"II*\0", b"MF0\1"))
    done = sbvae("info", path)
    assert (done.code, done.err) == (0, "")
    assert "command  not known: sbvae did not draw it, or its metadata was removed" in done.out


@pytest.mark.parametrize("name", ["a.png", "a.svg", "a.gif", "a.webp"])
def test_a_picture_says_how_it_was_drawn(sbvae: Sbvae, name: str) -> None:
    path = write(name, {**ABOUT, "version": "1.2"})
    path.rename("any name")  # its content tells what it is

    done = sbvae("info", "any name")

    assert (done.code, done.err) == (0, "")
    frames = ", 2 frames" if name in ("a.gif", "a.webp") else ""
    kind = path.suffix[1:].upper()
    size = "" if name == "a.svg" else ", 160x120 pixels"
    for line in (
        "any name: picture",
        f"  format +{kind}{size}{frames}",
        "  command +sbvae geometry runs/a runs/b",
        "  version +1.2",
        "  seed +0, 3",
        "  step +1,000",
        "  scores a +affine_r2 0.9123, tear -",
        "  scores b +affine_r2 0.5",
        "  factors +x, y",
    ):
        assert re.search(f"^{line}$", done.out, re.MULTILINE), (line, done.out)
    told = json.loads(sbvae("info", "any name", "--json", "-").out)
    assert {**told, **ABOUT, "version": "1.2"} == told
    assert (told["kind"], told["format"], told["drawn_by_sbvae"]) == ("picture", kind, True)
    assert told["file_bytes"] == Path("any name").stat().st_size


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.gif", "a.webp", "a.svg"])
def test_a_picture_of_anybody_says_that_it_says_nothing(sbvae: Sbvae, name: str) -> None:
    if name == "a.svg":
        Path(name).write_text("<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>")
    else:
        Image.fromarray(np.zeros((6, 8, 3), np.uint8)).save(name)

    done = sbvae("info", name)

    assert done.code == 0
    assert "command  not known: sbvae did not draw it, or its metadata was removed" in done.out
    told = json.loads(sbvae("info", name, "--json", "-").out)
    names = ("version", "command", "seed", "step", "scores", "drawn_by_sbvae")
    assert [told[key] for key in names] == [None] * 5 + [False]


def test_what_a_file_says_is_no_command_for_the_terminal(sbvae: Sbvae) -> None:
    said = {"command": "\x1b[31mred\nline", "\x07": "bell", "scores": {"\x1b": [{}, [None, True]]}}
    write("a.png", said)
    done = sbvae("info", "a.png")
    assert done.code == 0
    assert "\x1b" not in done.out and "\x07" not in done.out and "red\ufffdline" in done.out


def test_a_file_may_not_say_what_the_file_itself_is(sbvae: Sbvae) -> None:
    path = write("a.png", {"kind": "checkpoint", "path": "/", "format": "SVG", "data": {}})
    told = json.loads(sbvae("info", path, "--json", "-").out)
    assert (told["kind"], told["path"], told["format"]) == ("picture", "a.png", "PNG")
    assert sbvae("info", path).code == 0


def test_a_picture_has_no_samples(sbvae: Sbvae) -> None:
    write("a.png", {})
    done = sbvae("info", "a.png", "--sheet", "b.png")
    assert (done.code, done.out) == (1, "")
    assert done.err == "error: --sheet needs a dataset or a run; this file has no samples\n"
    assert not Path("b.png").exists()


def test_a_picture_that_is_cut_short_is_told_of(sbvae: Sbvae) -> None:
    for name in ("a.png", "a.svg", "a.gif", "a.webp"):
        whole = write(name, ABOUT).read_bytes()
        for size in (3, 12, 40, len(whole) // 2, len(whole) - 1):
            Path(name).write_bytes(whole[:size])
            done = sbvae("info", name)
            assert "bug of sbvae" not in done.err
            assert done.code == 0 or done.err.count("\n") == 1


def test_a_sheet_is_a_picture_like_others(sbvae: Sbvae) -> None:
    line = ("info", "circles:xy", "--sheet", "my sheet.png", "--seed", 3)
    assert sbvae(*line, "--scale", 2, "--theme", "dark").code == 0
    assert sbvae("info", "circles:xy", "--sheet", "plain.png").code == 0
    with Image.open("my sheet.png") as sheet, Image.open("plain.png") as plain:
        assert sheet.getpixel((0, 0)) == THEMES["dark"]["paper"]
        assert sheet.width == 2 * plain.width
    told = json.loads(sbvae("info", "my sheet.png", "--json", "-").out)
    assert (told["seed"], told["data"], told["version"]) == (3, "xy", __version__)
    # The command works as it stands, and gives the file again.
    before = Path("my sheet.png").read_bytes()
    assert sbvae(*shlex.split(told["command"])[1:]).code == 0
    assert Path("my sheet.png").read_bytes() == before


def test_what_is_shown_is_written(sbvae: Sbvae) -> None:
    done = sbvae("info", "circles:xy", "--show")
    assert (done.code, done.out) == (1, "")
    assert done.err == "error: --show opens the picture that --sheet writes; name one\n"


def test_each_run_of_a_picture_has_a_line(sbvae: Sbvae) -> None:
    runs = [
        {"run": f"runs/{n}", "seed": n, "step": 500 * n, "scores": {"mig": 0.1234567 * n}}
        for n in (1, 2)
    ]
    write("two.png", {"runs": runs})
    out = sbvae("info", "two.png").out
    assert re.search(r"^  run +runs/1: seed 1, step 500, mig 0.1235$", out, re.MULTILINE)
    assert re.search(r"^  run +runs/2: seed 2, step 1,000, mig 0.2469$", out, re.MULTILINE)
    assert json.loads(sbvae("info", "two.png", "--json", "-").out)["runs"] == runs

    write("one.png", {"runs": runs[:1]})  # what one run has stands at the top
    told = json.loads(sbvae("info", "one.png", "--json", "-").out)
    assert {**told, **runs[0]} == told and "runs" not in told


PICTURES = [
    ("geometry", "a/ckpt.pt", "--out"),
    ("geometry", "a/ckpt.pt", "b/ckpt.pt", "--out"),
    ("traverse", "a/ckpt.pt", "--out"),
    ("traverse", "a/ckpt.pt", "--samples", 4, "--out"),
]


@pytest.mark.parametrize("words", PICTURES, ids=lambda words: " ".join(map(str, words[:-1])))
def test_pictures_of_models_say_which_seed_step_and_scores(
    sbvae: Sbvae, write_model: Callable[..., Path], words: tuple[object, ...]
) -> None:
    for folder in ("a", "b"):
        Path(folder).mkdir()
        write_model(Path(folder) / "ckpt.pt")
    assert sbvae(*words, "p.svg").code == 0
    told = json.loads(sbvae("info", "p.svg", "--json", "-").out)
    assert told["command"] == " ".join(["sbvae", *map(str, words), "p.svg"])
    assert told["version"] == __version__
    runs = told.get("runs") or [told]
    assert len(runs) == sum(str(word).endswith(".pt") for word in words)
    for run in runs:
        assert (run["seed"], run["step"]) == (0, 7)
        if words[0] == "geometry":
            assert 0 <= run["scores"]["affine_r2"] <= 1
