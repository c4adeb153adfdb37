import os
import pickle
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sbvae_cli.checkpoint import load_checkpoint
from sbvae_cli.config.sweep import SweepConfig
from sbvae_cli.sweeps.job import plan_jobs
from sbvae_cli.sweeps.plan import plan_sweep
from sbvae_cli.sweeps.worker import describe_installation, run_pickled, stop_file

Build = Callable[..., SweepConfig]
HERE = describe_installation("")


def test_an_interrupt_saves_and_ends_a_job_and_what_was_wrong_is_returned(
    tiny_sweep: Build, tmp_path: Path
) -> None:
    steps = {"training": {"steps": 1_000_000, "checkpoint_every": 1_000_000}}
    job = plan_jobs(plan_sweep(tiny_sweep(settings=steps), tmp_path), "cpu")[0]
    folder, mark = job.replicas[0].folder, tmp_path / "mark"

    assert "does not see" in run_pickled(pickle.dumps(job), str(mark), HERE)
    assert not folder.path.exists()
    mark.touch()
    other = replace(HERE, files="others")  # of a machine that has joined later
    assert "with other files" in run_pickled(pickle.dumps(job), str(mark), other)
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
        assert run_pickled(pickle.dumps(job), str(mark), HERE) == ""
    finally:
        ended.set()
        thread.join()
    assert signal.getsignal(signal.SIGINT) == before
    assert 0 < load_checkpoint(folder.checkpoint).step < 1_000_000
    saved = load_checkpoint(folder.checkpoint).step
    stop_file(mark).touch()  # a signal may be lost
    assert run_pickled(pickle.dumps(job), str(mark), HERE) == ""
    assert load_checkpoint(folder.checkpoint).step == saved
    folder.checkpoint.write_bytes(b"damaged")
    stop_file(mark).unlink()
    assert str(folder.checkpoint) in run_pickled(pickle.dumps(job), str(mark), HERE)
