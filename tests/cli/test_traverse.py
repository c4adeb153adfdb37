"""`sbvae traverse` from the command line, with models that nobody trained."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sbvae_cli.cli.app import main
from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.generate import DatasetPlan, write_plan

Sbvae = Callable[..., object]
WriteModel = Callable[..., Path]
GREY = SpaceConfig(factors=(FactorConfig(name="level", low=0.2, high=0.8),))


def write_grey(path: Path, count: int = 6) -> Path:
    """Grey images that no renderer draws; image i is of its factor's level."""

    def render(rows: np.ndarray) -> np.ndarray:
        return np.tile((255 * rows).astype(np.uint8)[:, :, None, None], (1, 12, 8, 1))

    write_plan(path, DatasetPlan(FactorSpace(GREY), count, 12, 8, render), name="grey", seed=0)
    return path


def damage(path: Path, name: str, value: float) -> None:
    content = torch.load(path, weights_only=True)
    content["model"][name].fill_(value)
    torch.save(content, path)


def tiles_of(path: Path) -> tuple[int, int]:
    """Rows and columns of images in an SVG."""
    content = path.read_text()
    images = re.findall(r"<image [^>]*>", content)
    places = [
        tuple(float(re.search(rf' {name}="([^"]+)"', image)[1]) for name in "xy")
        for image in images
    ]
    return len({y for _, y in places}), len({x for x, _ in places})


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        ((), 4),
        (("--top", 2), 2),
        (("--top", 9), 4),
        (("--latents", "2"), 1),
        (("--latents", "all"), 4),
        (("--latents", "3,0,1"), 3),
    ],
)
def test_there_are_two_rows_of_images_and_one_for_each_latent(
    sbvae: Sbvae, write_model: WriteModel, options: tuple[object, ...], rows: int
) -> None:
    write_model(Path("ckpt.pt"))

    done = sbvae("traverse", "ckpt.pt", "--out", "a.svg", "--device", "cpu", *options)

    assert done.code == 0
    assert re.fullmatch(rf"wrote a.svg: {rows} of 4 latents, \d with .* below 0.5\n", done.out)
    assert tiles_of(Path("a.svg")) == (2 + rows, 11)


def test_a_run_folder_does_and_the_same_call_gives_the_same_bytes(
    sbvae: Sbvae, write_model: WriteModel
) -> None:
    Path("run").mkdir()
    write_model(Path("run/ckpt.pt"))
    contents = []
    for seed in (1, 1, 2):
        assert sbvae("traverse", "run", "--out", "a.png", "--seed", seed).code == 0
        contents.append(Path("a.png").read_bytes())

    assert contents[0] == contents[1] != contents[2]


