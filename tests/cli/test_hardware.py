"""Whether there is a GPU, told without PyTorch."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sbvae_cli.cli import hardware

Sbvae = Callable[..., object]


@pytest.fixture
def devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without devices, whose PyTorch is built for CUDA."""
    folder = tmp_path / "dev"
    folder.mkdir()
    monkeypatch.setattr(hardware, "_DEVICES", folder)
    monkeypatch.setattr(hardware, "version", lambda name: "2.8.0")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return folder


def test_a_gpu_is_known_by_its_device_and_a_pytorch_that_can_use_it(
    devices: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not hardware.has_cuda_gpu()
    (devices / "nvidia1").touch()
    assert hardware.has_cuda_gpu()
    for hidden in ("", "-1"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
        assert not hardware.has_cuda_gpu()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert hardware.has_cuda_gpu()
    monkeypatch.setattr(hardware, "version", lambda name: "2.8.0+cpu")
    assert not hardware.has_cuda_gpu()


def test_a_gpu_of_windows_is_known_by_its_tool(
    devices: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (devices / "dxg").touch()
    monkeypatch.setattr(hardware.shutil, "which", lambda name: None)
    assert not hardware.has_cuda_gpu()
    monkeypatch.setattr(hardware.shutil, "which", lambda name: f"/usr/lib/wsl/lib/{name}")
    assert hardware.has_cuda_gpu()


def test_the_next_command_takes_minutes_where_there_is_no_gpu(sbvae: Sbvae, devices: Path) -> None:
    make = ("gen-data", "circles", "--count", 3, "--size", 16, "--force")
    plain = "sbvae train --decoder broadcast --data circles-xy.h5"
    assert sbvae(*make).out.splitlines()[-1].strip() == f"{plain} --profile quick"
    (devices / "nvidia0").touch()
    assert sbvae(*make).out.splitlines()[-1].strip() == plain
