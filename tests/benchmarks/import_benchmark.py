"""Speed of importing a folder against a plain loop: python tests/benchmarks/import_benchmark.py.

Both give one array of all images; they take turns, and the ratios of the pairs are printed.
"""

import argparse
import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from sbvae_cli.data.importers.open_images import open_images
from sbvae_cli.data.importers.reader import import_images


def write_images(folder: Path, count: int, size: int) -> None:
    """Smooth colours with some noise, as photographs have."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:size, :size] / size
    for i in range(count):
        waves = rng.uniform(1, 12, (2, 3)), rng.uniform(0, 6, 3)
        phase = rows[..., None] * waves[0][0] + columns[..., None] * waves[0][1] + waves[1]
        pixels = 128 + 100 * np.sin(phase) + rng.normal(0, 4, (size, size, 3))
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{i:06}.png")


def read_plainly(folder: Path) -> np.ndarray:
    images = []
    for name in sorted(os.listdir(folder)):
        with Image.open(folder / name) as image:
            images.append(np.asarray(image.convert("RGB")))
    return np.stack(images)


def read_by_import(folder: Path, size: int, workers: int) -> np.ndarray:
    with open_images(folder) as images:
        return np.concatenate(
            [batch for _, batch in import_images(images, (size, size), workers=workers)]
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--pairs", type=int, default=5)
    arguments = parser.parse_args()
    times: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_images(folder, arguments.count, arguments.size)
        for _ in range(arguments.pairs + 1):  # the first warms up
            start = time.perf_counter()
            plain = read_plainly(folder)
            middle = time.perf_counter()
            imported = read_by_import(folder, arguments.size, arguments.workers)
            times.append((middle - start, time.perf_counter() - middle))
            if not np.array_equal(plain, imported):
                sys.exit("the two ways differ")
    del times[0]
    ratios = sorted(plain / imported for plain, imported in times)
    for title, seconds in zip(("plain loop", "import"), zip(*times, strict=True), strict=True):
        print(f"{title:12}{arguments.count / statistics.median(seconds):8,.0f} images/s")
    print(f"ratio {statistics.median(ratios):.2f}, of all pairs:", *(f"{r:.2f}" for r in ratios))
    print(f"peak memory here {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
