"""What the system refuses to commands: one line, exit code 1, nothing lost, nothing left."""

import ctypes
import itertools
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from PIL import Image

from sbvae_cli.cli.app import main
from tests.conftest import TINY, Result

Sbvae = Callable[..., Result]
Lack = Callable[[int], AbstractContextManager[None]]

# Each writes below the folder `out`; a run, images and a sweep stand beside it.
COMMANDS: dict[str, list[str]] = {
    "train": ["train", *TINY, "--steps", "4", "--out", "out/new"],
    "replicas": ["train", *TINY, "--steps", "4", "--replicas", "2", "--out", "out/new"],
    "resume": ["train", "--resume", "out/begun", "--steps", "6"],
    "gen-data": ["gen-data", "circles", "--count", "300", "--size", "16", "--out", "out/new.h5"],
    "import": ["gen-data", "images", "--from", "pics", "--out", "out/new.h5"],
    "eval": ["eval", "run", "--metrics", "rates", "--images", "40", "--json", "out/new.json"],
    "geometry": ["geometry", "run", "--grid", "4", "--out", "out/new.png"],
    "traverse": ["traverse", "run", "--top", "1", "--out", "out/new.png"],
    "figure": ["figure", "losses", "run", "--out", "out/new.svg"],
    "explore": ["explore", "run", "--out", "out/new.html"],
    "export": ["export", "run", "--onnx", "out/new"],
    "encode": ["encode", "run", "--count", "40", "--out", "out/new.npz"],
    "info": ["info", "run", "--sheet", "out/new.png"],
    "sweep": ["sweep", "run", "sweep.yaml", "--out", "out/new"],
    "reproduce": ["reproduce", "figure-8", "--tier", "smoke", "--out", "out/new"],
    "demo": ["demo", "out/new", "--steps", "2"],
}
SWEEP = "settings: {data: {source: 'circles:xy'}}\ngrid: {training.learning_rate: [0.001]}\n"
LONG = ("reproduce", "demo")  # measure, or begin a process, before anything is written


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    assert main(["train", *TINY, "--steps", "4", "--quiet", "--out", f"{folder}/run"]) == 0
    (folder / "pics").mkdir()
    for i in range(3):
        Image.new("RGB", (16, 16), (i, 90, 200)).save(folder / f"pics/{i}.png")
    (folder / "sweep.yaml").write_text(SWEEP)
    return folder


@pytest.fixture
def place(made: Path, sbvae: Sbvae) -> Path:
    """The folder `out` in the folder that commands run in."""
    shutil.copytree(made, Path(), dirs_exist_ok=True)
    Path("out").mkdir()
    return Path("out").resolve()


def begun(place: Path) -> dict[Path, bytes]:
    """What stands in `place`, with a run that has begun there."""
    shutil.copytree("run", place / "begun")
    (place / "begun/.lock").touch()
    return contents(place)


def contents(place: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}


def require_one_line(done: Result, *words: str) -> None:
    errors = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert done.code == 1, done
    assert len(errors) == 1 and done.err.endswith(f"{errors[0]}\n"), done.err
    assert all(word in errors[0] for word in words), errors[0]
    assert "fault of sbvae" not in done.err and "Traceback" not in done.err


@contextmanager
def no_rights() -> Iterator[None]:
    """As a user other than root, whose permissions do not count; for this thread alone."""
    if os.geteuid() != 0:
        yield
        return
    libc, header = ctypes.CDLL(None), (ctypes.c_uint32 * 2)(0x20080522, 0)
    rights, none = (ctypes.c_uint32 * 6)(), (ctypes.c_uint32 * 6)()
    if libc.capget(header, rights) != 0:
        pytest.skip("root's capabilities cannot be laid down")
    none[:] = rights[:]
    none[0] = none[3] = 0  # the effective ones; what is permitted can be taken up again
    assert libc.capset(header, none) == 0
    try:
        yield
    finally:
        assert libc.capset(header, rights) == 0


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "demo"])
def test_a_folder_that_may_not_be_written(name: str, sbvae: Sbvae, place: Path) -> None:
    """But for the demo, whose processes get all rights of root again."""
    before = begun(place)
    for folder in (place / "begun", place):
        folder.chmod(0o555)
    try:
        with no_rights():
            done = sbvae(*COMMANDS[name])
    finally:
        place.chmod(0o755)
    require_one_line(done, "Permission denied", "out")
    assert contents(place) == before
    assert [path.name for path in place.iterdir()] == ["begun"]


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in LONG])
def test_no_more_files_may_be_open(
    name: str, sbvae: Sbvae, place: Path, no_more_files: Lack
) -> None:
    before = begun(place)
    words = itertools.takewhile(lambda word: word[0] != "-", COMMANDS[name])
    assert sbvae(*words, "--help").code == 0  # loads the parser, which opens its files
    with no_more_files(0):
        done = sbvae(*COMMANDS[name])
    require_one_line(done, "Too many open files", "raise the limit of `ulimit -n`")
    assert contents(place) == before


@pytest.fixture
def disk(place: Path) -> Iterator[Callable[[int], None]]:
    """Lay a disk of its own under `out`, with so many kB free."""
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(place)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")

    def leave(kilobytes: int) -> None:
        room = shutil.disk_usage(place).free - 1024 * kilobytes
        (place / "filler").write_bytes(bytes(room))

    yield leave
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name in LONG else ())
        for name in COMMANDS
        if name != "gen-data"  # sees beforehand that there is no room
    ],
)
def test_a_full_disk(name: str, sbvae: Sbvae, place: Path, disk: Callable[[int], None]) -> None:
    before = begun(place)
    disk(0)
    done = sbvae(*COMMANDS[name])
    require_one_line(done, "No space left on device; make room, or choose another place")
    (place / "filler").unlink()
    assert contents(place) == before


def test_a_disk_that_fills_while_a_run_is_trained_keeps_its_last_checkpoint(
    sbvae: Sbvae, place: Path, disk: Callable[[int], None]
) -> None:
    begun(place)
    disk(8)
    before = (place / "begun/ckpt.pt").read_bytes()
    require_one_line(sbvae(*COMMANDS["resume"]), "No space left on device")
    assert (place / "begun/ckpt.pt").read_bytes() == before
    assert not [path for path in place.rglob(".*") if path.name != ".lock"]
    (place / "filler").unlink()
    assert sbvae(*COMMANDS["resume"]).code == 0
