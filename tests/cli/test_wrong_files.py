"""A file where another is meant: one line says what it is, and the command in it works."""

import errno
import os
import pickle
import re
import shlex
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io
import torch
from PIL import Image

from sbvae_cli.system_errors import unreadable

Sbvae = Callable[..., object]
WriteModel = Callable[..., Path]
PIXELS = np.random.default_rng(0).integers(256, size=(6, 12, 8, 3), dtype=np.uint8)
COMMANDS = (
    ["train", "--dry-run", "--data"],
    ["info"],
    ["gen-data", "images", "--size", "12x8", "--force", "--out", "new.h5", "--from"],
    ["eval", "--protocol", "quick", "--metrics", "mig"],
    ["encode", "model.pt", "--out", "new.npz", "--data"],
    ["geometry", "model.pt", "--out", "new.png", "--data"],
)


def folder(path: Path) -> None:
    path.mkdir()
    for i, image in enumerate(PIXELS):
        Image.fromarray(image).save(path / f"{i}.png")


def zipped(path: Path) -> None:
    folder(Path("inside"))
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(Path("inside").iterdir()):
            archive.write(file)


def tarred(path: Path) -> None:
    folder(Path("inside"))
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as archive:
        archive.add("inside")


def arrays(**named: np.ndarray) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        if path.suffix == ".npz":
            np.savez(path, **named)
        elif path.suffix == ".mat":
            scipy.io.savemat(path, named)
        else:
            with h5py.File(path, "w") as file:
                for name, array in named.items():
                    file[name.replace("__", "/")] = array

    return write


LABELS = np.random.default_rng(0).integers(3, size=(300, 2))
CODES = LABELS + np.random.default_rng(1).normal(size=(300, 2))
ROOM = np.tile([0.5, 0.5, 0.5, 0.75, 2.0, 30.0], (6, 1))

# What each is called, how it comes about, and what is said of it.
FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "my photos": (folder, "is a folder of images"),
    "my photos.zip": (zipped, "is a ZIP archive of images"),
    "a.tar": (tarred, "is a TAR archive of images"),
    "a.tar.gz": (tarred, "is a TAR archive, compressed by gzip, of images"),
    "images.npz": (arrays(images=PIXELS), "is an NPZ archive of arrays"),
    "some_dsprites.npz": (
        arrays(imgs=PIXELS[..., 0] % 2, latents_classes=np.arange(36).reshape(6, 6)),
        "has the arrays of dSprites, but imgs are uint8 (6, 12, 8)",
    ),
    "two.npz": (arrays(a=PIXELS, b=PIXELS), "several of its arrays may be images"),
    "codes.npz": (arrays(codes=CODES, factors=LABELS), "is an NPZ archive of codes"),
    "old.mat": (arrays(images=PIXELS, y=np.arange(6)), "is a MATLAB file"),
    "own.h5": (arrays(images=PIXELS, labels=np.arange(6)), "is an HDF5 file of another layout"),
    "names.h5": (arrays(X=PIXELS, y=np.arange(6)), "is an HDF5 file of another layout"),
    "split.h5": (
        arrays(train__images=PIXELS, test__images=PIXELS[:2]),
        "several of its arrays may be images",
    ),
    "part.h5": (arrays(images=PIXELS, labels=ROOM), "has the layout of 3dshapes.h5"),
    "one.png": (lambda path: Image.fromarray(PIXELS[0]).save(path), "is one image (PNG)"),
}


def commands_in(line: str) -> Iterator[list[str]]:
    for text in re.findall(r"`sbvae ([^`]+)`", line):
        yield shlex.split(text)


@pytest.mark.parametrize("name", FILES)
def test_the_command_that_a_message_names_works(
    sbvae: Sbvae, write_model: WriteModel, name: str
) -> None:
    write_model(Path("model.pt"))
    write, said = FILES[name]
    write(Path(name))
    for command in COMMANDS:
        done = sbvae(*command, name)
        if done.code == 0:
            continue
        (line,) = [line for line in done.err.splitlines() if line.startswith("error: ")]
        assert (done.code, done.out) == (1, "") and "bug of sbvae" not in line
        assert name in line and (said in line or "codes" in line), line
        for wanted in commands_in(line):
            quickly = {"train": ["--dry-run"], "eval": ["--metrics", "mig"], "gen-data": []}
            followed = sbvae(*wanted, *quickly[wanted[0]])
            assert followed.code == 0, (line, followed.err)
            for path in Path().glob("*.h5"):  # so that the next one finds room for its own
                path.unlink() if path.name != name else None


