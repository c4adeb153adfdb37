"""OpenMP's settings: ours where the user has none, and read by the runtime that PyTorch loads."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sbvae_cli.cli import openmp
from sbvae_cli.cli.openmp import set_up_openmp

OURS = {"GOMP_SPINCOUNT": "10000", "KMP_BLOCKTIME": "1"}


@pytest.mark.parametrize(
    ("given", "added"),
    [
        ({}, OURS),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, {}),
        ({"GOMP_SPINCOUNT": "7"}, {}),
        ({"KMP_BLOCKTIME": "0"}, {}),
    ],
)
def test_what_the_user_set_stays(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], added: dict[str, str]
) -> None:
    monkeypatch.setattr(openmp, "usable_cores", lambda: 8)
    monkeypatch.setattr(openmp, "affine_cores", lambda: 8)
    environment = dict(given)
    set_up_openmp(environment)
    assert environment == {**given, **added}


@pytest.mark.parametrize(("given", "expected"), [({}, "3"), ({"OMP_NUM_THREADS": "6"}, "6")])
def test_a_quota_limits_the_threads(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], expected: str
) -> None:
    monkeypatch.setattr(openmp, "usable_cores", lambda: 3)
    monkeypatch.setattr(openmp, "affine_cores", lambda: 8)
    environment = dict(given)
    set_up_openmp(environment)
    assert environment["OMP_NUM_THREADS"] == expected


@pytest.mark.skipif(sys.platform != "linux", reason="PyTorch's wheels have GNU's runtime on Linux")
def test_the_command_sets_it_before_pytorch_is_loaded(tmp_path: Path) -> None:
    own = {k: v for k, v in os.environ.items() if not k.startswith(("GOMP", "KMP", "OMP_WAIT"))}
    done = subprocess.run(
        [sys.executable, "-m", "sbvae_cli", "train", "--data", "circles:xy", "--device", "cuda:99"],
        cwd=tmp_path,
        env={**own, "OMP_DISPLAY_ENV": "VERBOSE"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and "cuda:99" in done.stderr  # PyTorch was asked for it
    assert "GOMP_SPINCOUNT = '10000'" in done.stderr


def test_importing_the_package_sets_nothing() -> None:
    code = "import os; before = dict(os.environ); import sbvae_cli.__main__; "
    code += "assert dict(os.environ) == before"
    subprocess.run([sys.executable, "-c", code], check=True)
