"""Sweeps on a cluster of two nodes on this machine, which takes seconds to start: marked `ray`."""

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import torch

from sbvae_cli.checkpoint import load_checkpoint
from sbvae_cli.config.sweep import SweepConfig
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.sweeps import ray_engine
from sbvae_cli.sweeps.engine import JobEnd
from sbvae_cli.sweeps.folder import SweepFolder
from sbvae_cli.sweeps.job import plan_jobs, run_job
from sbvae_cli.sweeps.plan import SweepPlan, plan_sweep
from sbvae_cli.sweeps.ray_engine import RayEngine, import_ray
from sbvae_cli.sweeps.worker import describe_installation

Build = Callable[..., SweepConfig]
needs_ray = pytest.mark.ray


class Stop:
    """A request to end that a test makes."""

    number: int | None = None

    def __call__(self) -> bool:
        return self.number is not None


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes of a core each; the second says that it has a GPU too."""
    import_ray()
    from ray.cluster_utils import Cluster

    options = {"num_cpus": 1, "object_store_memory": 80_000_000}
    found = Cluster(initialize_head=True, head_node_args={**options, "include_dashboard": False})
    try:
        found.add_node(**options, num_gpus=1)
        yield found
    finally:
        found.shutdown()


def run(engine: RayEngine, plan: SweepPlan, stop: Callable[[], bool] | None = None) -> list[JobEnd]:
    jobs = plan_jobs(plan, "cpu")
    return engine(jobs, stop=stop or Stop(), on_poll=lambda jobs: None, on_end=lambda ended: None)


def states(plan: SweepPlan) -> list[str]:
    return [each.state for each in SweepFolder(Path(".")).states(plan)]


@contextmanager
def as_soon_as(
    found: Callable[[RunFolder], bool], plan: SweepPlan, act: Callable[[int], None]
) -> Iterator[None]:
    """Do something, once, with the process of a run that has come so far, while the block runs."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.005):
            for each in plan.replicas:
                try:
                    process = json.loads(each.folder.job.read_text())["process"]
                except (OSError, ValueError):
                    continue
                if process and found(each.folder):
                    act(process[0])
                    return

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def trains(folder: RunFolder) -> bool:
    """Whether a run has saved something and still trains."""
    return folder.checkpoint.exists() and not folder.scores.exists()


def left_by(plan: SweepPlan) -> tuple[list[Any], list[Any]]:
    """What runs have left, but for times and paths: logs and scores, weights and optimizers."""
    told, learned = [], []
    for each in plan.replicas:
        checkpoint = load_checkpoint(each.folder.checkpoint)
        log = [json.loads(line) for line in each.folder.log.read_text().splitlines()]
        scores = json.loads(each.folder.scores.read_text())
        told += [checkpoint.config, checkpoint.step]
        told += [{k: v for k, v in line.items() if k != "images_per_second"} for line in log]
        told += [scores[name] for name in ("step", "scores", "geometry", "protocol")]
        learned.append([checkpoint.model, checkpoint.optimizer])
    return told, learned


def test_a_setting_that_no_machine_is_large_enough_for_is_refused_at_once(
    tiny_sweep: Build, tmp_path: Path
) -> None:
    large = {"training.threads": 500, "objective.beta": 3}
    plan = plan_sweep(tiny_sweep(grid=[{"objective.beta": 2}, large]), tmp_path)
    ray = Mock()
    ray.nodes.return_value = [
        {"Alive": True, "NodeID": "a", "NodeManagerHostname": "a", "Resources": {"CPU": 2.0}}
    ]
    ray.get.return_value = describe_installation("")
    tasks = ray_engine._Tasks(ray, RayEngine(tmp_path), tmp_path)

    with pytest.raises(SbvaeError, match="asks for 500 CPU cores for a process"):
        tasks.refuse_other_installations(plan_jobs(plan, "cpu"))


