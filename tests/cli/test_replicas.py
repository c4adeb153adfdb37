"""`sbvae train --replicas` and `--resume` of a folder of replicas."""

import json
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from filelock import FileLock

from sbvae_cli.checkpoint import load_checkpoint, save_checkpoint
from sbvae_cli.cli import processes, resume_replicas
from sbvae_cli.cli import replicas as command
from sbvae_cli.cli.replica_ends import NO_OTHER_REPLICAS, OtherReplicas
from sbvae_cli.cli.side_by_side import Job
from sbvae_cli.runs.folder import RunFolder

Sbvae = Callable[..., Any]


def same(first: Path, second: Path) -> bool:
    one, other = (load_checkpoint(run / "ckpt.pt") for run in (first, second))
    assert one.step == other.step
    return all(torch.equal(one.model[name], other.model[name]) for name in one.model)


def test_replicas_are_solo_runs_also_where_one_was_killed_and_went_on(
    sbvae: Sbvae, tiny: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    start = processes._start

    def begin(index: int, *arguments: Any) -> Any:
        started = start(index, *arguments)
        if index == 1:
            killing = (RunFolder(Path("g/4")), started.process)
            threading.Thread(target=kill, args=killing).start()
        return started

    def kill(folder: RunFolder, process: Any) -> None:
        end = time.monotonic() + 60
        while not folder.checkpoint.exists() and time.monotonic() < end:
            time.sleep(0.001)
        process.kill()

    monkeypatch.setattr(processes, "_start", begin)
    monkeypatch.setattr("sbvae_cli.cli.replicas.usable_cores", lambda: 2)
    options = [*tiny, "--steps", 30, "--checkpoint-every", 4, "--seed", 3]
    options.remove("--threads")
    options.remove("1")
    done = sbvae("train", *options, "--replicas", 2, "--out", "g")
    assert done.code == 1
    lines = done.err.splitlines()
    (said,) = [line for line in lines if line.startswith("g/4: failed at step ")]
    assert said.endswith(" of 30: killed by SIGKILL")
    assert lines[-1] == (
        "error: 1 of 2 replicas failed (4), see above; resume with `sbvae train --resume g`"
    )
    alone = [*tiny, *options[-6:]]
    assert sbvae("train", *alone, "--out", "3").code == 0
    assert same(Path("3"), Path("g/3"))
    assert Path("3/config.yaml").read_text() == Path("g/3/config.yaml").read_text()
    assert load_checkpoint(Path("g/4/ckpt.pt")).step < 30

    monkeypatch.setattr(processes, "_start", start)
    done = sbvae("train", "--resume", "g")
    assert done.code == 0 and "  sbvae eval g --summary\n" in done.out
    assert sbvae("train", *alone[:-1], 4, "--out", "4").code == 0
    assert same(Path("4"), Path("g/4"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Replicas 0 and 1 of two steps each, made once."""
    from sbvae_cli.cli.app import main
    from tests.conftest import TINY

    path = tmp_path_factory.mktemp("replicas") / "g"
    for seed in ("0", "1"):
        assert (
            main(["train", *TINY, "--steps", "2", "--seed", seed, "--out", str(path / seed)]) == 0
        )
    return path


@pytest.fixture
def group(sbvae: Sbvae, trained: Path) -> Path:
    shutil.copytree(trained, "g")
    return Path("g")


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Jobs that would run side by side, how many of them at once, and the others there."""
    calls: list[Any] = []

    def begin(
        jobs: list[Job], group: Path, number: int, others: OtherReplicas = NO_OTHER_REPLICAS
    ) -> None:
        calls.append((jobs, number, others))

    for module in (command, resume_replicas):
        monkeypatch.setattr(module, "train_in_processes", begin)
        monkeypatch.setattr(f"{module.__name__}.resolve_device", lambda name: torch.device("cpu"))
    monkeypatch.setattr(command, "usable_cores", lambda: 8)
    return calls


def stand(run: Path, step: int) -> None:
    """Have a run made so many steps, as many as planned."""
    own = load_checkpoint(run / "ckpt.pt")
    training = own.config.training.model_copy(update={"steps": step})
    config = own.config.model_copy(update={"training": training})
    save_checkpoint(run / "ckpt.pt", replace(own, config=config, step=step))


def refused(done: Any, message: str) -> None:
    assert done.code == 1 and message in done.err, done.err
    assert len(done.err.splitlines()) == 1


def test_each_has_a_folder_of_its_seed_and_a_complete_configuration(
    sbvae: Sbvae, tiny: list[str], begun: list[Any]
) -> None:
    for threads, number in ((1, 8), (3, 2), (9, 1)):
        options = [*tiny, "--threads", threads, "--steps", 5, "--seed", 9]
        assert sbvae("train", *options, "--replicas", 2, "--force").code == 0
        jobs, at_once, _ = begun.pop()
        assert at_once == number and [job.row.name for job in jobs] == ["9", "10"]
        (group,) = Path("runs").iterdir()
        assert group.name.endswith("-batch4")  # and no seed
        for job, seed in zip(jobs, (9, 10), strict=True):
            assert job.folder.path == group / str(seed)
            training = yaml.safe_load(job.folder.config.read_text())["training"]
            assert (training["seed"], training["threads"]) == (seed, threads)
            assert f"--config={job.folder.config}" in job.command and "--force" in job.command


def test_a_dry_run_prints_seeds_folders_and_the_cost_of_all(
    sbvae: Sbvae, tiny: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "usable_cores", lambda: 2)
    done = sbvae("train", *tiny, "--replicas", 3, "--seed", 4, "--out", "g", "--dry-run")
    assert done.code == 0 and not Path("g").exists()
    assert "# replicas of the seeds 4 to 6, in g/4 to g/6" in done.out.splitlines()
    one, every = (line.rsplit("about ", 1)[1] for line in done.out.splitlines()[-2:])
    assert "# all replicas, 2 at once, take about" in done.out and one != every
    assert yaml.safe_load(done.out)["training"]["seed"] == 4


def test_what_is_there_is_refused(sbvae: Sbvae, tiny: list[str], group: Path) -> None:
    options = [*tiny, "--steps", 3, "--replicas", 2]
    refused(
        sbvae("train", *options, "--out", "g"), "g: holds replicas 0, 1 already; resume them with "
    )
    refused(sbvae("train", *options, "--out", "g/1"), "g/1: is the folder of a run; choose another")
    with FileLock("g/1/.lock"):
        for words in ([*options, "--out", "g", "--force"], ["--resume", "g", "--steps", 3]):
            refused(sbvae("train", *words), "g/1: another process trains here")
    assert all(load_checkpoint(Path(f"g/{seed}/ckpt.pt")).step == 2 for seed in (0, 1))
    assert sbvae("train", *options[:-1], 0, "--out", "h").code == 2


def test_going_on_takes_those_that_are_not_finished(
    sbvae: Sbvae, group: Path, begun: list[Any]
) -> None:
    assert sbvae("train", "--resume", "g/0", "--steps", 4).code == 0
    shutil.copytree("g/1", "g/2")
    config = Path("g/2/config.yaml")
    config.write_text(config.read_text().replace("seed: 1", "seed: 2"))
    Path("g/2/ckpt.pt").unlink()
    done = sbvae("train", "--resume", "g", "--steps", 4, "--replicas", 3)
    assert done.code == 0, done.err
    ((jobs, number, _),) = begun
    assert number == 8 and [job.row.steps for job in jobs] == [4, 4]
    assert [job.command for job in jobs] == [
        ["train", "--resume=g/1", "--set=training.steps=4"],
        ["train", "--config=g/2/config.yaml", "--out=g/2", "--set=training.steps=4"],
    ]
    assert [job.row.step for job in jobs] == [2, 0]


def test_what_cannot_go_on_is_one_line(sbvae: Sbvae, group: Path, begun: list[Any]) -> None:
    resume = ("train", "--resume", "g")
    refused(
        sbvae(*resume),
        "g: its replicas have made 2 steps, all that were requested; train more with",
    )
    assert "`sbvae train --resume g --steps 4`" in sbvae(*resume).err
    refused(
        sbvae(*resume, "--replicas", 3, "--steps", 4),
        "--replicas 3: g holds 2 replicas; leave --replicas out to resume",
    )
    refused(
        sbvae("train", "--resume", "g/1", "--replicas", 2, "--steps", 4),
        "--replicas 2: g/1 holds one run; leave --replicas out to resume",
    )
    refused(sbvae(*resume, "--lr", 1), "g/0: was trained with --lr 0.0003, not 1.0")
    refused(
        sbvae(*resume, "--out", "h"), "--out: applies only to new runs; g is resumed in its folder"
    )
    assert not begun


def test_one_that_diverged_stays_as_it_is(sbvae: Sbvae, group: Path, begun: list[Any]) -> None:
    RunFolder(Path("g/0")).append_log({"step": 3, "diverged": ["kl"]})
    done = sbvae("train", "--resume", "g", "--steps", 4)
    assert "note: g/0 diverged in step 3 and stays as it is" in done.err
    assert [job.row.name for job in begun[0][0]] == ["1"]
    RunFolder(Path("g/1")).append_log({"step": 3, "diverged": ["kl"]})
    assert (
        "g: all replicas have diverged; start new ones with a smaller --lr, or --clip-grad 1"
        in sbvae("train", "--resume", "g", "--steps", 4).err
    )


def test_where_replicas_stand_is_said_where_nothing_is_left(
    sbvae: Sbvae, group: Path, begun: list[Any]
) -> None:
    resume = ("train", "--resume", "g")
    refused(
        sbvae(*resume, "--steps", 1), "g: its replicas have made 2 steps, more than the 1 requested"
    )
    stand(group / "0", 4)
    level = "(1 at 2; 0 at 4); train all to the same step with `sbvae train --resume g --steps 4`"
    refused(sbvae(*resume), f"replicas have made all steps that were requested, or more {level}")
    refused(sbvae(*resume, "--steps", 2), f"have made the 2 steps requested, or more {level}")
    assert not begun
    assert sbvae(*resume, "--steps", 3).code == 0
    ((jobs, _, others),) = begun
    assert [job.row.name for job in jobs] == ["1"]
    assert [(row.step, row.steps) for row in others.rows] == [(4, 4), (2, 3)]


def test_folders_of_replicas_are_listed_beside_runs(sbvae: Sbvae, group: Path) -> None:
    for name in ("one", "two"):
        shutil.copytree("g", f"runs/{name}")
    shutil.copytree("g/0", "runs/solo")
    shutil.rmtree("runs/one/1")
    own = load_checkpoint(Path("runs/two/1/ckpt.pt"))
    save_checkpoint(Path("runs/two/1/ckpt.pt"), replace(own, step=1))
    Path("runs/neither").mkdir()

    def listed() -> list[str]:
        done = sbvae("train", "--resume", "runs")
        assert done.code == 1
        return done.err.splitlines()

    more = "finished, 2 steps; more with `sbvae train --resume runs"
    behind = (
        "2 replicas, the one with the fewest steps at {} of 2 steps; resume with "
        "`sbvae train --resume runs/two`"
    )
    assert listed() == [
        f"runs/solo: {more}/solo --steps 4`",
        f"runs/one: 1 replica, {more}/one --steps 4`",
        f"runs/two: {behind.format(1)}",
        "error: runs: is not a run folder; name one of the folders listed above",
    ]
    Path("runs/two/0/ckpt.pt").unlink()
    assert listed()[2] == f"runs/two: {behind.format(0)}"
    for seed in (0, 1):  # they stay as they are
        RunFolder(Path(f"runs/two/{seed}")).append_log({"step": 3, "diverged": ["kl"]})
        assert listed()[2] == f"runs/two: {behind.format(1 - seed)}"


def test_one_whose_checkpoint_is_damaged_is_left_out(
    sbvae: Sbvae, group: Path, begun: list[Any]
) -> None:
    damaged = group / "0/ckpt.pt"
    damaged.write_bytes(b"PK")
    resume = ("train", "--resume", "g")
    fault = "g/0/ckpt.pt: is not a checkpoint, or the file is damaged or truncated"
    done = sbvae(*resume, "--steps", 4)
    assert f"{fault}; left out: delete it to start this replica again\n" in done.err
    ((jobs, _, others),) = begun
    assert [job.row.name for job in jobs] == ["1"] and [row.name for row in others.rows] == ["1"]
    assert [(each.row.name, each.why) for each in others.left_out] == [("0", fault)]
    assert "error: g: its other replicas have made 2 steps, all" in sbvae(*resume).err
    shutil.copy("g/1/ckpt.pt", "g/0/ckpt-2.pt")
    assert "left out: copy g/0/ckpt-2.pt to it to resume from that step\n" in sbvae(*resume).err
    Path("g/1/ckpt.pt").write_bytes(b"")
    assert "error: g: none of its replicas can be resumed, see above\n" in sbvae(*resume).err


def test_a_folder_of_replicas_stands_for_them_in_order_of_seed(sbvae: Sbvae, group: Path) -> None:
    shutil.copytree("g/1", "g/10")
    config = Path("g/10/config.yaml")
    config.write_text(config.read_text().replace("seed: 1", "seed: 10"))
    Path("g/10/ckpt.pt").unlink()
    few = ("--images", 20, "--json", "s.json")
    done = sbvae("eval", "g", "g/1", "--metrics", "rates", *few, "--summary")
    assert done.code == 0
    notes = done.err.splitlines()
    assert "note: g/10 has no checkpoint yet and is left out" in notes
    assert "note: g/1 is named more than once; it counts once" in notes
    (summary,) = json.loads(Path("s.json").read_text())["summary"]
    assert (summary["runs"], summary["seeds"]) == (["g/0", "g/1"], [0, 1])
    assert sbvae("geometry", "g", "--grid", 3, "--out", "g.png", "--json", "g.json").code == 0
    assert len(json.loads(Path("g.json").read_text())["models"]) == 2
    Path("g/mine").mkdir()
    shutil.copy("g/0/ckpt.pt", "g/mine")
    assert sbvae("eval", "g", "--metrics", "rates", *few).code == 0
    results = json.loads(Path("s.json").read_text())["results"]
    assert [each["checkpoint"] for each in results] == ["g/0", "g/1", "g/mine"]
