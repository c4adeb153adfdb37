import os
import pickle
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from sbvae_cli.checkpoint import load_checkpoint
from sbvae_cli.config.sweep import SweepConfig
from sbvae_cli.runs.replicas import reserved
from sbvae_cli.sweeps import worker
from sbvae_cli.sweeps.job import plan_jobs
from sbvae_cli.sweeps.plan import plan_sweep
from sbvae_cli.sweeps.worker import describe_installation, run_pickled

Build = Callable[..., SweepConfig]
HERE = describe_installation("")


def test_an_interrupt_saves_and_ends_a_job_and_what_was_wrong_is_returned(
    tiny_sweep: Build, tmp_path: Path
) -> None:
    steps = {"training": {"steps": 1_000_000, "checkpoint_every": 1_000_000}}
    job = plan_jobs(plan_sweep(tiny_sweep(settings=steps), tmp_path), "cpu")[0]
    folder, mark = job.replicas[0].folder, tmp_path / "mark"

    assert "does not see" in run_pickled(pickle.dumps(job), str(mark), HERE, again=False)
    assert not folder.path.exists()
    mark.touch()
    other = replace(HERE, files="others")  # of a machine that has joined later
    assert "has other files" in run_pickled(pickle.dumps(job), str(mark), other, again=False)
    assert not folder.path.exists()
    before = signal.getsignal(signal.SIGINT)
    ended = threading.Event()

    def interrupt() -> None:
        while not folder.log.exists() and not ended.wait(0.01):
            pass
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        assert run_pickled(pickle.dumps(job), str(mark), HERE, again=False) == ""
    finally:
        ended.set()
        thread.join()
    assert signal.getsignal(signal.SIGINT) == before
    assert 0 < load_checkpoint(folder.checkpoint).step < 1_000_000
    folder.checkpoint.write_bytes(b"damaged")
    assert str(folder.checkpoint) in run_pickled(pickle.dumps(job), str(mark), HERE, again=False)


def test_a_job_that_was_lost_waits_for_the_locks_of_the_process_that_had_it(
    tiny_sweep: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = plan_jobs(plan_sweep(tiny_sweep(), tmp_path), "cpu")[0]
    begun, ended, mark = threading.Event(), threading.Event(), tmp_path / "mark"
    mark.touch()

    def hold() -> None:
        with reserved(job.replicas):
            begun.set()
            ended.wait(60)

    def sleep(seconds: float) -> None:
        ended.set()
        thread.join()

    thread = threading.Thread(target=hold)
    thread.start()
    begun.wait()
    pickled = pickle.dumps(job)
    assert "another process trains here" in run_pickled(pickled, str(mark), HERE, again=False)
    monkeypatch.setattr(worker, "time", SimpleNamespace(monotonic=time.monotonic, sleep=sleep))
    assert run_pickled(pickled, str(mark), HERE, again=True) == ""
    assert ended.is_set()
    assert job.replicas[0].folder.scores.exists()
