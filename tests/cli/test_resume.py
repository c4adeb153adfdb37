"""`sbvae train --resume` from the command line: moved data, other settings, checkpoints kept."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import pytest
import torch
import yaml

from sbvae_cli.checkpoint import load_checkpoint, save_checkpoint

Sbvae = Callable[..., object]


@pytest.fixture
def stored(tiny: list[str]) -> list[str]:
    """Options of a tiny run of a file, but for the file."""
    return tiny[4:]


@pytest.fixture
def run(sbvae: Sbvae, stored: list[str]) -> Path:
    """A run of two steps in a folder `there` beside its file, `there/d.h5`."""
    sbvae("gen-data", "circles", "--count", 20, "--size", 16, "--out", make("there") / "d.h5")
    data = ["--data", "there/d.h5", "--validation", 0.2]
    assert sbvae("train", *data, *stored, "--steps", 2, "--out", "there/run").code == 0
    return Path("there/run")


def make(folder: str) -> Path:
    Path(folder).mkdir()
    return Path(folder)


def config(run: Path) -> dict:
    return yaml.safe_load((run / "config.yaml").read_text())


def same(first: Path, second: Path) -> bool:
    one, other = (load_checkpoint(run / "ckpt.pt").model for run in (first, second))
    return all(torch.equal(one[name], other[name]) for name in one)


def forget_hashes(run: Path, data: Path) -> None:
    """Make run and file those of a former version."""
    content = torch.load(run / "ckpt.pt", weights_only=True)
    for name in ("contents_hash", "rows_hash"):
        del content["config"]["data"][name]
    del content["config"]["training"]["keep_checkpoints"]
    torch.save(content, run / "ckpt.pt")
    with h5py.File(data, "r+") as file:
        del file.attrs["contents_hash"]


def test_a_run_goes_on_when_the_folder_of_run_and_file_has_moved(
    sbvae: Sbvae, run: Path, stored: list[str]
) -> None:
    data = ["--data", "there/d.h5", "--validation", 0.2]
    sbvae("train", *data, *stored, "--steps", 4, "--out", "whole")
    Path("there").rename("here")
    done = sbvae("train", "--resume", "here/run", "--steps", 4)
    place = str(Path("here/d.h5").resolve())
    assert done.code == 0
    assert f"d.h5 is missing; {place} has the same contents and is used (compared: all" in done.err
    assert same(Path("here/run"), Path("whole"))
    assert config(Path("here/run"))["data"]["source"] == place
    assert load_checkpoint(Path("here/run/ckpt.pt")).config.data.source == place


def test_a_file_that_is_named_is_compared_and_stored(sbvae: Sbvae, run: Path) -> None:
    Path("there/d.h5").rename(make("elsewhere") / "e.h5")
    gone = sbvae("train", "--resume", run, "--steps", 4)
    assert gone.code == 1
    assert gone.err.endswith(
        "d.h5: no longer exists; put it back, or give its new path with --data FILE\n"
    )
    done = sbvae("train", "--resume", run, "--steps", 4, "--data", "elsewhere/e.h5")
    assert done.code == 0
    assert (
        "note: elsewhere/e.h5 holds the images that the run was trained on (compared: all"
        in done.err
    )
    assert config(run)["data"]["source"] == str(Path("elsewhere/e.h5").resolve())
    assert sbvae("train", "--resume", run, "--steps", 5).code == 0


@pytest.mark.parametrize(
    ("options", "difference"),
    [
        (["--seed", 1], "its seed is 1, not 0"),
        (["--count", 21], "it has 21 images, not 20"),
        (["--size", 8], "its images are 8x8x3, not 16x16x3"),
        (["--preset", "xh"], "its name is xh, not xy; it has other factors"),
        (["--factor", "x=0.3..0.8"], "it has other factors"),
    ],
)
def test_another_file_is_refused_with_what_differs(
    sbvae: Sbvae, run: Path, options: list[object], difference: str
) -> None:
    small = ["--count", 20, "--size", 16]
    sbvae("gen-data", "circles", *small, *options, "--out", "other.h5")
    before = config(run)
    done = sbvae("train", "--resume", run, "--steps", 4, "--data", "other.h5")
    assert done.code == 1
    assert difference in done.err and len(done.err.splitlines()) == 1
    assert config(run) == before
    shutil.copy("other.h5", "there/d.h5")
    done = sbvae("train", "--resume", run, "--steps", 4)
    assert "is no longer the file that the run was trained on" in done.err
    assert difference in done.err


def test_drawn_images_are_not_a_run_s_file(sbvae: Sbvae, run: Path) -> None:
    done = sbvae("train", "--resume", run, "--steps", 4, "--data", "circles:xy")
    assert done.code == 1
    assert "it is drawn, the run read a file of 20 images;" in done.err and "None" not in done.err


def test_a_file_that_was_changed_by_hand_is_refused(sbvae: Sbvae, run: Path) -> None:
    with h5py.File("there/d.h5", "r+") as file:
        file["images"][7] = 255 - file["images"][7]
    done = sbvae("train", "--resume", run, "--steps", 4)
    assert done.code == 1
    assert "its images or their factors differ" in done.err


def test_a_run_and_a_file_of_a_former_version_go_on(
    sbvae: Sbvae, run: Path, stored: list[str]
) -> None:
    forget_hashes(run, Path("there/d.h5"))
    Path("there").rename("here")
    run = Path("here/run")
    refused = sbvae("train", "--resume", run, "--steps", 4)
    assert "d.h5 may be it; put it back, or give its new path with --data FILE" in refused.err
    done = sbvae("train", "--resume", run, "--steps", 4, "--data", "here/d.h5")
    assert done.code == 0
    assert "here/d.h5 has the name, count, size, seed and factors" in done.err
    assert "its images could not be compared" in done.err
    own = config(run)["data"]
    assert own["contents_hash"] is None and own["rows_hash"]
    Path("here/d.h5").rename("here/e.h5")
    done = sbvae("train", "--resume", run, "--steps", 5, "--data", "here/e.h5")
    assert (
        "here/e.h5 holds the images that the run was trained on (compared: all images)" in done.err
    )


def test_drawn_data_need_no_file(sbvae: Sbvae, tiny: list[str], run: Path) -> None:
    sbvae("train", *tiny, "--steps", 2, "--out", "drawn")
    refused = sbvae("train", "--resume", "drawn", "--steps", 3, "--data", "there/d.h5")
    assert refused.code == 1
    assert "--data there/d.h5: the run has no file; its images are drawn" in refused.err
    again = ["--data", "circles:xy-hole", "--batch-size", 4, "--set", "model.latent_dim=3"]
    assert sbvae("train", "--resume", "drawn", "--steps", 3, *again).code == 0
    make("circles:xy-hole")  # a folder of that name changes nothing
    assert sbvae("train", "--resume", "drawn", "--steps", 4).code == 0


def test_threads_may_change_and_a_note_says_what_that_does(
    sbvae: Sbvae, tiny: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sbvae("train", *tiny, "--steps", 2, "--out", "run")
    done = sbvae("train", "--resume", "run", "--steps", 3, "--threads", 2)
    assert done.code == 0
    assert "note: --threads was 1; with 2 the last digits of weights may differ" in done.err
    assert load_checkpoint(Path("run/ckpt.pt")).threads == 2
    assert config(Path("run"))["training"]["threads"] == 2
    monkeypatch.setattr("sbvae_cli.runs.resume.usable_cores", lambda: 1)
    done = sbvae("train", "--resume", "run", "--steps", 4)
    assert "continues with the 2 threads that it began with" in done.err
    assert "--threads 1 is faster here" in done.err
    assert "note" not in sbvae("train", "--resume", "run", "--steps", 5, "--threads", 2).err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--lr", 1], "run: was trained with --lr 0.0003, not 1.0"),
        (["--model", "factor-vae"], "was trained with --model vae, not factor-vae"),
        (["--decoder", "deconv"], "was trained with --decoder broadcast, not deconv"),
        (["--precision", "bf16"], "was trained with --precision fp32, not bf16"),
        (["--validation", 0.1], "was trained with --validation 0.0, not 0.1"),
        (["--shuffle", "all"], "was trained with --shuffle windows, not all"),
        (["--fixed-set", 9], "was trained without --fixed-set, not with 9"),
        (["--profile", "quick"], "was trained with --profile paper, not quick"),
        (["--set", "model.latent_dim=9"], "was trained with model.latent_dim 3, not 9"),
        (["--set", "training.stepz=9"], "training.stepz is unknown; did you mean steps?"),
        (["--gamma", 9], "objective.gamma belongs to annealed-vae, factor-vae, not to vae"),
        (["--out", "other"], "--out: applies only to new runs; run is resumed in its folder"),
        (["--config", "run/config.yaml"], "--config: applies only to new runs"),
        (["--force"], "--force: applies only to new runs"),
    ],
)
def test_other_settings_are_refused_by_name(
    sbvae: Sbvae, run_of_two: Path, options: list[object], message: str
) -> None:
    done = sbvae("train", "--resume", run_of_two, "--steps", 4, *options)
    assert done.code == 1
    assert message in done.err and len(done.err.splitlines()) == 1


def test_a_run_keeps_what_auto_became(
    sbvae: Sbvae, tiny: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_kept() -> bool:
        stored = load_checkpoint(Path("run/ckpt.pt")).config.training.precision
        return stored == config(Path("run"))["training"]["precision"] == "bf16"

    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: True)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True)
    begun = sbvae("train", *tiny, "--precision", "auto", "--steps", 1, "--out", "run")
    assert begun.code == 0 and is_kept()
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    for steps, options in ((2, []), (3, ["--precision", "auto"]), (4, ["--precision", "bf16"])):
        assert sbvae("train", "--resume", "run", "--steps", steps, *options).code == 0
        assert is_kept()
    assert "bf16" in sbvae("info", "run").out
    done = sbvae("train", "--resume", "run", "--steps", 5, "--precision", "fp32")
    assert "run: was trained with --precision bf16, not fp32" in done.err


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two steps, made once."""
    from sbvae_cli.cli.app import main
    from tests.conftest import TINY

    path = tmp_path_factory.mktemp("runs") / "run"
    assert main(["train", *TINY, "--steps", "2", "--out", str(path)]) == 0
    return path


