"""Writing files: contents, atomic appearance, full disks."""

import os
import resource
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest

from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.config.spaces import circles_space
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.renderers.circles import render_circles
from sbvae_cli.errors import SbvaeError, StoppedError

Write = Callable[..., Path]


def contents(path: Path) -> tuple[np.ndarray, np.ndarray]:
    with h5py.File(path) as file:
        return file["images"][...], file["factors"][...]


def test_plain_hdf5_reads_what_was_drawn(small: Path) -> None:
    with h5py.File(small) as file:
        images, factors = file["images"][...], file["factors"][...]
        assert (images.shape, images.dtype) == ((150, 6, 10, 3), np.uint8)
        assert (factors.shape, factors.dtype) == ((150, 6), np.float32)
        assert file["images"].compression == "gzip"
        assert file["images"].compression_opts == 1
        assert file["images"].chunks == (64, 6, 10, 3)
        attributes = dict(file.attrs)

    space = circles_space("xy-hole")
    np.testing.assert_array_equal(images, render_circles(factors, space.names, 6, 10))
    assert SpaceConfig.model_validate_json(attributes.pop("space")) == space
    expected = {"sbvae_format": 1, "name": "xy-hole", "seed": 3, "complete": True}
    assert attributes == {**expected, "held_out_share": 0.25}


def test_factors_are_those_of_the_training_set(small: Path, tmp_path: Path, write: Write) -> None:
    factors = contents(small)[1]
    assert not FactorSpace(circles_space("xy-hole")).held_out_mask(factors).any()
    assert len(np.unique(factors[:, 0])) > 145
    blank = contents(write(tmp_path / "blank.h5", preset="xh-blank"))
    empty = np.isnan(blank[1][:, 0])
    assert 50 < empty.sum() < 100
    np.testing.assert_array_equal(blank[0].any((1, 2, 3)), ~empty)


def test_the_same_seed_gives_the_same_contents(small: Path, tmp_path: Path, write: Write) -> None:
    again = contents(write(tmp_path / "again.h5"))
    other = contents(write(tmp_path / "other.h5", seed=4))
    for first, second, third in zip(contents(small), again, other, strict=True):
        np.testing.assert_array_equal(first, second)
        assert (first != third).any()


def test_a_larger_set_begins_with_the_smaller_one(
    small: Path, tmp_path: Path, write: Write
) -> None:
    more = contents(write(tmp_path / "more.h5", count=5000))
    few = contents(write(tmp_path / "few.h5", count=10))
    for first, larger, smaller in zip(contents(small), more, few, strict=True):
        np.testing.assert_array_equal(first, larger[:150])
        np.testing.assert_array_equal(first[:10], smaller)


def test_factors_do_not_depend_on_the_size_of_images_or_chunks(
    small: Path, tmp_path: Path, write: Write
) -> None:
    space = circles_space("xy-hole")
    large = write(
        tmp_path / "large.h5",
        count=40,
        height=300,
        width=200,
        render=lambda factors: render_circles(factors, space.names, 300, 200),
    )
    with h5py.File(large) as file:
        assert file["images"].chunks[0] == 4
    np.testing.assert_array_equal(contents(large)[1], contents(small)[1][:40])


def test_chunks_may_finish_in_any_order(small: Path, tmp_path: Path, write: Write) -> None:
    names = circles_space("xy-hole").names
    first_waits = threading.Event()
    calls = iter(range(1000))

    def render(factors: np.ndarray) -> np.ndarray:
        call = next(calls)
        if call == 1 and (os.cpu_count() or 1) > 1:  # call 0 asks for the number of channels
            first_waits.wait(5)
        if call == 2:
            first_waits.set()
        return render_circles(factors, names, 6, 10)

    late = contents(write(tmp_path / "late.h5", render=render))
    np.testing.assert_array_equal(late[0], contents(small)[0])


def test_progress_counts_images(tmp_path: Path, write: Write) -> None:
    seen: list[int] = []
    write(tmp_path / "a.h5", on_progress=seen.append)
    assert seen == [64, 128, 150]


def test_an_existing_file_is_kept_without_force(tmp_path: Path, write: Write) -> None:
    path = tmp_path / "a.h5"
    path.write_text("precious")
    with pytest.raises(SbvaeError, match=r"a\.h5: exists; .*--force"):
        write(path)
    assert path.read_text() == "precious"
    assert len(contents(write(path, force=True))[0]) == 150


