"""A sweep on a Ray cluster against the local engine: python tests/benchmarks/ray_benchmark.py.

Sixteen short runs are trained and scored by `sbvae sweep run`, by two processes at once of this
machine, and by a cluster of two nodes of a core each, which is started before. The two take turns,
whole commands are timed, and ratios are taken round by round: at most 1.15.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sbvae_cli.config.load import to_yaml
from sbvae_cli.sweeps.ray_engine import import_ray

_NODES = 2


def seconds(engine: list[str], options: argparse.Namespace) -> float:
    """Time of the whole command."""
    tree = {
        "settings": {
            "data": {"source": "circles:xy-hole", "height": 16, "width": 16},
            "preset": {"profile": "quick"},
            "training": {"steps": options.steps, "device": "cpu"},
        },
        "replicas": options.runs,
        "metrics": ["rates", "mig", "geometry"],
        "protocol": "quick",
    }
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "sweep.yaml"
        config.write_text(to_yaml(tree), encoding="utf-8")
        words = [sys.executable, "-m", "sbvae_cli", "--quiet", "sweep", "run", str(config)]
        began = time.perf_counter()
        subprocess.run([*words, "--out", str(Path(folder) / "out"), *engine], check=True)
        return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=100)
    options = parser.parse_args()
    import_ray()
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": 80_000_000}
    began = time.perf_counter()
    cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    try:
        for _ in range(_NODES - 1):
            cluster.add_node(**node)
        print(f"load {os.getloadavg()[0]:.2f}; cluster {time.perf_counter() - began:.1f} s")
        ratios = []
        for number in range(1, options.rounds + 1):
            local = seconds(["--jobs", str(_NODES)], options)
            ray = seconds(["--engine", "ray", "--address", cluster.address], options)
            ratios.append(ray / local)
            print(
                f"round {number}: {options.runs} runs of {options.steps} steps, local {local:.1f} "
                f"s, Ray {ray:.1f} s, ratio {ratios[-1]:.2f}",
                flush=True,
            )
        ratios.sort()
        print(f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")
    finally:
        cluster.shutdown()


if __name__ == "__main__":
    main()
