import json
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import torch

from sbvae_cli.checkpoint import load_checkpoint
from sbvae_cli.config.sweep import SweepConfig
from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.sweeps.activity import report_activity
from sbvae_cli.sweeps.folder import SweepFolder
from sbvae_cli.sweeps.job import make_job, note_lost, plan_jobs, run_job
from sbvae_cli.sweeps.plan import SweepPlan, plan_sweep

Build = Callable[..., SweepConfig]


@pytest.fixture(autouse=True)
def few_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores of few images, since none is looked at."""
    few = Protocol(name="quick", images=64, test_images=32, votes_train=8, votes_eval=8)
    monkeypatch.setattr("sbvae_cli.metrics.protocol.named_protocol", lambda name: few)
    monkeypatch.setattr("sbvae_cli.sweeps.job._LOCK_TIMEOUT_SECONDS", 0.3)


@pytest.fixture
def no_scoring(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores that are written and not computed."""

    def score(
        folder: RunFolder,
        metrics: list[str],
        protocol: str,
        device: str,
        on_note: object,
        on_metric: Callable[[str, int, int], None],
    ) -> None:
        on_metric(metrics[0], 0, 1)
        step = load_checkpoint(folder.checkpoint).step
        told = {"step": step, "protocol": {"name": protocol}, "asked": list(metrics)}
        folder.scores.write_text(json.dumps(told))

    monkeypatch.setattr("sbvae_cli.sweeps.job.score_run", score)


def states(plan: SweepPlan) -> list[str]:
    return [each.state for each in SweepFolder(Path(".")).states(plan)]


def weights(folder: RunFolder) -> torch.Tensor:
    model = load_checkpoint(folder.checkpoint).model
    return torch.cat([model[name].flatten() for name in sorted(model)])


def test_a_job_trains_and_scores_a_run_and_then_has_nothing_left(
    tiny_sweep: Build, tmp_path: Path
) -> None:
    plan = plan_sweep(tiny_sweep(), tmp_path)
    first, second = plan_jobs(plan, "cpu")
    assert states(plan) == ["waiting", "waiting"]

    run_job(first)

    assert states(plan) == ["finished", "waiting"]
    scores = json.loads(plan.replicas[0].folder.scores.read_text())
    assert scores["step"] == 8
    assert set(scores["scores"]) >= {"nll", "kl"}
    assert [job.names for job in plan_jobs(plan, "cpu")] == [second.names]
    before = weights(plan.replicas[0].folder), plan.replicas[0].folder.scores.stat().st_mtime_ns
    run_job(first)  # as when a worker was lost after its work
    after = weights(plan.replicas[0].folder), plan.replicas[0].folder.scores.stat().st_mtime_ns
    assert torch.equal(before[0], after[0])
    assert before[1] == after[1]


@pytest.mark.usefixtures("no_scoring")
def test_a_job_that_was_stopped_goes_on_to_the_same_weights(
    tiny_sweep: Build, tmp_path: Path
) -> None:
    plan = plan_sweep(tiny_sweep(grid={"objective.beta": 2}), tmp_path / "a")
    other = plan_sweep(plan.sweep, tmp_path / "b")
    asked = count()

    run_job(plan_jobs(plan, "cpu")[0], stop=lambda: next(asked) > 4)
    assert states(plan) == ["stopped"]
    run_job(plan_jobs(plan, "cpu")[0])
    run_job(plan_jobs(other, "cpu")[0])

    assert states(plan) == states(other) == ["finished"]
    assert torch.equal(*(weights(each.replicas[0].folder) for each in (plan, other)))


@pytest.mark.usefixtures("no_scoring")
def test_a_stop_ends_scoring_between_two_metrics(tiny_sweep: Build, tmp_path: Path) -> None:
    plan = plan_sweep(tiny_sweep(grid={"objective.beta": 2}), tmp_path)
    (job,) = plan_jobs(plan, "cpu")
    run_job(job)
    plan.replicas[0].folder.scores.unlink()
    asked = count()

    run_job(job, stop=lambda: next(asked) > 0)

    assert states(plan) == ["trained"]
    assert not plan.replicas[0].folder.scores.exists()


