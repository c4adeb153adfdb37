"""Speed of the explorer: python tests/benchmarks/explorer_benchmark.py [--profiles quick,paper].

Trains both decoders for two steps (how long an image takes does not depend on its weights), writes
their page and moves the pointer over it in headless Chromium, which needs the extra `test`.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
LIMITS = {"quick": (15, 8, 30), "paper": (None, 12, 150)}  # s to write, MB, ms to an image
IMPORTS = "import sbvae_cli.explorer.of_runs, onnx, onnxruntime"

# Moves the pointer over plot n; ms from each event to the drawn image of its model, and of all.
MOVES = """async ([n, count]) => {
  const plot = sbvae.plots[n], { images, runtime } = sbvae, own = [], all = [];
  const { x, y, w, h } = plot.frame(), drawn = new Map(), before = images.painted;
  const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  let finish = null;
  images.painted = (m, ms) => {
    before(m, ms);
    drawn.set(m, performance.now());
    if (drawn.size === sbvae.store.models.length) finish?.();
  };
  for (let k = 0; k < count; k++) {
    await rest(20 + (k * 7) % 17);
    drawn.clear();
    const done = new Promise((resolve) => (finish = resolve));
    const box = plot.element.getBoundingClientRect();
    const place = { i: (k * 13) % 29 + 1.37, j: (k * 7) % 29 + 1.61 };
    const [px, py] = plot.place(...plot.where([place.i, place.j]));
    const start = performance.now();
    plot.element.dispatchEvent(new PointerEvent("pointermove",
      { clientX: box.left + px, clientY: box.top + py, pointerType: "mouse", bubbles: true }));
    await Promise.race([done, rest(3000)]);
    own.push(drawn.get(plot.model ?? 0) - start);
    all.push(Math.max(...drawn.values()) - start);
  }
  images.painted = before;
  return { own, all, decode: runtime.times.slice(-2 * count) };
}"""
STORM = """async () => {
  const { runtime, plots: [plot] } = sbvae, { x, y, w, h } = plot.frame(), from = runtime.done;
  const box = plot.element.getBoundingClientRect(), end = performance.now() + 1000;
  let count = 0;
  while (performance.now() < end) {
    for (let n = 0; n < 10; n++, count++) {
      const clientX = box.left + x + w * (0.5 + 0.45 * Math.sin(count / 50));
      const clientY = box.top + y + h * (0.5 + 0.45 * Math.cos(count / 37));
      plot.element.dispatchEvent(
        new PointerEvent("pointermove", { clientX, clientY, pointerType: "mouse", bubbles: true }));
    }
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  const during = runtime.done;
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  await frame();
  await frame();
  while (runtime.busy || runtime.newest.some(Boolean)) await frame();
  return [count, during - from, runtime.done - during];
}"""


def sbvae(*words: str) -> float:
    """Seconds that a command takes."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "sbvae_cli", *words, "--quiet"], check=True)
    return time.perf_counter() - start


def write_page(profile: str, folder: Path) -> Path:
    """Train both decoders and write their page; tells how long that took."""
    runs = []
    for decoder in ("broadcast", "deconv"):
        runs.append(str(folder / decoder))
        words = ["train", "--data", "circles:xy-hole", "--decoder", decoder, "--profile", profile]
        sbvae(*words, "--steps", "2", "--batch-size", "4", "--out", runs[-1])
    page = folder / "explorer.html"
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", IMPORTS], check=True)
    imports = time.perf_counter() - start
    whole = sbvae("explore", *runs, "--out", str(page))
    seconds, megabytes, _ = LIMITS[profile]
    print(f"{profile}: explore {whole:.1f} s, of which imports {imports:.1f} s"
          f"{f' (at most {seconds} s beyond them)' if seconds else ''}; "
          f"{page.stat().st_size / 1e6:.2f} MB (at most {megabytes})")  # fmt: skip
    return page


def spread(times: list[float]) -> str:
    ordered = sorted(times)
    return (
        f"{statistics.median(ordered):.0f} ms, 95 % {ordered[int(0.95 * (len(ordered) - 1))]:.0f}"
    )


def measure(browser: Any, profile: str, path: Path, count: int) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(path.as_uri())
    page.wait_for_function("window.sbvae")
    page.evaluate("sbvae.ready")
    state = page.inner_text("#state")
    page.evaluate(MOVES, [0, 10])  # warms up
    for n, name in enumerate(("factor space", "broadcast", "deconv")):
        found = page.evaluate(MOVES, [n, count])
        limit = f" (at most {LIMITS[profile][2]})" if n else ""
        print(f"{profile}, pointer over {name}: its image after {spread(found['own'])}{limit}; "
              f"all images {spread(found['all'])}; a decode {spread(found['decode'])}")  # fmt: skip
    events, during, after = page.evaluate(STORM)
    print(f"{profile}, storm of {events} events in 1 s: {during} images, {after} after its end")
    print(f"{profile}, {state}; worst {255 * page.evaluate('sbvae.runtime.worst'):.2f} of 255")
    page.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profiles", default="quick,paper")
    parser.add_argument("--moves", type=int, default=60)
    arguments = parser.parse_args()
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        sys.exit("there is no Chromium")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        for profile in arguments.profiles.split(","):
            folder = Path(name) / profile
            folder.mkdir()
            measure(browser, profile, write_page(profile, folder), arguments.moves)
        browser.close()


if __name__ == "__main__":
    main()
