"""`sbvae gen-data` for circles, sprites, rooms and chairs, against h5py and the drawn stream."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

import h5py
import numpy as np
import pytest

from sbvae_cli.cli.parse import parse_assignments, parse_correlation
from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.edit_space import customise
from sbvae_cli.data.feed import Feed
from sbvae_cli.data.renderers.circles import render_circles
from sbvae_cli.data.renderers.room import render_room
from sbvae_cli.data.renderers.sprites import render_masks
from sbvae_cli.data.source import open_source, source_from_space

Sbvae = Callable[..., object]


def few(renderer: str) -> list[object]:
    """Options of a grid of some dozen images."""
    factors = {
        "sprites": ["scale=0.9..1,orientation=0..0.5", "x=0..0.1,y=0.5..0.52"],
        "room": ["floor_hue=0..0.2,wall_hue=0.5", "object_hue=0,scale=0.75,orientation=-5..5"],
        "chairs": [],
        "circles": [],
    }
    options = [word for text in factors[renderer] for word in ("--factor", text)]
    return [*options, *(["--count", 40] if renderer in ("chairs", "circles") else [])]


def contents(path: Path | str) -> tuple[np.ndarray, np.ndarray, dict, dict]:
    """Images, factors, space and the other attributes."""
    with h5py.File(path) as file:
        attributes = dict(file.attrs)
        space = json.loads(attributes.pop("space"))
        return file["images"][...], file["factors"][...], space, attributes


def levels_of(space: dict) -> dict[str, list[float]]:
    return {f["name"]: f["levels"] for f in space["factors"] if f["levels"]}


def facts(sbvae: Sbvae, target: object) -> dict:
    done = sbvae("info", target, "--json", "-")
    assert (done.code, done.err) == (0, "")
    return json.loads(done.out)


def generated(sbvae: Sbvae, renderer: str, *options: object) -> object:
    return sbvae("gen-data", renderer, "--size", 16, *options)


@pytest.mark.parametrize(
    ("renderer", "name"),
    [
        ("circles", "circles-xy.h5"),
        ("sprites", "sprites-custom.h5"),
        ("room", "room-custom.h5"),
        ("chairs", "chairs.h5"),
    ],
)
def test_a_file_is_named_after_its_dataset(sbvae: Sbvae, renderer: str, name: str) -> None:
    done = generated(sbvae, renderer, *few(renderer))
    assert done.code == 0
    assert os.listdir() == [name]
    count = len(contents(name)[0])
    assert done.out.splitlines()[0].startswith(f"wrote {name}: {count} images of 16x16, ")
    assert done.out.splitlines()[1].startswith(f"  sbvae train --decoder broadcast --data {name}")
    assert f"images {count}/{count}" in done.err
    assert contents(name)[3]["name"] == name.removesuffix(".h5").removeprefix("circles-")


@pytest.mark.parametrize("renderer", ["sprites", "room", "chairs"])
def test_a_count_alone_does_not_make_a_dataset_another_one(sbvae: Sbvae, renderer: str) -> None:
    assert generated(sbvae, renderer, "--count", 3).code == 0
    assert os.listdir() == [f"{renderer}.h5"]
    images, factors, space, attributes = contents(f"{renderer}.h5")
    expected = named_space(renderer)
    assert len(images) == len(factors) == 3
    assert (attributes["name"], attributes["complete"]) == (renderer, True)
    assert [f["name"] for f in space["factors"]] == list(expected.names)


def test_all_sprites_of_the_levels_are_there_in_order(sbvae: Sbvae) -> None:
    assert generated(sbvae, "sprites", *few("sprites"), "--out", "s.h5").code == 0
    images, factors, space, _ = contents("s.h5")
    y = 16 / 31
    expected = list(
        product(
            [1, 2, 3],
            [0.9, 1.0],
            [2 * np.pi * i / 39 for i in range(4)],
            [i / 31 for i in range(4)],
            [y],
        )
    )
    np.testing.assert_allclose(factors, np.array(expected), atol=1e-6)
    names = ("shape", "scale", "orientation", "x", "y")
    np.testing.assert_array_equal(images, render_masks(factors, names, 16, 16))
    assert space["complete_grid"] is True
    assert space["online"] == ["hue", "saturation", "value"]
    found = facts(sbvae, "s.h5")
    assert [found[key] for key in ("count", "height", "width", "channels")] == [96, 16, 16, 3]
    assert found["held_out_share"] == found["blank_share"] == 0


def test_all_rooms_of_the_levels_are_there_in_order(sbvae: Sbvae) -> None:
    assert generated(sbvae, "room", *few("room"), "--out", "r.h5").code == 0
    images, factors, space, _ = contents("r.h5")
    levels = levels_of(space)
    assert [len(values) for values in levels.values()] == [3, 1, 1, 1, 4, 3]
    np.testing.assert_array_equal(factors, np.array(list(product(*levels.values())), np.float32))
    np.testing.assert_array_equal(images, render_room(factors, tuple(levels), 16, 16))
    assert space["complete_grid"] is True


def test_a_size_may_have_two_sides(sbvae: Sbvae) -> None:
    for renderer, channels in (("circles", 3), ("sprites", 1), ("room", 3), ("chairs", 1)):
        options = ("--size", "12x20", "--count", 2, "--out", f"{renderer}.h5")
        assert sbvae("gen-data", renderer, *options).code == 0
        assert contents(f"{renderer}.h5")[0].shape == (2, 12, 20, channels)


@pytest.mark.parametrize("renderer", ["sprites", "room"])
def test_holes_are_left_out_and_told(sbvae: Sbvae, renderer: str) -> None:
    holes = {
        "sprites": ("x=0..0.04,shape=1..2", "scale=0.95..1"),
        "room": ("floor_hue=0.05..0.15", "shape=0..1,orientation=-6..0"),
    }[renderer]
    options = [word for hole in holes for word in ("--hole", hole)]
    assert generated(sbvae, renderer, *few(renderer), "--out", "all.h5").code == 0
    assert generated(sbvae, renderer, *few(renderer), *options, "--out", "some.h5").code == 0

    images, whole, _, _ = contents("all.h5")
    if renderer == "sprites":
        shape, scale, _, x, _ = whole.T
        left = ~((x < 0.04) & (shape < 2.5) | (scale > 0.95))
    else:
        floor_hue, _, _, _, shape, orientation = whole.T
        left = ~((abs(floor_hue - 0.1) < 0.05) | (shape < 1.5) & (orientation < 1))
    found = contents("some.h5")
    np.testing.assert_array_equal(found[1], whole[left])
    np.testing.assert_array_equal(found[0], images[left])
    assert found[2]["complete_grid"] is False
    told = facts(sbvae, "some.h5")
    assert told["held_out_share"] == pytest.approx(1 - left.mean())
    assert 0.2 < told["held_out_share"] < 0.9
    assert told["count"] == left.sum()
    assert len(told["held_out"]) == 2


def test_holes_of_circles_are_left_out(sbvae: Sbvae) -> None:
    holes = ("--hole", "x=0.2..0.5,y=0.2..0.5", "--hole", "x=0.65..0.8")
    assert generated(sbvae, "circles", *holes, "--count", 400).code == 0
    images, factors, _, _ = contents("circles-xy-custom.h5")
    x, y = factors[:, :2].T
    assert not (((x < 0.5) & (y < 0.5)) | (x > 0.65)).any()
    assert facts(sbvae, "circles-xy-custom.h5")["held_out_share"] == pytest.approx(0.25 + 0.25)
    names = ("x", "y", "diameter", "red", "green", "blue")
    np.testing.assert_array_equal(images, render_circles(factors, names, 16, 16))


@pytest.mark.parametrize("renderer", ["circles", "sprites"])
def test_correlated_factors_follow_each_other(sbvae: Sbvae, renderer: str) -> None:
    options = ("--correlate", "x,y=0.05", "--count", 500, "--out", "c.h5")
    assert generated(sbvae, renderer, *options).code == 0
    _, factors, space, _ = contents("c.h5")
    stored = [f["name"] for f in space["factors"] if f["name"] not in space["online"]]
    x, y = (factors[:, stored.index(name)] for name in ("x", "y"))
    assert np.corrcoef(x, y)[0, 1] > 0.95
    assert np.std((x - y) / np.ptp(x)) == pytest.approx(0.05, rel=0.2)
    assert space["correlated"] == [{"factors": ["x", "y"], "std": 0.05}]


def test_several_correlations_hold_together(sbvae: Sbvae) -> None:
    options = ("--correlate", "x,y=0.05", "--correlate", "hue,y=0.05", "--preset", "xyh-small")
    assert generated(sbvae, "circles", *options, "--count", 300, "--out", "c.h5").code == 0
    factors = contents("c.h5")[1]
    assert (np.corrcoef(factors[:, [0, 1, 3]].T) > 0.9).all()


@pytest.mark.parametrize(
    ("renderer", "background"), [("circles", 0), ("sprites", 0), ("chairs", 255)]
)
def test_blank_images_show_nothing(sbvae: Sbvae, renderer: str, background: int) -> None:
    options = ("--blank", 0.4, "--count", 300, "--out", "b.h5")
    assert generated(sbvae, renderer, *options).code == 0
    images, factors, space, _ = contents("b.h5")
    empty = (images == background).all((1, 2, 3))
    np.testing.assert_array_equal(factors[:, -1] == 0, empty)
    np.testing.assert_array_equal(np.isnan(factors[:, 0]), empty)
    assert empty.mean() == pytest.approx(0.4, abs=0.12)
    assert space["blank"] == facts(sbvae, "b.h5")["blank_share"] == 0.4


@pytest.mark.parametrize("renderer", ["circles", "sprites", "chairs"])
def test_the_same_seed_gives_the_same_file(sbvae: Sbvae, renderer: str) -> None:
    for name, seed in (("a", 4), ("b", 4), ("c", 5)):
        options = ("--count", 30, "--seed", seed, "--out", f"{name}.h5")
        assert generated(sbvae, renderer, *options).code == 0
    first, again, other = (contents(f"{name}.h5") for name in "abc")
    for i in (0, 1):
        np.testing.assert_array_equal(first[i], again[i])
        assert (first[i] != other[i]).any()
    assert (first[3]["seed"], other[3]["seed"]) == (4, 5)


SPACE = """
factors:
  - {name: shape, kind: discrete, levels: [2, 1]}
  - {name: scale, kind: discrete, levels: [1]}
  - {name: orientation, low: 0.3, high: 0.3}
  - {name: x, kind: discrete, levels: [0, 0.5, 1]}
  - {name: y, kind: discrete, levels: [0.25, 0.75]}
  - {name: red, low: 0.5, high: 1}
  - {name: green, low: 0.5, high: 1}
  - {name: blue, low: 1, high: 1}
