"""A small trained run, which the examples in the documentation use too."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import sbvae_cli as sbvae
from sbvae_cli.evaluation.point_codes import PointCodes
from sbvae_cli.evaluation.unfolding import Unfolding
from sbvae_cli.runs.folder import MOMENTS, RunFolder
from sbvae_cli.runs.moments_file import write_moments

SETTINGS = {
    "data": {"source": "circles:xy-hole", "height": 16, "width": 16},
    "model": {
        "latent_dim": 3,
        "encoder": {"hidden_channels": [4, 4], "hidden_units": [8]},
        "decoder": {"hidden_channels": [4]},
    },
    "training": {"steps": 6, "batch_size": 4, "log_every": 2, "device": "cpu"},
}


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder that tests only read."""
    folder = tmp_path_factory.mktemp("api") / "circles"
    sbvae.train(SETTINGS, out=folder).finish()
    _write_moments(RunFolder(folder))
    return folder


def _write_moments(folder: RunFolder) -> None:
    """Two moments of its training, as previews leave them, without their pictures."""
    points = sbvae.geometry(folder.path, grid=4, device="cpu").points
    found, rng = Unfolding(points), np.random.default_rng(0)
    for step in (0, 6):
        means = rng.normal(size=(*points.values.shape[:2], 3))
        found = found.add(step, PointCodes(means, np.ones_like(means)))
    folder.previews.mkdir()
    write_moments(folder.previews / MOMENTS, found)


@pytest.fixture
def run(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The run as `runs/circles` in a folder of its own, where the test is."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(trained, "runs/circles")
    yield Path("runs/circles")
