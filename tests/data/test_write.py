"""Chunks of any sizes into a file: contents, whole or none, full disks."""

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import h5py
import numpy as np
import pytest

from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.cores import usable_cores
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.source import open_source
from sbvae_cli.data.workers import PREFETCHED_PER_WORKER
from sbvae_cli.data.write import Chunk, write_dataset
from sbvae_cli.errors import SbvaeError, StoppedError

Chunks = Iterable[Chunk] | Callable[[int, int], Chunk]
SPACE = FactorSpace(
    SpaceConfig(factors=tuple(FactorConfig(name=name, low=0, high=1) for name in ("a", "b")))
)
IMAGES = np.random.default_rng(0).integers(256, size=(200, 3, 5, 2), dtype=np.uint8)
ROWS = np.random.default_rng(1).random((200, 2)).astype(np.float32)


def cut(sizes: Iterable[int]) -> Iterator[Chunk]:
    """The first rows and images, so many at a time."""
    start = 0
    for size in sizes:
        yield ROWS[start : start + size], IMAGES[start : start + size]
        start += size


def give(start: int, stop: int) -> Chunk:
    """The rows and images, asked for by number."""
    return ROWS[start:stop], IMAGES[start:stop]


def write(path: Path, chunks: Chunks, **changes: object) -> int:
    shape = (3, 5, 2)
    if callable(chunks):
        changes.setdefault("count", 200)
    return write_dataset(path, chunks, **{"space": SPACE, "name": "n", "shape": shape, **changes})


@pytest.fixture(params=["chunks", "function"])
def chunks(request: pytest.FixtureRequest) -> Chunks:
    """All 200 images, in both ways in which they may come."""
    return cut([50] * 4) if request.param == "chunks" else give


