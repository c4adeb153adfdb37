"""`sbvae encode` from the command line, with a model that nobody trained."""

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
import typer
from PIL import Image

from sbvae_cli.checkpoint import load_checkpoint
from sbvae_cli.cli.app import app

Sbvae = Callable[..., object]
Room = Callable[[int], AbstractContextManager[None]]
NAMES = ["x", "y", "diameter", "hue", "saturation", "value", "present"]


@pytest.fixture
def model(sbvae: Sbvae, write_model: Callable[..., Path]) -> Path:
    """In the folder that the command runs in."""
    return write_model(Path("ckpt.pt"), 3, "xh-blank", height=6, width=10)


@pytest.fixture
def data(sbvae: Sbvae) -> Path:
    options = ("--preset", "xh-blank", "--size", "6x10", "--count", 150, "--out", "data.h5")
    assert sbvae("gen-data", "circles", *options).code == 0
    return Path("data.h5")


def load(path: str = "codes.npz") -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


def test_a_file_is_encoded_whole_and_in_order(sbvae: Sbvae, model: Path, data: Path) -> None:
    done = sbvae("encode", model, "--data", data)

    assert done.code == 0
    assert re.match("wrote codes.npz: 150 images; codes and stds of 3 latents", done.out)
    arrays = load()
    known = ["circular", "codes", "factors", "held_out", "kinds", "names", "space", "stds"]
    assert sorted(arrays) == known
    space = json.loads(str(arrays["space"]))
    assert [factor["name"] for factor in space["factors"]] == NAMES
    assert arrays["kinds"].tolist() == [*["range"] * 6, "levels"]
    assert arrays["names"].tolist() == NAMES and arrays["names"].dtype.kind == "U"
    assert arrays["codes"].shape == arrays["stds"].shape == (150, 3)
    with h5py.File(data) as file:
        np.testing.assert_array_equal(arrays["factors"], file["factors"][:])
        assert arrays["factors"].dtype == np.float32
        images = torch.from_numpy(file["images"][:]).permute(0, 3, 1, 2) / 255
    vae = load_checkpoint(model).build_vae()
    with torch.no_grad():
        posteriors = [vae.encode(image[None]) for image in images]
    means, logvars = (torch.cat(part).numpy() for part in zip(*posteriors, strict=True))
    np.testing.assert_allclose(arrays["codes"], means, atol=1e-6)
    np.testing.assert_allclose(arrays["stds"], np.exp(logvars / 2), rtol=1e-5)


def test_its_own_data_are_drawn_from_the_seed_10000_unless_told(sbvae: Sbvae, model: Path) -> None:
    for name, options in (
        ("all", ()),
        ("few", ("--count", 70)),
        ("other", ("--count", 70, "--seed", 1)),
        ("full", ("--count", 70, "--population", "full")),
    ):
        assert sbvae("encode", model, "--out", f"{name}.npz", *options).code == 0

    whole, few, other, full = (load(f"{name}.npz") for name in ("all", "few", "other", "full"))

    assert len(whole["codes"]) == 10_000
    np.testing.assert_array_equal(few["factors"], whole["factors"][:70])
    np.testing.assert_allclose(few["codes"], whole["codes"][:70], atol=1e-6)
    assert not np.array_equal(few["factors"], other["factors"], equal_nan=True)
    assert np.isnan(whole["factors"][:, 0]).mean() == pytest.approx(0.5, abs=0.05)
    assert np.isfinite(full["factors"]).all()