@pytest.mark.parametrize(
    ("name", "write", "said"),
    [
        ("a.npy", lambda path: np.save(path, PIXELS), "is a single array (NPY)"),
        ("none.h5", arrays(a=np.zeros((3, 2))), "none of which has the shape of images"),
        ("none.npz", arrays(a=np.zeros((3, 2))), "none of which has the shape of images"),
        ("t.csv", lambda path: path.write_text("file,x\na,1\n"), "is a table (CSV)"),
        ("t.txt", lambda path: path.write_text("hello"), "is text"),
        ("c.yaml", lambda path: path.write_text("training: {steps: 3}"), "holds settings"),
        ("p.pkl", lambda path: path.write_bytes(pickle.dumps([1])), "is a Python pickle"),
        ("w.pt", lambda path: torch.save({"a": 1}, path), "is a PyTorch file, but not an"),
        ("x.bin", lambda path: path.write_bytes(bytes(range(256))), "has an unknown format"),
        (
            "x.gz",
            lambda path: path.write_bytes(b"\x1f\x8bno"),
            "is compressed by gzip and not a TAR",
        ),
        ("e.h5", lambda path: path.touch(), "is empty"),
        ("empty", lambda path: path.mkdir(), "is an empty folder"),
        (
            "link.h5",
            lambda path: path.symlink_to("gone"),
            "is a link to gone, which does not exist",
        ),
        ("loop", lambda path: path.symlink_to("loop"), "is a link that leads back to itself"),
        ("none.h5", lambda path: None, "there is no such file"),
        ("no/none.h5", lambda path: None, "there is no such file, nor a folder no"),
        ("model.pt/x.h5", lambda path: None, "model.pt is a file, not a folder"),
        ("x" * 300, lambda path: None, "the name is too long for this system"),
        ("pipe", lambda path: os.mkfifo(path), "is a device or a pipe"),
    ],
)
def test_each_fault_of_a_file_says_its_own_cause(
    sbvae: Sbvae, write_model: WriteModel, name: str, write: Callable[[Path], object], said: str
) -> None:
    write_model(Path("model.pt"))
    write(Path(name))
    for command in (COMMANDS[0], COMMANDS[1], COMMANDS[4], ["eval"]):
        done = sbvae(*command, name)
        lines = done.err.splitlines()
        assert (done.code, done.out, len(lines)) == (1, "", 1), done
        assert said in lines[0] or name.endswith(".npz"), lines[0]
        assert "bug of sbvae" not in lines[0]


def test_a_dataset_needs_no_import_and_stands_after_data(
    sbvae: Sbvae, write_model: WriteModel
) -> None:
    assert sbvae("gen-data", "circles", "--count", 9, "--size", 16, "--out", "d.h5").code == 0
    for command in (["gen-data", "images", "--out", "n.h5", "--from"], ["eval"]):
        done = sbvae(*command, "d.h5")
        assert done.code == 1 and "d.h5: is a dataset" in done.err
        (wanted,) = commands_in(done.err)
        assert wanted == ["train", "--data", "d.h5"]
        assert sbvae(*wanted, "--dry-run").code == 0
    write_model(Path("model.pt"))
    for command in (["train", "--data"], ["gen-data", "images", "--from"]):
        done = sbvae(*command, "model.pt")
        assert done.code == 1 and "is a checkpoint" in done.err
        assert [sbvae(*wanted).code for wanted in commands_in(done.err)] == [0]


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EACCES, r"may not be read \(Permission denied\); `chmod u\+r \"a b\"` allows"),
        (errno.EIO, r"cannot be read \(Input/output error\); copy it again from its source"),
        (errno.EMFILE, r"cannot be opened \(Too many open files\); close other programs"),
    ],
)
def test_what_the_system_says_is_told_with_a_remedy(number: int, said: str) -> None:
    error = unreadable(Path("a b"), OSError(number, os.strerror(number)))
    assert re.match(f"^a b: ({said})", str(error)), str(error)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_no_damaged_one(sbvae: Sbvae) -> None:
    arrays(images=PIXELS)(Path("a.h5"))
    Path("a.h5").chmod(0)
    for command in COMMANDS[:3]:
        done = sbvae(*command, "a.h5")
        assert done.code == 1 and "a.h5: may not be read (Permission denied); `chmod" in done.err
