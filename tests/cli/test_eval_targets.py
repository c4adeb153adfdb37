"""What `sbvae eval` takes, and what it says of what it does not."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sbvae_cli.cli import evaluation_progress
from sbvae_cli.cli.parse import parse_metrics

FEW = ("--protocol", "quick", "--images", 200, "--votes", 20)
Sbvae = Callable[..., object]
WriteCodes = Callable[..., Path]


@pytest.fixture
def run_folder(sbvae: Sbvae, tiny: list[str]) -> Path:
    assert sbvae("train", *tiny, "--steps", 1, "--out", "run").code == 0
    return Path("run")


@pytest.mark.parametrize(
    ("again", "what"),
    [
        ("run", "run is named more than once"),
        ("run/ckpt.pt", "run/ckpt.pt is run again"),
        ("link", "link is run again"),
    ],
)
def test_a_model_counts_once_however_it_is_named(
    sbvae: Sbvae, run_folder: Path, again: str, what: str
) -> None:
    Path("link").symlink_to("run")
    command = ("eval", run_folder, again, "--metrics", "rates", *FEW)
    done = sbvae(*command, "--summary", "--json", "s.json")
    assert done.code == 0 and f"note: {what}; it counts once\n" in done.err
    assert "1 run, seed 0\n" in done.out
    found = json.loads(Path("s.json").read_text())
    assert len(found["results"]) == 1 and found["summary"][0]["scores"]["nll"]["std"] is None
    alone = sbvae(*command, "--metrics", "udr")
    assert alone.code == 1 and f"note: {what}" in alone.err and "two checkpoints" in alone.err


def test_codes_count_once_and_progress_says_whose_it_is(
    sbvae: Sbvae, write_codes: WriteCodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation_progress, "SILENT_SECONDS", 0.0)
    Path("codes").mkdir()
    for name in "ab":
        write_codes(Path(f"codes/{name}.npz"))
    Path("codes/c.npz").hardlink_to("codes/a.npz")
    names = [f"codes/{name}.npz" for name in "abaca"]
    done = sbvae("eval", *names, "--metrics", "mig", *FEW, "--summary")
    assert done.code == 0 and "codes: 2 runs\n" in done.out
    assert [line for line in done.err.splitlines() if "it counts once" in line] == [
        "note: codes/a.npz is named more than once; it counts once",
        "note: codes/c.npz is codes/a.npz again; it counts once",
    ]
    assert [line for line in done.err.splitlines() if "metrics ..." in line] == [
        "a.npz: mig, 1 of 1 metrics ...",
        "b.npz: mig, 1 of 1 metrics ...",
    ]


def test_codes_beside_a_model_get_the_metrics_that_it_gets(
    sbvae: Sbvae, write_codes: WriteCodes, run_folder: Path
) -> None:
    codes = write_codes(Path("codes.npz"))
    done = sbvae("eval", run_folder, codes, *FEW, "--json", "-")
    assert done.code == 0 and "dci" not in done.err
    model, own = (each["protocol"]["metrics"] for each in json.loads(done.out)["results"])
    assert model == ["rates", "mig", "factor-vae", "geometry"]
    assert own == ["mig", "factor-vae", "geometry"]
    assert "rates" not in done.err


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["codes.npz", "--metrics", "rates"], "codes.npz: rates cannot be computed: a model is"),
        (["one.npz", "--metrics", "mig"], "one.npz: mig cannot be computed: two latents"),
        (["run", "--metrics", "beta-vae,irs"], "run: beta-vae cannot be computed: several fac"),
        (["run", "sub/codes.npz", "--metrics", "mig,rates"], "sub/codes.npz: rates cannot be"),
        (["codes.npz", "--metrics", "mig", "--group", "x,z"], "codes.npz: "),
    ],
)
def test_what_cannot_be_computed_names_its_file(
    sbvae: Sbvae,
    write_codes: WriteCodes,
    tiny: list[str],
    command: list[str],
    message: str,
) -> None:
    make = ("gen-data", "circles", "--preset", "xh", "--factor", "x=0.5", "--count", 60)
    assert sbvae(*make, "--size", 16, "--out", "one.h5").code == 0
    options = ["--data", "one.h5", *tiny[4:]]
    assert sbvae("train", *options, "--steps", 1, "--out", "run").code == 0
    Path("sub").mkdir()
    for path in ("codes.npz", "sub/codes.npz"):
        write_codes(Path(path))
    write_codes(Path("one.npz"), codes=np.random.default_rng(0).normal(size=(300, 1)))
    done = sbvae("eval", *command, *FEW)
    assert done.code == 1 and done.out == "" and done.err.count("\n") == 1
    assert done.err.startswith(f"error: {message}")


def test_what_encode_writes_is_all_read(sbvae: Sbvae, run_folder: Path) -> None:
    assert sbvae("encode", run_folder, "--count", 100).code == 0
    done = sbvae("eval", "codes.npz", "--metrics", "mig", *FEW)
    assert done.code == 0 and "not read" not in done.err


def test_every_score_of_a_report_names_its_metric(
    sbvae: Sbvae, write_codes: WriteCodes, run_folder: Path
) -> None:
    codes = write_codes(Path("codes.npz"))
    names: list[str] = []
    for command in ([codes, "--metrics", "all,dci-fast"], [run_folder]):
        found = json.loads(sbvae("eval", *command, *FEW, "--json", "-").out)
        names += [*found["scores"], *(n for p in found["geometry"].values() for n in p["scores"])]
    assert {"nll", "mig", "irs", "dci_disentanglement", "affine_r2"} <= set(names)
    for name in names:
        assert len(parse_metrics(name)) == 1


def test_one_latent_is_told_which_metrics_take_it(sbvae: Sbvae, write_codes: WriteCodes) -> None:
    one = write_codes(Path("one.npz"), codes=np.random.default_rng(0).normal(size=(300, 1)))
    done = sbvae("eval", one, "--metrics", "mig", *FEW)
    can = done.err.strip().split("these can: ")[1].replace(" and ", ", ").split(", ")
    assert can == ["factor-vae", "beta-vae", "modularity", "explicitness", "irs"]
    done = sbvae("eval", one, "--metrics", ",".join(can), *FEW, "--json", "-")
    assert done.code == 0
    assert list(json.loads(done.out)["scores"]) == [name.replace("-", "_") for name in can]


def test_groups_and_no_mig_are_one_line_before_anything_is_opened(sbvae: Sbvae) -> None:
    done = sbvae("eval", "none.npz", "--group", "x,y", "--metrics", "sap")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "error: --group applies to mig_subspace, a part of mig; add mig to --metrics, or leave out "
        "--group\n"
    )


def test_a_gpu_is_said_to_be_of_no_use_to_codes(sbvae: Sbvae, write_codes: WriteCodes) -> None:
    codes = write_codes(Path("codes.npz"))
    for device, said in [("cuda", True), ("cpu", False), ("auto", False)]:
        done = sbvae("eval", codes, "--metrics", "mig", "--device", device, *FEW)
        assert done.code == 0
        assert ("note: --device has no effect: codes are scored on the CPU" in done.err) is said


def test_a_folder_of_runs_stands_for_them_or_names_some(sbvae: Sbvae, run_folder: Path) -> None:
    demo = Path("demo")
    demo.mkdir()
    (demo / "notes").mkdir()
    for name in ("broadcast", "deconv"):
        shutil.copytree(run_folder, demo / name)
    found = "demo: is not a run folder, but contains broadcast and deconv"
    said = f"{found}; name one, as demo/broadcast\n"
    done = sbvae("eval", "demo", "--metrics", "rates", "--images", "20", "--json", "-")
    runs = [each["checkpoint"] for each in json.loads(done.out)["results"]]
    assert runs == ["demo/broadcast", "demo/deconv"]
    for command in (["info", "demo"], ["encode", "demo"]):
        done = sbvae(*command)
        assert (done.code, done.out, done.err) == (1, "", f"error: {said}")
    for name in ("a", "b", "c"):
        shutil.copytree(run_folder, demo / name)
        four = name == "b"
        assert four == ("contains a, b, broadcast and deconv;" in sbvae("info", "demo").err)
    assert "contains a, b, broadcast and 2 more; name one, as demo/a\n" in sbvae("info", "demo").err
    done = sbvae("eval", "demo/notes")
    assert "demo/notes: is an empty folder, not a checkpoint; name a " in done.err