def test_a_file_that_appears_meanwhile_is_kept(tmp_path: Path, write: Write) -> None:
    path = tmp_path / "a.h5"
    with pytest.raises(SbvaeError, match="exists"):
        write(path, on_progress=lambda done: path.write_text("theirs"))
    assert path.read_text() == "theirs"
    assert os.listdir(tmp_path) == ["a.h5"]


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, MemoryError])
def test_an_interrupted_write_leaves_nothing_behind(
    tmp_path: Path, write: Write, error: type[BaseException], force: bool
) -> None:
    path = tmp_path / "a.h5"
    if force:
        path.write_text("precious")

    def fail(done: int) -> None:
        assert len(os.listdir(tmp_path)) == 1 + force
        raise error

    with pytest.raises(error):
        write(path, on_progress=fail, force=force)
    assert os.listdir(tmp_path) == (["a.h5"] if force else [])
    assert not force or path.read_text() == "precious"
    assert not [t for t in threading.enumerate() if t.name.startswith("sbvae-write")]


def test_an_error_in_a_drawing_thread_is_raised_here(tmp_path: Path, write: Write) -> None:
    names = circles_space("xy-hole").names
    calls = iter(range(1000))

    def render(factors: np.ndarray) -> np.ndarray:
        if next(calls) == 2:
            raise ZeroDivisionError
        return render_circles(factors, names, 6, 10)

    with pytest.raises(ZeroDivisionError):
        write(tmp_path / "a.h5", render=render)
    assert os.listdir(tmp_path) == []


def test_a_signal_stops_between_chunks(tmp_path: Path, write: Write) -> None:
    with pytest.raises(StoppedError, match="stopped after 64 of 150 images") as caught:
        write(tmp_path / "a.h5", stop=lambda: 15)
    assert caught.value.exit_code == 143
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("changes", [{"count": 0}, {"height": 0}, {"width": -1}])
def test_nothing_to_write_is_refused(tmp_path: Path, write: Write, changes: dict) -> None:
    with pytest.raises(SbvaeError, match="hold nothing"):
        write(tmp_path / "a.h5", **changes)


def test_a_missing_folder_and_a_folder_are_named(tmp_path: Path, write: Write) -> None:
    with pytest.raises(SbvaeError, match="there is no folder"):
        write(tmp_path / "no" / "a.h5")
    with pytest.raises(SbvaeError, match="is a folder"):
        write(tmp_path)


FULL_DISK = """
import resource, sys
from sbvae_cli.config.spaces import circles_space
from sbvae_cli.data.source import source_from_space
from sbvae_cli.data.writer import write_dataset

source = source_from_space(circles_space("xy"), "xy", 16, 16)
for limit in map(int, sys.argv[2:]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        write_dataset(sys.argv[1], space=source.space, name="xy", seed=0, count=3000, height=16,
                      width=16, render=source.render)
    except Exception as error:
        print(type(error).__name__, error, file=sys.stderr)
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs a limit on file sizes")
def test_a_full_disk_is_one_error_wherever_it_strikes(tmp_path: Path, write: Write) -> None:
    """A limit on the size of files stands for the full disk.

    The last limits lie below the whole size by less than what HDF5 writes as it closes a file,
    where a failure would crash the process.
    """
    space = FactorSpace(circles_space("xy"))
    whole = write(
        tmp_path / "whole.h5",
        space=space,
        seed=0,
        count=3000,
        height=16,
        width=16,
        render=lambda factors: render_circles(factors, space.names, 16, 16),
    )
    size = whole.stat().st_size
    limits = [0, 1000, 10_000, size // 2, size - 5000, size - 2500, size - 500, size - 1]
    folder = tmp_path / "full"
    folder.mkdir()

    run = subprocess.run(
        [sys.executable, "-c", FULL_DISK, folder / "a.h5", *map(str, limits)],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )

    line = f"SbvaeError {folder / 'a.h5'}: File too large; nothing was kept, choose another place"
    assert run.stderr.splitlines() == [line] * len(limits)
    assert run.returncode == 0
    assert os.listdir(folder) == []


def test_what_the_disk_cannot_hold_is_refused_before_it_is_written(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = write(tmp_path / "whole.h5", count=20_000).stat().st_size
    assert size < 0.5 * 20_000 * 6 * 10 * 3  # so that the pixels' bytes would not do as a measure

    def with_free(share: float) -> Path:
        usage = SimpleNamespace(free=int(share * size))
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
        return write(tmp_path / f"{share}.h5", count=20_000)

    assert with_free(0.9).exists()
    with pytest.raises(SbvaeError, match=r"20,000 images need about 0\.\d GB, 0\.0 GB are free"):
        with_free(0.3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.9.h5", "whole.h5"]


def test_a_number_of_images_beyond_any_disk_is_one_error(tmp_path: Path, write: Write) -> None:
    for count in (10**15, 10**30):
        with pytest.raises(
            SbvaeError, match=rf"{count:,} images need about .* GB are free; choose"
        ):
            write(tmp_path / "huge.h5", count=count)
    assert not list(tmp_path.iterdir())
