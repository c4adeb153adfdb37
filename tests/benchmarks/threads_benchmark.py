"""Training speed by how long OpenMP's threads spin: python tests/benchmarks/threads_benchmark.py.

Each row is a run of its own, since the runtime reads its settings once. Settings take turns, on a
quiet machine and beside busy processes, and ratios are taken round by round. `default` is what
GNU's runtime does by itself, `set` what `sbvae` sets, `passive` not to spin. Losses must agree.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sbvae_cli.cli.openmp import set_up_openmp
from sbvae_cli.cores import usable_cores

SETTINGS = {  # GOMP_SPINCOUNT; None is what sbvae sets
    "default": "300000",
    "set": None,
    "30000": "30000",
    "3000": "3000",
    "passive": "0",
}


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Keep so many cores busy."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def measure(setting: str, options: argparse.Namespace, folder: Path) -> tuple[float, float]:
    """Images a second, the median over the log's lines but the first, and the last loss."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("GOMP", "KMP", "OMP"))}
    if SETTINGS[setting] is None:
        set_up_openmp(environment)
    else:
        environment["GOMP_SPINCOUNT"] = SETTINGS[setting]
    command = [sys.executable, "-m", "sbvae_cli", "--quiet", "train", "--force", "--out", folder]
    command += ["--data", "circles:xy-hole", "--profile", options.profile, "--device", "cpu"]
    command += ["--decoder", options.decoder, "--steps", options.steps, "--set"]
    command += [f"training.log_every={max(1, options.steps // 10)}"]
    command += ["--threads", options.threads]
    subprocess.run(list(map(str, command)), env=environment, check=True)
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return statistics.median(line["images_per_second"] for line in lines[1:]), lines[-1]["loss"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--busy", type=int, nargs="*", default=[0, 2], help="Busy processes.")
    parser.add_argument("--settings", nargs="*", choices=SETTINGS, default=list(SETTINGS))
    parser.add_argument("--profile", default="quick")
    parser.add_argument("--decoder", default="broadcast")
    options = parser.parse_args()
    print(f"{options.threads} threads on {usable_cores()} cores, load {os.getloadavg()[0]:.2f}")
    with tempfile.TemporaryDirectory() as folder:
        for others in options.busy:
            speeds: dict[str, list[float]] = {setting: [] for setting in options.settings}
            losses = set()
            with busy(others):
                for _ in range(options.rounds):
                    for setting in options.settings:
                        speed, loss = measure(setting, options, Path(folder) / "run")
                        speeds[setting].append(speed)
                        losses.add(loss)
            print(f"\nbeside {others} busy processes; losses: {sorted(losses)}")
            print(f"{'setting':10}{'images/s':>10}{'ratio':>8}{'lowest':>8}{'highest':>9}")
            first = speeds[options.settings[0]]
            for setting, found in speeds.items():
                ratios = sorted(b / a for a, b in zip(first, found, strict=True))
                middle = statistics.median(ratios)
                print(
                    f"{setting:10}{statistics.median(found):10.0f}{middle:8.2f}{ratios[0]:8.2f}"
                    f"{ratios[-1]:9.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
