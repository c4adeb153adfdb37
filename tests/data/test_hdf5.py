"""Filters that are not installed, and why a file cannot be opened."""

import itertools
import re
from pathlib import Path

import h5py
import numpy as np
import pytest

from sbvae_cli.data.contents import recognise_contents
from sbvae_cli.data.file import DatasetFile
from sbvae_cli.data.hdf5 import open_hdf5
from sbvae_cli.data.importers.open_images import open_images
from sbvae_cli.errors import SbvaeError


def filtered(path: Path, number: int, name: str = "images") -> Path:
    """Images in chunks that are said to be compressed by a filter."""
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((16, 4, 6, 3))
    plan.set_filter(number, h5py.h5z.FLAG_OPTIONAL, (2, 2, 0, 0, 5, 1, 1))
    with h5py.File(path, "w") as file:
        space = h5py.h5s.create_simple((16, 4, 6, 3))
        stored = h5py.h5d.create(file.id, name.encode(), h5py.h5t.NATIVE_UINT8, space, plan)
        stored.write_direct_chunk((0, 0, 0, 0), bytes(16 * 4 * 6 * 3), 0)
        file["labels"] = np.stack(
            np.meshgrid([0.0], [0.0], [0.0], [0.75, 1.25], [0.0, 1.0], [-30.0, -10, 10, 30]), -1
        ).reshape(-1, 6)
    return path


@pytest.mark.parametrize(
    ("number", "name", "installed_by"),
    [
        (32001, "Blosc", "run `python -m pip install hdf5plugin`, or "),
        (32008, "bitshuffle", "run `python -m pip install hdf5plugin`, or "),
        (307, "bzip2", "run `python -m pip install hdf5plugin`, or "),
        (32099, "unknown", ""),
    ],
)
def test_a_filter_that_is_missing_is_named_before_anything_is_read(
    tmp_path: Path, number: int, name: str, installed_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "hdf5plugin", None)  # as if not installed
    path = filtered(tmp_path / "my file.h5", number)
    message = (
        f"{path}: its images are compressed by a filter that is not installed here ({name}, "
        f"{number}); {installed_by}repack the file where it can be read, by "
        f'`h5repack -f GZIP=1 "{path}" repacked.h5`'
    )
    for open_it in (DatasetFile, open_images):
        with pytest.raises(SbvaeError) as caught:
            open_it(path)
        assert str(caught.value) == message


def test_a_missing_filter_is_told_before_an_import_is_advised(tmp_path: Path) -> None:
    path = filtered(tmp_path / "x.h5", 32099, name="pictures")
    with pytest.raises(SbvaeError, match=r"its pictures are compressed by a filter that is not"):
        recognise_contents(path)


def test_the_filters_of_hdf5_itself_are_there(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(256, size=(9, 4, 6, 3), dtype=np.uint8)
    for options in ({"compression": "lzf"}, {"compression": "gzip", "fletcher32": True}):
        path = tmp_path / "x.h5"
        with h5py.File(path, "w") as file:
            file.create_dataset("images", data=images, shuffle=True, **options)
        with open_images(path) as found:
            np.testing.assert_array_equal(np.array(found.read(8)), images[8])


@pytest.mark.parametrize("of_ours", [True, False])
def test_a_file_whose_directory_is_damaged_is_told_so(tmp_path: Path, of_ours: bool) -> None:
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file["images"] = np.zeros((4, 5, 6, 3), np.uint8)
        file["labels"] = np.zeros(4)
        if of_ours:
            file.attrs.update({"sbvae_format": 1, "name": "x", "seed": 0, "space": "{}"})
    path.write_bytes(path.read_bytes().replace(b"SNOD", b"SN\0D").replace(b"HEAP", b"H\0AP"))
    for read in (recognise_contents, DatasetFile) if not of_ours else (DatasetFile,):
        with pytest.raises(SbvaeError, match=r"x.h5: is a damaged HDF5 file \(.*\); copy it or"):
            read(path)


def test_texts_that_hdf5_would_read_for_ever_are_refused_at_either_end_of_a_file(
    tmp_path: Path,
) -> None:
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file.attrs["first"] = "a" * 50
        file["images"] = np.zeros(10 << 20, np.uint8)
        file.attrs["last"] = "b" * 5000
    open_hdf5(path).close()
    whole = path.read_bytes()
    heaps = [match.start() for match in re.finditer(b"GCOL", whole)]
    assert heaps[0] < 1 << 20 and heaps[-1] > 10 << 20
    longest = (1).to_bytes(8, "little") + bytes(8 * [255])
    for heap, entry in itertools.product((heaps[0], heaps[-1]), (bytes(16), longest)):
        path.write_bytes(whole[: heap + 16] + entry + whole[heap + 32 :])
        with pytest.raises(SbvaeError, match=r"damaged HDF5 file \(part of its text data was"):
            open_hdf5(path)
    path.write_bytes(whole[: heaps[0]])  # cut short in the middle of one
    with pytest.raises(SbvaeError, match="is cut short"):
        open_hdf5(path)


def test_a_file_that_another_program_writes_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*arguments: object) -> None:
        raise OSError("Unable to synchronously open file (unable to lock file)")

    monkeypatch.setattr(h5py, "File", locked)
    (tmp_path / "x.h5").write_bytes(b"\x89HDF")
    with pytest.raises(SbvaeError, match=r"x.h5: another program has it open for writing; wait"):
        open_hdf5(tmp_path / "x.h5")
