"""What several tests of commands use."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def write_codes() -> Callable[..., Path]:
    """Write an NPZ file of codes of two factors, or with other arrays."""

    def write(path: Path, **arrays: object) -> Path:
        rng = np.random.default_rng(0)
        factors = rng.integers(0, 3, (300, 2))
        codes = np.column_stack([factors, rng.normal(size=(300, 1))])
        np.savez(path, **{"codes": codes, "factors": factors, "names": ["x", "y"], **arrays})
        return path

    return write
