"""Speed and soundness of training on a GPU: python tests/benchmarks/gpu_benchmark.py PART.

Parts: `packages` says what is missing; `commands` times whole commands, from their start; `rounds`
compares the loop with its captured and compiled rounds alone; `kernels` lists what a round spends
its time on; `soak` trains many rounds of 15 replicas, and `solo` one replica as long as
there is time, and both count steps that are not finite, and memory. Tables are added to tables.md;
gpu.sh runs all parts. The paper's size: 64x64x3, batch 16, in bfloat16, from a file.
"""

import argparse
import importlib
import json
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NEEDED = (
    *("torch", "numpy", "typer", "rich", "PIL", "h5py", "yaml", "pydantic", "scipy", "sklearn"),
    *("filelock", "psutil", "pytest", "pytest_timeout", "hypothesis"),
)
BEGAN = time.perf_counter()  # before imports that take seconds
FORMS = ((1, "broadcast"), (15, "broadcast"), (15, "deconv"))
MB = 2**20


@dataclass(frozen=True)
class Sizes:
    """How much is measured; on a CPU just enough to see that it runs."""

    device: str = "cuda"
    precision: str = "bf16"
    replicas: int = 15
    images: int = 50_000
    size: int = 64
    watched: float = 12.0  # seconds of each command after its first report
    log_every: int = 50
    rounds: int = 20_000
    solo_rounds: int = 100_000
    profiled: int = 5
    settings: tuple[str, ...] = ()


NARROW = (
    *("model.encoder.hidden_channels=[4, 4]", "model.encoder.hidden_units=[8]"),
    "model.decoder.hidden_channels=[4, 4]",
)
TINY = Sizes("cpu", "fp32", 2, 500, 16, 2.0, 1, 30, 30, 1, NARROW)


def card() -> str:
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU, tiny sizes"


def packages(options: argparse.Namespace) -> None:
    missing = []
    for name in NEEDED:
        try:
            importlib.import_module(name)
        except ImportError as error:
            missing.append(f"{name} ({error})")
    if missing:
        sys.exit("missing: " + ", ".join(missing))
    import torch

    print(f"PyTorch {torch.__version__}, {card()}")
    if not torch.cuda.is_available() and not options.tiny:
        sys.exit("PyTorch finds no GPU")


def data_file(options: argparse.Namespace) -> Path:
    """A file of circles, made once for all parts."""
    path: Path = options.work / "circles.h5"
    if not path.exists():
        sizes = options.sizes
        began = time.perf_counter()
        count = ("--count", str(sizes.images), "--size", str(sizes.size))
        sbvae("gen-data", "circles", "--preset", "xy-hole", *count, "--out", path)
        print(f"{sizes.images:,} images made in {time.perf_counter() - began:.1f} s", flush=True)
    return path


def sbvae(*arguments: object) -> None:
    words = [sys.executable, "-m", "sbvae_cli", "--quiet", *map(str, arguments)]
    subprocess.run(words, check=True)


def table(
    options: argparse.Namespace, columns: Sequence[str], rows: Sequence[Sequence[str]]
) -> None:
    """Print rows as Markdown, and add them to the tables."""
    lines = [f"{options.part}, {card()}:", ""]
    lines += [f"| {' | '.join(row)} |" for row in [columns, ["---"] * len(columns), *rows]]
    text = "\n".join(lines) + "\n"
    print(text, flush=True)
    with (options.out / "tables.md").open("a", encoding="utf-8") as file:
        file.write(text + "\n")


def form(replicas: int, decoder: str) -> str:
    return f"{replicas} {decoder}"


# Whole commands: they are begun as for days, watched by their logs, and stopped as by Ctrl-C.