"""


def test_a_space_may_come_from_a_file(sbvae: Sbvae) -> None:
    Path("s.yaml").write_text(SPACE + "held_out: [{x: [0.4, 0.6], y: [0, 0.5]}]\n")
    options = ("--space", "s.yaml", "--factor", "shape=2", "--hole", "x=0.9..1")
    assert generated(sbvae, "sprites", *options).code == 0
    _, factors, space, _ = contents("sprites-custom.h5")
    expected = [[2, 1, 0.3, x, y] for x, y in ((0, 0.25), (0, 0.75), (0.5, 0.75))]
    np.testing.assert_array_equal(factors, np.array(expected, np.float32))
    assert space["online"] == ["red", "green", "blue"]
    assert len(space["held_out"]) == 2
    assert space["renderer"] == "sprites"


def test_a_space_that_a_file_holds_can_be_given_again(sbvae: Sbvae) -> None:
    Path("s.yaml").write_text(SPACE)
    options = ("--count", 20, "--seed", 3)
    assert generated(sbvae, "sprites", "--space", "s.yaml", *options, "--out", "a.h5").code == 0
    Path("again.yaml").write_text(json.dumps(contents("a.h5")[2]))
    assert generated(sbvae, "sprites", "--space", "again.yaml", *options, "--out", "b.h5").code == 0
    for first, second in zip(contents("a.h5")[:2], contents("b.h5")[:2], strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SPACE + "renderer: room\n", "s.yaml: its renderer is room, this command renders sprites"),
        (SPACE.replace("red", "rot"), "sprites: need a factor red; there are shape, scale"),
        (SPACE.replace("[2, 1]", "[2, 5]"), "shape = 2..5: shape is one of 1, 2, 3"),
        (SPACE.replace("kind: discrete, levels: [1]", "low: 0, high: 2"), "scale = 0..2 is outsi"),
        (SPACE + "held_out: [{z: [0, 1]}]\n", "s.yaml: "),
        (SPACE + "held_uot: []\n", "s.yaml: held_uot is unknown"),
        (SPACE + "correlated: [{factors: [x, blue], std: 1}]\n", "s.yaml: "),
        (SPACE.replace("low: 0.3", "low: 0.4"), "s.yaml: "),
        (SPACE.replace("name: y", "name: x"), "s.yaml: "),
        ("factors: [a, b]\n", "s.yaml: factors.0 is 'a'"),
        ("factors: {\n", "s.yaml: not valid YAML"),
        ("- a\n", "s.yaml: found list"),
        ("\n", "sprites: need a factor shape; there are"),
    ],
)
def test_a_space_that_cannot_be_used_is_one_line(sbvae: Sbvae, text: str, message: str) -> None:
    Path("s.yaml").write_text(text)
    done = generated(sbvae, "sprites", "--space", "s.yaml", "--out", "s.h5")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"error: {message}")
    assert done.err.count("\n") == 1
    assert "bug of sbvae" not in done.err
    assert os.listdir() == ["s.yaml"]


def test_a_space_file_that_is_missing_or_no_text_is_named(sbvae: Sbvae) -> None:
    done = generated(sbvae, "room", "--space", "none.yaml")
    assert (done.code, done.err) == (1, "error: none.yaml: there is no such file; name another\n")
    Path("binary").write_bytes(b"\xff\xfe\x00")
    done = generated(sbvae, "room", "--space", "binary")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert done.err.startswith("error: binary: not a text file")


@pytest.mark.parametrize("renderer", ["circles", "sprites", "room", "chairs"])
def test_a_file_that_exists_is_kept_without_force(sbvae: Sbvae, renderer: str) -> None:
    with h5py.File("a.h5", "w"):
        precious = Path("a.h5")
    before = precious.read_bytes()
    options = (*few(renderer), "--out", "a.h5")
    done = generated(sbvae, renderer, *options)
    assert done.code == 1
    assert done.err == ("error: a.h5: exists; choose another name, or replace it with --force\n")
    assert precious.read_bytes() == before
    assert generated(sbvae, renderer, *options, "--force").code == 0
    assert len(contents("a.h5")[0]) >= 36
    assert os.listdir() == ["a.h5"]


@pytest.mark.parametrize(
    ("renderer", "options", "code", "message"),
    [
        ("sprites", ["--factor", "shpae=1"], 1, "factor shpae is unknown; did you mean shape?"),
        ("sprites", ["--factor", "shape=4"], 1, "shape = 4 contains no level; the levels are 1 s"),
        ("sprites", ["--factor", "shape=hart"], 1, "shape hart is unknown; did you mean heart?"),
        ("sprites", ["--hole", "shape=cube"], 1, "shape cube is unknown; there are square, ellip"),
        ("sprites", ["--factor", "shape=heart..square"], 1, "'heart..square' is empty"),
        ("sprites", ["--factor", "shape"], 1, "'shape' is not NAME=RANGE"),
        ("sprites", ["--factor", "x=0.9..0.1"], 1, "'0.9..0.1' is empty"),
        ("sprites", ["--factor", "saturation=0..2", "--count", "2"], 1, "saturation = 0..2 is out"),
        ("sprites", ["--factor", "x=0,x=1"], 1, "'x=0,x=1' names x twice"),
        ("sprites", ["--hole", "x=0.5"], 1, "the hole at x = 0.5..0.5 contains none of its levels"),
        ("sprites", ["--hole", "x=2..3"], 1, "the hole at x = 2..3 lies outside of 0..1"),
        ("sprites", ["--hole", "shape=0.5..3.5"], 1, "the held-out regions leave nothing"),
        ("sprites", ["--correlate", "x,y"], 1, "'x,y' is not NAME,NAME=STD"),
        ("sprites", ["--correlate", "x,x=1"], 1, "'x,x=1': a correlation needs two factors"),
        ("sprites", ["--correlate", "x,z=1"], 1, "factor z is unknown"),
        ("sprites", ["--correlate", "x,y=0.2"], 1, "sprites-custom: with correlated factors the "),
        ("sprites", ["--blank", "0.5"], 1, "sprites-custom: with blank images the number of"),
        ("sprites", ["--blank", "1"], 1, "blank = 1 is not a share of images in [0, 1)"),
        ("sprites", ["--blank", "nan"], 1, "blank = nan is not a share of images in [0, 1)"),
        ("sprites", ["--count", "0"], 2, "--count 0: must be 1 or more"),
        ("sprites", ["--seed", "-1"], 2, "--seed -1: must be 0 or more"),
        ("sprites", ["--size", "big"], 1, "--size big: write a side in pixels"),
        ("sprites", ["--size", "0"], 1, "--size 0: a side has 1 to 4096 pixels"),
        ("sprites", ["--preset", "xy"], 2, "option --preset is unknown"),
        ("room", ["--factor", "scale=3"], 1, "scale = 3 contains no level; the levels are 0.75"),
        ("room", ["--correlate", "shape,scale=0.5"], 1, "room-custom: with correlated factors"),
        ("room", ["--count", "2", "--out", "r.csv"], 1, "--out r.csv: this option writes HDF5"),
        ("chairs", ["--from", "no", "--out", "c.PNG"], 1, "--out c.PNG: this option writes HDF5"),
        ("images", ["--from", "no", "--out", "i.npz"], 1, "--out i.npz: this option writes HDF5"),
        ("room", ["--count", str(10**15)], 1, "room.h5: 1,000,000,000,000,000 images need about"),
        ("room", ["--count", str(10**30)], 1, "room.h5: 1,000,000,000,000,000,000,000,000,000,000"),
        ("room", ["--count", "2", "--out", "no/r.h5"], 1, "no/r.h5: there is no folder no"),
        ("chairs", ["--factor", "seat_width=0.1..0.4"], 1, "seat_width = 0.1..0.4 is outside of"),
        ("chairs", ["--factor", "arms=0.5"], 1, "arms = 0.5 contains no level; the levels are 0 "),
        ("chairs", ["--count", "2", "--out", "."], 1, "--out .: is a folder"),
        ("circles", ["--diameter", "2"], 1, "diameter = 2 is outside of (0, 1]"),
        ("circles", ["--diameter", "0.2..x"], 1, "'0.2..x' is not a number or a range"),
        ("circles", ["--factor", "hue=0..1"], 1, "factor hue is unknown"),
    ],
)
def test_what_a_user_can_get_wrong_is_one_line(
    sbvae: Sbvae, renderer: str, options: list[str], code: int, message: str
) -> None:
    done = generated(sbvae, renderer, *options)
    assert done.code == code
    assert done.out == ""
    assert done.err.startswith(f"error: {message}")
    assert done.err.count("\n") == 1
    assert os.listdir() == []


def test_a_diameter_is_a_factor_of_circles(sbvae: Sbvae) -> None:
    options = ("--diameter", "0.1..0.4", "--factor", "x=0.5", "--count", 100, "--out", "d.h5")
    assert generated(sbvae, "circles", *options).code == 0
    factors = contents("d.h5")[1]
    assert (factors[:, 0] == 0.5).all()
    assert 0.1 <= factors[:, 2].min() < 0.15 and 0.35 < factors[:, 2].max() <= 0.4


@pytest.mark.parametrize(
    ("number", "code", "precious"),
    [(signal.SIGINT, 130, None), (signal.SIGTERM, 143, b"\x89HDF\r\n\x1a\nprecious")],
    ids=["ctrl-c", "kill"],
)
def test_a_signal_in_the_middle_leaves_what_was_there(
    tmp_path: Path, number: signal.Signals, code: int, precious: bytes | None
) -> None:
    """A real process that writes for minutes; its first line tells that it has begun."""
    if precious:
        (tmp_path / "s.h5").write_bytes(precious)
    command = [sys.executable, "-m", "sbvae_cli", "gen-data", "sprites", "--size", "64", "--force"]
    process = subprocess.Popen(
        [*command, "--out", "s.h5"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        begun = process.stderr.readline().decode()
        time.sleep(0.1)
        process.send_signal(number)
        out, errors = (text.decode() for text in process.communicate(timeout=30))
    finally:
        process.kill()
    done = re.fullmatch(
        r"error: s\.h5: stopped after (\d+) of 737280 images; nothing was kept",
        errors.splitlines()[-1],
    )
    assert re.match(r"images \d+/737,280", begun)
    assert process.returncode == code
    assert 0 < int(done[1]) < 737_280
    assert out == ""
    assert [path.read_bytes() for path in tmp_path.iterdir()] == ([precious] if precious else [])


def moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean and variance along the first axis, and the standard error of the variance."""
    mean, variance = values.mean(0), values.var(0)
    fourth = ((values - mean) ** 4).mean(0)
    return mean, variance, np.sqrt(np.maximum(fourth - variance**2, 0) / len(values))


