"""A small dataset, written once."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.generate import DatasetPlan, write_plan
from sbvae_cli.data.source import Source


@pytest.fixture(scope="session")
def write() -> Callable[..., Path]:
    """Write circles to a file; 150 images of 6x10 in three chunks unless told otherwise."""

    def write(path: Path, *, preset: str = "xy-hole", **changes: object) -> Path:
        source = Source(preset, FactorSpace(named_space(f"circles:{preset}")), 6, 10)
        plan = DatasetPlan(source.space, 150, 6, 10, source.render)
        planned = {name: changes.pop(name) for name in vars(plan) if name in changes}
        write_plan(path, replace(plan, **planned), **{"name": preset, "seed": 3, **changes})
        return path

    return write


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory, write: Callable[..., Path]) -> Path:
    return write(tmp_path_factory.mktemp("data") / "small.h5")


@pytest.fixture(scope="session")
def numbered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 images of one row of two pixels that hold the image's number; there is no renderer."""
    space = SpaceConfig(factors=(FactorConfig(name="number", low=0, high=1),))
    numbers: dict[bytes, int] = {}

    def render(factors: np.ndarray) -> np.ndarray:
        found = np.array([numbers[row.tobytes()] for row in factors])
        return np.stack([found // 256, found % 256], 1).astype(np.uint8)[:, None, :, None]

    plan = DatasetPlan(FactorSpace(space), 300, 1, 2, render)
    rows = [plan.stored_rows(3, start, start + 64) for start in range(0, 300, 64)]
    numbers.update((row.tobytes(), i) for i, row in enumerate(np.concatenate(rows)))
    path = tmp_path_factory.mktemp("data") / "numbered.h5"
    write_plan(path, plan, name="numbered", seed=3)
    return path