@needs_ray
def test_runs_are_those_of_this_process_though_a_worker_is_killed_while_it_trains(
    cluster: Any, tiny_sweep: Build, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    length = {"steps": 200, "checkpoint_every": 20, "log_every": 10}
    sweep = tiny_sweep(grid={"objective.beta": [1, 2, 4]}, settings={"training": length})
    plan, alone = (plan_sweep(sweep, tmp_path / name) for name in ("a", "b"))
    killed: list[int] = []
    notes: list[str] = []

    def kill(process: int) -> None:
        killed.append(process)
        os.kill(process, signal.SIGKILL)

    with as_soon_as(trains, plan, kill):
        ended = run(RayEngine(tmp_path / "a", cluster.address, on_note=notes.append), plan)
    for job in plan_jobs(alone, "cpu"):
        run_job(job)

    assert len(killed) == 1
    lost = [note for note in notes if "its worker was" in note]
    assert len(lost) == 1 and "its worker was lost" in lost[0], notes
    assert [each.why for each in ended] == [""] * 3
    assert states(plan) == states(alone) == ["finished"] * 3
    (told, learned), (told_alone, learned_alone) = left_by(plan), left_by(alone)
    assert told == told_alone
    torch.testing.assert_close(learned, learned_alone, rtol=0, atol=0)
    assert "raylet" not in capfd.readouterr().out  # what Ray prints of the lost worker
    assert not [path for path in (tmp_path / "a").iterdir() if path.name.startswith(".seen")]


@needs_ray
def test_a_stop_reaches_the_workers_which_save(
    cluster: Any, tiny_sweep: Build, tmp_path: Path
) -> None:
    endless = {"training": {"steps": 1_000_000, "checkpoint_every": 100_000}}
    plan = plan_sweep(tiny_sweep(replicas=2, settings=endless), tmp_path)
    stop = Stop()

    with as_soon_as(lambda folder: folder.log.exists(), plan, lambda _: setattr(stop, "number", 2)):
        ended = run(RayEngine(tmp_path, cluster.address), plan, stop)

    assert [each.why for each in ended] == [""] * 4
    found = states(plan)
    assert set(found) == {"stopped", "waiting"}
    stopped = [r for r, state in zip(plan.replicas, found, strict=True) if state == "stopped"]
    steps = [load_checkpoint(each.folder.checkpoint).step for each in stopped]
    assert 0 < max(steps) < 100_000  # one of them may have been asked before its first step


@needs_ray
def test_a_machine_that_does_not_see_the_folder_gets_no_job(
    cluster: Any, tiny_sweep: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_sweep(tiny_sweep(), tmp_path)

    @contextmanager
    def elsewhere(storage: Path) -> Iterator[Path]:
        yield storage / "only-here"

    monkeypatch.setattr(ray_engine, "marker_file", elsewhere)
    with pytest.raises(SbvaeError, match="does not see this folder; choose another `out`"):
        run(RayEngine(tmp_path, cluster.address), plan)

    assert states(plan) == ["waiting", "waiting"]


@needs_ray
def test_jobs_share_a_gpu_and_those_that_are_too_large_are_refused(
    cluster: Any, tiny_sweep: Build, tmp_path: Path
) -> None:
    plan = plan_sweep(tiny_sweep(), tmp_path)

    with pytest.raises(SbvaeError, match=r"asks for 2 CPU cores .* has 1$") as cores:
        run(RayEngine(tmp_path, cluster.address, cpus_per_run=2), plan)
    with pytest.raises(SbvaeError, match=r"asks for 3 GPUs .* has 1$") as gpus:
        run(RayEngine(tmp_path, cluster.address, gpus_per_run=3), plan)
    run(RayEngine(tmp_path, cluster.address, cpus_per_run=0.5, gpus_per_run=0.5), plan)

    assert (cores.value.field, gpus.value.field) == ("cpus_per_run", "gpus_per_run")
    assert states(plan) == ["finished", "finished"]


def test_replicas_that_train_together_take_a_share_of_a_gpu_each(
    tiny_sweep: Build, tmp_path: Path
) -> None:
    plan = plan_sweep(tiny_sweep(replicas=3, settings={"training": {"threads": 2}}), tmp_path)
    together, *_ = plan_jobs(plan, "cuda")

    assert len(together.replicas) == 3
    engine = RayEngine(tmp_path, gpus_per_run=0.25)
    assert engine.resources_of(together) == {"CPU": 2, "GPU": 0.75}
    assert RayEngine(tmp_path, cpus_per_run=0.5).resources_of(together) == {"CPU": 0.5, "GPU": 0}


def test_without_ray_the_command_that_installs_it_is_told(
    tiny_sweep: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)

    with pytest.raises(SbvaeError, match='needs Ray: python -m pip install "ray>='):
        run(RayEngine(tmp_path), plan_sweep(tiny_sweep(), tmp_path))
