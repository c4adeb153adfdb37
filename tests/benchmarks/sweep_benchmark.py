"""A sweep on all cores against one run on one core: python tests/benchmarks/sweep_benchmark.py.

Both are the command `sbvae sweep run`, of runs that are trained and scored, and take turns; whole
commands are timed, and their CPU time, and ratios are taken round by round. On two cores four runs
should take at most 2.2 times as long as one. A ratio of CPU time to runs above 1 is work that only
several runs at once make.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sbvae_cli.config.load import to_yaml
from sbvae_cli.cores import usable_cores


def seconds(count: int, jobs: int, options: argparse.Namespace) -> tuple[float, float]:
    """Time of the whole command for so many runs, so many at once, and CPU time of all of it."""
    tree = {
        "settings": {
            "data": {"source": options.data},
            "preset": {"profile": "quick"},
            "training": {"steps": options.steps, "device": "cpu"},
        },
        "replicas": count,
        "metrics": ["rates", "mig", "geometry"],
        "protocol": "quick",
    }
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "sweep.yaml"
        config.write_text(to_yaml(tree), encoding="utf-8")
        words = [sys.executable, "-m", "sbvae_cli", "--quiet", "sweep", "run", config]
        words += ["--out", Path(folder) / "out", "--jobs", jobs]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.perf_counter()
        subprocess.run(list(map(str, words)), check=True)
        wall = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, used


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--data", default="circles:xy-hole")
    options = parser.parse_args()
    cores = usable_cores()
    print(f"{cores} cores, load {os.getloadavg()[0]:.2f}, {options.steps} steps")
    walls, works = [], []
    for number in range(1, options.rounds + 1):
        one, several = seconds(1, 1, options), seconds(options.runs, cores, options)
        walls.append(several[0] / one[0])
        works.append(several[1] / one[1] / options.runs)
        print(
            f"round {number}: 1 run {one[0]:.1f} s ({one[1]:.1f} s of CPU), {options.runs} runs "
            f"{several[0]:.1f} s ({several[1]:.1f} s), ratio {walls[-1]:.2f}, CPU time a run "
            f"{works[-1]:.2f}",
            flush=True,
        )
    for name, ratios in (("ratio", walls), ("CPU time a run", works)):
        ratios.sort()
        print(f"{name} {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")


if __name__ == "__main__":
    main()