def test_a_count_takes_so_many_of_the_files_rows(sbvae: Sbvae, model: Path, data: Path) -> None:
    assert sbvae("encode", model, "--data", data, "--count", 5).code == 0

    with h5py.File(data) as file:
        rows = load()["rows"]
        assert len(rows) == 5
        np.testing.assert_array_equal(load()["factors"], file["factors"][rows])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--count", "151"), "data.h5: holds 150 images, not 151"),
        (("--data", "ckpt.pt"), "ckpt.pt: is a checkpoint, not data"),
        (("--data", "small.h5"), "small.h5: its images are 5x5x3"),
        (("--out", "folder"), "folder: is a folder"),
        (("--out", "ckpt.pt/codes.npz"), "cannot be written"),
    ],
)
def test_each_fault_is_one_line_and_nothing_is_written(
    sbvae: Sbvae, model: Path, data: Path, options: tuple[str, ...], message: str
) -> None:
    Path("folder").mkdir()
    sbvae("gen-data", "circles", "--size", "5", "--count", 3, "--out", "small.h5")
    before = sorted(Path().rglob("*"))

    done = sbvae("encode", model, "--data", data, *options)

    assert done.code == 1 and done.out == ""
    assert re.search(f"^error: .*{message}", done.err) and done.err.count("\n") == 1
    assert sorted(Path().rglob("*")) == before


def test_a_dataset_in_place_of_the_checkpoint_is_named(sbvae: Sbvae, data: Path) -> None:
    done = sbvae("encode", data)

    assert done.code == 1
    assert done.err.startswith("error: data.h5: is a dataset, not a checkpoint; ")
    assert "`sbvae train --data data.h5`" in done.err


def test_a_diverged_model_leaves_the_former_codes(sbvae: Sbvae, model: Path) -> None:
    np.savez("codes.npz", codes=np.zeros((2, 2)))
    former = Path("codes.npz").read_bytes()
    content = torch.load(model, weights_only=True)
    content["model"]["encoder.output.weight"][4] = float("nan")
    torch.save(content, model)

    done = sbvae("encode", model, "--count", 3)

    assert done.code == 1 and "not positive numbers on 3 of 3 images" in done.err
    assert Path("codes.npz").read_bytes() == former
    assert sorted(path.name for path in Path().iterdir()) == ["ckpt.pt", "codes.npz"]


def test_a_full_disk_is_named(sbvae: Sbvae, model: Path, room: Room) -> None:
    with room(500):
        done = sbvae("encode", model, "--count", 3)

    assert done.code == 1
    assert done.err.endswith(
        "codes.npz: cannot be written: File too large; make room, or choose another place\n"
    )
    assert not Path("codes.npz").exists()


def test_a_model_of_a_drawn_file_draws_10000_and_its_rows_are_named(
    sbvae: Sbvae, model: Path, data: Path
) -> None:
    content = torch.load(model, weights_only=True)
    content["config"]["data"]["source"] = str(data.resolve())
    torch.save(content, model)
    option = next(
        p for p in typer.main.get_command(app).commands["encode"].params if p.name == "count"
    )
    assert re.search("or of a file given as --data; else 10,000", option.help)

    drawn, stored = sbvae("encode", model), sbvae("encode", model, "--data", data)

    assert drawn.out.startswith("wrote codes.npz: 10,000 images")
    assert stored.out.startswith("wrote codes.npz: 150 images")


def test_codes_are_no_csv(sbvae: Sbvae, model: Path) -> None:
    done = sbvae("encode", model, "--out", "codes.csv")
    assert (done.code, done.out) == (1, "")
    assert done.err == "error: --out codes.csv: this option writes NPZ; name it codes.npz\n"


