"""The dSprites archive, with fewer levels."""

import os
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from sbvae_cli.data.importers.dsprites import LEVELS, read_dsprites
from sbvae_cli.errors import SbvaeError

FEW = (1, 3, 2, 4, 2, 5)
COUNT = 240
IMAGES = np.random.default_rng(0).integers(0, 2, (COUNT, 64, 64)).astype(np.uint8)
CLASSES = np.stack(np.unravel_index(np.arange(COUNT), FEW), 1)


class Command:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


def save(folder: Path, **changes: np.ndarray | None) -> Path:
    arrays = {"imgs": IMAGES, "latents_classes": CLASSES, **changes}
    kept = {name: array for name, array in arrays.items() if array is not None}
    np.savez_compressed(folder / "d.npz", **kept, metadata=np.array(Command(folder / "ran")))
    return folder / "d.npz"


def test_the_public_archive_has_737280_images() -> None:
    assert np.prod(LEVELS) == 737280


@pytest.mark.parametrize("rows", [1, 7, 100, 240, 5000])
def test_blocks_are_the_images_in_order(rows: int, tmp_path: Path) -> None:
    sprites = read_dsprites(save(tmp_path), FEW)
    assert len(sprites) == COUNT
    blocks = list(sprites.blocks(rows))
    assert {len(block) for block in blocks[:-1]} <= {rows}
    np.testing.assert_array_equal(np.concatenate(blocks), IMAGES)
    assert not (tmp_path / "ran").exists()


def test_only_one_block_is_in_memory(tmp_path: Path) -> None:
    levels = (1, 3, 6, 8, 8, 8)
    classes = np.stack(np.unravel_index(np.arange(9216), levels), 1)
    path = save(tmp_path, imgs=np.zeros((9216, 64, 64), np.uint8), latents_classes=classes)
    tracemalloc.start()
    for _ in read_dsprites(path, levels).blocks(256):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8e6  # a block has a megabyte, all images 38


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"imgs": None}, "it holds no imgs.npy"),
        ({"latents_classes": None}, "it holds no latents_classes.npy"),
        ({"imgs": IMAGES[1:]}, r"imgs.npy is uint8 of shape \(239, 64, 64\), it should be uint8"),
        ({"imgs": IMAGES[:, :32]}, r"shape \(240, 32, 64\), .* shape \(240, 64, 64\)"),
        ({"imgs": IMAGES / 1}, "imgs.npy is float64"),
        ({"imgs": np.asfortranarray(IMAGES)}, "in Fortran's order"),
        ({"imgs": IMAGES.astype(object)}, "imgs.npy is object"),
        ({"latents_classes": CLASSES[:, :5]}, r"latents_classes.npy is int64 of shape \(240, 5\)"),
        (
            {"latents_classes": CLASSES[::-1]},
            "has 0 2 1 3 1 4 in row 0, it should have 0 0 0 0 0 0",
        ),
    ],
)
def test_another_archive_is_told_by_what_differs(
    changes: dict[str, np.ndarray | None], found: str, tmp_path: Path
) -> None:
    path = save(tmp_path, **changes)
    with pytest.raises(SbvaeError, match=found) as caught:
        read_dsprites(path, FEW)
    assert str(caught.value).startswith(f"{path}: ")
    assert str(caught.value).endswith(
        "; the public archive is dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz; other arrays of "
        f"images are taken by `sbvae gen-data images from={path}`"
    )
    assert not (tmp_path / "ran").exists()


def test_other_values_are_one_line(tmp_path: Path) -> None:
    sprites = read_dsprites(save(tmp_path, imgs=IMAGES * 255), FEW)
    with pytest.raises(SbvaeError, match=r"imgs.npy holds 255, it should hold 0 and 1"):
        next(sprites.blocks(100))


def test_files_that_are_no_archive_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(b"hello")
    with pytest.raises(SbvaeError, match="it is not an NPZ file, or is cut short; the public"):
        read_dsprites(tmp_path / "x.npz")
    with pytest.raises(SbvaeError, match="gone: there is no such file; choose the public"):
        read_dsprites(tmp_path / "gone")
    path = save(tmp_path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(SbvaeError, match="cut short"):
        read_dsprites(path, FEW)


def test_broken_data_is_one_line(tmp_path: Path) -> None:
    path = save(tmp_path)
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("imgs.npy").header_offset
    data = bytearray(path.read_bytes())
    data[start + 5000 : start + 5100] = bytes(100)
    path.write_bytes(data)
    with pytest.raises(SbvaeError, match=r"d.npz: .*; the public archive is"):
        list(read_dsprites(path, FEW).blocks(100))
