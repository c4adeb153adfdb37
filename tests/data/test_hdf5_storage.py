"""Arrays that lie outside of their file, or are not there: refused before they are read."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from sbvae_cli.data import hdf5
from sbvae_cli.data.file import DatasetFile
from sbvae_cli.data.hdf5 import list_arrays
from sbvae_cli.data.hdf5_storage import is_in_same_folder
from sbvae_cli.data.importers.open_images import open_images
from sbvae_cli.errors import SbvaeError

SHAPE = (20, 8, 8, 3)
BYTES = 20 * 8 * 8 * 3


def external_link(file: h5py.File) -> None:
    file["images"] = h5py.ExternalLink("../secret.h5", "/images")


def soft_link_over_it(file: h5py.File) -> None:
    file["there"] = h5py.ExternalLink("../secret.h5", "/")
    file["images"] = h5py.SoftLink("/there/images")


def external_storage(file: h5py.File) -> None:
    file.create_dataset("images", SHAPE, "u1", external=[("../secret.bin", 0, BYTES)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout(SHAPE, "u1")
    layout[:] = h5py.VirtualSource("../secret.h5", "images", SHAPE)
    file.create_virtual_dataset("images", layout)


def trillion(file: h5py.File) -> None:
    file.create_dataset("images", (10**12, 8, 8, 3), "u1", chunks=(64, 8, 8, 3))


def huge_pieces(file: h5py.File) -> None:
    images = file.create_dataset("images", (2**25, 8, 8, 1), "u1", chunks=(2**25, 8, 8, 1))
    images.id.write_direct_chunk((0, 0, 0, 0), b"x", 1)


def encoded_trillion(file: h5py.File) -> None:
    file.create_dataset("images", (10**12,), h5py.vlen_dtype(np.uint8), chunks=(1000,))


def names_of_terabytes(file: h5py.File) -> None:
    file["images"], file["labels"] = np.zeros(SHAPE, np.uint8), np.arange(20)
    file.create_dataset("files", (20,), "S1000000000", chunks=(1,))


def in_circles(file: h5py.File) -> None:
    file["images"] = h5py.SoftLink("/images")


def references_to_itself(file: h5py.File) -> None:
    images = file.create_dataset("images", (3,), h5py.ref_dtype)
    images[:] = [images.ref] * 3


def references_without_end(file: h5py.File) -> None:
    file.create_dataset("images", (10**12,), h5py.ref_dtype, chunks=(1000,))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder below one with files that are none of its business."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "secret.bin").write_bytes(bytes(BYTES))
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["images"] = np.zeros(SHAPE, np.uint8)
    return tmp_path / "sub"


@pytest.mark.parametrize(
    ("fill", "message"),
    [
        (external_link, r"images links to ../secret.h5, outside of this file's folder, and is not"),
        (soft_link_over_it, r"images links to .*/secret.h5, outside of this file's folder"),
        (external_storage, r"its images are stored in another file, ../secret.bin; write them"),
        (virtual, r"its images are stored in another file, ../secret.h5; write them into"),
        (trillion, r"not written to their end \(0 of 15,625,000,000 chunks\); write the file"),
        (huge_pieces, r"are stored in chunks of 2,048 MB, each read as a whole"),
        (encoded_trillion, r"not written to their end \(0 of 1,000,000,000 chunks\)"),
        (names_of_terabytes, r"its files were not written to their end \(0 of 20 chunks\)"),
        (in_circles, r"images links to /images, which does not exist"),
        (references_to_itself, "holds no arrays"),
        (references_without_end, "holds no arrays"),
    ],
)
def test_a_hostile_file_is_one_line(
    folder: Path, fill: Callable[[h5py.File], None], message: str
) -> None:
    with h5py.File(folder / "x.h5", "w") as file:
        fill(file)
    with pytest.raises(SbvaeError, match=message):
        open_images(folder / "x.h5")


def test_links_in_circles_hide_no_array(folder: Path) -> None:
    with h5py.File(folder / "x.h5", "w") as file:
        file["a"], file["b"] = h5py.SoftLink("/b"), h5py.SoftLink("/a")
        file["images"] = np.zeros(SHAPE, np.uint8)
        file.create_group("g")["up"] = h5py.SoftLink("/")
    with open_images(folder / "x.h5") as images:
        assert len(images) == 20


def test_names_without_end_are_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hdf5, "_MAX_ARRAYS", 8)
    with h5py.File(folder / "x.h5", "w") as file:
        for i in range(3):
            file[f"a{i}"] = np.zeros(2)
            file.create_group(f"g{i}")["up"] = h5py.SoftLink("/")
        with pytest.raises(SbvaeError, match=r"has more than 8 names of arrays"):
            list_arrays(file)


def test_a_data_set_of_ours_reads_no_other_file(folder: Path, small: Path, tmp_path: Path) -> None:
    for fill, message in (
        (external_link, r"its images are stored in .*secret.h5, outside of its folder"),
        (external_storage, "its images are stored in another file"),
        (virtual, "its images are stored in another file"),
        (trillion, r"not written to their end|images and .* rows"),
    ):
        (folder / "x.h5").write_bytes(small.read_bytes())
        with h5py.File(folder / "x.h5", "r+") as file:
            rows = file["factors"][:1].repeat(20, axis=0)
            del file["images"], file["factors"]
            fill(file)
            file["factors"] = rows
        with pytest.raises(SbvaeError, match=message):
            DatasetFile(folder / "x.h5")


def test_a_file_beside_or_below_is_followed_and_a_link_out_of_there_is_none(
    tmp_path: Path,
) -> None:
    (tmp_path / "sub").mkdir()
    path = tmp_path / "sub" / "x.h5"
    (tmp_path / "sub" / "out.h5").symlink_to(tmp_path / "secret.h5")
    assert is_in_same_folder(path, "y.h5") and is_in_same_folder(path, "z/../y.h5")
    assert is_in_same_folder(path, str(path))
    for other in ("../y.h5", "/etc/passwd", "out.h5", "z/../../y.h5"):
        assert not is_in_same_folder(path, other)
