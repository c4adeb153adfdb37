"""Signals as a process sees them: one whose parent was killed, and one that comes in the end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sbvae_cli.cli.processes import program
from sbvae_cli.cli.signals import PARENT, StopRequest
from sbvae_cli.errors import StoppedError

# A training of replicas that is killed once both are trained.
KILLED = """
import os, signal, sys
from pathlib import Path
from typing import Any
from sbvae_cli.cli import side_by_side
from sbvae_cli.cli.app import main
read = side_by_side._read_log
def read_and_die(job, old):
    read(job, old)
    if all(Path(f"g/{seed}/ckpt.pt").exists() for seed in (0, 1)):
        os.kill(os.getpid(), signal.SIGKILL)
side_by_side._read_log = read_and_die
main(sys.argv[1:])
"""
# A command that is over, and a signal that comes before the process is.
LEAVING = """
import os, signal, sys
from sbvae_cli import __main__ as module
def main():
    print("whole")
    os.kill(os.getpid(), signal.SIGTERM)
    return 0
module.main = main
module.run()
"""


def test_the_end_of_a_parent_counts_as_a_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not StopRequest()()
    monkeypatch.setenv(PARENT, str(os.getppid()))
    assert not StopRequest()()
    monkeypatch.setenv(PARENT, str(os.getppid() + 1))
    request = StopRequest()
    assert request() and request.number == signal.SIGTERM
    with pytest.raises(StoppedError, match="half; nothing was kept"):
        StopRequest().end_if_asked("half")


def test_a_signal_that_comes_as_a_command_leaves_has_its_exit_code() -> None:
    done = subprocess.run([sys.executable, "-c", LEAVING], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (128 + signal.SIGTERM, "")


def test_what_a_command_prints_comes_through_and_so_does_its_exit_code() -> None:
    for words, code in ((["--version"], 0), (["info", "nothing"], 1), (["train", "--bad"], 2)):
        done = subprocess.run(program(words), capture_output=True, text=True)
        assert done.returncode == code
        assert done.stdout.startswith("sbvae ") if code == 0 else done.stderr


@pytest.mark.slow
def test_replicas_end_where_the_command_that_began_them_was_killed(
    tmp_path: Path, tiny: list[str], sbvae: Callable[..., Any]
) -> None:
    words = ["train", *tiny, "--steps", "1000000", "--checkpoint-every", "2"]
    words += ["--replicas", "2", "--out", "g"]
    killed = subprocess.run([sys.executable, "-c", KILLED, *words], cwd=tmp_path)
    assert killed.returncode == -signal.SIGKILL
    end = time.monotonic() + 60
    while time.monotonic() < end:
        done = sbvae("train", "--resume", "g", "--steps", 2)
        if "another process trains here" not in done.err:
            break
        time.sleep(0.1)
    assert "replicas have made" in done.err
