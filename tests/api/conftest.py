"""A small trained run, which the examples in the documentation use too."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import sbvae_cli as sbvae

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
    return folder


@pytest.fixture
def run(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The run as `runs/circles` in a folder of its own, where the test is."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(trained, "runs/circles")
    yield Path("runs/circles")