def commands(options: argparse.Namespace) -> None:
    sizes, data = options.sizes, data_file(options)
    rows, codes = [], []
    for wanted, decoder in FORMS:
        replicas = min(wanted, sizes.replicas)
        folder = options.work / "runs" / f"{decoder}-{replicas}"
        words = [
            *(sys.executable, "-m", "sbvae_cli", "train", "--data", data, "--decoder", decoder),
            *("--precision", sizes.precision, "--device", sizes.device, "--steps", 1_500_000),
            *("--out", folder, "--force", *(["--replicas", replicas] if replicas > 1 else [])),
            *("--set", f"training.log_every={sizes.log_every}"),
            *(word for setting in sizes.settings for word in ("--set", setting)),
        ]
        log = folder / ("0/log.jsonl" if replicas > 1 else "log.jsonl")
        log.unlink(missing_ok=True)
        began = time.perf_counter()
        process = subprocess.Popen(list(map(str, words)), stdout=subprocess.DEVNULL)
        try:
            marks = watch(log, process, sizes.watched, options.seconds / len(FORMS) - 10)
        finally:
            asked = time.perf_counter()
            process.send_signal(signal.SIGINT)
            codes.append(process.wait(60))
        if len(marks) < 2:
            rows.append([form(replicas, decoder), "no report", "", "", "", str(codes[-1])])
            continue
        # The first seconds have blocks that are still short.
        (first, a), (last, b) = marks[len(marks) // 3], marks[-1]
        ms = 1e3 * (last - first) / (b - a)
        rows.append(
            [
                *(form(replicas, decoder), f"{ms:.3f}", f"{ms / replicas:.3f}"),
                *(f"{16e3 * replicas / ms:,.0f}", f"{marks[0][0] - began:.1f}"),
                f"{process.returncode}, {time.perf_counter() - asked:.1f} s after Ctrl-C",
            ]
        )
    columns = ["replicas", "ms a step", "ms a replica", "images/s", "start, s", "exit"]
    table(options, columns, rows)
    if set(codes) != {130} or any("no report" in row for row in rows):
        sys.exit(f"commands ended with {codes}, 130 after Ctrl-C, or did not report")


def watch(
    log: Path, process: subprocess.Popen[bytes], seconds: float, most: float
) -> list[tuple[float, int]]:
    """When lines of a log came and the steps they tell of, for some seconds after the first."""
    end = time.perf_counter() + most
    marks: list[tuple[float, int]] = []
    while process.poll() is None and time.perf_counter() < end:
        if len(marks) > 2 and time.perf_counter() > marks[0][0] + seconds:
            break
        time.sleep(0.02)
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        if lines and lines[-1].endswith("}"):
            step = json.loads(lines[-1])["step"]
            if not marks or step > marks[-1][1]:
                marks.append((time.perf_counter(), step))
    return marks


# In this process: the configuration is resolved as by the command line.


def configured(options: argparse.Namespace, decoder: str, **training: Any) -> tuple[Any, Any]:
    from sbvae_cli.runs.resolve import Request, resolve

    sizes = options.sizes
    settings = {"device": sizes.device, "precision": sizes.precision, **training}
    request = {
        "data": {"source": str(data_file(options))},
        "model": {"decoder": {"kind": decoder}},
        "training": settings,
    }
    return resolve(Request("paper", settings=sizes.settings, options=request))


def prepare_rounds(
    options: argparse.Namespace, decoder: str, replicas: int, compiled: bool
) -> tuple[Any, Any]:
    """Captured rounds with a block of inputs, and what made it, which is to be closed."""
    from sbvae_cli.training.build import build_maker, build_updater
    from sbvae_cli.training.rounds import Rounds, block_length

    config, source = configured(options, decoder)
    seeds = range(replicas)
    updater = build_updater(config, seeds)
    maker = build_maker(config, source, seeds, updater.device)
    first = maker.block(0, 1)
    rounds = Rounds(updater, maker, first, compiled=compiled)
    if rounds.note:
        print(rounds.note)
    rounds.load(maker.block(0, block_length(updater, first)))
    return rounds, maker


def synchronize() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()


def milliseconds(call: Any, seconds: float) -> float:
    """Of one call of many that are queued, after some."""
    for count in (3, 10):
        began = time.perf_counter()
        for _ in range(count):
            call()
        synchronize()
        each = (time.perf_counter() - began) / count
    times = []
    for _ in range(5):
        count = max(1, round(seconds / 5 / each))
        began = time.perf_counter()
        for _ in range(count):
            call()
        synchronize()
        times.append(1e3 * (time.perf_counter() - began) / count)
    return statistics.median(times)


def rounds(options: argparse.Namespace) -> None:
    from sbvae_cli.runs.speed import time_training

    sizes, rows = options.sizes, []
    cuda = sizes.device == "cuda"
    for number, (wanted, decoder) in enumerate(FORMS):
        replicas = min(wanted, sizes.replicas)
        left = (BEGAN + options.seconds - time.perf_counter()) / (len(FORMS) - number)
        prepared, maker = prepare_rounds(options, decoder, replicas, cuda)
        with closing(maker):
            alone = milliseconds(prepared.run, min(sizes.watched / 4, left / 10))
        del prepared
        config, source = configured(options, decoder, compile="auto" if cuda else "off")
        whole = 1e3 * time_training(config, source, min(30, left / 2), replicas).seconds
        share = f"{1 - alone / whole:.1%}"
        rows.append([form(replicas, decoder), f"{alone:.3f}", f"{whole:.3f}", share])
    columns = ["replicas", "ms a round alone", "ms in the loop", "data, noise, reports"]
    table(options, columns, rows)


def kernels(options: argparse.Namespace) -> None:
    """The kernels of a round by time, the first 15."""
    import torch
    from torch.profiler import ProfilerActivity, profile

    count, cuda = options.sizes.profiled, options.sizes.device == "cuda"
    lines = []
    for wanted, decoder in FORMS[1:]:
        replicas = min(wanted, options.sizes.replicas)
        prepared, maker = prepare_rounds(options, decoder, replicas, cuda)
        with closing(maker):
            for _ in range(3):
                prepared.run()
            synchronize()
            activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if cuda else [])]
            with profile(activities=activities) as profiled:
                for _ in range(count):
                    prepared.run()
                synchronize()
        found: dict[str, list[float]] = {}
        wanted_type = torch.autograd.DeviceType.CUDA if cuda else torch.autograd.DeviceType.CPU
        for event in profiled.events() or ():
            if event.device_type == wanted_type:
                time_of = event.device_time if cuda else event.self_cpu_time_total
                found.setdefault(event.name, []).append(time_of)
        total = sum(map(sum, found.values())) / count
        lines.append(f"{form(replicas, decoder)}: {total:,.0f} us of kernels a round")
        ranked = sorted(found.items(), key=lambda each: -sum(each[1]))[:15]
        for name, times in ranked:
            lines.append(f"{sum(times) / count:10.1f} us {len(times) / count:6.1f}x {name[:110]}")
    print("\n".join(lines))
    (options.out / "kernels.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


# Long runs.


def soak(options: argparse.Namespace) -> None:
    train_long(options, options.sizes.replicas, options.sizes.rounds)


def solo(options: argparse.Namespace) -> None:
    train_long(options, 1, options.sizes.solo_rounds)


def train_long(options: argparse.Namespace, replicas: int, steps: int) -> None:
    """Train from the file into run folders, as `sbvae train` does, and look at memory."""
    from sbvae_cli.errors import DivergedError
    from sbvae_cli.runs.folder import RunFolder
    from sbvae_cli.runs.train import start_runs
    from sbvae_cli.training.loop import Report

    end = BEGAN + options.seconds - 10
    config, source = configured(
        options, "broadcast", steps=steps, log_every=options.sizes.log_every
    )
    seeds = [{"seed": seed} for seed in range(replicas)]
    configs = [
        config.model_copy(update={"training": config.training.model_copy(update=seed)})
        for seed in seeds
    ]
    folders = [RunFolder(options.work / options.part / str(seed)) for seed in range(replicas)]
    reached, bad, memory = dict.fromkeys(range(replicas), 0), [], []
    marks: list[tuple[float, int]] = []

    def observe(report: Report) -> None:
        if report.error is not None:
            bad.append(f"replica {report.replica}: {report.error}")
            print(bad[-1], flush=True)
            return
        reached[report.replica] = report.step
        if not marks or report.step > marks[-1][1]:
            marks.append((time.perf_counter(), report.step))
            memory.append(memory_now())

    try:
        start_runs(
            configs,
            source,
            folders,
            force=True,
            observers=[observe],
            stop=lambda: time.perf_counter() > end,
            on_note=print,
        )
    except DivergedError as error:
        print(error)
    rounds = max(reached.values())
    quarter = len(memory) // 4  # from where on all buffers are there
    device = [mb for mb, _ in memory[quarter:]]
    host = [mb for _, mb in memory[quarter:]]
    (first, a), (last, b) = marks[len(marks) // 4], marks[-1]
    alive = sum(step == rounds for step in reached.values())
    row = [
        *(f"{rounds:,} of {steps:,}", f"{alive} of {replicas}", str(len(bad))),
        *(f"{device[0]:,.0f} to {device[-1]:,.0f}", f"{host[0]:,.0f} to {host[-1]:,.0f}"),
        f"{1e3 * (last - first) / max(1, b - a) / replicas:.3f}",
    ]
    columns = ["rounds", "alive", "bad steps", "device MB", "host MB", "ms a replica"]
    table(options, columns, [row])
    grown = max(device) > 1.02 * device[0] + 1 or max(host) > 1.05 * host[0] + 50
    if bad or grown or (options.part == "soak" and rounds < steps):
        sys.exit("replicas failed, memory grew, or rounds are missing")


def memory_now() -> tuple[float, float]:
    """Memory that PyTorch has of the device, and this process of the host, in MB."""
    import torch

    device = torch.cuda.memory_reserved() / MB if torch.cuda.is_available() else 0.0
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    host = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return device, int(host.split()[1]) / 1024


PARTS = {
    "packages": packages,
    "commands": commands,
    "rounds": rounds,
    "kernels": kernels,
    "soak": soak,
    "solo": solo,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--out", type=Path, default=Path("gpu-results"))
    parser.add_argument("--work", type=Path, default=Path("gpu-work"), help="Data and runs.")
    parser.add_argument("--seconds", type=float, default=300.0, help="Time to take.")
    parser.add_argument("--tiny", action="store_true", help="Tiny sizes on a CPU.")
    options = parser.parse_args()
    options.sizes = TINY if options.tiny else Sizes()
    for folder in (options.out, options.work):
        folder.mkdir(parents=True, exist_ok=True)
    PARTS[options.part](options)


if __name__ == "__main__":
    main()