@pytest.mark.parametrize(
    "sizes",
    [(200,), (64, 64, 64), (63, 1), (1,) * 70, (7, 130, 3, 60), (64, 0, 65), (5,), (128, 72)],
)
def test_images_come_back_in_order(tmp_path: Path, sizes: Sequence[int]) -> None:
    count = write(tmp_path / "a.h5", cut(sizes))
    assert count == sum(sizes)
    with h5py.File(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(file["images"][...], IMAGES[:count])
        np.testing.assert_array_equal(file["factors"][...], ROWS[:count])
    source = open_source(str(tmp_path / "a.h5"))
    assert (source.name, source.count, source.space) == ("n", count, SPACE)
    images, factors = source.file.read(0, count)
    np.testing.assert_array_equal(images, IMAGES[:count])
    np.testing.assert_array_equal(factors, ROWS[:count])


@pytest.mark.parametrize("count", [1, 64, 150])
def test_a_function_gives_as_many_images_as_are_wanted(tmp_path: Path, count: int) -> None:
    assert write(tmp_path / "a.h5", give, count=count) == count
    with h5py.File(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(file["images"][...], IMAGES[:count])
        np.testing.assert_array_equal(file["factors"][...], ROWS[:count])
    images, factors = open_source(str(tmp_path / "a.h5")).file.read(0, count)
    np.testing.assert_array_equal(images, IMAGES[:count])
    np.testing.assert_array_equal(factors, ROWS[:count])


def test_chunks_may_be_made_in_any_order(tmp_path: Path) -> None:
    second_is_made = threading.Event()

    def late(start: int, stop: int) -> Chunk:
        if start == 0 and usable_cores() > 1:
            assert second_is_made.wait(10)
        second_is_made.set()
        return give(start, stop)

    write(tmp_path / "a.h5", late)
    with h5py.File(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(file["images"][...], IMAGES)


def test_plain_hdf5_finds_what_the_format_says(tmp_path: Path, chunks: Chunks) -> None:
    write(tmp_path / "a.h5", chunks, seed=3)
    with h5py.File(tmp_path / "a.h5") as file:
        assert (file["images"].shape, file["images"].dtype) == ((200, 3, 5, 2), np.uint8)
        assert (file["images"].chunks, file["images"].compression) == ((64, 3, 5, 2), "gzip")
        assert file["images"].compression_opts == 1
        assert (file["factors"].shape, file["factors"].dtype) == ((200, 2), np.float32)
        attributes = dict(file.attrs)
    assert SpaceConfig.model_validate_json(attributes.pop("space")) == SPACE.config
    contents = hashlib.sha256()
    for row, image in zip(ROWS, IMAGES, strict=True):
        contents.update(hashlib.sha256(row.astype(float).tobytes() + image.tobytes()).digest())
    assert attributes.pop("contents_hash") == contents.hexdigest()
    expected = {"sbvae_format": 1, "name": "n", "seed": 3, "held_out_share": 0, "complete": True}
    assert attributes == expected


def test_many_rows_of_factors_stay_beside_their_images(tmp_path: Path) -> None:
    numbers = np.arange(10_000, dtype=np.float32)
    rows = np.stack([numbers, -numbers], 1)
    images = (numbers % 251).astype(np.uint8)[:, None, None, None]
    parts = [slice(start, start + 37) for start in range(0, 10_000, 37)]
    write(tmp_path / "a.h5", ((rows[part], images[part]) for part in parts), shape=(1, 1, 1))
    with h5py.File(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(file["factors"][...], rows)
        np.testing.assert_array_equal(file["images"][...], images)


def test_chunks_of_large_images_have_about_a_megabyte(tmp_path: Path) -> None:
    large = np.random.default_rng(0).integers(256, size=(5, 500, 300, 3), dtype=np.uint8)
    batches = iter([(ROWS[:3], large[:3]), (ROWS[3:5], large[3:])])
    assert write(tmp_path / "a.h5", batches, shape=(500, 300, 3)) == 5
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["images"].chunks == (2, 500, 300, 3)
        np.testing.assert_array_equal(file["images"][...], large)


def test_images_need_no_factors(tmp_path: Path) -> None:
    batches = ((rows[:, :0], images) for rows, images in cut([70, 30]))
    assert write(tmp_path / "a.h5", batches, space=FactorSpace(SpaceConfig())) == 100
    source = open_source(str(tmp_path / "a.h5"))
    assert source.space.names == ()
    images, factors = source.file.read(0, 100)
    np.testing.assert_array_equal(images, IMAGES[:100])
    assert factors.shape == (100, 0)


@pytest.mark.parametrize("sizes", [(), (0, 0)])
def test_no_images_are_one_line_and_no_file(tmp_path: Path, sizes: Sequence[int]) -> None:
    path = tmp_path / "a.h5"
    with pytest.raises(SbvaeError) as caught:
        write(path, cut(sizes))
    assert str(caught.value).startswith(f"{path}: ")
    assert os.listdir(tmp_path) == []


def test_progress_counts_images(tmp_path: Path, chunks: Chunks) -> None:
    seen: list[int] = []
    write(tmp_path / "a.h5", chunks, on_progress=seen.append)
    assert seen == [64, 128, 192, 200]


def test_few_images_wait_in_memory(tmp_path: Path) -> None:
    """A few chunks for each core are being compressed, and one is being filled."""
    written: list[int] = []

    def batches() -> Iterator[Chunk]:
        for number in range(100):
            assert sum(written[-1:]) >= 20 * number - 64 * (
                PREFETCHED_PER_WORKER * usable_cores() + 2
            )
            yield ROWS[:20], IMAGES[:20]

    write(tmp_path / "a.h5", batches(), on_progress=written.append)
    assert written == [*range(64, 2000, 64), 2000]


def test_an_existing_file_is_kept_without_force(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    path.write_text("precious")
    batches = cut([70])
    with pytest.raises(SbvaeError, match=r"a\.h5: exists; .*`force`"):
        write(path, batches)
    assert path.read_text() == "precious"
    assert len(next(batches)[0]) == 70  # nothing was read for nothing
    assert write(path, cut([70]), force=True) == 70
    assert open_source(str(path)).count == 70


def test_a_file_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with pytest.raises(SbvaeError, match="exists"):
        write(path, cut([70]), on_progress=lambda done: path.write_text("theirs"))
    assert path.read_text() == "theirs"
    assert os.listdir(tmp_path) == ["a.h5"]


def test_a_missing_folder_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(SbvaeError, match="there is no folder"):
        write(tmp_path / "no" / "a.h5", cut([3]))
    with pytest.raises(SbvaeError, match="is a folder"):
        write(tmp_path, cut([3]))


def kept(path: Path, force: bool) -> bool:
    """Whether there is nothing beside what was there before, and no thread of ours."""
    names = [t.name for t in threading.enumerate() if t.name.startswith("sbvae-worker")]
    before = ["a.h5"] if force else []
    return (
        not names
        and os.listdir(path.parent) == before
        and (not force or path.read_text() == "precious")
    )


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("error", [SbvaeError("broken"), KeyboardInterrupt(), MemoryError()])
@pytest.mark.parametrize("before", [0, 1, 3])
def test_an_error_in_the_chunks_leaves_nothing(
    tmp_path: Path, error: BaseException, force: bool, before: int
) -> None:
    path = tmp_path / "a.h5"
    if force:
        path.write_text("precious")

    def batches() -> Iterator[Chunk]:
        yield from cut([50] * before)
        raise error

    with pytest.raises(type(error)) as caught:
        write(path, batches(), force=force)
    assert caught.value is error
    assert kept(path, force)


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("error", [StoppedError("stopped", 15), KeyboardInterrupt(), ValueError()])
def test_an_interrupted_write_leaves_nothing(
    tmp_path: Path,
    chunks: Chunks,
    error: BaseException,
    force: bool,
) -> None:
    path = tmp_path / "a.h5"
    if force:
        path.write_text("precious")

    def fail(done: int) -> None:
        assert len(os.listdir(tmp_path)) == 1 + force
        raise error

    with pytest.raises(type(error)) as caught:
        write(path, chunks, on_progress=fail, force=force)
    assert caught.value is error
    assert kept(path, force)


def test_an_error_in_a_thread_is_raised_here(tmp_path: Path) -> None:
    def give_up(start: int, stop: int) -> Chunk:
        if start == 128:
            raise ZeroDivisionError
        return give(start, stop)

    with pytest.raises(ZeroDivisionError):
        write(tmp_path / "a.h5", give_up)
    assert kept(tmp_path / "a.h5", force=False)


FULL_DISK = """
import resource, sys
import numpy as np
from pathlib import Path
from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.write import write_dataset

images = np.random.default_rng(0).integers(256, size=(200, 8, 8, 3), dtype=np.uint8)

def give(start, stop):
    return np.empty((stop - start, 0), np.float32), images[start:stop]

def write(path, on_progress=None):
    chunks, count = give, 200
    if sys.argv[2] == "chunks":
        chunks, count = (give(i, i + 50) for i in range(0, 200, 50)), None
    write_dataset(path, chunks, count=count, space=FactorSpace(SpaceConfig()), name="n",
                  shape=(8, 8, 3), on_progress=on_progress)

whole = Path(sys.argv[1], "whole.h5")
write(whole)
size = whole.stat().st_size
whole.unlink()
for limit in (0, 1000, 10_000, size // 2, size - 5000, size - 2500, size - 500, size - 1):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    progress = []
    try:
        write(Path(sys.argv[1], "a.h5"), progress.append)
    except Exception as error:
        print(type(error).__name__, error, file=sys.stderr)
        print(len(progress))
"""


@pytest.mark.parametrize("way", ["chunks", "function"])
def test_a_full_disk_is_one_error_wherever_it_strikes(tmp_path: Path, way: str) -> None:
    """A limit on the size of files stands for the full disk.

    The last limits lie below the whole size by less than what HDF5 writes as it closes a file,
    where a failure would crash the process.
    """
    run = subprocess.run(
        [sys.executable, "-c", FULL_DISK, tmp_path, way],
        capture_output=True,
        text=True,
        check=False,
    )
    path = tmp_path / "a.h5"
    line = f"SbvaeError {path}: cannot be written: File too large; make room, or choose another pl"
    assert [found[: len(line)] for found in run.stderr.splitlines()] == [line] * 8
    assert run.returncode == 0
    chunks = [int(line) for line in run.stdout.splitlines()]
    assert chunks[:3] == [0, 0, 0]  # it ends with the chunk that found no room
    assert chunks[3] < 4
    assert os.listdir(tmp_path) == []
