"""Speed of writing and reading data: python tests/benchmarks/data_benchmark.py.

Each writing row comes from processes of their own, as peak memory belongs to a process; the presets
take turns, and medians are printed.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from itertools import count, pairwise
from pathlib import Path
from typing import get_args

from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.names import CirclesPreset
from sbvae_cli.data.feed import Feed
from sbvae_cli.data.generate import plan_dataset, write_plan
from sbvae_cli.data.source import open_source
from sbvae_cli.data.workers import prefetch

BLOCK = 16  # minibatches
OTHERS = ("sprites", "room", "chairs")


def write(preset: str, path: Path, count: int, size: int) -> tuple[float, float, float]:
    """Images a second, peak memory in MB, and the file's share of the raw size in percent."""
    text = preset if preset in OTHERS else f"circles:{preset}"
    plan = plan_dataset(named_space(text), preset, count, size, size)
    start = time.perf_counter()
    write_plan(path, plan, name=preset, seed=0, force=True)
    seconds = time.perf_counter() - start
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    channels = 3 if preset not in ("sprites", "chairs") else 1
    raw = count * size * size * channels
    return count / seconds, kilobytes / 1024, 100 * path.stat().st_size / raw


def measure_writing(arguments: argparse.Namespace, folder: Path) -> None:
    presets = arguments.presets or (*get_args(CirclesPreset), *OTHERS)
    found: dict[str, list[list[float]]] = {preset: [] for preset in presets}
    for _ in range(arguments.repeats):
        for preset in presets:
            command = [sys.executable, __file__, "--only", preset, "--folder", folder]
            command += ["--count", arguments.count, "--size", arguments.size]
            line = subprocess.run(
                list(map(str, command)), check=True, capture_output=True, text=True
            ).stdout
            found[preset].append([float(word) for word in line.split()])
    print(f"{'preset':12}{'images/s':>10}{'lowest':>10}{'peak MB':>9}{'% of raw':>9}")
    for preset, rows in found.items():
        speed, memory, share = (statistics.median(column) for column in zip(*rows, strict=True))
        lowest = min(row[0] for row in rows)
        print(f"{preset:12}{speed:10,.0f}{lowest:10,.0f}{memory:9,.0f}{share:9.2f}")


def measure_reading(arguments: argparse.Namespace, folder: Path) -> None:
    """Blocks of minibatches, made ahead by a thread as while training."""
    columns = f"{'ms, each':>10}{'ms, slowest block':>19}{'images/s':>10}"
    print(f"\n{f'blocks of {BLOCK}, 16 images each':30}{columns}")
    path = folder / "reading.h5"
    write("xy-hole", path, arguments.count, arguments.size)
    stored = open_source(str(path))
    drawn = {
        name: open_source(name, arguments.size, arguments.size)
        for name in ("sprites", "room", "chairs", "circles:xy-hole", "circles:xyh-small")
    }
    fixed = {"fixed_set": arguments.count}
    feeds = {
        "file, streamed": lambda: Feed(stored, 16, [0]),
        "file, streamed, 4 replicas": lambda: Feed(stored, 16, range(4)),
        "file, in memory, all": lambda: Feed(stored, 16, [0], shuffle="all", data_on="memory"),
        "file, row numbers": lambda: Feed(stored, 16, [0], data_on="device"),
        "fixed set of sprites": lambda: Feed(drawn["sprites"], 16, [0], **fixed),
        **{f"drawn {name}": lambda of=of: Feed(of, 16, [0]) for name, of in drawn.items()},
    }
    for name, make in feeds.items():
        each, slowest, replicas = time_blocks(make())
        print(f"{name:30}{each * 1e3:10.3f}{slowest * 1e3:19.1f}{16 * replicas / each:10,.0f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of this process, torch included: {peak:,.0f} MB")


def time_blocks(feed: Feed) -> tuple[float, float, int]:
    """Seconds a minibatch, seconds of the slowest block, and the number of replicas."""
    with closing(prefetch((feed.block(start, BLOCK) for start in count(0, BLOCK)), 1)) as blocks:
        for _ in range(600 // BLOCK):
            block = next(blocks)
        times = [time.perf_counter()]
        for _ in range(2000 // BLOCK):
            block = next(blocks)
            times.append(time.perf_counter())
    slowest = max(end - start for start, end in pairwise(times))
    return (times[-1] - times[0]) / (len(times) - 1) / BLOCK, slowest, block.images.shape[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--presets", nargs="*")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--only", help="Measure one preset once, in this process.")
    arguments = parser.parse_args()
    if arguments.only:
        path = arguments.folder / "writing.h5"
        print(*write(arguments.only, path, arguments.count, arguments.size))
        return
    print(f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.2f}")
    with tempfile.TemporaryDirectory() as folder:
        measure_writing(arguments, Path(folder))
        measure_reading(arguments, Path(folder))


if __name__ == "__main__":
    main()
