"""What Windows and macOS lack is not needed to load any of it."""

import subprocess
import sys

import pytest

ABSENT = """
import importlib, os, pkgutil, signal, sys
import filelock, h5py, numpy, PIL.Image, psutil, scipy, sklearn, torch, typer
for name in ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "readline", "syslog"):
    sys.modules[name] = None
for name in ("SIGHUP", "SIGKILL", "SIGUSR1", "SIGSTOP"):
    delattr(signal, name)
for name in ("sched_getaffinity", "getuid", "geteuid", "getpgid", "killpg"):
    delattr(os, name)
import sbvae_cli
for module in pkgutil.walk_packages(sbvae_cli.__path__, "sbvae_cli."):
    if module.name not in ("sbvae_cli.sweeps.ray_engine", "sbvae_cli.runs.tensorboard"):
        importlib.import_module(module.name)  # but for those that are an extra's
from sbvae_cli.__main__ import run
sys.argv = ["sbvae", "gen-data", "circles", "--count", "3", "--size", "8", "--out", "d.h5"]
sys.exit(run())
"""


@pytest.mark.slow
def test_everything_loads_and_works_without_what_other_systems_lack(tmp_path: object) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ABSENT], cwd=str(tmp_path), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "wrote d.h5" in done.stdout
