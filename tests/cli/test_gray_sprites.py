"""Sprites without colours, drawn and in a file: one channel from the data to every figure."""

import json
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from sbvae_cli.data.renderers.sprites import render_masks

Sbvae = Callable[..., object]
FACTORS = ("shape", "scale", "orientation", "x", "y")
FEW = ("--factor", "scale=1", "--factor", "orientation=0..0.5", "--factor", "x=0..0.1")
COUNT = 3 * 1 * 4 * 4 * 32


@pytest.fixture
def drawn(sbvae: Sbvae) -> Path:
    done = sbvae("gen-data", "sprites", "--gray", *FEW, "--size", 16)
    assert done.code == 0, done.err
    return Path("sprites-gray-custom.h5")


def test_the_file_has_every_combination_once_white_on_black(sbvae: Sbvae, drawn: Path) -> None:
    with h5py.File(drawn) as file:
        images, factors = file["images"][...], file["factors"][...]
    assert images.shape == (COUNT, 16, 16, 1)
    assert len(np.unique(factors, axis=0)) == COUNT
    np.testing.assert_array_equal(images, render_masks(factors, FACTORS, 16, 16))
    assert set(np.unique(images)) == {0, 255}

    shown = sbvae("info", drawn, "--sheet", "sheet.png").out
    assert "16x16 pixels, grey" in shown and "hue" not in shown
    with Image.open("sheet.png") as sheet:
        assert sheet.width > 100


def test_a_model_of_it_has_one_channel_and_the_settings_of_sprites(
    sbvae: Sbvae, drawn: Path, tiny: list[str]
) -> None:
    options = [*tiny[4:], "--steps", 1, "--data", drawn, "--out", "run"]
    assert sbvae("train", *options).code == 0
    facts = json.loads(sbvae("info", "run", "--json", "-").out)
    assert (facts["data"]["channels"], facts["preset"]["dataset"]) == (1, "sprites")
    assert [factor["name"] for factor in facts["data"]["factors"]] == list(FACTORS)

    done = sbvae("eval", "run", "--metrics", "mig,rates", "--images", 60, "--json", "-")
    assert done.code == 0, done.err
    for command in (["traverse", "run", "--out", "t.png"], ["encode", "run", "--count", 9]):
        assert sbvae(*command).code == 0
    done = sbvae("geometry", "run", "--factors", "x,y", "--grid", 4, "--out", "g.png")
    assert done.code == 0, done.err
    done = sbvae("eval", "run", "--metrics", "mig", "--color-basis", "rgb")
    assert done.code == 1 and "these data have shape, orientation, x, y; leave it out" in done.err


def test_a_space_file_loses_its_colours_but_no_region_of_them(sbvae: Sbvae) -> None:
    def describe(*options: str) -> str:
        sbvae("gen-data", "sprites", *FEW, *options, "--size", 8, "--out", "c.h5", "--force")
        sbvae("info", "c.h5", "--json", "space.json")
        done = sbvae("gen-data", "sprites", "--gray", "--space", "space.json", "--size", 8)
        return done.err

    assert "hue is held out or correlated" in describe("--hole", "hue=0..0.5")
    assert not Path("sprites-gray-custom.h5").exists()
    describe()
    with h5py.File("sprites-gray-custom.h5") as file:
        assert file["images"].shape == (COUNT, 8, 8, 1)


def test_colours_cannot_be_set_where_there_are_none(sbvae: Sbvae) -> None:
    done = sbvae("gen-data", "sprites", "--gray", "--factor", "hue=0.5")
    assert done.code == 1 and "factor hue is unknown" in done.err
