"""What several tests use."""

import os
import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from sbvae_cli.cli.app import main

# Tests that run side by side have a core each; more threads would wait for one another.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# A run that takes a second: small networks on small images.
TINY = [
    *("--data", "circles:xy-hole", "--size", "16", "--device", "cpu", "--threads", "1"),
    *("--batch-size", "4", "--latent-dim", "3"),
    *("--set", "model.encoder.hidden_channels=[4, 4]", "--set", "model.encoder.hidden_units=[8]"),
    *("--set", "training.log_every=2"),
]


@dataclass(frozen=True)
class Result:
    """What a command left: its exit code and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def sbvae(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Result]:
    """Run the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Result:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return Result(code, *capsys.readouterr())

    return run


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest test, so that no core waits for it in the end."""
    items.sort(key=lambda item: item.name != "test_the_demo_runs")


@pytest.fixture
def tiny() -> list[str]:
    """Options of a run that takes a second; the decoder has its default width."""
    return TINY


@pytest.fixture
def circles_file(sbvae: Callable[..., Result]) -> str:
    """A file of 40 images of 16x16 pixels."""
    made = ["circles", "--preset", "xy", "--count", 40, "--size", 16, "--out", "d.h5"]
    assert sbvae("gen-data", *made).code == 0
    return "d.h5"


@pytest.fixture
def room() -> Callable[[int], AbstractContextManager[None]]:
    """Leave files only so many bytes, as a full disk does; the error is EFBIG."""

    @contextmanager
    def leave(size: int) -> Iterator[None]:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return leave