@pytest.fixture
def run_of_two(sbvae: Sbvae, trained: Path) -> Path:
    shutil.copytree(trained, "run")
    return Path("run")


def test_a_folder_of_runs_is_listed_with_commands(sbvae: Sbvae, run_of_two: Path) -> None:
    make("runs")
    for name, steps in (("done", 2), ("my run", 9)):
        shutil.copytree(run_of_two, f"runs/{name}")
        own = load_checkpoint(run_of_two / "ckpt.pt")
        training = own.config.training.model_copy(update={"steps": steps})
        changed = own.config.model_copy(update={"training": training})
        vars_of = {**vars(own), "config": changed}
        save_checkpoint(Path(f"runs/{name}/ckpt.pt"), type(own)(**vars_of))
        os.utime(f"runs/{name}/ckpt.pt", (steps, steps))
    done = sbvae("train", "--resume", "runs")
    assert done.code == 1
    assert done.err.splitlines() == [
        'runs/my run: 2 of 9 steps; resume with `sbvae train --resume "runs/my run"`',
        "runs/done: finished, 2 steps; more with `sbvae train --resume runs/done --steps 4`",
        "error: runs: is not a run folder; name one of the runs listed above",
    ]
    assert sbvae("train", "--resume", "runs/my run", "--set", "training.log_every=1").code == 0
    assert sbvae("train", "--resume", "runs/done", "--steps", "4").code == 0


