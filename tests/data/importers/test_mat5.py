"""MATLAB files whose arrays are much larger than the file."""

import zlib
from pathlib import Path

import numpy as np
import pytest
import scipy.io

from sbvae_cli.data.importers import mat5
from sbvae_cli.data.importers.mat5 import check_sizes
from sbvae_cli.data.importers.open_images import open_images
from sbvae_cli.errors import SbvaeError

NOISE = np.random.default_rng(0).integers(256, size=(20, 8, 8, 3), dtype=np.uint8)


def bomb(path: Path) -> Path:
    """An array of 3 GB in a file of 1 kB, which ends where they would stand."""
    scipy.io.savemat(path, {"images": NOISE}, do_compression=True)
    packed = zlib.compress(b"\x0e\0\0\0" + (3 << 30).to_bytes(4, "little") + bytes(4096))
    head = path.read_bytes()[:128]
    path.write_bytes(head + b"\x0f\0\0\0" + len(packed).to_bytes(4, "little") + packed)
    return path


def test_a_bomb_is_refused_unpacked(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"3,072 MB packed into 0\.0 MB, more tightly than images"):
        check_sizes(bomb(tmp_path / "a.mat"))


@pytest.mark.parametrize("compressed", [True, False])
def test_arrays_of_usual_sizes_pass(
    tmp_path: Path, compressed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.mat"
    both = {"images": NOISE, "labels": np.arange(20.0)}
    scipy.io.savemat(path, both, do_compression=compressed)
    check_sizes(path)
    monkeypatch.setattr(mat5, "free_memory", lambda: NOISE.nbytes + 160)  # without their headers
    with pytest.raises(SbvaeError, match="does not fit into memory"):
        open_images(path, images_key="images")
