"""`sbvae train` from the command line, with real runs that are stopped, resumed and spoiled."""

import itertools
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from filelock import FileLock

from sbvae_cli.checkpoint import load_checkpoint
from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.runs.resolve import Request, resolve
from sbvae_cli.runs.train import start_runs

Sbvae = Callable[..., object]


def weights(path: Path) -> dict[str, torch.Tensor]:
    return load_checkpoint(path / "ckpt.pt").model


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(first[name], second[name]) for name in first)


def test_a_run_folder_holds_config_log_and_checkpoint(sbvae: Sbvae, tiny: list[str]) -> None:
    done = sbvae("train", *tiny, "--steps", 5)
    (folder,) = Path("runs").iterdir()
    assert done.code == 0
    assert folder.name.startswith("xy-hole-broadcast-size16-latent_dim3-")
    assert f"sbvae geometry {folder}" in done.out
    config = yaml.safe_load((folder / "config.yaml").read_text())
    assert config["data"]["space"]["held_out"] == [{"x": [0.35, 0.65], "y": [0.35, 0.65]}]
    assert config["training"]["steps"] == 5
    log = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log] == [2, 4, 5]
    for line in log:
        assert line["loss"] == pytest.approx(line["nll"] + line["kl"])
        assert line["images_per_second"] > 0
    assert load_checkpoint(folder / "ckpt.pt").step == 5


def test_the_same_seed_gives_the_same_weights(sbvae: Sbvae, tiny: list[str]) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert sbvae("train", *tiny, "--steps", 4, "--seed", seed, "--out", name).code == 0
    assert same(weights(Path("a")), weights(Path("b")))
    assert not same(weights(Path("a")), weights(Path("c")))


@pytest.mark.parametrize("source", ["online", "file"])
def test_a_resumed_run_has_the_weights_of_the_run_that_was_not_stopped(
    sbvae: Sbvae, tiny: list[str], source: str
) -> None:
    options = list(tiny)
    if source == "file":
        data = ["circles", "--preset", "xy-hole", "--count", 10, "--size", 16, "--out", "d.h5"]
        assert sbvae("gen-data", *data).code == 0
        options[1:4] = ["d.h5"]
    cosine = ["--set", "training.learning_rate_schedule=cosine"]
    sbvae("train", *options, "--steps", 9, *cosine, "--out", "whole")
    planned = sbvae("train", *options, "--steps", 9, *cosine, "--out", "part", "--dry-run")
    assert planned.code == 0
    assert not Path("part").exists()
    Path("planned.yaml").write_text(planned.out)
    config, opened = resolve(Request(config=Path("planned.yaml")))
    steps = itertools.count()
    part = RunFolder(Path("part"))
    assert start_runs([config], opened, [part], stop=lambda: next(steps) == 3) == [3]
    assert load_checkpoint(Path("part/ckpt.pt")).step == 3
    assert not same(weights(Path("whole")), weights(Path("part")))
    done = sbvae("train", "--resume", "part")
    assert done.code == 0
    assert same(weights(Path("whole")), weights(Path("part")))
    steps = [json.loads(line)["step"] for line in Path("part/log.jsonl").read_text().splitlines()]
    assert steps == sorted(set(steps)) and steps[-1] == 9


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_to_a_long_run_saves_it_and_says_how_to_go_on(
    sbvae: Sbvae, tiny: list[str], monkeypatch: pytest.MonkeyPatch, number: int, code: int
) -> None:
    append = RunFolder.append_log

    def log(folder: RunFolder, record: dict[str, object]) -> None:
        append(folder, record)
        signal.raise_signal(number)

    monkeypatch.setattr(RunFolder, "append_log", log)
    before = signal.signal(number, signal.SIG_DFL)  # as `nohup` sets it, it would be ignored
    try:
        done = sbvae("train", *tiny, "--steps", 1_000_000_000, "--out", "run")
    finally:
        signal.signal(number, before)
    assert done.code == code
    assert_saved(done.err.splitlines(), Path("run"))


def assert_saved(errors: list[str], run: Path) -> None:
    notices = [line for line in errors if "on this device" in line]
    assert len(notices) == 1
    assert re.search("will take about .* days .* with --steps, .* --profile quick", notices[0])
    saved = load_checkpoint(run / "ckpt.pt").step
    assert errors[-1] == (
        f"error: stopped and saved at step {saved:,} of 1,000,000,000; "
        "resume with `sbvae train --resume run`"
    )


