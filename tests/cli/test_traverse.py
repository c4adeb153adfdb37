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
from sbvae_cli.data.generate import Plan, write_plan

Sbvae = Callable[..., object]
WriteModel = Callable[..., Path]
GREY = SpaceConfig(factors=(FactorConfig(name="level", low=0.2, high=0.8),))


def write_grey(path: Path, count: int = 6) -> Path:
    """Grey images that no renderer draws; image i is of its factor's level."""

    def render(rows: np.ndarray) -> np.ndarray:
        return np.tile((255 * rows).astype(np.uint8)[:, :, None, None], (1, 12, 8, 1))

    write_plan(path, Plan(FactorSpace(GREY), count, 12, 8, render), name="grey", seed=0)
    return path


def damage(path: Path, name: str, value: float) -> None:
    content = torch.load(path, weights_only=True)
    content["model"][name].fill_(value)
    torch.save(content, path)


def rows_of(path: Path) -> int:
    """Rows of images: groups of lines of the picture whose middle column of images is not white."""
    pixels = np.asarray(Image.open(path).convert("L"))[60:-48, 190:420]
    dark = (pixels < 255).mean(axis=1) > 0.5
    return int((np.diff(dark.astype(int)) == 1).sum() + dark[0])


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

    done = sbvae("traverse", "ckpt.pt", "--out", "a.png", "--device", "cpu", *options)

    assert (done.code, done.err) == (0, "")
    assert re.fullmatch(rf"wrote a.png: {rows} of 4 latents, \d with .* below 0.5\n", done.out)
    assert rows_of(Path("a.png")) == 2 + rows


def test_a_run_folder_does_and_the_same_call_gives_the_same_bytes(
    sbvae: Sbvae, write_model: WriteModel
) -> None:
    Path("run").mkdir()
    write_model(Path("run/ckpt.pt"))
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert sbvae("traverse", "run", "--out", f"{name}.png", "--seed", seed).code == 0

    contents = [Path(f"{name}.png").read_bytes() for name in "abc"]

    assert contents[0] == contents[1] != contents[2]


def test_grey_images_of_a_file_and_one_latent(sbvae: Sbvae, write_model: WriteModel) -> None:
    write_grey(Path("grey.h5"))
    write_model(Path("m.pt"), 1, source="grey.h5", name="grey", channels=1, space=GREY)

    done = sbvae("traverse", "m.pt", "--index", 4, "--columns", 3, "--out", "g.png")

    assert done.code == 0, done.err
    assert rows_of(Path("g.png")) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("data.h5",), "data.h5: is a dataset, not a checkpoint; train a model on it"),
        (("none.pt",), "none.pt: there is no such file"),
        (("ckpt.pt", "--data", "ckpt.pt"), "ckpt.pt: is a checkpoint, not data"),
        (("ckpt.pt", "--data", "none.h5"), "none.h5: there is no such file"),
        (("ckpt.pt", "--data", "data.h5"), r"data.h5: its images are 12x8x1 .* takes 12x8x3"),
        (("grey.pt", "--index", "6"), "data.h5: has images 0 to 5, there is no 6"),
        (("ckpt.pt", "--latents", "0,4"), "no latent 4; this model has latents 0 to 3"),
        (("ckpt.pt", "--latents", "1,1"), "latent 1 is named twice"),
        (("ckpt.pt", "--latents", "x"), "--latents x: write numbers of latents, as 9,3"),
        (("ckpt.pt", "--latents", "1", "--top", "2"), "--latents names which, --top how many"),
        (("ckpt.pt", "--size", "huge"), "--size huge: write a side in pixels"),
        (("ckpt.pt", "--size", "513"), "--size 513: a side has 1 to 512 pixels"),
        (("ckpt.pt", "--range", "wide"), "--range wide: write a number"),
        (("ckpt.pt", "--range", "2..-2"), "the lower end comes first"),
        (("ckpt.pt", "--range", "nan"), "--range nan"),
        (("nan.pt",), "posterior means are not finite on 256 of 256 images"),
        (("drawn.pt",), "pixels that are not finite.*damaged"),
        (("ckpt.pt", "--out", "folder"), "folder: is a folder"),
        (("ckpt.pt", "--out", "x.jpg"), "--out x.jpg: PNG or SVG is what is written"),
        (("ckpt.pt", "--out", "folder/x.Pdf"), "--out folder/x.Pdf: PNG or SVG is what is written"),
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
    damage(Path("nan.pt"), "encoder.output.bias", float("nan"))
    damage(Path("drawn.pt"), next(n for n in layers("drawn.pt") if "decoder" in n), float("inf"))
    before = sorted(Path().rglob("*"))

    done = sbvae("traverse", *arguments)

    assert done.code == 1 and done.out == ""
    assert re.search(f"^error: .*{message}", done.err)
    assert done.err.count("\n") == 1
    assert sorted(Path().rglob("*")) == before


@pytest.mark.parametrize(
    ("size", "side", "come_out"),
    [
        ("256", 256, "smaller"),
        ("128x96", 96, "smaller"),
        ("24x6", 60, "smaller or larger"),
        ("6", 10 * 12, "larger"),
        ("8", 10 * 12, ""),
    ],
)
def test_a_broadcast_model_draws_at_another_size(
    sbvae: Sbvae, write_model: WriteModel, size: str, side: int, come_out: str
) -> None:
    write_model(Path("m.pt"), height=12, width=12)

    done = sbvae("traverse", "m.pt", "--size", size, "--top", 2, "--columns", 3, "--out", "a.png")

    assert done.code == 0
    assert ("note: drawn at" in done.err) == bool(come_out)
    assert not come_out or f"the further apart, the {come_out} objects come out" in done.err
    columns = 8
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


@pytest.mark.parametrize("option", [("--columns", "1"), ("--columns", "x"), ("--index", "-1")])
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
        r"--range 1 has it",
        done.err,
    )
    done = sbvae("traverse", "ckpt.pt", "--range", "-1e-9..1e-9", "--latents", "1,2")
    assert " in latents 1 at " in done.err
    done = sbvae("traverse", "ckpt.pt", "--range", 9)
    assert done.code == 0 and "lies outside" not in done.err
