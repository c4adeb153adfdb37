"""The file of a run's moments: what is written is read, and what is damaged is told of."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.point_codes import FactorPoints, PointCodes
from sbvae_cli.evaluation.unfolding import Unfolding
from sbvae_cli.runs.moments_file import read_moments, write_moments

RNG = np.random.default_rng(0)
POINTS = FactorPoints(
    ("hue", "size"), RNG.random((3, 4, 2)), RNG.random((3, 4, 2)), RNG.random((3, 4)) < 0.5,
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