def agree(first: np.ndarray, second: np.ndarray, most: float) -> None:
    """Means and variances differ by their standard errors, each at most `most` times."""
    one, two = moments(first.astype(np.float64)), moments(second.astype(np.float64))
    error = np.sqrt(one[1] / len(first) + two[1] / len(second))
    some = error > 1e-9
    assert (np.abs(one[0] - two[0])[some] / error[some]).max() < most
    np.testing.assert_allclose(one[0][~some], two[0][~some], atol=1e-6)
    spread = np.hypot(one[2], two[2])
    known = spread > 1e-9
    assert (np.abs(one[1] - two[1])[known] / spread[known]).max() < most


@pytest.mark.parametrize("how", ["all", "random", "hole, correlation and blanks"])
def test_a_file_of_sprites_is_distributed_as_the_stream(sbvae: Sbvae, how: str) -> None:
    """Pixels and factors of 4,000 images from each."""
    n, ranges = 4000, "scale=0.8..1,orientation=0..1,x=0.4..0.6,y=0.4..0.6"
    count = () if how == "all" else ("--count", 8000, "--seed", 1)
    space = customise(named_space("sprites"), ranges=parse_assignments(ranges))
    options: tuple[object, ...] = ()
    if how.startswith("hole"):
        hole, pairs = "hue=0.2..0.5", ("x,y=0.3", "saturation,value=0.2")
        options = ("--hole", hole, "--blank", 0.2)
        options += tuple(word for pair in pairs for word in ("--correlate", pair))
        correlations = [parse_correlation(pair) for pair in pairs]
        holes = [parse_assignments(hole)]
        space = customise(space, holes=holes, correlations=correlations, blank=0.2)
    command = ("--factor", ranges, *options, *count, "--out", "s.h5")
    assert generated(sbvae, "sprites", *command).code == 0
    file, drawn = open_source("s.h5"), source_from_space(space, "sprites", 16, 16)
    assert file.count == (3 * 3 * 7 * 6 * 6 if how == "all" else 8000)

    pixels, factors = file.sample(np.random.default_rng(0), n)
    expected, rows = drawn.sample(np.random.default_rng(1), n)
    assert pixels.shape == expected.shape == (n, 16, 16, 3)
    agree(pixels.reshape(n, -1) / 255, expected.reshape(n, -1) / 255, 5)
    factors, rows = np.nan_to_num(factors), np.nan_to_num(rows)  # blank rows
    agree(factors, rows, 4.5)
    # Products of factors: a file in some order must not tie them to each other.
    for i in range(8):
        agree(factors * factors[:, i : i + 1], rows * rows[:, i : i + 1], 4.5)


