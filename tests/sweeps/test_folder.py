import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sbvae_cli.checkpoint import Checkpoint, save_checkpoint
from sbvae_cli.config.sweep import SweepConfig
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.runs.replicas import Replica
from sbvae_cli.sweeps.activity import note_failure
from sbvae_cli.sweeps.folder import SweepFolder, run_state
from sbvae_cli.sweeps.plan import name_of, plan_sweep

Build = Callable[..., SweepConfig]


@pytest.fixture
def replica(tiny_sweep: Build, tmp_path: Path) -> Replica:
    """A run of 8 steps, of which nothing is there."""
    return plan_sweep(tiny_sweep(), tmp_path).replicas[0]


def write_log(folder: RunFolder, **record: object) -> None:
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.log.write_text(json.dumps({"loss": 3.5, "images_per_second": 8.0, **record}) + "\n")


def state_of(replica: Replica) -> str:
    return run_state(replica, ("rates",), "quick").state


def test_a_log_that_grows_is_of_another_command_and_an_old_one_has_stopped(
    replica: Replica,
) -> None:
    assert state_of(replica) == "waiting"
    write_log(replica.folder, step=4)
    found = run_state(replica, ("rates",), "quick")
    assert (found.state, found.step, found.terms["loss"]) == ("training", 4, 3.5)
    before = time.time() - 3600
    os.utime(replica.folder.log, (before, before))
    assert state_of(replica) == "stopped"


def test_a_run_is_trained_once_all_its_steps_are_saved(replica: Replica) -> None:
    folder = replica.folder
    write_log(folder, step=8)
    before = time.time() - 3600
    os.utime(folder.log, (before, before))
    assert state_of(replica) == "stopped"  # killed between its last line and its checkpoint

    save_checkpoint(folder.checkpoint, Checkpoint(replica.config, 4, {}, {}, threads=1))
    os.utime(folder.checkpoint, (before - 60, before - 60))
    assert state_of(replica) == "stopped"
    save_checkpoint(folder.checkpoint, Checkpoint(replica.config, 8, {}, {}, threads=1))
    assert state_of(replica) == "trained"
    os.utime(folder.checkpoint, (before - 60, before - 60))  # a copy that keeps no times
    assert state_of(replica) == "trained"


def test_a_run_that_diverged_says_what_went(replica: Replica) -> None:
    write_log(replica.folder, step=1_200, diverged=["kl", "nll"])

    found = run_state(replica, None, "paper")

    assert (found.state, found.why) == ("diverged", "kl and nll were not finite in step 1,200")


def test_a_folder_keeps_plans_that_lose_no_run(tiny_sweep: Build, tmp_path: Path) -> None:
    folder = SweepFolder(tmp_path)
    small, large = (plan_sweep(tiny_sweep(replicas=n), tmp_path) for n in (1, 2))

    for plan in (small, large):
        folder.refuse_another(plan)
        folder.write_plan(plan)

    assert [name_of(each) for each in folder.open_plan().replicas] == [
        name_of(each) for each in large.replicas
    ]
    folder.refuse_another(small)  # nothing has begun
    large.replicas[2].folder.path.mkdir(parents=True)
    with pytest.raises(SbvaeError) as error:
        folder.refuse_another(small)
    lost = f"with runs that this plan lacks, such as {name_of(large.replicas[2])}"
    assert lost in str(error.value)


def test_a_run_of_other_settings_is_not_taken_for_one_of_the_plan(
    tiny_sweep: Build, tmp_path: Path
) -> None:
    plan = plan_sweep(tiny_sweep(grid={"objective.beta": 1}, replicas=3), tmp_path)
    other = plan_sweep(tiny_sweep(settings={"training": {"batch_size": 5}}), tmp_path)
    first, second, third = (each.folder for each in plan.replicas)
    for folder, config in (
        (first, other.replicas[0].config),
        (second, plan.replicas[1].config),
        (third, plan.replicas[1].config),  # of another seed
    ):
        write_log(folder, step=8)
        folder.write_config(config)
        save_checkpoint(folder.checkpoint, Checkpoint(config, 8, {}, {}, threads=1))

    found = SweepFolder(tmp_path).states(plan)

    assert [each.state for each in found] == ["failed", "trained", "failed"]
    assert found[0].why.startswith("holds another run, where training.batch_size is 5, not 4; move")
    assert "training.seed is 1, not 2" in found[2].why


def test_scores_count_at_the_planned_step_whatever_the_times_of_files(replica: Replica) -> None:
    folder = replica.folder
    write_log(folder, step=10)  # by somebody who went on with it
    save_checkpoint(folder.checkpoint, Checkpoint(replica.config, 10, {}, {}, threads=1))
    for step, state in ((6, "trained"), (8, "finished")):
        told = {"step": step, "protocol": {"name": "quick"}, "asked": ["rates"]}
        folder.scores.write_text(json.dumps(told))
        for when in (0, time.time() + 9):
            os.utime(folder.scores, (when, when))
            found = run_state(replica, ("rates",), "quick")
            assert (found.state, found.step) == (state, 8)


def test_a_failure_is_past_once_the_run_was_trained_further(replica: Replica) -> None:
    note_failure(replica.folder, "no room")
    assert state_of(replica) == "failed"

    write_log(replica.folder, step=4)
    later = time.time() + 1
    os.utime(replica.folder.log, (later, later))

    assert state_of(replica) == "stopped"


def test_a_folder_that_a_run_has_is_refused(tiny_sweep: Build, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").touch()

    with pytest.raises(SbvaeError, match=r"holds config.yaml, as a run does; choose another `out`"):
        SweepFolder(tmp_path).refuse_another(plan_sweep(tiny_sweep(), tmp_path))
