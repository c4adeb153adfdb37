"""Spaces that once broke a command: each now works, or is refused in one line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.edit_space import customise
from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.generate import plan_dataset
from sbvae_cli.data.level_grid import combination_numbers, combinations
from sbvae_cli.data.source import open_source
from sbvae_cli.errors import SbvaeError

Sbvae = Callable[..., Any]
ONE_POSE = ("--size", 8, "--factor", "shape=1,scale=1,orientation=0")


def write_space(space: SpaceConfig, **changes: object) -> str:
    Path("s.yaml").write_text(json.dumps({**space.model_dump(mode="json"), **changes}))
    return "s.yaml"


def test_positions_and_colours_are_held_out_at_once(sbvae: Sbvae) -> None:
    holes = ("--hole", "x=0..0.5", "--hole", "hue=0..0.5")
    assert sbvae("gen-data", "sprites", *ONE_POSE, *holes, "--out", "a.h5").code == 0
    assert open_source("a.h5").count == 16 * 32


@pytest.mark.parametrize(
    "joined", [("--hole", "x=0..0.5,hue=0..0.5"), ("--correlate", "x,hue=0.2", "--count", 3)]
)
def test_what_joins_a_mask_and_its_colour_is_one_clear_line(
    sbvae: Sbvae, joined: tuple[object, ...]
) -> None:
    done = sbvae("gen-data", "sprites", *ONE_POSE, *joined, "--out", "a.h5")
    assert done.code == 1
    assert done.err.startswith("error: sprites-custom: hue is drawn when a stored image is read")
    assert not Path("a.h5").exists()


def test_a_factor_of_a_correlation_cannot_be_made_constant(sbvae: Sbvae) -> None:
    pair = {"factors": ["x", "y"], "std": 0.2}
    path = write_space(named_space("sprites"), correlated=[pair])
    done = sbvae("gen-data", "sprites", "--space", path, "--factor", "x=0", "--count", 3)
    assert done.code == 1
    assert "x is constant; a correlation needs two factors that vary" in done.err


@pytest.mark.parametrize("part", [("--count", 5), ("--hole", "x=0..0.4")])
def test_a_space_that_was_complete_need_not_stay_so(sbvae: Sbvae, part: tuple[object, ...]) -> None:
    pose = {"shape": (1.0, 1.0), "scale": (1.0, 1.0), "orientation": (0.0, 0.0)}
    space = customise(named_space("sprites"), ranges=pose)
    path = write_space(space, complete_grid=True)
    done = sbvae("gen-data", "sprites", "--size", 8, "--space", path, *part, "--out", "a.h5")
    assert done.code == 0
    assert not open_source("a.h5").space.config.complete_grid


def test_only_colours_of_sprites_are_drawn_online(sbvae: Sbvae) -> None:
    hues = {"wall_hue": (0.0, 0.0), "object_hue": (0.0, 0.0)}
    path = write_space(customise(named_space("room"), ranges=hues), online=["floor_hue"])
    done = sbvae("gen-data", "room", "--size", 8, "--space", path, "--count", 4, "--out", "a.h5")
    assert done.code == 0
    assert open_source("a.h5").space.config.online == ()


def test_levels_are_finite_and_different() -> None:
    for levels in ((float("nan"),), (1.0, 1.0)):
        with pytest.raises(ValidationError):
            FactorConfig(name="a", kind="discrete", levels=levels)


def test_regions_are_finite() -> None:
    factor = FactorConfig(name="a", low=0, high=1)
    with pytest.raises(ValidationError):
        SpaceConfig(factors=(factor,), held_out=({"a": (-float("inf"), 0.5)},))


def test_a_deviation_that_leaves_one_factor_is_refused(sbvae: Sbvae) -> None:
    done = sbvae("gen-data", "circles", "--correlate", "x,y=1e-9", "--count", 10)
    assert done.code == 1
    assert "the std is too small; give 0.001 or more" in done.err


def test_holes_that_leave_nothing_of_a_correlation_end_in_a_line(sbvae: Sbvae) -> None:
    around = [f"--hole=x={a:g}..{a + 0.11:g},y={a:g}..{a + 0.11:g}" for a in np.arange(2, 8) / 10]
    done = sbvae("gen-data", "circles", *around, "--correlate", "x,y=0.001", "--count", 10)
    assert done.code == 1
    assert "leave almost nothing of the correlated distribution" in done.err


def test_what_info_writes_is_a_space_to_begin_with(sbvae: Sbvae) -> None:
    assert sbvae("info", "circles:xh-hole", "--json", "c.json").code == 0
    made = ("--space", "c.json", "--count", 3, "--size", 8, "--out", "a.h5")
    assert sbvae("gen-data", "circles", *made).code == 0
    assert open_source("a.h5").space.config == open_source("circles:xh-hole").space.config


def test_a_hole_may_begin_at_the_last_level() -> None:
    assert customise(named_space("room"), holes=[{"shape": (3, 4)}]).held_out


def test_a_hole_between_levels_is_refused() -> None:
    with pytest.raises(SbvaeError, match=r"x = 0.001..0.002 contains none of its levels"):
        customise(named_space("sprites"), holes=[{"x": (0.001, 0.002)}])


def test_constants_are_not_called_continuous() -> None:
    space = customise(named_space("chairs"), ranges={"seat_width": (0.4, 0.4)})
    with pytest.raises(SbvaeError, match="continuous seat_depth, leg_height, back_height the "):
        plan_dataset(space, "m", None, 8, 8)


def test_levels_that_are_neighbours_in_single_precision_are_told_apart() -> None:
    first = np.float32(0.1)
    second = np.nextafter(first, np.float32(1))
    levels = (float(first), float(second), float(np.nextafter(second, np.float32(1))))
    space = SpaceConfig(factors=(FactorConfig(name="a", kind="discrete", levels=levels),))
    rows = combinations(space, np.arange(3))
    assert combination_numbers(space, rows).tolist() == [0, 1, 2]


def test_edges_of_holes_count_as_they_are_compared() -> None:
    space = customise(named_space("sprites"), holes=[{"x": (0.51612904, 1)}])
    left = 1 - FactorSpace(space).held_out_share
    assert plan_dataset(space, "m", None, 8, 8).count == round(left * 737_280)
