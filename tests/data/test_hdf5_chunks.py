"""Chunks that decompress to more than they should hold: refused before they fill the memory."""

import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pytest
from h5py._objects import phil

from sbvae_cli.data.hdf5_chunks import (
    decompression_bomb,
    inflated,
    read_stored_chunk,
    write_stored_chunk,
)
from sbvae_cli.data.hdf5_storage import check_storage
from sbvae_cli.data.importers.open_images import open_images
from sbvae_cli.errors import SbvaeError

NOISE = np.random.default_rng(0).integers(256, size=(16, 160, 160, 3)).astype(np.uint8)
LARGE = NOISE.nbytes  # of a chunk whose 1.2 MB gzip could have made of 1.2 GB


def write(path: Path, packed: bytes, mask: int = 0, **filters: Any) -> Path:
    """A file of two chunks of which the second has these bytes."""
    filters = {"compression": "gzip", **filters}
    with h5py.File(path, "w") as file:
        images = file.create_dataset(
            "images", (32, 160, 160, 3), "u1", chunks=NOISE.shape, **filters
        )
        images[:16] = 0
        images.id.write_direct_chunk((16, 0, 0, 0), packed, mask)
    return path


def refused(path: Path) -> str:
    with pytest.raises(SbvaeError) as told:
        open_images(path)
    return str(told.value)


def test_a_chunk_that_grows_beyond_its_values_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "x.h5", zlib.compress(NOISE.tobytes() + bytes(10 << 20)))
    assert f"images are damaged: a chunk of {LARGE:,} bytes decompresses to more" in refused(path)
    path = write(path, zlib.compress(NOISE.tobytes() * 2), shuffle=True, fletcher32=True)
    assert "takes 2,4" in refused(path)


@pytest.mark.parametrize("filters", [{}, {"shuffle": True}, {"fletcher32": True}])
def test_a_chunk_that_grows_to_its_values_is_read(tmp_path: Path, filters: Any) -> None:
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        images = file.create_dataset(
            "images", data=NOISE, chunks=NOISE.shape, compression=9, **filters
        )
        assert images.id.get_chunk_info(0).size * 1032 > 1 << 30
    with h5py.File(path) as file:
        check_storage(path, "images", file["images"])
    with open_images(path) as images:
        assert len(images) == 16


def test_damage_is_no_growth_and_a_chunk_stored_as_it_is_is_read(tmp_path: Path) -> None:
    packed = zlib.compress(NOISE.tobytes())
    for stored, mask in ((packed[:-9], 0), (b"\0" + packed[1:], 0), (NOISE.tobytes(), 1)):
        with h5py.File(write(tmp_path / "x.h5", stored, mask)) as file:
            assert decompression_bomb(file["images"]) == ""
    with h5py.File(tmp_path / "x.h5") as file:
        assert np.array_equal(file["images"][16:], NOISE)


def test_two_compressions_are_refused_and_a_virtual_array_is_seen_through(tmp_path: Path) -> None:
    path = write(tmp_path / "x.h5", zlib.compress(NOISE.tobytes() + bytes(10 << 20)))
    with h5py.File(path, "r+") as file:
        layout = h5py.VirtualLayout((32, 160, 160, 3), "u1")
        layout[:] = h5py.VirtualSource(".", "images", layout.shape)
        file.create_virtual_dataset("seen", layout)
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plan.set_chunk((4, 8, 8, 3))
        plan.set_deflate(9)
        plan.set_deflate(9)
        space = h5py.h5s.create_simple((4, 8, 8, 3))
        h5py.h5d.create(file.id, b"twice", h5py.h5t.NATIVE_UINT8, space, plan)
        assert "decompresses to more" in decompression_bomb(file["seen"])
        assert "compressed twice" in decompression_bomb(file["twice"])


def test_references_to_arrays_are_not_read_from_such_a_chunk(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        pictures = np.zeros((6, 8, 8, 3), np.uint8)
        file["#refs#/a"] = pictures
        cells = file.create_dataset("cells", (2,), h5py.ref_dtype, chunks=(2,), compression=1)
        cells[:] = [file["#refs#/a"].ref] * 2
    with open_images(path) as images:
        assert len(images) == 6
    with h5py.File(path, "r+") as file:
        try:
            file["cells"].id.write_direct_chunk((0,), zlib.compress(NOISE.tobytes()))
        except OSError:
            pytest.skip("HDF5 before version 2 makes no such chunk")
    assert "holds no arrays" in refused(path)


def test_one_thread_at_a_time_reads_or_writes_a_stored_chunk() -> None:
    def is_free() -> bool:
        free: bool = phil.acquire(False)
        if free:
            phil.release()
        return free

    entered = []

    def enter(*given: object) -> tuple[int, bytes]:
        with ThreadPoolExecutor(1) as other:
            entered.append(other.submit(is_free).result())
        return 0, b""

    array = SimpleNamespace(id=SimpleNamespace(read_direct_chunk=enter, write_direct_chunk=enter))
    read_stored_chunk(array, (0,))
    write_stored_chunk(array, (0,), b"")
    assert entered == [False, False]


def test_what_is_packed_to_fill_memory_ends_a_byte_after_what_is_wanted() -> None:
    noise = np.random.default_rng(0).bytes(300_000)
    assert inflated(zlib.compress(noise), len(noise)) == noise
    assert len(inflated(zlib.compress(noise + bytes(50 << 20)), 100)) == 101