@pytest.mark.usefixtures("no_scoring")
def test_replicas_in_one_job_are_the_runs_that_are_trained_alone(
    tiny_sweep: Build, tmp_path: Path
) -> None:
    sweep = tiny_sweep(grid={"objective.beta": 2}, replicas=2)
    plan, alone = (plan_sweep(sweep, tmp_path / name) for name in ("a", "b"))
    asked = count()

    run_job(plan_jobs(plan, "cpu")[1], stop=lambda: next(asked) > 4)  # which stands at a step
    run_job(make_job(plan, plan.replicas, "cpu"))
    for job in plan_jobs(alone, "cpu"):
        run_job(job)

    assert states(plan) == states(alone) == ["finished"] * 2
    for one, other in zip(plan.replicas, alone.replicas, strict=True):
        torch.testing.assert_close(weights(one.folder), weights(other.folder), atol=1e-5, rtol=1e-4)


def test_a_run_that_diverged_counts_and_the_others_are_scored(
    tiny_sweep: Build, tmp_path: Path
) -> None:
    sweep = tiny_sweep(settings={"training": {"learning_rate": 1e30}}, grid={"objective.beta": 2})
    plan = plan_sweep(sweep, tmp_path)

    run_job(plan_jobs(plan, "cpu")[0])

    (state,) = SweepFolder(tmp_path).states(plan)
    assert state.state == "diverged"
    assert "finite in step" in state.why
    assert plan_jobs(plan, "cpu") == []


def test_other_metrics_score_a_run_anew_and_keep_what_it_had(
    tiny_sweep: Build, tmp_path: Path
) -> None:
    plan = plan_sweep(tiny_sweep(grid={"objective.beta": 2}), tmp_path)
    run_job(plan_jobs(plan, "cpu")[0])
    more = plan_sweep(tiny_sweep(grid={"objective.beta": 2}, metrics=["mig"]), tmp_path)

    assert states(more) == ["trained"]
    run_job(plan_jobs(more, "cpu")[0])

    assert states(more) == states(plan) == ["finished"]


@pytest.mark.usefixtures("no_scoring")
def test_an_error_stands_in_the_folder_until_the_job_goes_on(
    tiny_sweep: Build, tmp_path: Path
) -> None:
    plan = plan_sweep(tiny_sweep(grid={"objective.beta": 2}), tmp_path)
    (job,) = plan_jobs(plan, "cpu")
    run_job(job)
    plan.replicas[0].folder.checkpoint.write_bytes(b"cut short")
    plan.replicas[0].folder.scores.unlink()

    with pytest.raises(SbvaeError, match="delete it to start this run again"):
        run_job(job)

    (state,) = SweepFolder(tmp_path).states(plan)
    assert state.state == "failed"
    assert "damaged or truncated; delete it" in state.why
    plan.replicas[0].folder.checkpoint.unlink()
    run_job(job)
    assert states(plan) == ["finished"]


def test_a_lost_process_is_noted_unless_another_works_there(
    tiny_sweep: Build, tmp_path: Path
) -> None:
    plan = plan_sweep(tiny_sweep(), tmp_path)
    first, second = plan_jobs(plan, "cpu")

    note_lost(first, "killed by SIGKILL")
    held = second.replicas[0].folder.reserved()
    with held, pytest.raises(SbvaeError, match="another process trains here"):
        run_job(second)

    told = [(each.state, each.why) for each in SweepFolder(tmp_path).states(plan)]
    assert told == [("failed", "killed by SIGKILL"), ("waiting", "")]


@pytest.mark.usefixtures("no_scoring")
def test_a_run_at_fault_leaves_the_others_of_its_job_alone(
    tiny_sweep: Build, tmp_path: Path
) -> None:
    plan = plan_sweep(tiny_sweep(grid={"objective.beta": 2}, replicas=3), tmp_path)
    first, second = (each.folder for each in plan.replicas[:2])
    first.path.mkdir(parents=True)
    first.checkpoint.write_bytes(b"cut short")
    second.path.mkdir(parents=True)
    second.write_config(plan.replicas[2].config)

    with pytest.raises(SbvaeError, match="delete it to start this run again"):
        run_job(make_job(plan, plan.replicas, "cpu"))

    assert states(plan) == ["failed", "failed", "finished"]
    whys = [each.why for each in SweepFolder(tmp_path).states(plan)]
    assert "damaged or truncated" in whys[0]
    assert "training.seed is 2, not 1" in whys[1]


