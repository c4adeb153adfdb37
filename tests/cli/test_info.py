"""`sbvae info` against h5py and torch.load."""

import json
import os
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import h5py
import numpy as np
import pytest
import torch
from PIL import Image

from sbvae_cli.config.names import ScheduleKind

Sbvae = Callable[..., object]


@pytest.fixture
def data(sbvae: Sbvae) -> Path:
    options = ("--preset", "xy-hole", "--size", "8x12", "--count", 70, "--seed", 5)
    assert sbvae("gen-data", "circles", *options, "--blank", 0.25, "--out", "data.h5").code == 0
    return Path("data.h5")


@pytest.fixture
def run(sbvae: Sbvae, tiny: list[str]) -> Path:
    assert sbvae("train", *tiny, "--steps", 5, "--out", "run").code == 0
    return Path("run")


def facts(sbvae: Sbvae, target: object) -> dict[str, object]:
    done = sbvae("info", target, "--json", "-")
    assert (done.code, done.err) == (0, "")
    return json.loads(done.out)


def test_a_dataset_is_what_h5py_reads(sbvae: Sbvae, data: Path) -> None:
    found = facts(sbvae, data)

    with h5py.File(data) as file:
        shape = file["images"].shape
        space = json.loads(file.attrs["space"])
        assert found["seed"] == file.attrs["seed"] == 5
        assert found["format"] == file.attrs["sbvae_format"]
        assert found["name"] == file.attrs["name"]
    assert found["kind"] == "dataset"
    assert [found[key] for key in ("count", "height", "width", "channels")] == list(shape)
    assert [factor["name"] for factor in found["factors"]] == [f["name"] for f in space["factors"]]
    assert found["held_out"] == space["held_out"] == [{"x": [0.35, 0.65], "y": [0.35, 0.65]}]
    assert found["held_out_share"] == pytest.approx(0.25)
    assert found["blank_share"] == 0.25
    assert found["file_bytes"] == os.path.getsize(data)
    assert found["raw_bytes"] == np.prod(shape)
    assert found["share_of_raw"] == pytest.approx(os.path.getsize(data) / np.prod(shape))


def test_a_dataset_in_words(sbvae: Sbvae, data: Path) -> None:
    done = sbvae("info", data)

    assert done.code == 0
    for line in (
        r"data.h5: dataset",
        r"  images +70 of 8x12 pixels, colour",
        r"  factor x +0.2 to 0.8 frame width, continuous",
        r"  factor diameter +0.2 frame width, constant",
        r"  factor present +2 levels: 0, 1",
        r"  held out +25.0% of the space: x 0.35 to 0.65, y 0.35 to 0.65",
        r"  blank +25.0% of the images",
        r"  seed +5",
        r"  file +[0-9.]+ kB, [0-9.]+% of the 20.2 kB of its pixels; format 1",
    ):
        assert re.search(f"^{line}$", done.out, re.MULTILINE), line


def test_a_run_is_what_pytorch_reads(sbvae: Sbvae, run: Path) -> None:
    found = facts(sbvae, run)

    content = torch.load(run / "ckpt.pt", weights_only=True)
    config = content["config"]
    assert (found["kind"], found["path"]) == ("run", "run")
    assert (found["format"], found["sbvae_version"]) == (1, content["sbvae_version"])
    assert (found["step"], found["steps"]) == (content["step"], config["training"]["steps"])
    assert found["training"]["learning_rate"] == config["training"]["learning_rate"]
    assert found["training"]["threads_used"] == content["threads"]
    assert found["model"]["latent_dim"] == 3 and found["model"]["finite"] is True
    assert found["model"]["decoder"]["kind"] == "broadcast"
    assert found["model"]["likelihood"]["kind"] == "bernoulli"
    for part in ("encoder", "decoder"):
        weights = [w for name, w in content["model"].items() if name.startswith(part + ".")]
        learned = [w for w in weights if w.ndim in (1, 2, 4)]
        assert found["model"]["parameters"][part] == sum(w.numel() for w in learned)
    assert found["data"]["name"] == "xy-hole" and found["data"]["height"] == 16
    assert found["log"] == json.loads((run / "log.jsonl").read_text().splitlines()[-1])