def test_grey_images_of_a_file_and_one_latent(sbvae: Sbvae, write_model: WriteModel) -> None:
    write_grey(Path("grey.h5"))
    write_model(Path("m.pt"), 1, source="grey.h5", name="grey", channels=1, space=GREY)

    done = sbvae("traverse", "m.pt", "--start-image", 4, "--columns", 3, "--out", "g.svg")

    assert done.code == 0, done.err
    assert tiles_of(Path("g.svg")) == (3, 6)  # as many inputs as the file has


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("data.h5",), "data.h5: is a dataset, not a checkpoint; train a model on it"),
        (("none.pt",), "none.pt: there is no such file"),
        (("ckpt.pt", "--data", "ckpt.pt"), "ckpt.pt: is a checkpoint, not data"),
        (("ckpt.pt", "--data", "none.h5"), "none.h5: there is no such file"),
        (("ckpt.pt", "--data", "data.h5"), r"data.h5: its images are 12x8x1 .* takes 12x8x3"),
        (("grey.pt", "--start-image", "6"), "data.h5: image 6 does not exist; images are 0 to 5"),
        (("ckpt.pt", "--start-image", "-1"), "--start-image -1: name images by number, as 3 or"),
        (("ckpt.pt", "--start-image", "3,3"), "--start-image 3 is named twice"),
        (("ckpt.pt", "--start-image", "3", "--start-image", "3"), "--start-image 3 is named twice"),
        (
            ("ckpt.pt", "--start-image", "cat.png"),
            "--start-image cat.png: there is no such file; name",
        ),
        (("ckpt.pt", "--start-image", "wide.png"), "wide.png: is of 8x12 pixels, .* takes 12x8"),
        (("grey.pt", "--start-image", "red.png"), "red.png: has colours .3 channels., the model"),
        (("ckpt.pt", "--start-image", ",".join(map(str, range(21)))), "--start-image names 21;"),
        (("ckpt.pt", "--samples", "3", "--reconstructions", "3"), "are two pictures; give one"),
        (("ckpt.pt", "--samples", "3", "--start-image", "3"), "--start-image does not apply"),
        (
            ("ckpt.pt", "--interpolate", "1,2", "--top", "3"),
            "--top does not apply to --int",
        ),
        (("ckpt.pt", "--reconstructions", "2", "--range", "3"), "--range does not apply to"),
        (("ckpt.pt", "--interpolate", "1,1"), "--interpolate 1 is named twice"),
        (("ckpt.pt", "--interpolate", "1,2,3"), "--interpolate takes two images, as 3,17"),
        (("ckpt.pt", "--interpolate", "1"), "--interpolate takes two images, as 3,17"),
        (
            ("ckpt.pt", "--interpolate", "1", "2"),
            "2: unexpected argument; separate a list by commas",
        ),
        (("grey.pt", "--interpolate", "1,99"), "data.h5: image 99 does not exist; images are 0"),
        (
            ("ckpt.pt", "--reconstructions", "2", "--out", "a.gif"),
            "are not animated; name it a.png",
        ),
        (("ckpt.pt", "grey.pt"), "ckpt.pt takes images of 12x8x3 .* grey.pt of 12x8x1"),
        (("ckpt.pt", "one.pt", "--latents", "3"), "one.pt: there is no latent 3; this model has"),
        (("ckpt.pt", "--samples", "101", "--out", "a.gif"), "--samples 101: an animation has room"),
        (("ckpt.pt", "--start-image", "1,2,3,4,5,6,7", "--out", "a.gif"), "7 start images of 1"),
        (("codes.npz",), "codes.npz: is"),
        (("empty",), "empty: is an empty folder, not a checkpoint; name"),
        (("training",), "training: is the folder of a run that has saved no checkpoint yet"),
        (("ckpt.pt", "xy.pt"), "ckpt.pt is of xy-hole, xy.pt of xy; choose the images with --data"),
        (("ckpt.pt", "--latents", "0,4"), "no latent 4; this model has latents 0 to 3"),
        (("ckpt.pt", "--latents", "1,1"), "latent 1 is named twice"),
        (("ckpt.pt", "--latents", "x"), "--latents x: write numbers of latents, as 9,3"),
        (
            ("ckpt.pt", "--latents", "1", "--top", "2"),
            "--latents names latents, --top says how many",
        ),
        (("ckpt.pt", "--size", "huge"), "--size huge: write a side in pixels"),
        (("ckpt.pt", "--size", "513"), "--size 513: a side has 1 to 512 pixels"),
        (("ckpt.pt", "--range", "wide"), "--range wide: write a number"),
        (("ckpt.pt", "--range", "2..-2"), "the lower end comes first"),
        (("ckpt.pt", "--range", "nan"), "--range nan"),
        (("nan.pt",), "posterior means are not finite on 512 of 512 images"),
        (("drawn.pt",), "pixels that are not finite.*damaged"),
        (("ckpt.pt", "--out", "folder"), "folder: is a folder"),
        (("ckpt.pt", "--out", "x.jpg"), "--out x.jpg: this option writes PNG, SVG, GIF or WebP"),
        (
            ("ckpt.pt", "--out", "folder/x.Pdf"),
            "--out folder/x.Pdf: this option writes PNG, SVG, GIF or WebP",
        ),
        (("ckpt.pt", "--out", "data.h5/x.png"), "data.h5/x.png: cannot be written"),
    ],
)
def test_each_fault_is_one_line_and_nothing_is_written(
    sbvae: Sbvae, write_model: WriteModel, arguments: tuple[str, ...], message: str
) -> None:
    Path("folder").mkdir()
    write_grey(Path("data.h5"))
    for name in ("ckpt", "nan", "drawn"):
        write_model(Path(f"{name}.pt"))
    own = {"source": "data.h5", "name": "grey", "count": 6, "seed": 0}
    write_model(Path("grey.pt"), channels=1, space=GREY, **own)
    for name in ("empty", "training"):
        Path(name).mkdir()
    Path("training/config.yaml").write_text("model: {}")
    np.savez("codes.npz", codes=np.zeros((3, 2)))
    write_model(Path("xy.pt"), preset="xy")
    write_model(Path("one.pt"), latents=1)
    Image.new("RGB", (12, 8)).save("wide.png")
    Image.new("RGB", (8, 12), "red").save("red.png")
    damage(Path("nan.pt"), "encoder.output.bias", float("nan"))
    damage(Path("drawn.pt"), next(n for n in layers("drawn.pt") if "decoder" in n), float("inf"))
    before = sorted(Path().rglob("*"))

    done = sbvae("traverse", *arguments)

    assert done.code == 1 and done.out == ""
    assert re.search(f"^error: .*{message}", done.err)
    assert done.err.count("\n") == 1
    assert sorted(Path().rglob("*")) == before


