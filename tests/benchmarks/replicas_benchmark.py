"""Replicas on a CPU against one: python tests/benchmarks/replicas_benchmark.py.

One replica on one core, and several that share the cores, each by the command `sbvae train
--replicas`, take turns; both are timed as whole commands, and ratios are taken round by round. A
process begins with some seconds of imports, so a run is to take a minute or so. On two cores four
replicas should take at most 2.2 times as long as one.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sbvae_cli.cores import usable_cores


def seconds(count: int, options: argparse.Namespace, folder: str) -> float:
    """Time of the whole command for so many replicas."""
    words = [sys.executable, "-m", "sbvae_cli", "--quiet", "train", "--replicas", count]
    words += ["--out", Path(folder) / "group", "--force", "--data", options.data]
    words += ["--profile", "quick", "--decoder", options.decoder, "--steps", options.steps]
    words += ["--device", "cpu", "--precision", options.precision]
    began = time.perf_counter()
    subprocess.run(list(map(str, words)), check=True)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicas", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=1_000)
    parser.add_argument("--data", default="circles:xy-hole")
    parser.add_argument("--decoder", default="broadcast")
    parser.add_argument("--precision", default="auto")
    options = parser.parse_args()
    print(f"{usable_cores()} cores, load {os.getloadavg()[0]:.2f}, {options.steps} steps")
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1, options.rounds + 1):
            one, several = (seconds(n, options, folder) for n in (1, options.replicas))
            ratios.append(several / one)
            print(
                f"round {number}: 1 replica {one:.1f} s, {options.replicas} replicas "
                f"{several:.1f} s, ratio {ratios[-1]:.2f}",
                flush=True,
            )
    ratios.sort()
    print(f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")


if __name__ == "__main__":
    main()
