"""What a command writes never takes the place of a dataset or of a model."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Sbvae = Callable[..., Any]


@pytest.mark.parametrize("target", ["d.h5", "run/ckpt.pt"])
@pytest.mark.parametrize(
    "command",
    [
        ("info", "d.h5", "--sheet"),
        ("info", "d.h5", "--json"),
        ("traverse", "run", "--out"),
        ("geometry", "run", "--out"),
        ("encode", "run", "--count", 4, "--out"),
    ],
)
def test_outputs_replace_no_dataset_and_no_checkpoint(
    sbvae: Sbvae, tiny: list[str], command: tuple[object, ...], target: str
) -> None:
    assert sbvae("gen-data", "circles", "--count", 4, "--size", 16, "--out", "d.h5").code == 0
    assert sbvae("train", *tiny, "--steps", 1, "--out", "run").code == 0
    before = Path(target).read_bytes()
    done = sbvae(*command, target)
    assert done.code == 1
    assert "which is not replaced; choose another name" in done.err
    assert Path(target).read_bytes() == before


COMMANDS = [
    ("traverse", "ckpt.pt", "--out"),
    ("geometry", "ckpt.pt", "--out"),
    ("geometry", "ckpt.pt", "--json"),
    ("encode", "ckpt.pt", "--count", 4, "--out"),
    ("eval", "ckpt.pt", "--json"),
    ("info", "ckpt.pt", "--sheet"),
    ("info", "ckpt.pt", "--json"),
    ("gen-data", "circles", "--count", 4, "--size", 8, "--force", "--out"),
    ("gen-data", "images", "--from", "photos", "--force", "--out"),
    ("train", "--data", "circles", "--steps", 1, "--force", "--out"),
    ("figure", "mig", "ckpt.pt", "--out"),
    ("figure", "losses", "run", "--out"),
    ("figure", "unfolding", "run", "--out"),
    ("demo",),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: " ".join(map(str, words[:2])))
def test_outputs_replace_no_file_of_another_kind_even_where_forced(
    sbvae: Sbvae, write_model: Callable[..., Path], command: tuple[object, ...]
) -> None:
    write_model(Path("ckpt.pt"))
    Path("photos").mkdir()
    Image.new("RGB", (8, 8)).save("photos/a.png")
    written = {"PNG": "x.png", "HDF5": "x.h5", "NPZ": "x.npz", "JSON": "x.json"}
    for name in ("notes", "notes.txt", "notes.md", "notes.csv", "notes.yaml", *written.values()):
        Path(name).write_text("what I thought of them")
        done = sbvae(*command, name)
        assert (done.code, done.out) == (1, ""), name
        assert done.err.count("\n") == 1
        assert Path(name).read_text() == "what I thought of them"
    np.savez("images.npz", images=np.zeros((2, 8, 8)))
    before = Path("images.npz").read_bytes()
    assert sbvae(*command, "images.npz").code == 1
    assert Path("images.npz").read_bytes() == before


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: " ".join(map(str, words[:2])))
@pytest.mark.parametrize("target", ["-", "--quiet", "--seed=3", "--help"])
def test_stdout_and_options_are_no_files(
    sbvae: Sbvae, write_model: Callable[..., Path], command: tuple[object, ...], target: str
) -> None:
    if (command[-1] == "--json" and target == "-") or (command == ("demo",) and target != "-"):
        return  # JSON is text, and the demo's folder an argument
    write_model(Path("ckpt.pt"))
    done = sbvae(*command, target)
    assert done.code in (1, 2) and done.out == ""
    said = "name a file, as|name one, as" if target == "-" else "has no value; give it one|requires"
    assert re.search(said, done.err)
    assert [path.name for path in Path().iterdir()] == ["ckpt.pt"]


def test_what_a_command_wrote_itself_is_replaced(
    sbvae: Sbvae, write_model: Callable[..., Path]
) -> None:
    write_model(Path("ckpt.pt"))
    for command, name in [
        (("traverse", "ckpt.pt", "--out"), "a.png"),
        (("info", "ckpt.pt", "--json"), "a.json"),
        (("encode", "ckpt.pt", "--count", 4, "--out"), "a.npz"),
    ]:
        Path(name).touch()  # an empty file has nothing to lose
        assert sbvae(*command, name).code == sbvae(*command, name).code == 0
