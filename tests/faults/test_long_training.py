"""A training of 100,000 small steps: what it holds does not grow, and its log stays small.

Seen in a run of drawn images: 281.51 MiB after 2,000 steps, 281.56 MiB after 57,950.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SMALLEST = ["--set", "model.encoder.hidden_channels=[2]", "--set", "model.encoder.hidden_units=[]"]
SMALLEST += ["--set", "model.decoder.hidden_channels=[2]", "--batch-size", "1"]
LONGEST = 600  # bytes of a line of a log, as `.github/REFERENCE.md` says

# What a training holds at each checkpoint: memory in bytes, and open files.
WATCHED = """
import json, sys
import psutil
from sbvae_cli.cli.app import main
from sbvae_cli.runs import folder, observers
save, process = observers.save_checkpoint, psutil.Process()
def saved(path, checkpoint):
    save(path, checkpoint)
    held = {"memory": process.memory_info().rss, "files": process.num_fds()}
    print(json.dumps({"step": checkpoint.step, **held, "threads": process.num_threads()}))
observers.save_checkpoint = saved
sys.exit(main(["--quiet", *sys.argv[1:]]))
"""


def watch(folder: Path, words: list[str]) -> list[dict[str, Any]]:
    """What a training in a folder holds at each of its checkpoints."""
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, "train", *words, "--out", "run"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("data", ["drawn", "stored"])
def test_a_long_training_holds_no_more_in_the_end_than_early(
    data: str, sbvae: Callable[..., Any], tiny: list[str], tmp_path: Path
) -> None:
    made = ["circles", "--preset", "xy", "--count", 200, "--size", 16, "--out", "d.h5"]
    assert sbvae("gen-data", *made).code == 0
    words = [*tiny, *SMALLEST]
    if data == "stored":
        words = ["--data", "d.h5", "--validation", "0.1", *words[4:]]
    words += ["--set", "training.log_every=50", "--checkpoint-every", "1000"]
    held = watch(tmp_path, [*words, "--steps", "100000"])
    assert [each["step"] for each in held] == list(range(1000, 100_001, 1000))
    early, late = held[1], held[-1]
    assert late["memory"] < 1.02 * early["memory"], (early, late)
    assert {each["files"] for each in held} == {early["files"]}
    assert {each["threads"] for each in held[1:-1]} == {early["threads"]}
    lines = (tmp_path / "run" / "log.jsonl").read_bytes().splitlines(keepends=True)
    assert len(lines) == 2_001  # one more after the first steps
    assert max(map(len, lines)) <= LONGEST