def test_a_run_in_words_and_a_half_written_log_line_is_passed_over(sbvae: Sbvae, run: Path) -> None:
    with (run / "log.jsonl").open("a") as log:
        log.write('{"step": 9, "lo')

    done = sbvae("info", run)

    assert done.code == 0
    assert re.search(r"^  step +5 of 5$", done.out, re.MULTILINE)
    assert re.search(r"^  last log +step 5: loss [\d.]+, nll [\d.]+, kl", done.out, re.MULTILINE)


@pytest.mark.parametrize("kind", get_args(ScheduleKind))
def test_every_schedule_is_told(sbvae: Sbvae, tiny: list[str], kind: str) -> None:
    options = ["--model", "beta-vae", "--beta", 3, "--beta-schedule", kind, "--steps", 10]
    assert sbvae("train", *tiny, *options, "--out", "run").code == 0
    told = {
        "constant": "beta-vae, beta 3",
        "linear": "beta-vae, beta 0 to 3 in 5 steps",
        "cyclic": "beta-vae, beta 0 to 3 in each cycle of 2 steps",
        "pulse": "beta-vae, beta 3, raised to 14 at step 2 and back at 3 from step 6 on",
    }
    found = sbvae("info", "run").out
    (line,) = [line for line in found.splitlines() if line.strip().startswith("objective ")]
    assert line.split(maxsplit=1)[1] == told[kind]


def test_a_lone_checkpoint_is_known_by_its_content(sbvae: Sbvae, run: Path) -> None:
    (run / "ckpt.pt").rename("model.h5")

    found = facts(sbvae, "model.h5")

    assert found["kind"] == "checkpoint" and "log" not in found


def test_a_dataset_is_known_by_its_content(sbvae: Sbvae, data: Path) -> None:
    data.rename("data.pt")

    assert facts(sbvae, "data.pt")["kind"] == "dataset"


@pytest.mark.parametrize(
    ("preset", "validation", "line"),
    [
        ("xy", 0.2, "20% of the images, kept out of training"),
        ("xy", 0.125, "12.5% of the images, kept out of training"),
        ("xy", 0, "nothing"),
        ("xy-hole", 0.2, "25.0% of the space: x 0.35 to 0.65, y 0.35 to 0.65; and 20% of the "
         "images, kept out of training"),
    ],
)  # fmt: skip
def test_images_that_validation_keeps_out_are_told(
    sbvae: Sbvae, tiny: list[str], preset: str, validation: float, line: str
) -> None:
    make = ("gen-data", "circles", "--preset", preset, "--count", 60, "--size", 16)
    assert sbvae(*make, "--out", "own.h5").code == 0
    options = ["--data", "own.h5", *tiny[4:], "--steps", 1, "--out", "run"]
    assert sbvae("train", *options, "--validation", validation).code == 0

    assert re.search(f"^  held out +{line}$", sbvae("info", "run").out, re.MULTILINE)


def test_codes_are_pointed_to_eval(sbvae: Sbvae) -> None:
    np.savez("my codes.npz", codes=np.zeros((3, 2)), factors=np.zeros((3, 2)))

    done = sbvae("info", "my codes.npz")

    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "error: my codes.npz: is an NPZ archive of codes; codes are scored by "
        '`sbvae eval "my codes.npz"`\n'
    )
    assert "there is no such file" in sbvae("info", "none.npz").err


def test_a_diverged_model_is_told(sbvae: Sbvae, run: Path) -> None:
    content = torch.load(run / "ckpt.pt", weights_only=True)
    content["model"]["encoder.output.bias"][0] = float("nan")
    torch.save(content, run / "ckpt.pt")

    assert "not all finite: damaged, or the training diverged" in sbvae("info", run).out


def test_a_procedural_name_needs_no_file(sbvae: Sbvae) -> None:
    found = facts(sbvae, "circles:xyh-small")

    assert (found["kind"], found["count"]) == ("procedural dataset", None)
    varying = [factor["name"] for factor in found["factors"] if factor["varies"]]
    assert varying == ["x", "y", "hue"]


@pytest.mark.parametrize("source", ["data", "run", "circles:rg"])
def test_the_sheet_has_64_samples(
    sbvae: Sbvae, source: str, request: pytest.FixtureRequest
) -> None:
    target = request.getfixturevalue(source) if source in ("data", "run") else source

    done = sbvae("info", target, "--sheet", "sheet.png")

    assert done.code == 0 and done.out.endswith("wrote sheet.png\n")
    dark = np.asarray(Image.open("sheet.png").convert("L")) < 2
    rows = dark.sum(axis=1) > 0.4 * dark.shape[1]
    columns = dark.sum(axis=0) > 0.2 * dark.shape[0]
    assert [int((np.diff(line.astype(int)) == 1).sum()) for line in (rows, columns)] == [8, 8]


