"""Where pictures go: endings, files of another kind, full disks; a line says what would do."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

Sbvae = Callable[..., Any]
WriteModel = Callable[..., Path]

STILL = [("info", "circles:xy", "--sheet"), ("geometry", "ckpt.pt", "--out")]
FIGURES = [("figure", name, "runs", "--out") for name in ("mig", "scores", "losses")]
MOVING = [("traverse", "ckpt.pt", "--out")]


@pytest.mark.parametrize("command", STILL + FIGURES + MOVING, ids=lambda words: " ".join(words[:2]))
@pytest.mark.parametrize("name", ["x.jpg", "x.pdf", "x.eps", "x.tiff", "x.h5", "x.PDF"])
def test_formats_that_are_not_written_are_refused_at_once(
    sbvae: Sbvae, command: tuple[str, ...], name: str
) -> None:
    done = sbvae(*command, name)  # without a model: the name is looked at first
    assert (done.code, done.out) == (1, "")
    said = f"error: {command[-1]} {name}: this option writes PNG.* or .*; name it x.png\n"
    assert re.fullmatch(said, done.err)
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("command", STILL + FIGURES, ids=lambda words: " ".join(words[:2]))
@pytest.mark.parametrize("name", ["x.gif", "x.webp"])
def test_what_does_not_move_is_no_animation(
    sbvae: Sbvae, command: tuple[str, ...], name: str
) -> None:
    done = sbvae(*command, name)
    assert (done.code, done.out) == (1, "")
    assert done.err.endswith("this option writes PNG or SVG; name it x.png\n")


@pytest.mark.parametrize("command", STILL + FIGURES + MOVING, ids=lambda words: " ".join(words[:2]))
@pytest.mark.parametrize("name", ["x", "fig.v2"])
def test_a_name_that_says_no_format_is_refused(
    sbvae: Sbvae, command: tuple[str, ...], name: str
) -> None:
    done = sbvae(*command, name)
    assert (done.code, done.out) == (1, "")
    said = f"error: {command[-1]} {name}: has no known ending; name it {name}.png .formats: PNG.*\n"
    assert re.fullmatch(said, done.err)
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("name", ["x.png", "x.svg", "x.jpg"])
def test_what_moves_is_no_still(sbvae: Sbvae, name: str) -> None:
    done = sbvae("figure", "unfolding", "runs", "--out", name)
    said = f"error: --out {name}: this option writes GIF or WebP; name it x.gif\n"
    assert (done.code, done.out, done.err) == (1, "", said)


KINDS = {
    "PNG": b"\x89PNG\r\n\x1a\nold",
    "GIF": b"GIF89aold",
    "WebP": b"RIFF\x10\n\0\0WEBPold",
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "SVG with a head": b"<?xml version='1.0'?>\n<!-- by hand -->\n<svg/>",
    "nothing": b"",
}
OTHERS = {
    "text": b"what I thought of them",
    "WAV": b"RIFF\x10\n\0\0WAVEfmt ",
    "XML": b"<?xml version='1.0'?>\n<library><book/></library>",
    "HTML": b"<html><svg/></html>",
    "JSON": b"{}",
    "JPEG": b"\xff\xd8\xff\xe0",
    "PDF": b"%PDF-1.7",
}


@pytest.mark.parametrize(("kind", "name"), [*zip(KINDS, ["x.svg", "x.png"] * 3, strict=True)])
def test_a_picture_takes_the_place_of_a_picture(sbvae: Sbvae, kind: str, name: str) -> None:
    Path(name).write_bytes(KINDS[kind])
    assert sbvae(*STILL[0], name).code == 0
    written = Path(name).read_bytes()
    assert written.startswith(b"<?xml" if name == "x.svg" else b"\x89PNG")


@pytest.mark.parametrize("name", ["x.png", "x.svg", "x"])
@pytest.mark.parametrize("kind", OTHERS)
def test_a_picture_takes_the_place_of_nothing_else(sbvae: Sbvae, kind: str, name: str) -> None:
    Path(name).write_bytes(OTHERS[kind])
    done = sbvae(*STILL[0], name)
    said = f"error: --sheet {name}: the existing file is not a picture and is not replaced"
    assert (done.code, done.out) == (1, "")
    assert done.err == f"{said}; choose another name\n"
    assert Path(name).read_bytes() == OTHERS[kind]


@pytest.mark.parametrize("command", STILL + MOVING, ids=lambda words: words[0])
@pytest.mark.parametrize("name", ["x.png", "x.svg"])
def test_a_full_disk_is_told_of_and_leaves_what_stood_there(
    sbvae: Sbvae,
    write_model: WriteModel,
    room: Callable[[int], AbstractContextManager[None]],
    command: tuple[str, ...],
    name: str,
) -> None:
    write_model(Path("ckpt.pt"))
    before = KINDS["PNG"]
    Path(name).write_bytes(before)
    with room(5000):
        done = sbvae(*command, name)
    assert done.code == 1
    assert done.err.endswith(f"error: {name}: cannot be written: File too large; make room, or "
                             "choose another place\n")  # fmt: skip
    assert f"wrote {name}" not in done.out
    assert Path(name).read_bytes() == before
    assert sorted(path.name for path in Path().iterdir()) == ["ckpt.pt", name]


def test_a_picture_goes_to_a_folder_that_is_not_there_yet(sbvae: Sbvae) -> None:
    assert sbvae(*STILL[0], "new/folder/x.svg").code == 0
    assert Path("new/folder/x.svg").read_bytes().startswith(b"<?xml")
    Path("file").touch()
    done = sbvae(*STILL[0], "file/x.png")
    assert done.code == 1 and done.err.count("\n") == 1 and "bug of sbvae" not in done.err


@pytest.mark.parametrize("scale", ["0.1", "9", "nan", "inf", "-1", "two"])
def test_scales_that_are_none_are_refused(sbvae: Sbvae, scale: str) -> None:
    done = sbvae(*STILL[0], "x.png", "--scale", scale)
    assert done.code in (1, 2) and done.out == ""
    assert "bug of sbvae" not in done.err and "--scale" in done.err
    assert not Path("x.png").exists()


def test_a_theme_that_is_none_gets_the_nearest(sbvae: Sbvae) -> None:
    done = sbvae(*STILL[0], "x.png", "--theme", "drak")
    assert done.code == 2 and "dark" in done.err and not Path("x.png").exists()