@pytest.mark.parametrize(
    ("size", "side", "look"),
    [
        ("256", 256, "smaller"),
        ("128x96", 96, "smaller"),
        ("24x6", 24, "smaller or larger"),
        ("6", 96, "larger"),
        ("8", 96, ""),
    ],
)
def test_a_broadcast_model_draws_at_another_size(
    sbvae: Sbvae, write_model: WriteModel, size: str, side: int, look: str
) -> None:
    write_model(Path("m.pt"), height=12, width=12)

    done = sbvae("traverse", "m.pt", "--size", size, "--top", 2, "--columns", 3, "--out", "a.png")

    assert done.code == 0
    assert ("note: drawn at" in done.err) == bool(look)
    assert not look or f"objects look {look}, since" in done.err
    columns = 7
    with Image.open("a.png") as picture:
        width = picture.width
    assert columns * side < width < columns * (side + 60) + 400


def test_a_deconv_model_draws_at_its_own_size_only(sbvae: Sbvae) -> None:
    options = ("--data", "circles:xy", "--size", 8, "--batch-size", 2, "--steps", 1)
    assert sbvae("train", *options, "--decoder", "deconv", "--out", "run").code == 0

    refused = sbvae("traverse", "run", "--size", 64, "--out", "a.png")
    assert refused.code == 1
    assert "a deconv decoder draws 8x8 images only" in refused.err
    assert not Path("a.png").exists()
    assert sbvae("traverse", "run", "--size", 8, "--out", "a.png").code == 0


def layers(path: str) -> list[str]:
    return list(torch.load(path, weights_only=True)["model"])