def test_ctrl_c_ends_the_process_with_its_code(tmp_path: Path, tiny: list[str]) -> None:
    command = [sys.executable, "-m", "sbvae_cli", "train", *tiny, "--steps", "1000000000"]
    process = subprocess.Popen(
        [*command, "--out", "run"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever runs the tests may ignore the signal, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,
    )
    log = tmp_path / "run" / "log.jsonl"
    end = time.monotonic() + 60
    while not log.exists() and time.monotonic() < end:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert_saved(errors.splitlines(), tmp_path / "run")


def test_a_larger_number_of_steps_goes_on_past_the_plan(sbvae: Sbvae, tiny: list[str]) -> None:
    sbvae("train", *tiny, "--steps", 4, "--out", "short")
    sbvae("train", *tiny, "--steps", 7, "--out", "long")
    finished = sbvae("train", "--resume", "short")
    assert finished.code == 1
    assert (
        "has made 4 steps, all of the 4 requested; train more with "
        "`sbvae train --resume short --steps 8`" in finished.err
    )
    assert sbvae("train", "--resume", "short", "--steps", 7).code == 0
    assert same(weights(Path("short")), weights(Path("long")))


def test_a_diverged_run_keeps_the_last_checkpoint_and_exits_with_3(
    sbvae: Sbvae, tiny: list[str]
) -> None:
    assert sbvae("train", *tiny, "--steps", 4, "--out", "run").code == 0
    content = torch.load("run/ckpt.pt", weights_only=True)
    for weight in content["model"].values():
        weight *= 1e30
    torch.save(content, "run/ckpt.pt")
    before = Path("run/ckpt.pt").read_bytes()
    done = sbvae("train", "--resume", "run", "--steps", 50, "--checkpoint-every", 1)
    assert done.code == 3
    last = done.err.strip().splitlines()[-1]
    assert last.startswith("error: diverged in step 5: nll is ")
    assert "the checkpoint of step 4 is kept; try a smaller --lr, or --clip-grad 1" in last
    assert Path("run/ckpt.pt").read_bytes() == before


@pytest.mark.parametrize("rate", ["1e30", "1e39"])
def test_a_run_that_diverges_at_once_leaves_no_checkpoint(
    sbvae: Sbvae, tiny: list[str], rate: str
) -> None:
    replaced = "note: run: the log of a run without a checkpoint is replaced\n"
    for again in (False, True):
        done = sbvae("train", *tiny, "--steps", 50, "--lr", rate, "--out", "run")
        assert done.code == 3
        assert "there was no checkpoint yet; try a smaller --lr" in done.err
        assert (replaced in done.err) == again
        assert not Path("run/ckpt.pt").exists()


def test_weights_that_overflow_are_never_saved(sbvae: Sbvae, tiny: list[str]) -> None:
    options = [*tiny, "--steps", 50, "--checkpoint-every", 1, "--lr", "1e39"]
    done = sbvae("train", *options, "--out", "run")
    assert done.code == 3
    assert not Path("run/ckpt.pt").exists()


def test_a_data_file_that_changed_is_refused(sbvae: Sbvae, tiny: list[str]) -> None:
    data = ["gen-data", "circles", "--size", 16, "--out", "a:b.h5", "--force", "--count"]
    sbvae(*data, 9)
    options = ["--data", "a:b.h5", *tiny[4:]]
    assert sbvae("train", *options, "--steps", 2, "--out", "run").code == 0
    sbvae(*data, 8)
    done = sbvae("train", "--resume", "run", "--steps", 4)
    assert done.code == 1
    assert "is no longer the file that the run was trained on" in done.err
    sbvae(*data, 9)
    assert sbvae("train", "--resume", "run", "--steps", 4).code == 0
    sbvae("train", *options, "--steps", 4, "--out", "whole")
    assert same(weights(Path("run")), weights(Path("whole")))


def test_fewer_images_than_a_minibatch_are_said(sbvae: Sbvae, tiny: list[str]) -> None:
    sbvae("gen-data", "circles", "--count", 3, "--size", 16, "--out", "few.h5")
    small = ["--data", "few.h5", *tiny[4:], "--steps", 1, "--out", "run"]
    done = sbvae("train", *small, "--batch-size", 4)
    assert done.code == 0 and "note: xy has 3 images, a minibatch has 4: " in done.err
    done = sbvae("train", *small, "--batch-size", 3, "--force")
    assert done.code == 0 and "a minibatch has" not in done.err


def test_runs_have_their_own_threads_and_leave_those_of_the_process(
    sbvae: Sbvae, tiny: list[str]
) -> None:
    options = [option for option in tiny if option not in ("--threads", "1")]
    before = torch.get_num_threads()
    try:
        for found, threads, expected in ((1, ("--threads", 2), 2), (2, (), 2)):
            torch.set_num_threads(found)
            done = sbvae("train", *options, *threads, "--steps", 2, "--out", "run", "--force")
            assert done.code == 0
            assert load_checkpoint(Path("run/ckpt.pt")).threads == expected
            assert torch.get_num_threads() == found
        torch.set_num_threads(1)
        assert sbvae("train", "--resume", "run", "--steps", 3).code == 0
        assert load_checkpoint(Path("run/ckpt.pt")).threads == 2  # with which it began
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


def test_a_run_folder_that_exists_is_refused_without_force(sbvae: Sbvae, tiny: list[str]) -> None:
    sbvae("train", *tiny, "--steps", 2, "--out", "run")
    before = weights(Path("run"))
    refused = sbvae("train", *tiny, "--steps", 2, "--seed", 1, "--out", "run")
    assert refused.code == 1
    assert (
        "run: exists; resume it with `sbvae train --resume run`, replace it with --force"
        in refused.err
    )
    assert same(before, weights(Path("run")))
    assert sbvae("train", *tiny, "--steps", 2, "--seed", 1, "--out", "run", "--force").code == 0
    assert not same(before, weights(Path("run")))


def test_a_run_that_ended_before_its_first_checkpoint_is_started_again(
    sbvae: Sbvae, tiny: list[str]
) -> None:
    sbvae("train", *tiny, "--steps", 2, "--out", "run")
    Path("run/ckpt.pt").unlink()
    assert sbvae("train", *tiny, "--steps", 3, "--out", "run").code == 0
    assert load_checkpoint(Path("run/ckpt.pt")).step == 3


def test_a_folder_of_other_files_is_refused(sbvae: Sbvae, tiny: list[str]) -> None:
    Path("mine").mkdir()
    Path("mine/thesis.tex").write_text("all of it")
    refused = sbvae("train", *tiny, "--steps", 2, "--out", "mine")
    assert refused.code == 1
    assert "mine: holds other files, such as thesis.tex" in refused.err
    assert sbvae("train", *tiny, "--steps", 2, "--out", "mine", "--force").code == 0
    assert Path("mine/thesis.tex").read_text() == "all of it"


def test_a_folder_in_use_is_refused(sbvae: Sbvae, tiny: list[str]) -> None:
    Path("run").mkdir()
    with FileLock("run/.lock"):
        refused = sbvae("train", *tiny, "--steps", 2, "--out", "run", "--force")
    assert refused.code == 1
    assert "another process trains here" in refused.err


def test_dry_run_prints_settings_and_cost_and_leaves_nothing(sbvae: Sbvae, tmp_path: Path) -> None:
    done = sbvae("train", "--data", "circles:xy", "--batch-size", 1, "--dry-run")
    assert done.code == 0
    lines = done.out.splitlines()
    tree = yaml.safe_load("\n".join(line for line in lines if not line.startswith("#")))
    assert tree["training"]["steps"] == 500_000
    assert any("decoder: 81,027 parameters, 298.4 M" in line for line in lines)
    assert any("encoder: 467,476 parameters" in line for line in lines)
    assert "500,000 steps take about" in done.out
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("replicas", [(), ("--replicas", 2)])
def test_a_dry_run_of_what_cannot_be_trained_prints_nothing_but_why(
    sbvae: Sbvae, tiny: list[str], replicas: tuple[object, ...]
) -> None:
    done = sbvae("train", *tiny, "--validation", 0.2, "--dry-run", *replicas)
    assert (done.code, done.out) == (1, "")
    assert "so none can be kept out of" in done.err and len(done.err.splitlines()) == 1


def test_a_cpu_says_that_it_has_no_tf32(sbvae: Sbvae, tiny: list[str]) -> None:
    note = "note: --precision tf32 has no effect: a CPU has no tf32 and computes in fp32"
    for precision, notes in (("tf32", 1), ("fp32", 0)):
        done = sbvae("train", *tiny, "--device", "cpu", "--precision", precision, "--dry-run")
        assert (done.code, done.err.splitlines().count(note)) == (0, notes)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["train"], 1, "no data; give --data circles:xy-hole"),
        (["train", "--data", "none.h5"], 1, "none.h5"),
        (["train", "--data", "circles:xy-hle"], 1, "did you mean"),
        (["train", "--data", "chair"], 1, "chair: there is no such file; did you mean chairs?"),
        (
            ["train", "--data", "circles:xy", "--model", "annealed-vae", "--capacity", "1e30"],
            1,
            "objective.capacity is 1e+30: input should be less than or equal to 1000000",
        ),
        (["train", "--decoder", "resnet"], 2, "resnet"),
        (["train", "--stepz", "3"], 2, "--stepz"),
        (["train", "--steps", "x"], 2, "--steps"),
        (["train", "--data", "circles:xy", "--size", "big"], 1, "--size big: write a side"),
        (["train", "--data", "circles:xy", "--lr", "-1"], 1, "training.learning_rate is -1.0"),
        (["train", "--data", "circles:xy", "--lr", "nan"], 1, "training.learning_rate is nan"),
        (["train", "--data", "circles:xy", "--beta", "-1"], 1, "objective.beta is -1.0"),
        (
            ["train", "--data", "circles:xy", "--device", "tpu"],
            1,
            "training.device: unknown device 'tpu'; use auto, cpu",
        ),
        (
            ["train", "--data", "circles:xy", "--set", "trianing.steps=1"],
            1,
            "did you mean training",
        ),
        (["train", "--config", "none.yaml"], 1, "none.yaml: there is no such file"),
        (["train", "--resume", "nowhere"], 1, "nowhere: there is no such folder"),
    ],
)
def test_what_a_user_can_get_wrong_is_one_line(
    sbvae: Sbvae, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    done = sbvae(*arguments)
    assert done.code == code
    assert message in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_cuda_asked_for_and_absent_is_one_line(sbvae: Sbvae, tiny: list[str]) -> None:
    options = [*tiny, "--device", "cuda"]
    done = sbvae("train", *options)
    assert done.code == 1
    assert done.err.startswith("error: device cuda: PyTorch finds none here")
    assert not Path("runs").exists()


def test_gaussian_likelihood_trains(sbvae: Sbvae, tiny: list[str]) -> None:
    done = sbvae("train", *tiny, "--steps", 3, "--likelihood", "gaussian", "--out", "run")
    assert done.code == 0
    log = [json.loads(line) for line in Path("run/log.jsonl").read_text().splitlines()]
    constant = 0.5 * np.log(2 * np.pi * 0.3) * 16 * 16 * 3
    assert log[-1]["nll"] > constant


@pytest.mark.parametrize("option", ["--shuffle all", "--data-on memory"])
def test_options_for_a_file_say_that_drawn_images_are_none(
    sbvae: Sbvae, tiny: list[str], option: str
) -> None:
    flag, value = option.split()
    note = f"note: {flag} has no effect: the images are rendered, not read from a file"
    sbvae("gen-data", "circles", "--size", 16, "--count", 8, "--out", "d.h5")

    drawn = sbvae("train", *tiny, "--steps", 1, flag, value, "--out", "a")
    stored = sbvae("train", "--data", "d.h5", *tiny[4:], "--steps", 1, flag, value, "--out", "b")

    assert drawn.code == stored.code == 0
    assert drawn.err.splitlines().count(note) == 1
    assert note not in stored.err


def test_runs_that_differ_in_what_was_chosen_have_a_folder_each(
    sbvae: Sbvae, tmp_path: Path
) -> None:
    options = ("--data", "circles:xy", "--profile", "quick", "--size", 8, "--batch-size", 2)
    for chosen in ((), ("--beta", 2), ("--beta", 8), ("--beta", 8, "--lr", 1e-4)):
        kind = ("--model", "beta-vae", *chosen, "--steps", 1)
        assert sbvae("train", *options, *kind, "--device", "cpu").code == 0
    assert sorted(path.name for path in Path("runs").iterdir()) == [
        "xy-beta-vae-broadcast-quick-size8-beta2-steps1-batch2-0",
        "xy-beta-vae-broadcast-quick-size8-beta8-steps1-batch2-0",
        "xy-beta-vae-broadcast-quick-size8-beta8-steps1-batch2-lr0.0001-0",
        "xy-beta-vae-broadcast-quick-size8-steps1-batch2-0",
    ]