def test_what_is_no_run_is_said(sbvae: Sbvae, run_of_two: Path) -> None:
    make("empty")
    Path("run/ckpt.pt").rename("run/ckpt-2.pt")
    for path, message in {
        "empty": "empty: holds no ckpt.pt; start the run without --resume",
        "run": "run: holds no ckpt.pt; copy run/ckpt-2.pt to it to go on from it",
        "run/ckpt-2.pt": "run/ckpt-2.pt: is a kept checkpoint",
        "run/log.jsonl": "run/log.jsonl: is a file; name the folder of a run",
    }.items():
        done = sbvae("train", "--resume", path, "--steps", 4)
        assert done.code == 1 and message in done.err, path
    Path("run/ckpt-2.pt").unlink()
    done = sbvae("train", "--resume", "run")
    assert "start it again: `sbvae train --config run/config.yaml --out run`" in done.err
    assert sbvae("train", "--config", "run/config.yaml", "--out", "run").code == 0


def test_every_checkpoint_is_kept_and_can_be_looked_at(sbvae: Sbvae, tiny: list[str]) -> None:
    every = ["--checkpoint-every", 2, "--keep-checkpoints"]
    done = sbvae("train", *tiny, *every, "--steps", 5, "--out", "runs/run")
    assert done.code == 0
    assert "note: 4 checkpoints of about " in done.err and " will be kept, " in done.err
    files = sorted(path.name for path in Path("runs/run").glob("*.pt"))
    assert files == ["ckpt-2.pt", "ckpt-4.pt", "ckpt-5.pt", "ckpt.pt"]
    size = Path("runs/run/ckpt.pt").stat().st_size
    said = float(done.err.split("about ")[1].split(" kB")[0])
    assert said * 1e3 == pytest.approx(size, rel=0.3)  # names and configuration, beside tensors
    assert [load_checkpoint(Path("runs/run") / name).step for name in files] == [2, 4, 5, 5]
    some = "runs/run/ckpt-2.pt"
    assert sbvae("info", some).code == 0
    assert sbvae("traverse", some, "--out", "t.png").code == 0
    assert sbvae("geometry", some, "--grid", 3, "--out", "g.png").code == 0
    assert sbvae("eval", some, "runs/run", "--metrics", "rates", "--images", 20).code == 0
    listed = sbvae("train", "--resume", "runs").err.splitlines()
    assert len(listed) == 2 and listed[0].startswith("runs/run: finished")