@pytest.mark.parametrize("option", [("--columns", "1"), ("--columns", "x"), ("--samples", "0")])
def test_the_parser_refuses_with_exit_code_2(
    option: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["traverse", "ckpt.pt", *option]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_starts_outside_of_the_sweep_are_told_with_a_range_that_has_them(
    sbvae: Sbvae, write_model: WriteModel
) -> None:
    write_model(Path("ckpt.pt"))
    done = sbvae("traverse", "ckpt.pt", "--range", "-0.001..0.001", "--latents", "1")
    assert re.search(
        r"note: the start image lies outside of -0\.001\.\.0\.001 in latent 1 at -?\d\.\d\d; "
        r"--range 1 includes it",
        done.err,
    )
    done = sbvae("traverse", "ckpt.pt", "--range", "-1e-9..1e-9", "--latents", "1,2")
    assert " in latents 1 at " in done.err
    done = sbvae("traverse", "ckpt.pt", "--range", 9)
    assert done.code == 0 and "lies outside" not in done.err


def test_several_starts_by_number_list_and_file(sbvae: Sbvae, write_model: WriteModel) -> None:
    write_model(Path("m.pt"))
    Image.new("RGB", (8, 12), "red").save("a,b.png")
    starts = ("--start-image", "3,17", "--start-image", "a,b.png")

    done = sbvae("traverse", "m.pt", *starts, "--top", 2, "--columns", 3, "--out", "a.svg")

    assert done.code == 0
    content = Path("a.svg").read_text()
    assert all(f">{name}<" in content for name in ("start 3", "start 17", "start a,b.png"))
    assert tiles_of(Path("a.svg"))[0] == 2 + 3 * 2


def test_models_stand_side_by_side_about_the_same_image(
    sbvae: Sbvae, write_model: WriteModel
) -> None:
    for name in ("a", "b"):
        Path(name).mkdir()
        write_model(Path(name) / "ckpt.pt", latents=3)

    done = sbvae("traverse", "a", "b", "--start-image", 5, "--out", "both.svg")

    assert done.code == 0
    assert re.search(r"^a: 3 of 3 latents, \d with a mean std below 0.5$", done.out, re.MULTILINE)
    assert done.out.endswith("wrote both.svg\n")
    assert tiles_of(Path("both.svg")) == (2 + 3, 2 * 7)
    content = Path("both.svg").read_text()
    assert content.count(">broadcast, seed 0, step 7<") == 2


def test_animations_have_a_frame_for_each_value_on_the_way_there_and_back(
    sbvae: Sbvae, write_model: WriteModel
) -> None:
    write_model(Path("m.pt"))
    short = ("--columns", 5, "--top", 2)
    for name, options in (("a.gif", short), ("a.webp", ("--interpolate", "1,2", "--columns", 4))):
        assert sbvae("traverse", "m.pt", *options, "--scale", 0.5, "--out", name).code == 0
    with Image.open("a.gif") as gif, Image.open("a.webp") as webp:
        assert (gif.n_frames, webp.n_frames) == (8, 6)


@pytest.mark.parametrize(
    ("options", "tiles"),
    [
        (("--samples", 24), (4, 6)),
        (("--interpolate", "3,17"), (1, 13)),
        (("--interpolate", 3, "--interpolate", "red.png", "--columns", 4), (1, 6)),
        (("--reconstructions", 14), (4, 7)),
        (("--reconstructions", 3, "--start-image", 8), (2, 3)),
    ],
)
def test_other_pictures(
    sbvae: Sbvae,
    write_model: WriteModel,
    options: tuple[object, ...],
    tiles: tuple[int, int],
) -> None:
    write_model(Path("m.pt"))
    Image.new("RGB", (8, 12), "red").save("red.png")

    done = sbvae("traverse", "m.pt", *options, "--out", "a.svg")

    assert (done.code, done.out, done.err) == (0, "wrote a.svg\n", "")
    assert tiles_of(Path("a.svg")) == tiles


def test_the_posteriors_range_is_written_above_and_beside(
    sbvae: Sbvae, write_model: WriteModel
) -> None:
    write_model(Path("m.pt"))
    assert sbvae("traverse", "m.pt", "--range", "posterior", "--out", "a.svg").code == 0
    content = Path("a.svg").read_text()
    assert ">quantile<" in content and ">50 %<" in content
    assert len(re.findall(r">std \d\.\d\d, -?\d\.\d+\.\.-?\d\.\d+<", content)) == 4


def test_a_model_without_a_latent_in_use_is_told_of(sbvae: Sbvae, write_model: WriteModel) -> None:
    write_model(Path("m.pt"))  # nobody trained it

    done = sbvae("traverse", "m.pt", "--out", "a.svg")

    assert "note: no latent is in use (every mean std is 0.5 or more)" in done.err
    content = Path("a.svg").read_text()
    assert ">No latent is in use.<" in content and content.count(">non-coding<") == 4


def test_factors_that_latents_follow_are_said(sbvae: Sbvae, write_model: WriteModel) -> None:
    """An encoder that weighs the columns of pixels by their place knows x, and y no latent."""
    write_model(Path("m.pt"), preset="xy", latents=2)
    content = torch.load("m.pt", weights_only=True)
    model = content["model"]
    for name in [name for name in model if name.startswith("encoder.")]:
        model[name].zero_()
    model["encoder.convolutions.0.weight"][0] = 1.0
    planes = model["encoder.hidden.0.weight"].view(8, 4, 6, 4)  # (units, C, H, W)
    planes[0, 0] = torch.arange(4.0)
    model["encoder.output.weight"][0, 0] = 0.02
    model["encoder.output.bias"][2] = -6.0  # log-variance of latent 0; latent 1 has the prior's
    torch.save(content, "m.pt")

    done = sbvae("traverse", "m.pt", "--out", "a.svg")

    assert done.err == "" and "1 with a mean std below 0.5" in done.out
    assert re.search(r"^ *latent 0 follows x$", done.out, re.MULTILINE)
