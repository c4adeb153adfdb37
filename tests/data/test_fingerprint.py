"""A dataset is known again wherever and however it is stored, and by any of some rows."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from sbvae_cli.data.file import DatasetFile
from sbvae_cli.data.fingerprint import (
    fingerprint,
    hash_of_distribution,
    hash_some_rows,
    row_digests,
)
from sbvae_cli.data.source import open_source


def stored_again(path: Path, to: Path, chunk: int, **filters: object) -> Path:
    """The same contents in other chunks, compressed otherwise."""
    with h5py.File(path) as old, h5py.File(to, "w") as new:
        new.attrs.update(old.attrs)
        images = old["images"]
        new.create_dataset("images", data=images[:], chunks=(chunk, *images.shape[1:]), **filters)
        new["factors"] = old["factors"][:]
    return to


def test_it_does_not_depend_on_where_and_how_a_file_is_stored(small: Path, tmp_path: Path) -> None:
    again = stored_again(small, tmp_path / "again.h5", 7, compression="gzip", compression_opts=9)
    plain = stored_again(small, tmp_path / "plain.h5", 150)
    expected = fingerprint(open_source(small))
    assert expected["contents_hash"] and expected["rows_hash"]
    assert fingerprint(open_source(again)) == fingerprint(open_source(plain)) == expected


def test_it_tells_files_and_drawn_data_apart(
    small: Path, tmp_path: Path, write: Callable[..., Path]
) -> None:
    own = fingerprint(open_source(small))
    other = fingerprint(open_source(write(tmp_path / "other.h5", seed=4)))
    drawn = [fingerprint(open_source("circles:rg", 8, width)) for width in (8, 8, 9)]
    different = {key for key in own if own[key] != other[key]}
    assert different == {"seed", "contents_hash", "rows_hash"}
    assert drawn[0] == drawn[1] != drawn[2]
    assert drawn[0]["rows_hash"] is None and drawn[0]["contents_hash"] is None


@pytest.mark.parametrize("name", ["images", "factors"])
@pytest.mark.parametrize("row", [0, 70, 149])
def test_a_change_behind_the_file_s_back_is_seen_in_its_rows(
    small: Path, tmp_path: Path, name: str, row: int
) -> None:
    changed = stored_again(small, tmp_path / "changed.h5", 64)
    with h5py.File(changed, "r+") as file:
        file[name][row] = 1 - file[name][row]
    first, second = fingerprint(open_source(small)), fingerprint(open_source(changed))
    assert first["contents_hash"] == second["contents_hash"]  # as the file says
    assert first["rows_hash"] != second["rows_hash"]


def test_rows_come_from_all_of_a_large_file() -> None:
    asked = []

    class Large(DatasetFile):
        count = 10_000

        def __init__(self) -> None:
            pass

        def read_rows(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            asked.append(rows)
            return np.zeros((len(rows), 1, 1, 1), np.uint8), np.zeros((len(rows), 1))

    hash_some_rows(Large())
    (rows,) = asked
    assert (len(set(rows.tolist())), rows[0], rows[-1]) == (256, 0, 9_999)
    assert np.diff(rows).max() < 10_000 / 14


def test_digests_are_of_factors_as_doubles_and_of_pixels() -> None:
    images = np.arange(24, dtype=np.uint8).reshape(2, 3, 2, 2)
    factors = np.array([[0.1, np.nan], [1, 2]], np.float32)
    factors[0, 1] = np.uint32(0x7FA00000).view(np.float32)  # a signalling NaN
    expected = b"".join(
        hashlib.sha256(np.array(row, np.float64).tobytes() + image.tobytes()).digest()
        for row, image in zip(factors.tolist(), images, strict=True)
    )
    exact = np.array(factors.tolist())
    assert row_digests(images, factors) == row_digests(images, exact) == expected


def test_drawn_and_stored_data_of_one_distribution_have_one_hash() -> None:
    space = {"renderer": "circles", "factors": []}
    known = hash_of_distribution("xy", (3, 8, 8), space)
    assert known == hash_of_distribution("circles-xy", (3, 8, 8), space)
    assert known != hash_of_distribution("xy", (3, 8, 9), space)
    assert known != hash_of_distribution("xy", (3, 8, 8), {**space, "factors": ["x"]})
    own = {"renderer": None, "factors": []}
    assert hash_of_distribution("a", (1, 8, 8), own) != hash_of_distribution("b", (1, 8, 8), own)
