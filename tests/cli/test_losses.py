"""What a command writes never takes the place of a dataset or of a model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.edit_space import customise
from sbvae_cli.data.factor_grid import factor_grid
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.metrics.sheet import tear

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


def test_factors_are_given_once(sbvae: Sbvae) -> None:
    twice = ("--factor", "x=0..0.5", "--factor", "x=0.6..1")
    assert "--factor x: is given twice" in sbvae("gen-data", "sprites", *twice).err


def test_a_grid_leaves_a_hole_that_all_of_it_would_lie_in() -> None:
    space = FactorSpace(customise(named_space("circles:xyh-small"), holes=[{"hue": (0.4, 0.6)}]))
    grid = factor_grid(space, ("x", "y"), 4)
    assert not space.held_out_mask(grid.factors).any()
    held = factor_grid(space, ("x", "y"), 4, {"hue": 0.5})
    assert space.held_out_mask(held.factors).all()


def test_levels_that_go_all_around_wrap_by_one_step() -> None:
    space = FactorSpace(named_space("room"))
    grid = factor_grid(space, ("floor_hue", "wall_hue"), 10)
    scaled = space.scaled(grid.factors, grid.names).reshape(10, 10, 2)
    assert scaled[:, 0, 0].tolist() == pytest.approx([k / 10 for k in range(10)], abs=1e-6)
    angles = 2 * np.pi * scaled
    codes = np.stack([np.cos(angles[..., 0]), np.sin(angles[..., 1])], axis=-1)
    steps = np.full(10, 0.1)
    assert tear(codes, (steps, steps), (True, True)) < 3
