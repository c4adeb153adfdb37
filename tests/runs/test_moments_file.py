"""The file of a run's moments: what is written is read, and what is damaged is told of."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.point_codes import FactorPoints, PointCodes
from sbvae_cli.evaluation.unfolding import Unfolding
from sbvae_cli.runs.moments_file import read_moments, write_moments

RNG = np.random.default_rng(0)
GRID = np.stack(np.meshgrid([0.0, 0.3, 1.0], [0.0, 0.2, 0.5, 1.0], indexing="ij"), -1)
POINTS = FactorPoints(
    ("hue", "size"), 2 * GRID, GRID, RNG.random((3, 4)) < 0.5,
    (True, False), {"x": 0.5}, ("y",), False, "file",
)  # fmt: skip


def made() -> Unfolding:
    found = Unfolding(POINTS)
    for step in (0, 9):
        means = RNG.normal(size=(3, 4, 5))
        means[1, 2] = np.nan  # a point without an image
        found = found.add(step, PointCodes(means, RNG.random((3, 4, 5))))
    return found


def test_what_is_written_is_read(tmp_path: Path) -> None:
    own, path = made(), tmp_path / "moments.npz"
    write_moments(path, own)
    found = read_moments(path)
    assert found.steps == (0, 9)
    np.testing.assert_array_equal(found.means, own.means)
    np.testing.assert_array_equal(found.stds, own.stds)
    for name in ("values", "scaled", "held_out"):
        np.testing.assert_array_equal(getattr(found.points, name), getattr(POINTS, name))
    arrays = {"values": 0, "scaled": 0, "held_out": 0}
    assert replace(found.points, **arrays) == replace(POINTS, **arrays)


def test_what_is_damaged_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "moments.npz"
    with pytest.raises(SbvaeError, match="there is no such file"):
        read_moments(path)
    write_moments(path, made())
    whole = path.read_bytes()
    for content in (whole[:-60], b"nothing", b""):
        path.write_bytes(content)
        with pytest.raises(SbvaeError, match="is damaged; delete it"):
            read_moments(path)
    np.savez(path, steps=[1])
    with pytest.raises(SbvaeError, match="is damaged; delete it"):
        read_moments(path)


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("steps", [9, 0]),
        ("steps", [0.5, 9.0]),
        ("means", np.zeros((2, 3, 4, 5), np.int64)),
        ("means", np.zeros((2, 3, 4, 0))),
        ("stds", np.zeros((2, 3, 4, 4))),
        ("values", np.full((3, 4, 2), np.inf)),
        ("scaled", GRID[::-1]),
        ("held_out", np.zeros((3, 4))),
        ("about", {"names": ["hue"]}),
        ("about", {"names": ["hue", 3]}),
        ("about", {"circular": ["no", True]}),
        ("about", {"fixed": {"x": "left"}}),
        ("about", {"fixed": 3}),
    ],
)
def test_what_was_changed_is_told_of(tmp_path: Path, name: str, changed: Any) -> None:
    path = tmp_path / "moments.npz"
    write_moments(path, made())
    with np.load(path) as file:
        arrays = dict(file)
    if name == "about":
        changed = json.dumps({**json.loads(str(arrays["about"])), **changed})
    np.savez(path, **{**arrays, name: changed})
    with pytest.raises(SbvaeError, match="is damaged; delete it"):
        read_moments(path)


def test_the_file_of_a_newer_version_says_so(tmp_path: Path) -> None:
    path = tmp_path / "moments.npz"
    write_moments(path, made())
    with np.load(path) as file:
        arrays = dict(file)
    np.savez(path, **{**arrays, "about": json.dumps({"format": 2})})
    with pytest.raises(SbvaeError, match="has format 2, this version reads 1; install a newer"):
        read_moments(path)
