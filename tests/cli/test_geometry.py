"""`sbvae geometry` from the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def width(path: str) -> int:
    with Image.open(path) as picture:
        return picture.size[0]


def test_picture_and_json(sbvae: Callable[..., object], tiny: list[str]) -> None:
    sbvae("train", *tiny, "--steps", 3, "--out", "run")
    done = sbvae("geometry", "run", "--out", "g.png", "--json", "g.json", "--grid", 6)
    assert done.code == 0
    assert "wrote g.png" in done.out
    assert "means with a small std count as constant" in done.err  # hardly trained
    assert width("g.png") > 1_000
    sbvae("geometry", "run", "--out", "small.png", "--scale", 0.5, "--grid", 6)
    assert width("small.png") == pytest.approx(width("g.png") / 2, abs=2)
    content = json.loads(Path("g.json").read_text())
    assert content["factors"] == ["x", "y"]
    assert len(content["latents"]) == 2
    assert content["population"] == "full"
    assert content["step"] == 3
    issue = {
        *("affine_r2", "inverse_r2", "similarity_r2", "monotone_r2", "fold_fraction", "tear"),
        *("support_nrmse", "heldout_nrmse", "heldout_ratio", "heldout_area_ratio"),
    }
    assert issue <= content["scores"].keys()
    assert {"latents_used", "information_outside"} <= content["scores"].keys()
    assert content["models"][0]["scores"] == content["scores"]
    assert done.out.startswith("collapsed to a point: inverse_r2 0.00 of x and y in latents ")


def test_json_on_stdout_is_all_that_stands_there(
    sbvae: Callable[..., object], tiny: list[str]
) -> None:
    sbvae("train", *tiny, "--steps", 2, "--out", "run")
    done = sbvae("geometry", "run/ckpt.pt", "--json", "-", "--grid", 4, "--factors", "y,x")
    assert json.loads(done.out)["factors"] == ["y", "x"]


def test_several_models_stand_together(sbvae: Callable[..., object], tiny: list[str]) -> None:
    for name in ("a", "b"):
        sbvae("train", *tiny, "--steps", 2, "--out", name)
    done = sbvae("geometry", "a", "b", "--json", "g.json", "--grid", 4)
    assert done.code == 0
    models = json.loads(Path("g.json").read_text())["models"]
    assert [model["checkpoint"] for model in models] == ["a", "b"]
    assert width("geometry.png") > 1_500


def images_of_a_square(side: int, keep: Callable[[int, int], bool]) -> None:
    """Images of a square at each (y, x), in NPZ, and their factors in CSV."""
    places = [(y, x) for y in range(side) for x in range(side) if keep(y, x)]
    images = np.zeros((len(places), 16, 16), np.uint8)
    lines = ["file,y,x"]
    for k, (y, x) in enumerate(places):
        images[k, y : y + 4, x : x + 4] = 255
        lines.append(f"{k},{y},{x}")
    np.savez("images.npz", images=images)
    Path("factors.csv").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("keep", "grid", "note"),
    [
        (lambda y, x: True, [6, 6], ""),
        (lambda y, x: (x + y) % 5 > 0, [6, 6], "points of the grid have no image"),
        (lambda y, x: x == 0 or y == 0, None, "the images form no grid but 11 points"),
    ],
    ids=["whole", "in part", "points"],
)
def test_imported_images_with_factors_are_plotted(
    sbvae: Callable[..., object],
    tiny: list[str],
    keep: Callable[[int, int], bool],
    grid: list[int] | None,
    note: str,
) -> None:
    images_of_a_square(6, keep)
    table = ("--factors", "factors.csv", "--gray", "--size", 16, "--out", "own.h5")
    assert sbvae("gen-data", "images", "--from", "images.npz", *table).code == 0
    options = ["--data", "own.h5", *tiny[4:]]
    assert sbvae("train", *options, "--steps", 1, "--out", "run").code == 0

    done = sbvae("geometry", "run", "--json", "g.json", "--grid", 6, "--latents", "0,2")

    assert done.code == 0 and Path("geometry.png").exists()
    found = json.loads(Path("g.json").read_text())
    assert found["grid"] == grid and found["population"] == "file"
    assert (found["scores"]["fold_fraction"] is None) == (grid is None)
    assert note in done.err


def test_images_without_factors_are_refused_with_what_would_do(
    sbvae: Callable[..., object], tiny: list[str]
) -> None:
    images_of_a_square(3, lambda y, x: True)
    options = ("--from", "images.npz", "--gray", "--size", 16, "--out", "own.h5")
    assert sbvae("gen-data", "images", *options).code == 0
    options = ["--data", "own.h5", *tiny[4:]]
    assert sbvae("train", *options, "--steps", 1, "--out", "run").code == 0
    done = sbvae("geometry", "run")
    assert done.code == 1
    assert "geometry needs two factors that vary, this data has none; import" in done.err
    assert "`sbvae gen-data images --from DIR --factors table.csv`" in done.err


def test_codes_are_plotted_beside_each_other(
    sbvae: Callable[..., object], write_codes: Callable[..., Path], tmp_path: Path
) -> None:
    write_codes(tmp_path / "a.npz")
    write_codes(tmp_path / "b.npz", stds=np.full((300, 3), 0.2))
    done = sbvae("geometry", "a.npz", "b.npz", "--json", "g.json")
    assert done.code == 0
    first, second = json.loads(Path("g.json").read_text())["models"]
    assert first["codes"] == "a.npz" and first["scores"]["affine_r2"] == pytest.approx(1)
    assert first["scores"]["latents_used"] is None and second["scores"]["latents_used"] == 3
    assert "a.npz: flat: inverse_r2 1.000 of x and y in latents 0 and 1" in done.out
    assert "b.npz: 3 of 3 latents in use on the grid, information_outside" in done.out
    done = sbvae("geometry", "a.npz", "a.npz", "--json", "g.json")
    assert done.code == 0 and "note: a.npz is named more than once; it counts once" in done.err
    assert len(json.loads(Path("g.json").read_text())["models"]) == 1 and "value" in done.out
    done = sbvae("geometry", "a.npz", "--data", "circles")
    assert done.code == 1 and "has codes, not images: --data has no effect" in done.err


def test_models_of_other_factors_do_not_stand_in_one_picture(
    sbvae: Callable[..., object], tiny: list[str]
) -> None:
    for preset in ("xy", "xy-hole", "rg"):
        options = ["--data", f"circles:{preset}", *tiny[2:]]
        assert sbvae("train", *options, "--steps", 1, "--out", preset).code == 0
    assert sbvae("encode", "xy", "--count", 20, "--out", "codes.npz").code == 0
    for first, second, found in (
        (
            "xy",
            "rg",
            "its factors are red and green, not x and y as those of xy; name the same",
        ),
        (
            "rg",
            "xy",
            "its factors are x and y, not red and green as those of rg; name the same",
        ),
        ("xy", "xy-hole", "its points or held-out regions are not those of xy; draw it by itself"),
        ("xy", "codes.npz", "it shows 16 points, xy a 4x4 grid; draw it by itself"),
    ):
        done = sbvae("geometry", first, second, "--grid", 4)
        assert (done.code, done.err.count("\n")) == (1, 1)
        assert f"{second}: {found}" in done.err
    assert not Path("geometry.png").exists()


def test_models_of_the_same_folder_name_all_stand_there(
    sbvae: Callable[..., object], tiny: list[str]
) -> None:
    for name in ("one/run", "two/run"):
        sbvae("train", *tiny, "--steps", 2, "--out", name)
    done = sbvae("geometry", "one/run", "two/run", "--grid", 4)
    assert "one/run" in done.out and "two/run" in done.out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["none"], 1, "none: there is no such file"),
        (["run", "--factors", "x"], 1, "--factors x: name two, as x,y"),
        (["run", "--factors", "x,z"], 1, "z is unknown"),
        (["run", "--at", "hue"], 1, "--at hue: write name=value"),
        (["run", "--at", "hue=red"], 1, "--at hue=red: factor hue is unknown"),
        (["run", "--at", "diameter=big"], 1, "'big' is not a number; write name=number"),
        (["run", "--out", "g.pdf"], 1, "--out g.pdf: this option writes PNG or SVG; name it g.png"),
        (["run", "--at", "x=0.5"], 1, "x spans the grid"),
        (["run", "--latents", "0,9"], 1, "name two different ones from 0 to 2"),
        (["run", "--grid", "1"], 2, "--grid"),
        (["run", "--select", "best"], 2, "best"),
        (["run", "--out", "."], 1, "is a folder"),
        (["run", "--data", "run/ckpt.pt"], 1, "run/ckpt.pt"),
        (["run", "--data", "big.h5"], 1, "images are 20x20x3"),
        (["big.h5"], 1, "is a dataset, not a checkpoint"),
    ],
)
def test_what_a_user_can_get_wrong_is_one_line(
    sbvae: Callable[..., object], tiny: list[str], arguments: list[str], code: int, message: str
) -> None:
    sbvae("train", *tiny, "--steps", 1, "--out", "run")
    sbvae("gen-data", "circles", "--count", 4, "--size", 20, "--out", "big.h5")
    done = sbvae("geometry", *arguments)
    assert done.code == code
    assert message in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert not Path("geometry.png").exists()


def test_a_level_may_be_written_by_its_name(sbvae: Callable[..., object], tiny: list[str]) -> None:
    options = ["--data", "sprites", *tiny[2:]]
    assert sbvae("train", *options, "--steps", 1, "--out", "run").code == 0
    command = ("geometry", "run", "--factors", "x,scale", "--json", "-", "--at")

    word, number, other = (
        json.loads(sbvae(*command, f"shape={value}").out) for value in ("heart", 3, 1)
    )

    assert word == number != other
    done = sbvae(*command, "shape=hart")
    assert done.err == "error: --at shape=hart: shape hart is unknown; did you mean heart?\n"


def test_replicas_of_two_models_side_by_side_are_named_with_their_groups(
    sbvae: Callable[..., object], tiny: list[str]
) -> None:
    for decoder in ("broadcast", "coordconv"):
        options = [*tiny, "--decoder", decoder, "--steps", 1, "--out", f"{decoder}/0"]
        assert sbvae("train", *options).code == 0
    done = sbvae("geometry", "broadcast/0", "coordconv/0", "--grid", 4)
    assert "broadcast/0: collapsed" in done.out and "coordconv/0: collapsed" in done.out
    assert width("geometry.png") > 1_500


def test_a_model_is_called_as_traverse_calls_it(
    sbvae: Callable[..., object], write_model: Callable[..., Path]
) -> None:
    write_model(Path("m.pt"))
    for command in (("geometry", "--grid", 4), ("traverse", "--top", 1)):
        assert sbvae(command[0], "m.pt", *command[1:], "--out", "a.svg").code == 0
        assert "broadcast, seed 0, step 7" in Path("a.svg").read_text()