@pytest.mark.usefixtures("no_scoring")
def test_a_job_waits_for_a_run_that_another_sweep_trains(
    tiny_sweep: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_sweep(tiny_sweep(grid={"objective.beta": 2}), tmp_path)
    (job,) = plan_jobs(plan, "cpu")
    folder = job.replicas[0].folder
    monkeypatch.setattr("sbvae_cli.sweeps.job._LOCK_TIMEOUT_SECONDS", 0.05)
    held = threading.Event()

    def hold() -> None:
        with folder.reserved(), report_activity([folder], "training"):
            held.set()
            time.sleep(0.5)

    other = threading.Thread(target=hold)
    other.start()
    held.wait()
    run_job(job, stop=lambda: True)  # asked to end, it waits no longer
    assert other.is_alive()
    run_job(job)
    other.join()

    assert states(plan) == ["finished"]


def test_a_job_does_not_wait_for_a_folder_that_cannot_be_made(
    tiny_sweep: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (job,) = plan_jobs(plan_sweep(tiny_sweep(grid={"objective.beta": 2}), tmp_path), "cpu")
    job.replicas[0].folder.path.parent.touch()
    monkeypatch.setattr("sbvae_cli.sweeps.job._POLL_SECONDS", None)  # what it would sleep

    with pytest.raises(SbvaeError, match=r"cannot be used: Not a directory"):
        run_job(job)


@pytest.mark.usefixtures("no_scoring")
def test_what_a_killed_process_left_half_written_is_no_hindrance(
    tiny_sweep: Build, tmp_path: Path
) -> None:
    plan = plan_sweep(tiny_sweep(grid={"objective.beta": 2}), tmp_path)
    (job,) = plan_jobs(plan, "cpu")
    folder = job.replicas[0].folder
    folder.path.mkdir(parents=True)
    for name in ("ckpt.pt", ".job.json", "config.yaml"):
        (folder.path / f".{name}.1234-deadbeef.tmp").touch()

    run_job(job)

    assert states(plan) == ["finished"]
    assert not [*folder.path.glob("*.tmp")]


@pytest.mark.usefixtures("no_scoring")
def test_a_run_goes_on_where_its_data_lie_now(
    tiny_sweep: Build, tmp_path: Path, sbvae: Callable[..., Any]
) -> None:
    made = ["--preset", "xy", "--count", 20, "--size", 16, "--out", "d.h5"]
    assert sbvae("gen-data", "circles", *made).code == 0
    tree: dict[str, Any] = {"grid": {"objective.beta": 2}, "settings": {"data": {"source": "d.h5"}}}
    (job,) = plan_jobs(plan_sweep(tiny_sweep(**tree), tmp_path), "cpu")
    asked = count()
    run_job(job, stop=lambda: next(asked) > 4)
    Path("there").mkdir()
    Path("d.h5").rename("there/d.h5")
    tree["settings"]["data"]["source"] = "there/d.h5"
    plan = plan_sweep(tiny_sweep(**tree), tmp_path)
    assert states(plan) == ["stopped"]

    run_job(*plan_jobs(plan, "cpu"))

    assert states(plan) == ["finished"]


def test_a_job_computes_on_the_device_that_is_named_or_that_of_its_settings(
    tiny_sweep: Build, tmp_path: Path
) -> None:
    plan = plan_sweep(tiny_sweep(settings={"training": {"device": "cpu"}}, replicas=2), tmp_path)

    own, named = plan_jobs(plan, "auto"), plan_jobs(plan, "cuda:1")

    assert [(job.device, len(job.replicas)) for job in own] == [("cpu", 1)] * 4
    assert [(job.device, len(job.replicas)) for job in named] == [("cuda:1", 2)] * 2
    for job in named:
        assert {each.config.training.device for each in job.replicas} == {"cuda:1"}
        assert [each.seed for each in job.replicas] == [0, 1]