def test_codes_of_a_folder_are_those_of_the_images_imported(
    sbvae: Sbvae, write_model: Callable[..., Path]
) -> None:
    model = write_model(Path("m.pt"))
    Path("pics").mkdir()
    rng = np.random.default_rng(0)
    for i in (10, 2, 1):
        pixels = rng.integers(0, 256, (20 + i, 16, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(f"pics/{i}.png")
    Path("pics/broken.png").write_bytes(b"no")
    done = sbvae("encode", model, "--from", "pics", "--out", "own.npz")
    assert done.code == 0 and "1 of 4 files could not be read" in done.err
    assert "own.npz: 3 images" in done.out
    make = ("gen-data", "images", "--from", "pics", "--size", "12x8", "--out", "d.h5")
    assert sbvae(*make).code == 0
    assert sbvae("encode", model, "--data", "d.h5", "--out", "again.npz").code == 0
    own, again = np.load("own.npz"), np.load("again.npz")
    assert own["files"].tolist() == ["1.png", "2.png", "10.png"]
    for name in ("codes", "stds", "files"):
        np.testing.assert_array_equal(own[name], again[name])
    done = sbvae("encode", model, "--from", "pics", "--data", "d.h5")
    assert done.code == 1 and "--data and --from both name images" in done.err
    assert sorted(path.name for path in Path(".").iterdir()) == [
        *("again.npz", "d.h5", "m.pt", "own.npz", "pics"),
    ]


def test_images_of_from_are_made_as_gen_data_makes_them(
    sbvae: Sbvae, write_model: Callable[..., Path]
) -> None:
    model = write_model(Path("m.pt"))
    rng = np.random.default_rng(0)
    with h5py.File("u16.h5", "w") as file:
        file["deep"] = rng.integers(0, 4081, (3, 12, 8)).astype(np.uint16)
    Path("alpha").mkdir()
    Path("grey/a").mkdir(parents=True)
    for i in range(3):
        alpha = np.zeros((12, 8, 4), np.uint8)
        alpha[2:6, i : i + 4, 3] = 255
        Image.fromarray(alpha).save(f"alpha/{i}.png")
        Image.fromarray(rng.integers(0, 256, (12, 8)).astype(np.uint8)).save(f"grey/a/{i}.png")
    for source, *options in (
        ("u16.h5", "--levels", "0..4080", "--images-key", "deep"),
        ("alpha", "--background", "white"),
        ("grey", "--fit", "pad", "--frames", "first"),
    ):
        done = sbvae("encode", model, "--from", source, "--out", "own.npz", *options)
        assert done.code == 0 and done.err.count("images 3/3") == 1
        assert not re.search("--(gray|kind|strict|circular)", done.err)
        make = ("gen-data", "images", "--from", source, "--size", "12x8", "--out", "d.h5")
        assert sbvae(*make, "--force", *options).code == 0
        assert sbvae("encode", model, "--data", "d.h5", "--out", "again.npz").code == 0
        np.testing.assert_array_equal(np.load("own.npz")["codes"], np.load("again.npz")["codes"])

    done = sbvae("encode", model, "--from", "u16.h5")
    assert done.code == 1 and "as --levels 11..4069" in done.err
    done = sbvae("encode", model, "--from", "d.h5")
    assert done.err == "error: --from d.h5: is a dataset; give it as --data d.h5\n"
    for option in (("--levels", "0..9"), ("--fit", "pad"), ("--frames", "all")):
        done = sbvae("encode", model, *option)
        assert done.err == f"error: {option[0]} applies only to images of --from; leave it out\n"


def test_some_rows_of_a_file_are_picked_from_all_over_it(
    sbvae: Sbvae, write_model: Callable[..., Path]
) -> None:
    make = ("gen-data", "circles", "--count", 600, "--size", "12x8", "--out", "d.h5")
    assert sbvae(*make).code == 0
    encode = ("encode", write_model(Path("m.pt")), "--data", "d.h5")
    assert sbvae(*encode, "--out", "all.npz").code == 0
    assert sbvae(*encode, "--count", 100, "--out", "some.npz").code == 0
    every, some = np.load("all.npz"), np.load("some.npz")
    assert "rows" not in every and len(every["codes"]) == 600
    rows = some["rows"]
    assert len(rows) == 100 and (np.diff(rows) > 0).all() and rows[-1] > 400
    np.testing.assert_array_equal(some["factors"], every["factors"][rows])
    np.testing.assert_allclose(some["codes"], every["codes"][rows], atol=1e-5)
    done = sbvae("eval", "some.npz", "--metrics", "unsupervised")
    assert done.code == 0 and "not read" not in done.err