def test_minibatches_of_a_file_of_sprites_are_distributed_as_those_of_the_stream(
    sbvae: Sbvae,
) -> None:
    """What a training sees, colours multiplied on the device."""
    options = ("--count", 4000, "--seed", 1, "--out", "s.h5")
    assert generated(sbvae, "sprites", *options).code == 0
    found = []
    for source in (open_source("s.h5"), open_source("sprites", 16, 16)):
        feed = Feed(source, 400, [2])
        block = feed.block(0, 10)
        found.append(feed.pixels(block.images, block.colours).numpy().reshape(4000, -1))
    agree(*found, 5)
    assert 0 < found[0].mean() < 0.2


def test_levels_may_be_written_by_their_names(sbvae: Sbvae) -> None:
    rest = ("--factor", "orientation=0,x=0..0.1,y=0")
    words = ("--factor", "shape=square..heart", "--hole", "shape=ellipse,scale=1", *rest)
    numbers = ("--factor", "shape=1..3", "--hole", "shape=2,scale=1", *rest)

    for path, options in (("words.h5", words), ("numbers.h5", numbers)):
        assert generated(sbvae, "sprites", *options, "--out", path).code == 0

    first, second = contents("words.h5"), contents("numbers.h5")
    assert len(first[0]) == 3 * 6 * 4 - 4
    for one, two in zip(first[:2], second[:2], strict=True):
        np.testing.assert_array_equal(one, two)
    assert first[2] == second[2]


@pytest.mark.parametrize("name", ["data", "data.set", "data.hdf5", "data.H5"])
def test_a_name_that_says_nothing_or_hdf5_is_taken(sbvae: Sbvae, name: str) -> None:
    assert generated(sbvae, "circles", "--count", 2, "--out", name).code == 0
    assert h5py.is_hdf5(name)


def test_a_small_file_is_told_in_kilobytes(sbvae: Sbvae) -> None:
    done = generated(sbvae, "circles", "--count", 2, "--out", "two.h5")
    size = os.path.getsize("two.h5")
    assert 1_000 < size < 100_000
    assert f"2 images of 16x16, {size / 1e3:.1f} kB." in done.out


def test_factors_are_given_once(sbvae: Sbvae) -> None:
    twice = ("--factor", "x=0..0.5", "--factor", "x=0.6..1")
    assert "--factor x: is given twice" in sbvae("gen-data", "sprites", *twice).err