def test_kept_checkpoints_of_a_resumed_replaced_and_diverged_run(
    sbvae: Sbvae, tiny: list[str]
) -> None:
    every = ["--checkpoint-every", 2, "--keep-checkpoints"]
    sbvae("train", *tiny, *every, "--steps", 4, "--out", "run")
    done = sbvae("train", "--resume", "run", "--steps", 6)
    assert done.code == 0 and "note: 1 more checkpoint of about " in done.err
    assert sorted(path.name for path in Path("run").glob("ckpt-*")) == [
        *("ckpt-2.pt", "ckpt-4.pt", "ckpt-6.pt"),
    ]
    shutil.copy("run/ckpt-2.pt", "run/ckpt.pt")  # back to an earlier one
    last = load_checkpoint(Path("run/ckpt-6.pt")).model
    assert sbvae("train", "--resume", "run", "--steps", 6).code == 0
    again = load_checkpoint(Path("run/ckpt-6.pt")).model
    assert all(torch.equal(last[name], again[name]) for name in last)
    steps = [json.loads(line)["step"] for line in Path("run/log.jsonl").read_text().splitlines()]
    assert steps == [2, 4, 6]

    done = sbvae("train", *tiny, *every, "--steps", 9, "--lr", "1e39", "--out", "run", "--force")
    assert done.code == 3
    assert not list(Path("run").glob("*.pt"))  # those of the run that was replaced


def test_a_moved_file_is_found_by_other_commands_too(sbvae: Sbvae, stored: list[str]) -> None:
    from PIL import Image

    make("there/").joinpath("images").mkdir()
    for number in range(12):
        Image.new("RGB", (16, 16), (number * 20, 0, 0)).save(f"there/images/{number}.png")
    imported = ["--from", "there/images", "--size", 16, "--out", "there/i.h5"]
    assert sbvae("gen-data", "images", *imported).code == 0
    data = ["--data", "there/i.h5", "--validation", 0.25]
    assert sbvae("train", *data, *stored, "--steps", 2, "--out", "there/run").code == 0
    Path("there").rename("here")
    commands = {
        "traverse": ["--out", "t.png"],
        "encode": ["--out", "c.npz"],
        "eval": ["--metrics", "rates", "--json", "s.json"],
    }
    for command, options in commands.items():
        done = sbvae(command, "here/run", *options)
        assert done.code == 0, (command, done.err)
        assert "i.h5 is missing; " in done.err and "here/i.h5 has the same contents" in done.err, (
            command
        )
    assert "nll_validation" in json.loads(Path("s.json").read_text())["scores"]
    Path("here/i.h5").rename("i.h5")
    make("away")
    Path("i.h5").rename("away/j.h5")
    for command, options in commands.items():
        gone = sbvae(command, "here/run", *options[:1], "x.png")
        assert (
            "i.h5: no longer exists; put it back, or give its new path with --data FILE" in gone.err
        )
        break
    named = ["--data", "away/j.h5", "--metrics", "rates", "--json", "n.json"]
    assert sbvae("eval", "here/run", *named).code == 0
    assert "nll_validation" in json.loads(Path("n.json").read_text())["scores"]
