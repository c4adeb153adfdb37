"""What a command writes never takes the place of a dataset or of a model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Sbvae = Callable[..., Any]


@pytest.mark.parametrize("target", ["d.h5", "run/ckpt.pt"])
@pytest.mark.parametrize(
    "command",
    [
        ("info", "d.h5", "--sheet"),
        ("info", "d.h5", "--json"),
        ("traverse", "run", "--out"),
        ("geometry", "run", "--out"),
        ("encode", "run", "--count", 4, "--out"),
    ],
)
def test_outputs_replace_no_dataset_and_no_checkpoint(
    sbvae: Sbvae, tiny: list[str], command: tuple[object, ...], target: str
) -> None:
    assert sbvae("gen-data", "circles", "--count", 4, "--size", 16, "--out", "d.h5").code == 0
    assert sbvae("train", *tiny, "--steps", 1, "--out", "run").code == 0
    before = Path(target).read_bytes()
    done = sbvae(*command, target)
    assert done.code == 1
    assert "which is not replaced; choose another name" in done.err
    assert Path(target).read_bytes() == before
