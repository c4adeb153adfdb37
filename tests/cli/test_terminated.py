"""SIGTERM in the middle of each command: it ends at once, saved where there is something."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sbvae_cli.files import name_of_unfinished

ENDLESS = ["train", "--data", "circles:xy-hole", "--profile", "quick", "--steps", "1000000"]
SWEEP = """
settings:
  data: {source: 'circles:xy-hole', height: 16, width: 16}
  model: {encoder: {hidden_channels: [4], hidden_units: [8]}, decoder: {hidden_channels: [4]}}
  training: {steps: 10000000, batch_size: 4}
grid: {training.learning_rate: [0.001]}
"""


def takes_seconds(folder: Path) -> bool:
    """That the command is at work, where it writes nothing before its end."""
    time.sleep(4)
    return True


def is_there(name: str) -> Callable[[Path], bool]:
    """Whether a file is there, which says that the command is at work."""
    return lambda folder: any(folder.glob(name))


# Each takes longer than the test; it is at work as soon as the second says so.
COMMANDS = {
    "gen-data": (
        ["gen-data", "circles", "--preset", "xy", "--count", "9000000", "--out", "big.h5"],
        is_there(".big.h5*"),
        "stopped after",
    ),
    "train": ([*ENDLESS, "--out", "run"], is_there("run/log.jsonl"), "stopped and saved"),
    "replicas": (
        [*ENDLESS, "--replicas", "2", "--out", "runs"],
        is_there("runs/1/log.jsonl"),
        "stopped and saved",
    ),
    "encode": (
        ["encode", "model", "--count", "10000000", "--out", "codes.npz"],
        is_there(".codes.npz*"),
        "interrupted",
    ),
    "eval": (["eval", "model", "--images", "10000000"], takes_seconds, "interrupted"),
    "geometry": (
        ["geometry", "model", "--grid", "512", "--out", "geometry.png"],
        takes_seconds,
        "interrupted",
    ),
    "bench": (["bench"], takes_seconds, "interrupted"),
    "sweep": (
        ["sweep", "run", "sweep.yaml", "--out", "sweep"],
        is_there("sweep/*/0/log.jsonl"),
        "stopped and saved",
    ),
    "reproduce": (
        ["reproduce", "figure-8", "--out", "paper"],
        is_there("paper/runs/*/0/log.jsonl"),
        "stopped and saved",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_terminated_command_ends_with_143_and_leaves_nothing_half_written(
    name: str, tmp_path: Path, write_model: Callable[..., Path]
) -> None:
    arguments, at_work, said = COMMANDS[name]
    write_model(tmp_path / "model" / "ckpt.pt")
    (tmp_path / "sweep.yaml").write_text(SWEEP)
    process = subprocess.Popen(
        [sys.executable, "-m", "sbvae_cli", *arguments],
        cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 90
        while not at_work(tmp_path) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        asked = time.monotonic()
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 143, err
    assert time.monotonic() - asked < 5
    assert said in err.splitlines()[-1] and "Traceback" not in err
    assert not [path for path in tmp_path.rglob("*") if name_of_unfinished(path)]
    if "saved" in said:
        assert [path for path in tmp_path.rglob("ckpt.pt") if path.parent.name != "model"]