def test_names_of_levels_stand_beside_them(sbvae: Sbvae) -> None:
    options = ("--factor", "x=0,y=0,orientation=0", "--size", 8, "--out", "s.h5")
    hole = ("--hole", "shape=ellipse..heart,scale=0.5..0.6")
    assert sbvae("gen-data", "sprites", *options, *hole).code == 0

    done = sbvae("info", "s.h5")

    for line in (
        r"  factor shape +3 levels: 1 square, 2 ellipse, 3 heart",
        r"  factor x +1 level: 0 share of its range",
        r"  held out +22.2% of the space: shape ellipse or heart, scale 0.5 to 0.6",
    ):
        assert re.search(f"^{line}$", done.out, re.MULTILINE), line
    factors = {factor["name"]: factor for factor in facts(sbvae, "s.h5")["factors"]}
    assert factors["shape"]["level_names"] == ["square", "ellipse", "heart"]
    assert factors["scale"]["level_names"] is None


def test_a_sheet_is_no_jpg(sbvae: Sbvae) -> None:
    done = sbvae("info", "circles", "--sheet", "a.jpg")
    assert done.err == "error: --sheet a.jpg: this option writes PNG or SVG; name it a.png\n"
    assert (done.code, done.out, list(Path().iterdir())) == (1, "", [])


class Hostile:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch hostile-was-here",)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("none", "none: there is no such file; name a dataset, a checkpoint"),
        ("chair", "chair: there is no such file; did you mean chairs?"),
        ("xy-hole", "xy-hole: there is no such file; did you mean circles:xy-hole?"),
        ("text.txt", "text.txt: is text; name a dataset, a checkpoint"),
        ("empty", "empty: is empty (0 bytes); copy it or generate it again"),
        ("hostile", "hostile: is a Python pickle, which is never unpickled"),
        ("hostile.pt", "hostile.pt: refused"),
        ("codes.npz", "codes.npz: is an NPZ archive of codes"),
        ("folder", "folder: is an empty folder"),
        ("begun", "begun: is the folder of a run that has saved no checkpoint yet"),
        ("other.h5", "other.h5: is an HDF5 file of another layout; holds labels float64 (3,)"),
        ("circles:xz", "circles preset xz is unknown"),
    ],
)
def test_anything_else_is_one_line(sbvae: Sbvae, target: str, message: str) -> None:
    Path("text.txt").write_text("hello")
    Path("empty").touch()
    Path("hostile").write_bytes(pickle.dumps(Hostile()))
    torch.save({"sbvae_format": 1, "model": Hostile()}, "hostile.pt")
    np.savez("codes.npz", codes=np.zeros(3))
    Path("folder").mkdir()
    Path("begun").mkdir()
    Path("begun/config.yaml").touch()
    with h5py.File("other.h5", "w") as file:
        file["labels"] = np.zeros(3)

    done = sbvae("info", target, "--sheet", "sheet.png", "--json", "out.json")

    assert done.code == 1 and done.out == ""
    assert done.err.startswith(f"error: {message}") and done.err.count("\n") == 1
    for name in ("sheet.png", "out.json", "hostile-was-here"):
        assert not Path(name).exists()


def test_a_sheet_that_cannot_be_written_is_named(sbvae: Sbvae, data: Path) -> None:
    Path("folder").mkdir()

    done = sbvae("info", data, "--sheet", "folder")

    assert (done.code, done.out) == (1, "")
    said = "--sheet folder: is a folder; name a file in it, as folder/picture.png"
    assert done.err == f"error: {said}\n"


def test_the_sheet_of_a_model_whose_data_are_gone_says_so(
    sbvae: Sbvae, data: Path, tiny: list[str]
) -> None:
    with h5py.File(data, "r+") as file:
        space = json.loads(file.attrs["space"])
        file.attrs["space"] = json.dumps({**space, "renderer": None})
    own = [*tiny[4:], "--data", str(data)]
    assert sbvae("train", *own, "--steps", 1, "--out", "run").code == 0
    data.unlink()

    assert sbvae("info", "run").code == 0
    done = sbvae("info", "run", "--sheet", "sheet.png")
    assert done.code == 1 and done.err.startswith(
        f"error: {Path('data.h5').resolve()}: no longer exists; put it back"
    )
