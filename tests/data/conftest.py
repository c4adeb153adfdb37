"""A small data set, written once."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.config.spaces import circles_space
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.source import Source
from sbvae_cli.data.writer import write_dataset


@pytest.fixture(scope="session")
def write() -> Callable[..., Path]:
    """Write circles to a file; 150 images of 6x10 in three chunks unless told otherwise."""

    def write(path: Path, *, preset: str = "xy-hole", **changes: object) -> Path:
        source = Source(preset, FactorSpace(circles_space(preset)), 6, 10)
        arguments = {
            "space": source.space,
            "name": preset,
            "seed": 3,
            "count": 150,
            "height": 6,
            "width": 10,
            "render": source.render,
        }
        write_dataset(path, **{**arguments, **changes})
        return path

    return write


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory, write: Callable[..., Path]) -> Path:
    return write(tmp_path_factory.mktemp("data") / "small.h5")


@pytest.fixture(scope="session")
def numbered(tmp_path_factory: pytest.TempPathFactory, write: Callable[..., Path]) -> Path:
    """300 images of one row of two pixels that hold the image's number; there is no renderer."""
    space = SpaceConfig(factors=(FactorConfig(name="number", low=0, high=1),))
    numbers = {
        row.tobytes(): i
        for start in range(0, 300, 64)
        for i, row in enumerate(_rows(space, start), start)
    }

    def render(factors: np.ndarray) -> np.ndarray:
        found = np.array([numbers[row.tobytes()] for row in factors])
        return np.stack([found // 256, found % 256], 1).astype(np.uint8)[:, None, :, None]

    path = tmp_path_factory.mktemp("data") / "numbered.h5"
    return write(
        path, space=FactorSpace(space), name="numbered", count=300, height=1, width=2, render=render
    )


def _rows(space: SpaceConfig, start: int) -> np.ndarray:
    from sbvae_cli.data.writer import _factor_rows

    return _factor_rows(FactorSpace(space), 3, start, start + 64)
